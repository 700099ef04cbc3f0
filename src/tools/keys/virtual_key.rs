//! Arguments of the virtual keys' tools.
//!
//! The API writes some of their names in camel case, and takes a provider's own settings, such as
//! `awsRegion`, beside them (examples of the official description); an answer has those under
//! `model_config`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    tool::{Call, Error, JsonObject, Result, Workflow, fields},
    tools::{
        secret_mapping::{self, SecretMapping},
        shared::{
            change::{Change, names},
            limits::{Folded, Limits, Unit},
            unmasked,
        },
    },
};

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct VirtualKey {
    /// From list_virtual_keys.
    #[schemars(length(min = 1))]
    slug: String,
}

/// The model's form is [`CreateVirtualKeyArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "CreateVirtualKeyArgs")]
pub struct CreateVirtualKey {
    #[serde(flatten)]
    new: New,
    #[serde(flatten)]
    parts: Parts,
    #[serde(flatten)]
    limits: Folded<Unit>,
    #[serde(flatten)]
    settings: JsonObject,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(transform = told_with_api_keys)]
pub struct CreateVirtualKeyArgs {
    #[serde(flatten)]
    new: New,
    #[serde(flatten)]
    parts: Parts,
    #[serde(flatten)]
    limits: Limits<Unit>,
    model_config: Option<ModelConfig>,
}

fn told_with_api_keys(schema: &mut schemars::Schema) {
    let told = [
        ("usage_limits", "As in create_api_key."),
        ("rate_limits", "As in create_api_key; unit rpm, rph or rpd."),
    ];
    crate::schema::tell_briefly(schema, &told);
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct New {
    #[schemars(length(min = 1))]
    name: String,
    /// Such as openai, azure-openai, bedrock, vertex-ai.
    #[schemars(length(min = 1))]
    provider: String,
    /// Not needed where secret_mappings fill it.
    key: Option<String>,
    note: Option<String>,
    /// Id; needed with an organisation key.
    workspace_id: Option<String>,
    #[serde(rename(serialize = "apiVersion"))]
    api_version: Option<String>,
    #[serde(rename(serialize = "resourceName"))]
    resource_name: Option<String>,
    #[serde(rename(serialize = "deploymentName"))]
    deployment_name: Option<String>,
    #[schemars(extend("format" = "date-time"))]
    expires_at: Option<String>,
}

/// What can be changed later as well.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Parts {
    /// Azure's.
    #[serde(rename(serialize = "deploymentConfig"))]
    deployment_configurations: Option<Vec<Deployment>>,
    /// Secrets from a secret store.
    #[schemars(transform = name_targets)]
    secret_mappings: Option<Vec<SecretMapping>>,
}

fn name_targets(schema: &mut schemars::Schema) {
    let target = schema.pointer_mut("/items/properties/target_field");
    if let Some(Value::Object(target)) = target {
        let about = "key, or such as model_config.awsSecretAccessKey.";
        target.shift_insert(0, "description".into(), about.into());
    }
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Deployment {
    #[serde(rename(serialize = "apiVersion"))]
    #[schemars(length(min = 1))]
    api_version: String,
    #[serde(rename(serialize = "deploymentName"))]
    #[schemars(length(min = 1))]
    deployment_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_default: Option<bool>,
}

// Settings of the provider itself.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = describe)]
struct ModelConfig(JsonObject);

fn describe(schema: &mut schemars::Schema) {
    let text = json!({ "type": "string" });
    let described = json!({
        "type": "object",
        "description": "More keys pass through.",
        "additionalProperties": true,
        "properties": {
            "awsAccessKeyId": text, "awsSecretAccessKey": text, "awsRegion": text,
            "vertexProjectId": text, "vertexRegion": text, "workersAiAccountId": text,
        },
    });
    if let Value::Object(described) = described {
        *schema = described.into();
    }
}

/// Fields of the body that are arguments of their own.
const OWN: &[&str] = &[
    "apiVersion",
    "deploymentConfig",
    "deploymentName",
    "expires_at",
    "key",
    "name",
    "note",
    "provider",
    "rate_limits",
    "resourceName",
    "secret_mappings",
    "usage_limits",
    "workspace_id",
];

impl TryFrom<CreateVirtualKeyArgs> for CreateVirtualKey {
    type Error = String;

    fn try_from(args: CreateVirtualKeyArgs) -> Result<Self, String> {
        let CreateVirtualKeyArgs { new, parts, limits, model_config } = args;
        unmasked(new.key.as_deref())?;
        parts.check()?;
        let settings = model_config.map(|ModelConfig(fields)| fields).unwrap_or_default();
        if let Some(name) = settings.keys().find(|name| OWN.contains(&name.as_str())) {
            return Err(format!("`model_config.{name}` is no setting: it is an argument"));
        }
        Ok(Self { new, parts, limits: limits.fold_new()?, settings })
    }
}

impl Parts {
    fn check(&self) -> Result<(), String> {
        secret_mapping::check(self.secret_mappings.as_deref(), &["key", "model_config."])?;
        let defaults = self.deployment_configurations.iter().flatten();
        if defaults.filter(|it| it.is_default == Some(true)).count() > 1 {
            return Err("`deployment_configurations` has more than one default".into());
        }
        Ok(())
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(transform = told_elsewhere)]
pub struct UpdateVirtualKey {
    #[serde(flatten)]
    virtual_key: VirtualKey,
    #[serde(flatten)]
    set: Set,
    #[serde(flatten)]
    parts: Parts,
    #[serde(flatten)]
    limits: Limits<Unit>,
    clear: Option<Vec<Clearable>>,
}

fn told_elsewhere(schema: &mut schemars::Schema) {
    crate::schema::tell_briefly(
        schema,
        &[
            ("usage_limits", "As in create_api_key."),
            ("rate_limits", "As in create_api_key; unit rpm, rph or rpd."),
            ("deployment_configurations", "All of them, as in create_virtual_key."),
            ("secret_mappings", "All of them, as in create_virtual_key."),
        ],
    );
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Set {
    #[schemars(length(min = 1))]
    name: Option<String>,
    /// Replaces the stored one for good.
    #[schemars(length(min = 1))]
    key: Option<String>,
    note: Option<String>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Clearable {
    Note,
    RateLimits,
    UsageLimits,
    #[serde(rename = "usage_limits.alert_threshold")]
    AlertThreshold,
    #[serde(rename = "usage_limits.periodic_reset")]
    PeriodicReset,
}

impl Workflow for UpdateVirtualKey {
    type Output = Value;

    async fn run(self, call: &Call) -> Result<Value> {
        let Self { virtual_key, set, parts, limits, clear } = self;
        let wrong = |why| Error::argument("", why);
        unmasked(set.key.as_deref()).map_err(wrong)?;
        parts.check().map_err(wrong)?;
        let mut given = fields(set)?;
        given.extend(fields(parts)?);
        given.extend(fields(limits.fold().map_err(wrong)?)?);
        let change = Change {
            path: "/virtual-keys/{slug}",
            named: fields(virtual_key)?,
            fields: given,
            clear: names(clear)?,
            documents: &["usage_limits"],
        };
        change.write(call).await
    }
}
