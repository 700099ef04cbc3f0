//! What a provider needs besides its key, under the names that Portkey knows.
//!
//! Schemas `…Configuration` of the official description. Cloud providers' fields carry the prefixes
//! `azure_`, `aws_` and `vertex_`; Portkey answers 400 to others (facts.md, "Spec against reality" 6).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::tool::{JsonObject, Result};

/// Carried as it is, with the names checked that are known to be wrong.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = describe)]
pub(super) struct Configurations(pub JsonObject);

/// The same in a change, which merges it: the fields are those of [`Configurations`].
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = describe_patch)]
pub(super) struct Patch(JsonObject);

impl From<Patch> for Configurations {
    fn from(Patch(fields): Patch) -> Self {
        Self(fields)
    }
}

fn describe_patch(schema: &mut schemars::Schema) {
    let described = json!({
        "type": "object",
        "description": "As in create_integration.",
        "additionalProperties": true,
        "properties": { "custom_host": { "type": "string" } },
    });
    if let Value::Object(described) = described {
        *schema = described.into();
    }
}

/// Fields that are plain texts.
const TEXTS: &[&str] = &[
    "openai_organization",
    "azure_resource_name",
    "azure_foundry_url",
    "azure_api_version",
    "azure_deployment_name",
    "azure_entra_tenant_id",
    "azure_entra_client_id",
    "azure_entra_client_secret",
    "aws_region",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_role_arn",
    "vertex_region",
    "vertex_project_id",
    "custom_host",
];

/// More of them, which the schema leaves out: it is long enough.
const RARE_TEXTS: &[&str] = &[
    "openai_project",
    "azure_managed_client_id",
    "aws_external_id",
    "workers_ai_account_id",
    "huggingface_base_url",
    "snowflake_account",
];

fn describe(schema: &mut schemars::Schema) {
    let text = json!({ "type": "string" });
    let one_of = |values: &[&str]| json!({ "type": "string", "enum": values });
    let open = json!({ "type": "object", "properties": {}, "additionalProperties": {} });
    let mut properties: JsonObject =
        TEXTS.iter().map(|name| ((*name).to_owned(), text.clone())).collect();
    let deployments = json!({ "type": "array", "minItems": 1, "items": {
        "type": "object", "additionalProperties": false,
        "required": ["azure_api_version", "azure_deployment_name", "azure_model_slug"],
        "properties": {
            "azure_api_version": { "type": "string", "maxLength": 30 },
            "azure_deployment_name": text, "azure_model_slug": text, "alias": text,
            "is_default": { "type": "boolean" },
        },
    } });
    for (name, property) in [
        ("azure_auth_mode", one_of(&["default", "entra", "managed"])),
        ("azure_deployment_config", deployments),
        ("aws_auth_type", one_of(&["accessKey", "assumedRole"])),
        ("vertex_auth_type", one_of(&["basic", "serviceAccount"])),
        ("vertex_service_account_json", open.clone()),
        ("custom_headers", open),
    ] {
        properties.insert(name.to_owned(), property);
    }
    let described = json!({
        "type": "object",
        "description": "The provider's; others, such as amzn_sagemaker_*, pass through.",
        "additionalProperties": true,
        "properties": properties,
    });
    if let Value::Object(described) = described {
        *schema = described.into();
    }
}

/// The flat arguments of the reference. The first three are names that Portkey does not know.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
pub(super) struct Flat {
    #[schemars(extend("x-hidden" = true))]
    api_version: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    resource_name: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    deployment_name: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    aws_region: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    aws_access_key_id: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    aws_secret_access_key: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    vertex_project_id: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    vertex_region: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    custom_host: Option<String>,
}

/// Names without their prefix, and what Portkey calls them.
const RIGHT: &[(&str, &str)] = &[
    (
        "api_version",
        "azure_api_version`, for Azure OpenAI inside each `configurations.azure_deployment_config",
    ),
    (
        "deployment_name",
        "azure_deployment_name`, for Azure OpenAI inside each \
         `configurations.azure_deployment_config",
    ),
    ("deployment_config", "azure_deployment_config"),
    ("deployments", "azure_deployment_config"),
    ("resource_name", "azure_resource_name"),
    ("foundry_url", "azure_foundry_url"),
    ("auth_mode", "azure_auth_mode"),
    ("entra_tenant_id", "azure_entra_tenant_id"),
    ("entra_client_id", "azure_entra_client_id"),
    ("entra_client_secret", "azure_entra_client_secret"),
    ("managed_client_id", "azure_managed_client_id"),
    ("access_key_id", "aws_access_key_id"),
    ("secret_access_key", "aws_secret_access_key"),
    ("role_arn", "aws_role_arn"),
    ("external_id", "aws_external_id"),
    ("project_id", "vertex_project_id"),
    ("service_account_json", "vertex_service_account_json"),
    ("region", "aws_region` or `configurations.vertex_region"),
    ("auth_type", "aws_auth_type` or `configurations.vertex_auth_type"),
];

