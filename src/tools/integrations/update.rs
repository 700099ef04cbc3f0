//! Changing an integration without losing its secrets or sending its key elsewhere.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::configurations::{self, Flat, Patch};
use crate::{
    tool::{Call, Error, JsonObject, Result, Workflow, fields},
    tools::{
        fresh::Resource,
        merge::{self, merged, stays_there, with_configurations},
        secret_mapping::{self, SecretMapping, is_mapped},
        shared::unmasked,
    },
};

const PATH: &str = "/integrations/{slug}";
const KEY_MOVED: &str =
    "changes while the stored key is kept, which would go there: give `key` too";

/// Carried as it is: prices have more kinds than are named here.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = describe)]
pub(super) struct PricingAdjustments(JsonObject);

fn describe(schema: &mut schemars::Schema) {
    let factor = json!({ "type": "number", "minimum": 0 });
    let described = json!({
        "type": "object",
        "description": "On the provider's prices: 0.8 is 20% off.",
        "additionalProperties": true,
        "properties": { "multiplier": {
            "type": "object",
            "additionalProperties": true,
            "properties": {
                "default": factor, "request_token": factor,
            },
        } },
    });
    if let Value::Object(described) = described {
        *schema = described.into();
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(transform = told_elsewhere)]
pub struct UpdateIntegration {
    /// From list_integrations.
    #[schemars(length(min = 1))]
    slug: String,
    #[serde(flatten)]
    changes: Changes,
    configurations: Option<Patch>,
    #[serde(flatten)]
    flat: Flat,
    pricing_adjustments: Option<PricingAdjustments>,
}

fn told_elsewhere(schema: &mut schemars::Schema) {
    crate::schema::tell_briefly(
        schema,
        &[
            ("secret_mappings", "All of them, as in create_integration."),
            ("pricing_adjustments", "As in create_integration."),
        ],
    );
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Changes {
    #[schemars(length(min = 1))]
    name: Option<String>,
    #[schemars(length(min = 1))]
    key: Option<String>,
    description: Option<String>,
    /// Replaces all mappings, each into key or configurations.FIELD.
    secret_mappings: Option<Vec<SecretMapping>>,
    clear: Option<Vec<Clearable>>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Clearable {
    PricingAdjustments,
}

impl Workflow for UpdateIntegration {
    type Output = Value;

    async fn run(self, call: &Call) -> Result<Value> {
        let Self { slug, changes, configurations, flat, pricing_adjustments } = self;
        let refuse = |why: String| Error::argument("", why);
        let patch = configurations::fold(configurations.map(Into::into), flat).map_err(refuse)?;
        unmasked(changes.key.as_deref()).map_err(refuse)?;
        let mappings = changes.secret_mappings.as_deref();
        secret_mapping::check(mappings, &["key", "configurations."]).map_err(refuse)?;
        let mut body = JsonObject::new();
        let integration = Resource { path: PATH, named: Some(("slug", &slug)), version };
        let prices = pricing_adjustments.is_some() || changes.clear.is_some();
        let mut stored = None;
        if patch.is_some() || prices || mappings.is_some() {
            stored = Some(integration.read(call).await?);
        }
        if let Some(stored) = &stored {
            if let Some(patch) = patch {
                let mapped = |field: &str| is_mapped(mappings, stored, field);
                let before = merge::configurations(stored);
                let after = with_configurations(&before, patch, mapped)?;
                let keyed = |name| {
                    stored.get(name).and_then(Value::as_str).is_some_and(|it| !it.is_empty())
                };
                if changes.key.is_none() && keyed("masked_key") && !mapped("key") {
                    stays_there(&before, &after, KEY_MOVED)?;
                }
                if secret_mapping::stay(mappings, stored) {
                    stays_there(&before, &after, secret_mapping::MOVED)?;
                }
                body.insert("configurations".into(), after);
            }
            if let Some(PricingAdjustments(patch)) = pricing_adjustments {
                let before = stored.get("pricing_adjustments").unwrap_or(&Value::Null);
                let after = merged(before, patch, "pricing_adjustments")?;
                body.insert("pricing_adjustments".into(), after);
            }
        }
        for (name, value) in fields(changes)? {
            if body.insert(name.clone(), value).is_some() {
                return Err(Error::argument(
                    "clear",
                    format!("`{name}` is set and cleared at once"),
                ));
            }
        }
        if body.is_empty() {
            return Err(Error::argument("", "nothing to change: give a field besides `slug`"));
        }
        merge::put(integration, call, body, stored.as_ref()).await
    }
}

fn version(shown: &Value) -> Value {
    let prices = shown.get("pricing_adjustments");
    json!([merge::shown(shown), prices, secret_mapping::targets(shown)])
}
