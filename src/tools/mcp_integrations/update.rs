//! Changing an MCP integration without losing its secrets or sending them elsewhere.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use crate::{
    tool::{Call, Error, JsonObject, Result, Workflow, fields},
    tools::{
        fresh::Resource,
        merge::{self, configurations, keeps_secret, stays_there, with_configurations},
        secret_mapping::{self, SecretMapping, is_mapped},
    },
};

const PATH: &str = "/mcp-integrations/{id}";

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AuthType {
    OauthAuto,
    OauthClientCredentials,
    Headers,
    None,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Transport {
    Http,
    Sse,
}

/// Carried as it is: what Portkey knows of it depends on `auth_type`.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = describe)]
pub(super) struct Configurations(JsonObject);

fn describe(schema: &mut schemars::Schema) {
    let map = json!({ "type": "object", "properties": {}, "additionalProperties": {} });
    let described = json!({
        "type": "object",
        "description": "Sign-in; other keys pass through.",
        "additionalProperties": true,
        "properties": {
            "custom_headers": map,
            "passthrough_header": map,
        },
    });
    if let Value::Object(described) = described {
        *schema = described.into();
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(transform = told_elsewhere)]
pub struct UpdateMcpIntegration {
    /// From list_mcp_integrations.
    #[schemars(length(min = 1))]
    id: String,
    #[serde(flatten)]
    changes: Changes,
    configurations: Option<Configurations>,
    #[schemars(extend("x-hidden" = true))]
    custom_headers: Option<JsonObject>,
}

fn told_elsewhere(schema: &mut schemars::Schema) {
    crate::schema::tell_briefly(
        schema,
        &[
            ("secret_mappings", "All of them, as in create_mcp_integration."),
            ("configurations", "As in create_mcp_integration."),
        ],
    );
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Changes {
    #[schemars(length(min = 1))]
    name: Option<String>,
    description: Option<String>,
    /// The upstream MCP server's.
    #[schemars(extend("format" = "uri"))]
    url: Option<String>,
    auth_type: Option<AuthType>,
    transport: Option<Transport>,
    /// Replaces all mappings; each fills configurations.FIELD.
    secret_mappings: Option<Vec<SecretMapping>>,
    clear: Option<Vec<Clearable>>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Clearable {
    Description,
}

impl Workflow for UpdateMcpIntegration {
    type Output = Value;

    async fn run(self, call: &Call) -> Result<Value> {
        let Self { id, changes, configurations: patch, custom_headers } = self;
        let patch = with_headers(patch, custom_headers).map_err(|why| Error::argument("", why))?;
        let mappings = changes.secret_mappings.as_deref();
        secret_mapping::check(mappings, &["configurations."])
            .map_err(|why| Error::argument("", why))?;
        let integration = Resource { path: PATH, named: Some(("id", &id)), version };
        let mut stored = None;
        let mut after = None;
        if patch.is_some() || changes.url.is_some() || mappings.is_some() {
            let stored = &*stored.insert(integration.read(call).await?);
            let before = configurations(stored);
            after = patch
                .map(|patch| {
                    with_configurations(&before, patch, |field| is_mapped(mappings, stored, field))
                })
                .transpose()?;
            stays(stored, &changes, &before, after.as_ref())?;
        }
        let mut body = fields(changes)?;
        body.extend(after.map(|it| ("configurations".to_owned(), it)));
        if body.is_empty() {
            return Err(Error::argument("", "nothing to change: give a field besides `id`"));
        }
        merge::put(integration, call, body, stored.as_ref()).await
    }
}

fn version(shown: &Value) -> Value {
    json!([origin(shown.get("url")), merge::shown(shown), secret_mapping::targets(shown)])
}

/// Where a URL leads, as text.
fn origin(url: Option<&Value>) -> Option<String> {
    let url = Url::parse(url?.as_str()?).ok()?;
    let origin = url.origin();
    Some(if origin.is_tuple() { origin.ascii_serialization() } else { url.into() })
}

/// Refuses another host while a secret of the old one is kept.
fn stays(stored: &Value, changes: &Changes, before: &Value, after: Option<&Value>) -> Result<()> {
    let url = changes.url.as_deref().map(Value::from);
    let moves = url.is_some_and(|url| origin(Some(&url)) != origin(stored.get("url")));
    let mapped = secret_mapping::stay(changes.secret_mappings.as_deref(), stored);
    if moves && mapped {
        return Err(Error::argument("url", secret_mapping::MOVED));
    }
    if moves && keeps_secret(before, after) {
        return Err(Error::argument(
            "url",
            "changes its host while stored secrets are kept, which would go there: give \
             `configurations` with the secrets for the new host, or null to delete them",
        ));
    }
    match after {
        Some(after) if mapped => stays_there(before, after, secret_mapping::MOVED),
        _ => Ok(()),
    }
}

/// The reference's `custom_headers` in their place; `None` where there is neither.
///
/// # Errors
/// When the headers came in both forms.
pub(super) fn with_headers(
    configurations: Option<Configurations>,
    headers: Option<JsonObject>,
) -> Result<Option<JsonObject>, String> {
    let mut fields = configurations.map(|Configurations(fields)| fields);
    if let Some(headers) = headers {
        let fields = fields.get_or_insert_default();
        if fields.insert("custom_headers".into(), headers.into()).is_some() {
            return Err("`custom_headers` and `configurations.custom_headers` are the same: give \
                        one"
            .into());
        }
    }
    Ok(fields)
}
