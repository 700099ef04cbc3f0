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

    /// Refuses another address for a stored credential, which would be sent there: beside an address
    /// the sign-in has to be given whole.
    pub(super) fn check(&self) -> Result<(), String> {
        let named = |prefix: &&&str| self.0.keys().any(|name| name.starts_with(**prefix));
        let managers: Vec<_> = PREFIXES.iter().filter(named).collect();
        if let [one, other, ..] = &*managers {
            return Err(format!(
                "`auth_config` has fields of two managers, `{one}…` and `{other}…`: give one's"
            ));
        }
        let given = ADDRESSES.iter().filter(|name| self.0.contains_key(**name));
        given.into_iter().try_for_each(|address| self.is_whole(address))
    }

    fn is_whole(&self, address: &str) -> Result<(), String> {
        let text = |name: &str| text(&self.0, name);
        let name = if address == "vault_addr" { "vault_auth_type" } else { "azure_auth_mode" };
        let needs = text(name).map(needs).unwrap_or_default();
        let missing: Vec<_> = std::iter::once(&name)
            .chain(needs)
            .filter(|name| text(name).is_none())
            .map(|name| format!("`auth_config.{name}`"))
            .collect();
        if missing.is_empty() {
            return is_address(&self.0, address);
        }
        Err(format!(
            "`auth_config.{address}` decides where the stored credential is sent: with it give the \
             sign-in whole; {} is missing",
            missing.join(", ")
        ))
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
        let text = |name: &str| text(&self.0, name);
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
        ADDRESSES.iter().try_for_each(|name| is_address(&self.0, name))
    }
}

/// What the fields of each manager begin with.
const PREFIXES: [&str; 3] = ["aws_", "azure_", "vault_"];
/// Where a manager is found.
const ADDRESSES: [&str; 2] = ["azure_vault_url", "vault_addr"];

fn text<'c>(config: &'c JsonObject, name: &str) -> Option<&'c str> {
    config.get(name).and_then(Value::as_str).filter(|it| !it.is_empty())
}

fn is_address(config: &JsonObject, name: &str) -> Result<(), String> {
    match text(config, name).map(Url::parse) {
        Some(Err(_)) => Err(format!("`auth_config.{name}` is no URL")),
        _ => Ok(()),
    }
}

/// Says how Portkey signs in, and where, which are no secrets, beside the config, which is masked
/// whole.
pub(super) fn with_auth_type(answer: &mut Json<'_>) {
    let kinds = [Manager::AwsSm, Manager::AzureKv, Manager::HashicorpVault].map(discriminator);
    let config = answer.get("auth_config");
    let first = |names: &[&str]| {
        let found = config.and_then(|it| names.iter().find_map(|name| it.get(name)?.as_str()));
        found.map(str::to_owned)
    };
    let told = [("auth_type", first(&kinds)), ("auth_address", first(&ADDRESSES))];
    if let Json::Object(fields) = answer {
        for (name, value) in told {
            fields.extend(value.map(|it| (name.into(), Json::Text(it.into()))));
        }
    }
}
