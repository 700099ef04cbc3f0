//! Keys, providers, policies and secret references.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    super::{
        pair::{Pair, field, merged, pick, plain},
        stored::Stored,
        values::{
            all, date, document, flag, list, number, one_of, some_of, tags, value_line, value_text,
        },
    },
    description, limits, name,
};
use crate::support::joined;

pub fn pairs(stored: &Stored) -> Vec<Pair> {
    vec![
        virtual_key(stored),
        api_key(stored),
        provider(stored),
        rate_limit(stored),
        usage_limit(stored),
        secret_reference(stored),
    ]
}

/// What is shown of a budget, as it may be given: no nulls, and not the time that is computed.
fn budget_of(shown: &Value) -> Value {
    let names =
        ["type", "credit_limit", "alert_threshold", "periodic_reset", "periodic_reset_days"];
    let budget = pick(&shown["usage_limits"], &names);
    if budget == json!({}) { json!({}) } else { json!({ "usage_limits": budget }) }
}

fn references(stored: &Stored) -> Vec<String> {
    ["OpenAI production key", "Azure fallback key"]
        .map(|name| stored.slug("secret_references", name))
        .to_vec()
}

fn virtual_key(stored: &Stored) -> Pair {
    let (id, row) = stored.find("virtual_keys", "OpenAI production");
    let references = references(stored);
    let references: Vec<&str> = references.iter().map(String::as_str).collect();
    let mapping = all(vec![
        ("target_field", one_of(&["key"])),
        ("secret_reference_id", one_of(&references)),
        ("value_format", one_of(&["string", "json"])),
    ]);
    let deployment = all(vec![
        ("api_version", value_text()),
        ("deployment_name", value_line()),
        ("alias", value_text()),
        ("is_default", one_flag(false)),
    ]);
    let deployments = field("deployment_configurations", "", list(deployment, 0)).hidden().keep(
        |row, given| {
            let given = given["deployment_configurations"].as_array().unwrap();
            row["fields"]["model_config"]["deploymentConfig"] = given
                .iter()
                .map(|it| {
                    json!({ "apiVersion": it["api_version"], "deploymentName": it["deployment_name"],
                        "alias": it["alias"], "is_default": it["is_default"] })
                })
                .collect();
        },
    );
    let named = json!({ "slug": row["slug"] });
    let mut fields = vec![
        name(),
        plain("note", value_text()),
        plain("secret_mappings", super::super::values::at_most_one(mapping)),
        deployments,
    ];
    fields.extend(limits(&["rpm", "rph", "rpd"]));
    Pair::new("update_virtual_key", "get_virtual_key", named, ("virtual_keys", id.to_owned()))
        .echo(|shown| {
            joined(
                pick(shown, &["name", "note", "rate_limits", "secret_mappings"]),
                &budget_of(shown),
            )
        })
        .fields(fields)
}

fn one_flag(flag: bool) -> super::super::values::Values {
    Just(Value::from(flag)).boxed()
}

fn api_key(stored: &Stored) -> Pair {
    let (id, _) = stored.find("api_keys", "storefront");
    let configs = [stored.slug("configs", "Round")];
    let configs: Vec<&str> = configs.iter().map(String::as_str).collect();
    let defaults = prop_oneof![
        all(vec![("metadata", document())]),
        all(vec![("config_id", one_of(&configs)), ("allow_config_override", flag())]),
    ];
    let defaults = merged("defaults", "/fields/defaults", defaults.boxed());
    let policy = all(vec![
        ("rotation_period", one_of(&["weekly", "monthly"])),
        ("key_transition_period_ms", number(1_800_000, 3_600_000)),
    ]);
    let mut fields = vec![
        name(),
        description(),
        plain("scopes", list(one_of(&["logs.write", "prompts.render", "configs.read"]), 1)),
        plain("alert_emails", list(one_of(&["a@example.com", "b+c@example.com"]), 0)),
        plain("expires_at", date()).hidden(),
        defaults,
        field("rotation_policy", "/fields/rotation_policy", policy).hidden(),
    ];
    fields.extend(limits(&["rps", "rpm", "rph", "rpd", "rpw"]));
    Pair::new("update_api_key", "get_api_key", json!({ "id": id }), ("api_keys", id.to_owned()))
        .echo(|shown| {
            let own = [
                "name",
                "description",
                "scopes",
                "alert_emails",
                "expires_at",
                "rate_limits",
                "defaults",
            ];
            let args = joined(pick(shown, &own), &budget_of(shown));
            let policy = ["rotation_period", "key_transition_period_ms"];
            let policy = pick(&shown["rotation_policy"], &policy);
            if policy == json!({}) {
                return args;
            }
            joined(args, &json!({ "rotation_policy": policy }))
        })
        .fields(fields)
}

