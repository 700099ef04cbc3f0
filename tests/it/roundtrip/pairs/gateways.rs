//! Deployments, guardrails, and integrations of providers with their models and workspaces.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    super::{
        pair::{Field, Pair, field, merged, pick, place, plain},
        stored::Stored,
        values::{
            all, at_most_one, budget, canary, document, flag, headers, line, number, one_of, rate,
            some_of, tags, unlike, value_text,
        },
    },
    description, name,
};
use crate::support::joined;

pub fn pairs(stored: &Stored) -> Vec<Pair> {
    vec![
        deployment(stored),
        guardrail(stored),
        guarded_servers(stored),
        guarded_server(stored),
        integration(stored),
        models(stored),
        workspaces(stored),
    ]
}

fn flag_as_number(name: &'static str) -> Field {
    field(name, "", flag()).hidden().keep(move |row, given| {
        row["fields"]["auth_settings"][name] = u8::from(given[name] == true).into();
    })
}

/// A list that grows.
fn grows(name: &'static str, values: &[String]) -> Field {
    field(name, "", some_of(values, 0)).hidden().keep(move |row, given| {
        let stored = place(row, &format!("/fields/auth_settings/{name}")).as_array_mut().unwrap();
        for one in given[name].as_array().unwrap() {
            if !stored.contains(one) {
                stored.push(one.clone());
            }
        }
    })
}

fn deployment(stored: &Stored) -> Pair {
    let id = stored.id("deployments", "EU gateway");
    let slugs = ["Production", "Staging", "Research"].map(|name| stored.slug("workspaces", name));
    let urls = one_of(&["https://a.example.com", "https://b.example.com/x?y=1"]);
    let is_default = field("is_default", "", flag()).hidden().keep(|row, given| {
        row["fields"]["is_default"] = u8::from(given["is_default"] == true).into();
    });
    Pair::new("update_deployment", "get_deployment", json!({ "id": id }), ("deployments", id))
        .echo(|shown| {
            let own = ["name", "type", "status", "is_default", "tags", "deployment_config"];
            let settings = [
                "gateway_base_url",
                "is_dataservice_hosted",
                "is_playground_proxy_allowed",
                "workspaces_allowed",
                "jwt_subs_allowed",
                "jwt_sub_workspace_mapping",
            ];
            let args = joined(pick(shown, &own), &pick(&shown["auth_settings"], &settings));
            joined(args, &json!({ "override_existing": true }))
        })
        .fields(vec![
            name(),
            plain("type", one_of(&["production", "non_production"])),
            plain("status", one_of(&["active", "archived"])),
            is_default,
            plain("tags", tags()),
            field("gateway_base_url", "/fields/auth_settings/gateway_base_url", urls)
                .shown("/auth_settings/gateway_base_url"),
            flag_as_number("is_dataservice_hosted"),
            flag_as_number("is_playground_proxy_allowed"),
            grows("workspaces_allowed", &slugs),
            grows("jwt_subs_allowed", &["sub|1".to_owned(), "sub \u{202e}2".to_owned()]),
            merged("deployment_config", "/fields/deployment_config", document()),
        ])
}

