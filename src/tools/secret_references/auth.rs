//! How Portkey signs in to a secret manager: nine forms, told apart by manager and kind.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

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

/// What each form needs stands with the field that chooses it.
fn describe(schema: &mut schemars::Schema) {
    let form = |kinds: &[&str], about: &str| json!({ "type": "string", "enum": kinds, "description": about });
    let described = json!({
        "type": "object",
        "description": "The manager's auth type or mode, and its fields.",
        "additionalProperties": { "type": "string" },
        "properties": {
            "aws_auth_type": form(&["accessKey", "assumedRole", "serviceRole"],
                "accessKey: aws_access_key_id, aws_secret_access_key; assumedRole: aws_role_arn, perhaps aws_external_id; all: aws_region."),
            "azure_auth_mode": form(&["entra", "managed", "default"],
                "entra: azure_entra_tenant_id, azure_entra_client_id, azure_entra_client_secret; managed: perhaps azure_managed_client_id; all: azure_vault_url."),
            "vault_auth_type": form(&["token", "approle", "kubernetes"],
                "token: vault_token; approle: vault_role_id, vault_secret_id; kubernetes: vault_role; all: vault_addr, perhaps vault_namespace."),
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
        if !missing.is_empty() {
            return Err(format!("{name} {kind} also needs {}", missing.join(", ")));
        }
        let is_url = |name: &&&str| text(name).is_none_or(|text| Url::parse(text).is_ok());
        match ["azure_vault_url", "vault_addr"].iter().find(|name| !is_url(name)) {
            Some(name) => Err(format!("`auth_config.{name}` is no URL")),
            None => Ok(()),
        }
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