fn provider(stored: &Stored) -> Pair {
    let (id, row) = stored.find("virtual_keys", "OpenAI staging");
    let named = json!({ "slug": row["slug"], "workspace_id": row["workspace"] });
    let mut fields =
        vec![name(), plain("note", value_text()), plain("expires_at", date()).hidden()];
    fields.extend(limits(&["rpm", "rph", "rpd"]));
    Pair::new("update_provider", "get_provider", named, ("virtual_keys", id.to_owned()))
        .echo(|shown| {
            joined(pick(shown, &["name", "note", "expires_at", "rate_limits"]), &budget_of(shown))
        })
        .fields(fields)
}

/// Conditions as they are given; one value is stored and shown as text.
fn conditions() -> super::super::pair::Field {
    let condition = all(vec![
        ("key", one_of(&["api_key", "model", "metadata._user"])),
        ("value", list(value_text(), 1)),
        ("excludes", list(value_text(), 1)),
    ]);
    field("conditions", "", list(condition, 1)).hidden().keep(|row, given| {
        let mut conditions = given["conditions"].clone();
        for condition in conditions.as_array_mut().unwrap() {
            for name in ["value", "excludes"] {
                if let [one] = condition[name].as_array().unwrap().as_slice() {
                    condition[name] = one.clone();
                }
            }
        }
        row["fields"]["conditions"] = conditions;
    })
}

/// The same the other way round.
fn conditions_of(shown: &Value) -> Value {
    let mut conditions = shown["conditions"].clone();
    for condition in conditions.as_array_mut().unwrap() {
        for (_, value) in condition.as_object_mut().unwrap().iter_mut().filter(|it| it.0 != "key") {
            if value.is_string() {
                *value = json!([value]);
            }
        }
    }
    json!({ "conditions": conditions })
}

fn rate_limit(stored: &Stored) -> Pair {
    let (id, _) = stored.find("rate_limits", "Requests of each key");
    Pair::new(
        "update_rate_limit",
        "get_rate_limit",
        json!({ "id": id }),
        ("rate_limits", id.into()),
    )
    .echo(|shown| joined(pick(shown, &["name", "unit", "value"]), &conditions_of(shown)))
    .fields(vec![
        name(),
        plain("unit", one_of(&["rpm", "rph", "rpd", "rpw"])),
        plain("value", number(0, 1_000_000)),
        conditions(),
    ])
}

fn usage_limit(stored: &Stored) -> Pair {
    let (id, _) = stored.find("usage_limits", "Experiments");
    let row = ("usage_limits", id.to_owned());
    Pair::new("update_usage_limit", "get_usage_limit", json!({ "id": id }), row)
        .echo(|shown| {
            let own = [
                "name",
                "description",
                "credit_limit",
                "alert_threshold",
                "periodic_reset",
                "periodic_reset_days",
            ];
            joined(pick(shown, &own), &conditions_of(shown))
        })
        .fields(vec![
            name(),
            description(),
            plain("credit_limit", number(1_000, 2_000)),
            plain("alert_threshold", number(0, 99)),
            plain("periodic_reset_days", number(1, 365)),
            conditions(),
        ])
}

fn secret_reference(stored: &Stored) -> Pair {
    let (id, _) = stored.find("secret_references", "OpenAI production key");
    let sign_in = all(vec![
        ("aws_auth_type", one_of(&["accessKey", "assumedRole"])),
        ("aws_region", value_text()),
        ("aws_secret_access_key", super::super::values::canary()),
    ]);
    let workspaces = ["Production", "Staging"].map(|name| stored.id("workspaces", name)).to_vec();
    let only =
        field("allowed_workspaces", "", some_of(&workspaces, 1)).hidden().keep(|row, given| {
            row["fields"]["allow_all_workspaces"] = false.into();
            row["fields"]["allowed_workspaces"] = given["allowed_workspaces"].clone();
        });
    let named = json!({ "id": id });
    Pair::new(
        "update_secret_reference",
        "get_secret_reference",
        named,
        ("secret_references", id.into()),
    )
    .echoes(&["name", "description", "secret_path", "secret_key", "tags"])
    .fields(vec![
        name(),
        description(),
        plain("secret_path", value_text()),
        plain("secret_key", value_text()),
        plain("tags", tags()),
        merged("auth_config", "/fields/auth_config", sign_in),
        only,
    ])
}