fn guardrail(stored: &Stored) -> Pair {
    let (id, row) = stored.find("guardrails", "Company secrets");
    // Always the same ones: a check that leaves out a stored secret is refused.
    let secrets = all(vec![("x-a", canary()), ("x-b", canary())]);
    let parameters = all(vec![("headers", secrets), ("rule", value_text())]);
    let check = (line(), parameters, any::<bool>()).prop_map(|(name, parameters, on)| {
        json!({ "id": "default.webhook", "name": name, "is_enabled": on, "parameters": parameters })
    });
    let checks = prop::collection::vec(check, 1..3).prop_filter("told apart", |checks| {
        let [one, two] = checks.as_slice() else { return true };
        one["name"] != two["name"]
    });
    let checks = plain("checks", checks.prop_map(Value::from).boxed())
        .hidden()
        .with(json!({ "replace": true }));
    let feedback = || all(vec![("value", number(0, 9)), ("weight", number(0, 9))]);
    let actions = all(vec![("deny", flag()), ("async", flag()), ("on_fail", feedback())]);
    let actions = field("actions", "", actions).hidden().keep(|row, given| {
        let given = &given["actions"];
        let wrapped = json!({ "deny": given["deny"], "async": given["async"],
            "on_fail": { "feedback": given["on_fail"] } });
        json_patch::merge(place(row, "/fields/actions"), &wrapped);
    });
    let named = json!({ "guardrail_id": row["slug"] });
    Pair::new("update_guardrail", "get_guardrail", named, ("guardrails", id.to_owned()))
        .echo(|shown| {
            joined(pick(shown, &["name", "checks", "actions"]), &json!({ "replace": true }))
        })
        .fields(vec![name(), checks, actions])
}

fn mapping() -> super::super::values::Values {
    let ids = ["00000000-0000-4000-8000-00000000000a".to_owned()];
    all(vec![
        ("run_on", some_of(&["input".to_owned(), "output".to_owned()], 1)),
        ("mcp_integration_capability_ids", some_of(&ids, 0)),
    ])
}

fn guarded_servers(stored: &Stored) -> Pair {
    let (id, row) = stored.find("guardrails", "Tool arguments");
    let named = json!({ "guardrail_id": row["slug"] });
    let servers =
        prop::collection::btree_map("[0-9a-f]{8}-0000-4000-8000-000000000001", mapping(), 0..3);
    let servers = servers.prop_map(|it| Value::Object(it.into_iter().collect())).boxed();
    Pair::new(
        "replace_guardrail_mcp_servers",
        "list_guardrail_mcp_servers",
        named,
        ("guardrails", id.to_owned()),
    )
    .echoes(&["mcp_servers"])
    .fields(vec![plain("mcp_servers", servers)])
}

fn guarded_server(stored: &Stored) -> Pair {
    let (id, row) = stored.find("guardrails", "Tool arguments");
    let guardrail = json!({ "guardrail_id": row["slug"] });
    let server = stored.id("mcp_servers", "Issue tracker (Production)");
    let named = joined(guardrail.clone(), &json!({ "mcp_server_id": server }));
    let kept = server.clone();
    let field = Field {
        values: mapping(),
        keep: Box::new(move |row, given| row["fields"]["mcp_servers"][&kept] = given.clone()),
        shown: format!("/mcp_servers/{server}/run_on"),
    };
    let row = ("guardrails", id.to_owned());
    Pair::new("upsert_guardrail_mcp_server", "list_guardrail_mcp_servers", named, row)
        .reads(guardrail)
        .echo(move |shown| shown["mcp_servers"][&server].clone())
        .fields(vec![field])
}

fn integration(stored: &Stored) -> Pair {
    let (id, row) = stored.find("integrations", "OpenAI organisation");
    let configurations =
        all(vec![("openai_organization", value_text()), ("custom_headers", headers())]);
    let prices = all(vec![("default", number(0, 9)), ("request_token", number(0, 9))]);
    let named = json!({ "slug": row["slug"] });
    Pair::new("update_integration", "get_integration", named, ("integrations", id.to_owned()))
        .echoes(&[
            "name",
            "description",
            "configurations",
            "secret_mappings",
            "pricing_adjustments",
        ])
        .fields(vec![
            name(),
            description(),
            merged("configurations", "/fields/configurations", configurations),
            merged(
                "pricing_adjustments",
                "/fields/pricing_adjustments",
                all(vec![("multiplier", prices)]),
            ),
        ])
}

