//! How Portkey signs in to a secret manager: nine forms, told apart by manager and kind.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Manager;
use crate::{json::Json, tool::JsonObject};

/// Carried as it is: a null means something in an update, and managers may learn new forms.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = describe)]
pub(super) struct AuthConfig(JsonObject);

/// The fields that change; as Portkey keeps the manager, it knows which fit.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct AuthPatch(#[schemars(with = "BTreeMap<String, String>")] JsonObject);

impl AuthPatch {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn describe(schema: &mut schemars::Schema) {
    let text = json!({ "type": "string" });
    let url = json!({ "type": "string", "format": "uri" });
    let one_of = |kinds: &[&str]| json!({ "type": "string", "enum": kinds });
    let described = json!({
        "type": "object",
        "description": "Sign-in at the manager, by the fields of its auth type or mode.",
        "additionalProperties": text,
        "properties": {
            "aws_auth_type": one_of(&["accessKey", "assumedRole", "serviceRole"]),
            "aws_access_key_id": text,
            "aws_secret_access_key": text,
            "aws_role_arn": text,
            "aws_external_id": text,
            "aws_region": text,
            "azure_auth_mode": one_of(&["entra", "managed", "default"]),
            "azure_vault_url": url,
            "azure_entra_tenant_id": text,
            "azure_entra_client_id": text,
            "azure_entra_client_secret": text,
            "azure_managed_client_id": text,
            "vault_auth_type": one_of(&["token", "approle", "kubernetes"]),
            "vault_addr": url,
            "vault_token": text,
            "vault_role_id": text,
            "vault_secret_id": text,
            "vault_role": text,
            "vault_namespace": text,
        },
    });
    if let Value::Object(described) = described {
        *schema = described.into();
    }
}

/// The field that says which form it is.
fn discriminator(manager: Manager) -> &'static str {
    match manager {
        Manager::AwsSm => "aws_auth_type",
        Manager::AzureKv => "azure_auth_mode",
        Manager::HashicorpVault => "vault_auth_type",
    }
}

/// What a form cannot do without (official description, `createSecretReference`); empty for one
/// that is not known here.
fn needs(kind: &str) -> &'static [&'static str] {
    match kind {
        "accessKey" => &["aws_access_key_id", "aws_secret_access_key", "aws_region"],
        "assumedRole" => &["aws_role_arn", "aws_region"],
        "entra" => &[
            "azure_entra_tenant_id",
            "azure_entra_client_id",
            "azure_entra_client_secret",
            "azure_vault_url",
        ],
        "managed" | "default" => &["azure_vault_url"],
        "token" => &["vault_addr", "vault_token"],
        "approle" => &["vault_addr", "vault_role_id", "vault_secret_id"],
        "kubernetes" => &["vault_addr", "vault_role"],
        _ => &[],
    }
}

impl AuthConfig {
    /// Says what a new reference's sign-in lacks.
    pub(super) fn check(&self, manager: Manager) -> Result<(), String> {
        let text =
            |name: &str| self.0.get(name).and_then(Value::as_str).filter(|it| !it.is_empty());
        let name = discriminator(manager);
        let Some(kind) = text(name) else {
            return Err(format!("`auth_config.{name}` is required for this manager_type"));
        };
        let missing: Vec<_> = needs(kind)
            .iter()
            .filter(|name| text(name).is_none())
            .map(|name| format!("`auth_config.{name}`"))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(format!("{name} {kind} also needs {}", missing.join(", ")))
    }
}

/// Says how Portkey signs in, which is no secret, beside the config, which is masked whole.
pub(super) fn with_auth_type(answer: &mut Json<'_>) {
    let kinds = [Manager::AwsSm, Manager::AzureKv, Manager::HashicorpVault].map(discriminator);
    let config = answer.get("auth_config");
    let kind = config.and_then(|config| kinds.iter().find_map(|name| config.get(name)?.as_str()));
    let kind = kind.map(|kind| kind.to_owned().into());
    if let (Json::Object(fields), Some(kind)) = (answer, kind) {
        fields.push(("auth_type".into(), Json::Text(kind)));
    }
}
