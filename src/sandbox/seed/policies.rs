//! The seeded policies: budgets and rates of the workspaces.

use serde_json::{Value, json};

use super::Seeder;
use crate::sandbox::policies::{RATE_LIMITS, USAGE_LIMITS, describe};

/// A policy's name and its fields.
type Named = (&'static str, Value);

/// Puts the policies of a workspace into the store.
pub(super) fn seed(seeder: &mut Seeder<'_>, organisation: usize, name: &str, workspace: &str) {
    let everything = json!([{ "key": "workspace_id", "value": workspace }]);
    let (budgets, rates): (Vec<Named>, Vec<Named>) = match name {
        "Production" | "Main" => (
            vec![
                (
                    "Monthly budget of each key",
                    json!({
                        "conditions": everything, "group_by": [{ "key": "api_key" }], "type": "cost",
                        "credit_limit": 300, "alert_threshold": 240, "periodic_reset": "monthly",
                    }),
                ),
                (
                    "Weekly tokens of each user",
                    json!({
                        "conditions": [{ "key": "metadata._user", "value": "*", "excludes": ["batch@example.com"] }],
                        "group_by": [{ "key": "metadata._user" }], "type": "tokens",
                        "credit_limit": 2_000_000, "periodic_reset": "weekly",
                    }),
                ),
            ],
            vec![(
                "Requests of each key",
                json!({
                    "conditions": everything, "group_by": [{ "key": "api_key" }],
                    "type": "requests", "unit": "rpm", "value": 600,
                }),
            )],
        ),
        "Research" => (
            vec![(
                "Experiments",
                json!({
                    "conditions": [{ "key": "model", "value": ["claude-*", "mistral-*"] }],
                    "group_by": [{ "key": "metadata.app" }], "type": "requests",
                    "credit_limit": 100, "periodic_reset_days": 30,
                }),
            )],
            vec![(
                "Tokens of the notebooks",
                json!({
                    "conditions": everything, "group_by": [{ "key": "metadata._user" }],
                    "type": "tokens", "unit": "rpd", "value": 3_000_000,
                }),
            )],
        ),
        _ => return,
    };
    for (table, policies) in [(USAGE_LIMITS.table, budgets), (RATE_LIMITS.table, rates)] {
        for (name, fields) in policies {
            let mut row = seeder.row(organisation, table, &format!("{workspace}/{name}"), 100);
            row.workspace = Some(workspace.to_owned());
            row.fields.insert("name".to_owned(), name.into());
            row.fields.extend(
                fields.as_object().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())),
            );
            describe(&mut row);
            seeder.insert(table, row, 0);
        }
    }
}
