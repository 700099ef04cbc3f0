//! `resources/list`, `resources/templates/list` and `resources/read`.

use rmcp::{
    ErrorData, RoleServer,
    model::{
        CacheScope, ListResourceTemplatesResult, ListResourcesResult, ReadResourceResult,
        ResourceContents,
    },
    service::RequestContext,
};
use serde_json::{Value, json};

use super::{Caller, Server, calls::Asked, is_modern};
use crate::{
    answer::visible,
    portkey,
    resources::{self, JSON, RESOURCES, Resource, TEMPLATES, Template},
    tool::Error,
};

impl Server {
    pub(super) fn resources(&self, modern: bool) -> ListResourcesResult {
        let (ttl_ms, cache_scope) = self.scope_and_ttl(modern);
        let resources = RESOURCES.iter().map(published).collect();
        ListResourcesResult {
            ttl_ms,
            cache_scope,
            ..ListResourcesResult::with_all_items(resources)
        }
    }

    pub(super) fn templates(&self, caller: &Caller, modern: bool) -> ListResourceTemplatesResult {
        let (ttl_ms, cache_scope) = self.scope_and_ttl(modern);
        let visible = TEMPLATES.iter().filter(|it| self.visible(it.tool, caller).is_some());
        let templates = visible.map(published_template).collect();
        ListResourceTemplatesResult {
            ttl_ms,
            cache_scope,
            ..ListResourceTemplatesResult::with_all_items(templates)
        }
    }

    /// What is behind a URI.
    pub(super) async fn read(
        &self,
        uri: &str,
        context: &RequestContext<RoleServer>,
    ) -> Result<ReadResourceResult, ErrorData> {
        let caller = self.caller(context)?;
        let modern = is_modern(context);
        if let Some(resource) = RESOURCES.iter().find(|it| it.uri == uri) {
            let entries = self.shared.catalogue.entries().iter();
            let visible = entries.filter(|entry| caller.sees(entry));
            let text = resources::text(resource, visible);
            let mut result = contents(text, uri, resource.media_type);
            (result.ttl_ms, result.cache_scope) = self.scope_and_ttl(modern);
            return Ok(result);
        }
        let found = resources::template(uri)
            .and_then(|(template, args)| Some((self.visible(template.tool, &caller)?, args)));
        let Some((entry, args)) = found else {
            let why = "there is no such resource: see resources/list and resources/templates/list";
            return Err(ErrorData::resource_not_found(why, Some(json!({ "uri": uri }))));
        };
        let asked = Asked {
            entry,
            caller: &caller,
            args,
            timeout: self.shared.call_timeout,
            max_bytes: self.shared.max_answer_bytes,
        };
        match self.perform(asked, context).await? {
            Ok(answer) => {
                let mut result = contents(visible(&answer).into_owned(), uri, JSON);
                if modern {
                    // It is the account as it is now, as this caller may see it.
                    result = result.with_ttl_ms(0).with_cache_scope(CacheScope::Private);
                }
                Ok(result)
            }
            Err(error) => Err(unread(uri, &error, error.report(entry.tool, &caller.principal))),
        }
    }
}

fn contents(text: String, uri: &str, media_type: &str) -> ReadResourceResult {
    let contents = ResourceContents::text(text, uri).with_mime_type(media_type);
    ReadResourceResult::new(vec![contents])
}

/// A tool's failure as the protocol's: what is not there is told apart from what failed.
fn unread(uri: &str, error: &Error, mut report: Value) -> ErrorData {
    let mut data = report.get_mut("error").map(Value::take).unwrap_or_default();
    if let Some(data) = data.as_object_mut() {
        data.insert("uri".to_owned(), uri.into());
    }
    let message = error.to_string();
    let absent = match error {
        Error::Arguments(_) => true,
        Error::Portkey(error) => {
            matches!(error.kind, portkey::Kind::Refused(_)) && error.status() == Some(404)
        }
        _ => false,
    };
    if absent {
        ErrorData::resource_not_found(message, Some(data))
    } else {
        ErrorData::internal_error(message, Some(data))
    }
}

fn published(resource: &Resource) -> rmcp::model::Resource {
    rmcp::model::Resource::new(resource.uri, resource.name)
        .with_title(resource.title)
        .with_description(resource.about)
        .with_mime_type(resource.media_type)
}

fn published_template(template: &Template) -> rmcp::model::ResourceTemplate {
    rmcp::model::ResourceTemplate::new(template.uri(), template.name)
        .with_title(template.title)
        .with_description(template.about)
        .with_mime_type(JSON)
}
