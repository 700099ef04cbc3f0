//! Integrations of the first organisation.

use serde_json::{Value, json};

use super::{Seeder, plan::Plan, workspace_id};
use crate::sandbox::{ids, integrations};

/// Name of the integration that a seeded virtual key comes from; the others are of the older kind.
pub(super) fn behind(plan: &Plan, provider: &str) -> Option<&'static str> {
    match (plan.organisation, plan.name, provider) {
        (0, "Production" | "Staging", "openai") => Some("OpenAI organisation"),
        (0, "Production", "azure-openai") => Some("Azure Sweden"),
        (0, "Research", "bedrock") => Some("Bedrock Ireland"),
        (0, "Research", "mistral-ai") => Some("Mistral lab"),
        _ => None,
    }
}

pub(super) fn seed(seeder: &mut Seeder<'_>) {
    let secret = |name: &str| seeder.id(&format!("secret/integration/{name}")).replace('-', "");
    let budget = json!([{ "type": "cost", "credit_limit": 1_000, "alert_threshold": 800,
        "periodic_reset": "monthly", "next_usage_reset_at": null }]);
    let rate = json!([{ "type": "requests", "unit": "rpm", "value": 600 }]);
    let rows = [
        (
            "OpenAI organisation",
            "openai",
            None,
            json!({ "openai_organization": "org-example" }),
            vec![
                (
                    "Production",
                    json!({ "enabled": true, "usage_limits": budget, "rate_limits": rate }),
                ),
                ("Staging", json!({ "enabled": true })),
            ],
        ),
        (
            "Bedrock Ireland",
            "bedrock",
            None,
            json!({ "aws_auth_type": "accessKey", "aws_region": "eu-west-1",
                "aws_access_key_id": "AKIAEXAMPLE0000000", "aws_secret_access_key": secret("aws") }),
            vec![("Research", json!({ "enabled": true }))],
        ),
        (
            "Azure Sweden",
            "azure-openai",
            None,
            json!({ "azure_auth_mode": "default", "azure_resource_name": "llm-sweden",
                "azure_deployment_config": [{ "azure_api_version": "2024-10-21",
                    "azure_deployment_name": "gpt-4o", "azure_model_slug": "gpt-4o",
                    "is_default": true }] }),
            vec![("Production", json!({ "enabled": true }))],
        ),
        ("Mistral lab", "mistral-ai", Some("Research"), json!({}), vec![]),
    ];
    let mut made = Vec::new();
    for (name, provider, workspace, configurations, access) in rows {
        let mut row = seeder.row(0, "integration", name, 140);
        row.slug = Some(ids::slug("", name, &row.id));
        row.workspace = workspace.map(|name| workspace_id(seeder.seed, 0, name));
        row.fields.insert("name".to_owned(), name.into());
        row.fields.insert("ai_provider_id".to_owned(), provider.into());
        row.fields.insert("configurations".to_owned(), configurations);
        let access = access.into_iter().map(|(name, it)| (workspace_id(seeder.seed, 0, name), it));
        row.fields.insert("access".to_owned(), Value::Object(access.collect()));
        if name == "OpenAI organisation" {
            let adjusted = json!({ "multiplier": { "default": 0.9, "image": { "default": 1 } } });
            row.fields.insert("pricing_adjustments".to_owned(), adjusted);
            let tuned = json!({ "ft-helpdesk": { "slug": "ft-helpdesk", "enabled": true,
                "is_custom": true, "is_finetune": true, "base_model_slug": "gpt-4o-mini",
                "pricing_config": { "type": "static", "pay_as_you_go": {
                    "request_token": { "price": 0.00003 }, "response_token": { "price": 0.00012 } } },
                "configurations": { "custom_headers": { "x-tuned-key": secret("tuned") } } } });
            row.fields.insert("models".to_owned(), tuned);
        }
        integrations::describe(&mut row);
        if provider != "bedrock" {
            integrations::lock(&mut row, Some(&secret(name)));
        }
        made.push(row);
    }
    for row in made {
        seeder.insert("integrations", row, 0);
    }
}
