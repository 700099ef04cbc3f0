//! The seeded API keys: those of the log, and some of users and of the organisation.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Seeder, plan::Plan};
use crate::sandbox::{api_keys::describe, dates::Dates, ids, store::Row};

/// Puts the keys of a workspace into the store and gives the ids of those that the log speaks of.
pub(super) fn seed(
    seeder: &mut Seeder<'_>,
    plan: &Plan,
    workspace: &str,
    members: &[String],
    config: Option<&String>,
) -> Vec<String> {
    let mut keys = Vec::new();
    for (number, name) in plan.api_keys.iter().enumerate() {
        let mut row = seeder.row(plan.organisation, "api_key", name, 150);
        row.workspace = Some(workspace.to_owned());
        set(&mut row, "name", *name);
        set(&mut row, "scopes", json!(["completions.write", "virtual_keys.list", "logs.write"]));
        set(&mut row, "defaults", json!({ "metadata": { "env": plan.env, "app": name } }));
        limit(seeder, &mut row, number, config);
        describe(&mut row, "workspace-service");
        keys.push(row.id.clone());
        seeder.insert("api_keys", row, 0);
    }
    if let Some(email) = members.last() {
        let name = format!("personal key in {}", plan.name);
        let mut row = seeder.row(plan.organisation, "api_key", &name, 60);
        row.workspace = Some(workspace.to_owned());
        set(&mut row, "name", name);
        let user = ids::uuid(seeder.seed, &format!("{}/users/{email}", plan.organisation));
        set(&mut row, "user_id", user);
        set(&mut row, "scopes", json!(["completions.write", "prompts.render"]));
        describe(&mut row, "workspace-user");
        seeder.insert("api_keys", row, 0);
    }
    keys
}

/// The keys of the whole organisation.
pub(super) fn of_organisation(seeder: &mut Seeder<'_>, organisation: usize) {
    let names: [(&str, Value); 2] = [
        ("infrastructure", json!(["configs.list", "configs.read", "configs.update"])),
        ("cost-reports", json!(["analytics.view", "logs.export", "workspaces.list"])),
    ];
    for (name, scopes) in names {
        let mut row = seeder.row(organisation, "api_key", name, 175);
        set(&mut row, "name", name);
        set(&mut row, "scopes", scopes);
        describe(&mut row, "organisation-service");
        seeder.insert("api_keys", row, 0);
    }
}

/// Each key of a workspace is limited in its own way.
fn limit(seeder: &Seeder<'_>, row: &mut Row, number: usize, config: Option<&String>) {
    match number {
        0 => {
            let budget = json!({
                "type": "cost", "credit_limit": 400, "alert_threshold": 320, "periodic_reset": "monthly",
            });
            set(row, "usage_limits", budget);
            set(row, "rate_limits", json!([{ "type": "requests", "unit": "rpm", "value": 1_200 }]));
            set(row, "alert_emails", json!(["platform@example.com"]));
        }
        1 => {
            let budget =
                json!({ "type": "tokens", "credit_limit": 5_000_000, "periodic_reset_days": 14 });
            set(row, "usage_limits", budget);
            if let (Some(config), Some(Value::Object(defaults))) =
                (config, row.fields.get_mut("defaults"))
            {
                defaults.insert("config_id".to_owned(), config.clone().into());
                defaults.insert("allow_config_override".to_owned(), false.into());
            }
        }
        _ => {
            let later = |days: i64| {
                let time = seeder.end.checked_add(SignedDuration::from_hours(24 * days));
                time.unwrap_or(seeder.end)
            };
            set(row, "expires_at", Dates::Iso.write(later(90)));
            let policy = json!({
                "rotation_period": "monthly", "key_transition_period_ms": 3_600_000,
                "next_rotation_at": later(12).strftime("%Y-%m-%dT00:00:00.000Z").to_string(),
            });
            set(row, "rotation_policy", policy);
        }
    }
}

fn set(row: &mut Row, field: &str, value: impl Into<Value>) {
    row.fields.insert(field.to_owned(), value.into());
}
