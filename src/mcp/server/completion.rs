//! `completion/complete`: values from the live account for arguments of prompts and variables of
//! resource templates, 100 at most and within a second (MCP server/utilities/completion).

use std::time::Duration;

use rmcp::{
    ErrorData, RoleServer,
    model::{CompleteRequestParams, CompletionContext, CompletionInfo, Reference},
    service::RequestContext,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Caller, Server, calls::Asked};
use crate::{
    answer::visible,
    choices::Choices,
    resources::TEMPLATES,
    tool::{Error, JsonObject},
};

/// A person is typing: what takes longer comes too late.
const WITHIN: Duration = Duration::from_secs(1);
/// Of the protocol: so many values at most.
const MOST: usize = CompletionInfo::MAX_VALUES;
/// Rows of a page, the most that every list tool takes.
const PAGE_SIZE: usize = 100;

impl Server {
    pub(super) async fn completed(
        &self,
        request: CompleteRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<CompletionInfo, ErrorData> {
        let caller = self.caller(context)?;
        let CompleteRequestParams { r#ref, argument, context: before, .. } = request;
        let Some(choices) = self.choices(&r#ref, &argument.name, &caller)? else {
            return Ok(CompletionInfo::default());
        };
        let Some(entry) = self.visible(choices.tool, &caller) else {
            return Ok(CompletionInfo::default());
        };
        let deadline = Instant::now() + WITHIN.min(self.shared.call_timeout);
        let mut found = Found::new(&argument.value);
        let mut page = Some(0);
        while let Some(current_page) = page {
            let asked = Asked {
                entry,
                caller: &caller,
                args: arguments(choices, before.as_ref(), current_page),
                timeout: deadline.saturating_duration_since(Instant::now()),
                max_bytes: usize::MAX,
            };
            match self.perform(asked, context).await? {
                Ok(answer) => page = found.read(&answer, choices),
                Err(_) if Instant::now() >= deadline => break,
                Err(Error::Portkey(error)) if choices.has_none(error.status()) => page = None,
                Err(error) => {
                    let report = error.report(entry.tool, &caller.principal);
                    let message = visible(&error.to_string()).into_owned();
                    return Err(ErrorData::internal_error(message, report.get("error").cloned()));
                }
            }
            if found.is_full() {
                break;
            }
        }
        found.info(page.is_some())
    }

    /// Where the values of an argument come from; `None` where any text is one.
    fn choices(
        &self,
        reference: &Reference,
        argument: &str,
        caller: &Caller,
    ) -> Result<Option<Choices>, ErrorData> {
        match reference {
            Reference::Prompt(prompt) => {
                let book = self.runbook(&prompt.name, caller)?;
                let known = book.arguments.iter().find(|it| it.name == argument);
                known.map(|it| it.choices).ok_or_else(|| unknown(argument))
            }
            Reference::Resource(resource) => {
                let template = TEMPLATES
                    .iter()
                    .find(|it| it.uri() == resource.uri && self.visible(it.tool, caller).is_some());
                let Some(template) = template else {
                    let why = "no such resource template: see resources/templates/list";
                    return Err(ErrorData::invalid_params(
                        why,
                        Some(json!({ "uri": resource.uri })),
                    ));
                };
                let known = (template.variable == argument).then_some(Some(template.choices));
                known.ok_or_else(|| unknown(argument))
            }
            _ => Err(ErrorData::invalid_params("`ref` is of no known type", None)),
        }
    }
}

fn unknown(argument: &str) -> ErrorData {
    let shown: String = argument.chars().take(64).collect();
    ErrorData::invalid_params(format!("it takes no argument `{shown}`"), None)
}

fn arguments(choices: Choices, before: Option<&CompletionContext>, page: u64) -> JsonObject {
    let mut args = JsonObject::new();
    args.insert("page_size".to_owned(), PAGE_SIZE.into());
    args.insert("current_page".to_owned(), page.into());
    let workspace = before.and_then(|it| it.get_argument("workspace_id"));
    if let Some(workspace) = workspace.filter(|it| choices.of_workspace && !it.is_empty()) {
        args.insert("workspace_id".to_owned(), workspace.clone().into());
    }
    args
}

/// The values that fit what was typed: those that begin with it, then those that hold it.
struct Found {
    typed: String,
    beginning: Vec<String>,
    holding: Vec<String>,
}

impl Found {
    fn new(typed: &str) -> Self {
        Self { typed: typed.to_lowercase(), beginning: Vec::new(), holding: Vec::new() }
    }

    /// Takes a page's rows and gives the number of the next page.
    fn read(&mut self, answer: &str, choices: Choices) -> Option<u64> {
        let answer: Value = serde_json::from_str(answer).ok()?;
        for row in answer.get("data")?.as_array()? {
            let Some(value) = row.get(choices.field).and_then(Value::as_str) else { continue };
            let name = row.get("name").and_then(Value::as_str).unwrap_or_default();
            let known = [value.to_lowercase(), name.to_lowercase()];
            if known.iter().any(|it| it.starts_with(&self.typed)) {
                self.beginning.push(value.to_owned());
            } else if known.iter().any(|it| it.contains(&self.typed)) {
                self.holding.push(value.to_owned());
            }
        }
        answer.get("next_page")?.as_u64()
    }

    fn is_full(&self) -> bool {
        self.beginning.len() >= MOST
    }

    /// `unread`: there are rows that were not looked at.
    fn info(self, unread: bool) -> Result<CompletionInfo, ErrorData> {
        let mut values = self.beginning;
        values.extend(self.holding);
        let all = values.len();
        values.truncate(MOST);
        let total = if unread { None } else { u32::try_from(all).ok() };
        CompletionInfo::with_pagination(values, total, unread || all > MOST)
            .map_err(|why| ErrorData::internal_error(why, None))
    }
}