fn models(stored: &Stored) -> Pair {
    let (id, row) = stored.find("integrations", "OpenAI organisation");
    let named = json!({ "slug": row["slug"] });
    let price = || all(vec![("price", number(0, 9))]);
    let prices = all(vec![
        ("type", one_of(&["static"])),
        ("pay_as_you_go", all(vec![("request_token", price()), ("response_token", price())])),
    ]);
    let model = all(vec![
        ("slug", one_of(&["ft-helpdesk", "ft-\u{1f600}"])),
        ("enabled", flag()),
        ("is_custom", Just(json!(true)).boxed()),
        ("pricing_config", prices),
    ]);
    let models = field("models", "", unlike(model, "slug")).hidden().keep(|row, given| {
        for model in given["models"].as_array().unwrap() {
            let stored = place(row, "/fields/models");
            let stored = &mut stored[model["slug"].as_str().unwrap()];
            *stored = joined(if stored.is_null() { json!({}) } else { stored.take() }, model);
        }
    });
    Pair::new(
        "update_integration_models",
        "list_integration_models",
        named,
        ("integrations", id.to_owned()),
    )
    .echo(|shown| {
        let models = shown["data"].as_array().unwrap().iter();
        let custom = models.filter(|it| it["is_custom"] == 1);
        let names =
            ["slug", "enabled", "is_custom", "is_finetune", "base_model_slug", "pricing_config"];
        json!({ "models": custom.map(|it| pick(it, &names)).collect::<Vec<_>>(),
                "allow_all_models": shown["allow_all_models"] })
    })
    .fields(vec![models, plain("allow_all_models", flag())])
}

fn workspaces(stored: &Stored) -> Pair {
    let (id, row) = stored.find("integrations", "OpenAI organisation");
    let slugs = ["Production", "Staging"].map(|name| stored.slug("workspaces", name));
    let known: Vec<(String, String)> = ["Production", "Staging"]
        .map(|name| (stored.slug("workspaces", name), stored.id("workspaces", name)))
        .to_vec();
    let slugs: Vec<&str> = slugs.iter().map(String::as_str).collect();
    let rates = || at_most_one(rate(&["rpm", "rph", "rpd"]));
    let one = all(vec![
        ("id", one_of(&slugs)),
        ("enabled", flag()),
        ("usage_limits", at_most_one(budget())),
        ("rate_limits", rates()),
    ]);
    let named = json!({ "slug": row["slug"], "create_default_provider": false });
    let each = field("workspaces", "", unlike(one, "id")).hidden().keep(move |row, given| {
        for one in given["workspaces"].as_array().unwrap() {
            let (_, id) = known.iter().find(|(slug, _)| one["id"] == **slug).unwrap();
            let mut kept = one.clone();
            kept.as_object_mut().unwrap().shift_remove("id");
            *place(row, &format!("/fields/access/{id}")) = kept;
        }
    });
    let global = all(vec![
        ("global_workspace_access_enabled", flag()),
        ("global_usage_limits", at_most_one(budget())),
        ("global_rate_limits", rates()),
    ]);
    let global = Field {
        values: global,
        keep: Box::new(|row, given| {
            row["fields"]["global_workspace_access_settings"] = json!({
                "usage_limits": given["global_usage_limits"],
                "rate_limits": given["global_rate_limits"],
                "enabled": given["global_workspace_access_enabled"],
            });
        }),
        shown: "/global_workspace_access/enabled".to_owned(),
    };
    let tool = "update_integration_workspaces";
    Pair::new(tool, "list_integration_workspaces", named, ("integrations", id.to_owned()))
        .reads(json!({ "slug": row["slug"] }))
        .echo(|shown| {
            let rows = shown["data"].as_array().unwrap().iter();
            let own = ["id", "enabled", "usage_limits", "rate_limits"];
            let mut rows: Vec<Value> = rows.map(|row| pick(row, &own)).collect();
            for row in &mut rows {
                for budget in row["usage_limits"].as_array_mut().into_iter().flatten() {
                    budget.as_object_mut().unwrap().retain(|_, value| !value.is_null());
                }
                row.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            }
            json!({ "workspaces": rows })
        })
        .fields(vec![each, global])
}
