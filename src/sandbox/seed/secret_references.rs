//! The seeded secret references: one for each kind of manager.

use serde_json::{Value, json};

use super::Seeder;
use crate::sandbox::{ids, secret_references};

/// Organisation, name, the workspace that alone may use it, fields.
fn references(
    secret: &impl Fn(&str) -> String,
) -> [(usize, &'static str, Option<&'static str>, Value); 4] {
    [
        (
            0,
            "OpenAI production key",
            None,
            json!({
                "description": "Rotated every 90 days by the platform team",
                "manager_type": "aws_sm",
                "secret_path": "prod/llm/openai",
                "secret_key": "api_key",
                "tags": { "env": "prod", "team": "platform" },
                "auth_config": {
                    "aws_auth_type": "assumedRole",
                    "aws_role_arn": "arn:aws:iam::000000000000:role/portkey-secrets",
                    "aws_region": "eu-west-1",
                },
            }),
        ),
        (
            0,
            "Azure fallback key",
            None,
            json!({
                "manager_type": "azure_kv",
                "secret_path": "azure-openai-fallback",
                "tags": { "env": "prod" },
                "auth_config": {
                    "azure_auth_mode": "entra",
                    "azure_entra_tenant_id": "00000000-0000-4000-8000-000000000001",
                    "azure_entra_client_id": "00000000-0000-4000-8000-000000000002",
                    "azure_entra_client_secret": secret("azure"),
                    "azure_vault_url": "https://llm-keys.vault.example.com",
                },
            }),
        ),
        (
            0,
            "Research vault",
            Some("Research"),
            json!({
                "description": "Keys for experiments",
                "manager_type": "hashicorp_vault",
                "secret_path": "kv/data/research/mistral",
                "secret_key": "token",
                "tags": { "env": "dev", "team": "research" },
                "auth_config": {
                    "vault_auth_type": "approle",
                    "vault_addr": "https://vault.example.com",
                    "vault_role_id": secret("role"),
                    "vault_secret_id": secret("vault"),
                    "vault_namespace": "research",
                },
            }),
        ),
        (
            1,
            "Main key",
            None,
            json!({
                "manager_type": "aws_sm",
                "secret_path": "main/openai",
                "auth_config": {
                    "aws_auth_type": "accessKey",
                    "aws_access_key_id": secret("aws id"),
                    "aws_secret_access_key": secret("aws"),
                    "aws_region": "us-east-1",
                },
            }),
        ),
    ]
}

pub(super) fn seed(seeder: &mut Seeder<'_>) {
    let by = seeder.id("key/admin");
    let rows = references(&|name| seeder.id(&format!("secret reference/{name}")).replace('-', ""));
    for (days, (organisation, name, only, fields)) in (60_i64..).step_by(7).zip(rows) {
        let mut row = seeder.row(organisation, "secret_reference", name, days);
        row.slug = Some(ids::slug("", name, &row.id));
        row.fields.insert("name".to_owned(), name.into());
        row.fields.extend(fields.as_object().cloned().unwrap_or_default());
        if let Some(workspace) = only {
            let id = seeder.workspace_id(organisation, workspace);
            row.fields.insert("allow_all_workspaces".to_owned(), false.into());
            row.fields.insert("allowed_workspaces".to_owned(), json!([id]));
        }
        secret_references::describe(&mut row, &by);
        seeder.insert("secret_references", row, 0);
    }
}
