//! People, workspaces and what holds for the whole organisation.

use serde_json::{Value, json};

use super::{
    super::{
        pair::{Field, Pair, field, merged, pick, place},
        stored::Stored,
        values::{all, at_most_one, budget, flag, list, one_of, rate, some_of, tags, unlike},
    },
    description, name,
};
use crate::support::joined;

pub fn pairs(stored: &Stored, organisation: &str) -> Vec<Pair> {
    let user = stored.id("users", "juno.parrable@example.com");
    let workspace = stored.id("workspaces", "Production");
    let member = json!({ "workspace_id": workspace, "user_id": user });
    let membership = format!("/fields/memberships/{workspace}");
    let role = field("role", &membership, one_of(&["admin", "manager", "member"]));
    vec![
        Pair::new("update_user", "get_user", json!({ "user_id": user }), ("users", user.clone()))
            .echoes(&["role"])
            .fields(vec![field("role", "/fields/role", one_of(&["admin", "member"]))]),
        Pair::new("update_workspace_member", "get_workspace_member", member, ("users", user))
            .echoes(&["role"])
            .fields(vec![role]),
        workspace_pair(stored, workspace),
        defaults(stored),
        exclusions(stored, organisation, "input"),
        exclusions(stored, organisation, "output"),
    ]
}

fn workspace_pair(stored: &Stored, id: String) -> Pair {
    let guardrails = guardrails(stored);
    let configs: Vec<String> = vec![stored.slug("configs", "Round")];
    let configs: Vec<&str> = configs.iter().map(String::as_str).collect();
    let default = |name: &'static str, at: &'static str, values| {
        field(name, at, values).shown(&format!("/defaults/{name}"))
    };
    Pair::new(
        "update_workspace",
        "get_workspace",
        json!({ "workspace_id": id }),
        ("workspaces", id),
    )
    .echo(|shown| {
        let own = ["name", "slug", "description", "usage_limits", "rate_limits"];
        let defaults = ["metadata", "input_guardrails", "output_guardrails", "user_api_key_config"];
        let mut args = joined(pick(shown, &own), &pick(&shown["defaults"], &defaults));
        for budget in args["usage_limits"].as_array_mut().into_iter().flatten() {
            budget.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        }
        args
    })
    .fields(vec![
        name(),
        description(),
        field("slug", "/slug", one_of(&["prod-a", "prod-b"])),
        merged("metadata", "/fields/defaults/metadata", tags()),
        default("input_guardrails", "/fields/defaults/input_guardrails", some_of(&guardrails, 0)),
        default("output_guardrails", "/fields/defaults/output_guardrails", some_of(&guardrails, 0)),
        default("user_api_key_config", "/fields/defaults/user_api_key_config", one_of(&configs)),
        field("usage_limits", "/fields/usage_limits", at_most_one(budget())),
        field("rate_limits", "/fields/rate_limits", list(rate(&["rpm", "rph", "rpd"]), 0)),
    ])
}

/// Slugs of guardrails on requests.
fn guardrails(stored: &Stored) -> Vec<String> {
    ["No personal data", "Toxicity of answers", "Company secrets"]
        .map(|name| stored.slug("guardrails", name))
        .to_vec()
}

fn defaults(stored: &Stored) -> Pair {
    let rows = stored.0["organisation_defaults"].as_object().unwrap();
    let id = rows.keys().next().unwrap().clone();
    let guardrails = guardrails(stored);
    let known: Vec<(String, String)> = guardrails
        .iter()
        .map(|slug| {
            let rows = stored.0["guardrails"].as_object().unwrap().iter();
            let (id, _) = rows.clone().find(|(_, row)| row["slug"] == **slug).unwrap();
            (slug.clone(), id.clone())
        })
        .collect();
    let kept = move |row: &mut Value, given: &Value| {
        for (name, slugs) in given.as_object().unwrap() {
            let named = slugs.as_array().unwrap().iter().map(|slug| {
                let (slug, id) = known.iter().find(|(known, _)| slug == known).unwrap();
                json!({ "id": id, "slug": slug })
            });
            row["fields"][name] = named.collect();
        }
    };
    let list = |name: &'static str| -> Field {
        field(name, "", some_of(&guardrails, 0)).hidden().keep(kept.clone())
    };
    let slugs = |rows: &Value| -> Value {
        rows.as_array().unwrap().iter().map(|row| row["slug"].clone()).collect()
    };
    Pair::new(
        "update_organisation_defaults",
        "get_organisation_defaults",
        json!({}),
        ("organisation_defaults", id),
    )
    .echo(move |shown| {
        json!({ "input_guardrails": slugs(&shown["input_guardrails"]),
            "output_guardrails": slugs(&shown["output_guardrails"]) })
    })
    .fields(vec![list("input_guardrails"), list("output_guardrails")])
}

fn exclusions(stored: &Stored, organisation: &str, which: &'static str) -> Pair {
    let (tool, read, kind) = match which {
        "input" => (
            "update_input_guardrail_workspace_exclusions",
            "list_input_guardrail_workspace_exclusions",
            "input-guardrails",
        ),
        _ => (
            "update_output_guardrail_workspace_exclusions",
            "list_output_guardrail_workspace_exclusions",
            "output-guardrails",
        ),
    };
    let workspaces: Vec<String> =
        ["Production", "Staging", "Research"].map(|name| stored.id("workspaces", name)).to_vec();
    let workspaces: Vec<&str> = workspaces.iter().map(String::as_str).collect();
    let one = all(vec![("workspace_id", one_of(&workspaces)), ("excluded", flag())]);
    let changed =
        field("workspaces", "", unlike(one, "workspace_id")).hidden().keep(move |row, given| {
            for one in given["workspaces"].as_array().unwrap() {
                let place = place(
                    row,
                    &format!("/fields/{kind}/{}", one["workspace_id"].as_str().unwrap()),
                );
                *place = true.into();
                if one["excluded"] == false {
                    let id = one["workspace_id"].as_str().unwrap();
                    row["fields"][kind].as_object_mut().unwrap().shift_remove(id);
                }
            }
        });
    Pair::new(tool, read, json!({ "organisation_id": organisation }), ("exclusions", "all".into()))
        .echo(|shown| {
            let rows = shown["data"].as_array().unwrap().iter();
            let rows: Vec<_> = rows.map(|row| pick(row, &["workspace_id", "excluded"])).collect();
            // The tool takes no empty list.
            if rows.is_empty() {
                return Value::Null;
            }
            json!({ "workspaces": rows, "override_existing": true })
        })
        .fields(vec![changed])
}
