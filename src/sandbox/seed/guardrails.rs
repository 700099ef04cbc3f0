//! The seeded guardrails: those that the seeded configs name, one of the whole organisation, one for
//! MCP tools; and a workspace that is let off.

use serde_json::{Value, json};

use super::Seeder;
use crate::sandbox::{
    enforcement::{DEFAULTS, EXCLUSIONS, exclusion},
    guardrails::describe,
    ids,
};

struct Plan {
    name: &'static str,
    slug: &'static str,
    /// Of the workspace Production, or of the organisation.
    in_workspace: bool,
    target: &'static str,
    deny: bool,
    checks: fn() -> Value,
}

const PLANS: &[Plan] = &[
    Plan {
        name: "No personal data",
        slug: "pg-person-1a2b3c",
        in_workspace: true,
        target: "llm",
        deny: true,
        checks: || {
            json!([{ "id": "portkey.pii", "name": "PII", "is_enabled": true,
                "parameters": { "redact": false, "categories": ["EMAIL_ADDRESS", "CREDIT_CARD"] } }])
        },
    },
    Plan {
        name: "Toxicity of answers",
        slug: "pg-toxic-4d5e6f",
        in_workspace: true,
        target: "llm",
        deny: false,
        checks: || json!([{ "id": "patronus.toxicity", "is_enabled": true, "parameters": { "timeout": 5000 } }]),
    },
    Plan {
        name: "Answers in form",
        slug: "pg-json-7a8b9c",
        in_workspace: true,
        target: "llm",
        deny: false,
        checks: || {
            json!([
                { "id": "default.regexMatch", "name": "No apology", "is_enabled": true,
                    "parameters": { "rule": "(?i)sorry", "not": true } },
                { "id": "default.regexMatch", "name": "No link", "is_enabled": true,
                    "parameters": { "rule": "https?://", "not": true } },
                { "id": "default.wordCount", "is_enabled": true,
                    "parameters": { "minWords": 1, "maxWords": 400 } },
            ])
        },
    },
    Plan {
        name: "Company secrets",
        slug: "pg-secret-0d1e2f",
        in_workspace: false,
        target: "llm",
        deny: true,
        checks: || {
            json!([{ "id": "default.webhook", "name": "DLP", "is_enabled": true,
                "parameters": { "webhookURL": "https://dlp.example.com/check",
                    "headers": { "x-dlp-key": "sandbox-not-a-key" }, "timeout": 3000 } }])
        },
    },
    Plan {
        name: "Tool arguments",
        slug: "pg-tool-3a4b5c",
        in_workspace: true,
        target: "mcp_tools",
        deny: true,
        checks: || json!([{ "id": "default.regexMatch", "parameters": { "rule": "DROP TABLE", "not": true } }]),
    },
];

pub(super) fn seed(seeder: &mut Seeder<'_>, organisation: usize, name: &str, workspace: &str) {
    if organisation != 0 {
        return;
    }
    if name == "Research" {
        let row = seeder.row(organisation, "exclusion", name, 30);
        seeder.insert(EXCLUSIONS, exclusion(row, "input-guardrails", workspace), 0);
    }
    if name != "Production" {
        return;
    }
    let owner = ids::uuid(seeder.seed, "key/admin");
    for (number, plan) in PLANS.iter().enumerate() {
        let days = 110 - i64::try_from(number).unwrap_or_default() * 5;
        let mut row = seeder.row(organisation, "guardrail", plan.name, days);
        row.workspace = plan.in_workspace.then(|| workspace.to_owned());
        row.slug = Some(plan.slug.to_owned());
        let feedback =
            |value: i64| json!({ "feedback": { "value": value, "weight": 1, "metadata": "" } });
        let actions = json!({ "deny": plan.deny, "async": false, "on_success": feedback(5),
            "on_fail": feedback(-5) });
        for (field, value) in [
            ("name", Value::from(plan.name)),
            ("target", plan.target.into()),
            ("checks", (plan.checks)()),
            ("actions", actions),
        ] {
            row.fields.insert(field.to_owned(), value);
        }
        describe(&mut row, &owner);
        if !plan.in_workspace {
            let mut defaults = seeder.row(organisation, DEFAULTS, "defaults", 60);
            let named = json!([{ "id": row.id, "slug": row.slug }]);
            defaults.fields.insert("input_guardrails".to_owned(), named);
            defaults.fields.insert("output_guardrails".to_owned(), json!([]));
            seeder.insert(DEFAULTS, defaults, 0);
        }
        seeder.insert("guardrails", row, 800);
    }
}