/// Puts the flat arguments into the configurations; `None` where there is neither.
///
/// # Errors
/// Names a field that came in both forms or under a name that Portkey does not know, with the right
/// one.
pub(super) fn fold(
    configurations: Option<Configurations>,
    flat: Flat,
) -> Result<Option<JsonObject>, String> {
    let flat = crate::tool::fields(flat).map_err(|error| error.to_string())?;
    let mut fields = configurations.map(|Configurations(fields)| fields);
    for (name, value) in flat {
        if let Some(right) = right(&name) {
            return Err(format!(
                "`{name}` is not a field of Portkey's: give `configurations.{right}`"
            ));
        }
        let fields = fields.get_or_insert_default();
        if fields.insert(name.clone(), value).is_some() {
            return Err(format!("`{name}` and `configurations.{name}` are the same: give one"));
        }
        // All that the reference's arguments can say.
        let kind = match &*name {
            "aws_access_key_id" | "aws_secret_access_key" => ("aws_auth_type", "accessKey"),
            "vertex_project_id" => ("vertex_auth_type", "basic"),
            _ => continue,
        };
        fields.entry(kind.0).or_insert_with(|| kind.1.into());
    }
    for name in fields.iter().flat_map(JsonObject::keys) {
        if let Some(right) = right(name) {
            return Err(format!(
                "`configurations.{name}` is not a field of Portkey's: give `configurations.{right}`"
            ));
        }
    }
    Ok(fields)
}

/// What Portkey calls a field that came under a name of another kind.
fn right(name: &str) -> Option<&'static str> {
    let snake = snake(name);
    let of_table = || RIGHT.iter().find(|(wrong, _)| *wrong == snake).map(|(_, right)| *right);
    let texts = TEXTS.iter().chain(RARE_TEXTS);
    let known = texts.copied().find(|known| *known == snake && snake != name);
    known.or_else(of_table)
}

/// `awsRegion` as `aws_region`.
fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// Whether the sign-in at a cloud is whole. `mapped` says which fields a secret store fills.
///
/// # Errors
/// Names what is missing.
pub(super) fn complete(
    configurations: &JsonObject,
    mapped: impl Fn(&str) -> bool,
) -> Result<(), String> {
    let given = |name: &str| configurations.get(name).is_some_and(|value| !value.is_null());
    let any = |prefix: &str| configurations.keys().any(|name| name.starts_with(prefix));
    let text = |name: &str| configurations.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut needed: Vec<&str> = Vec::new();
    if any("aws_") {
        needed.extend(["aws_auth_type", "aws_region"]);
        needed.extend(match text("aws_auth_type") {
            "accessKey" => &["aws_access_key_id", "aws_secret_access_key"][..],
            "assumedRole" => &["aws_role_arn"],
            _ => &[],
        });
    }
    if any("vertex_") {
        needed.extend(["vertex_auth_type", "vertex_region"]);
        needed.extend(match text("vertex_auth_type") {
            "basic" => &["vertex_project_id"][..],
            "serviceAccount" => &["vertex_service_account_json"],
            _ => &[],
        });
    }
    if any("azure_") {
        needed.push("azure_auth_mode");
        if !given("azure_foundry_url") {
            needed.extend(["azure_resource_name", "azure_deployment_config"]);
        }
        if text("azure_auth_mode") == "entra" {
            needed.extend([
                "azure_entra_tenant_id",
                "azure_entra_client_id",
                "azure_entra_client_secret",
            ]);
        }
    }
    let missing: Vec<String> = needed
        .into_iter()
        .map(|name| format!("configurations.{name}"))
        .filter(|path| !path.strip_prefix("configurations.").is_some_and(given) && !mapped(path))
        .map(|path| format!("`{path}`"))
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("{} is missing: Portkey needs it for this provider", missing.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_name_is_answered_with_the_right_one() {
        for (wrong, right) in [
            ("resource_name", "`configurations.azure_resource_name`"),
            ("resourceName", "`configurations.azure_resource_name`"),
            ("api_version", "`configurations.azure_deployment_config`"),
            ("awsRegion", "`configurations.aws_region`"),
            ("region", "`configurations.vertex_region`"),
            ("project_id", "`configurations.vertex_project_id`"),
        ] {
            let fields = JsonObject::from_iter([(wrong.to_owned(), json!("x"))]);
            let why = fold(Some(Configurations(fields)), Flat::default()).unwrap_err();
            assert!(why.contains(&format!("`configurations.{wrong}`")), "{why}");
            assert!(why.contains(right), "{why}");
        }
        let others = ["azure_deployment_config", "amzn_sagemaker_model_name"];
        for name in TEXTS.iter().chain(RARE_TEXTS).chain(&others) {
            assert_eq!(right(name), None, "{name}");
        }
    }
}
