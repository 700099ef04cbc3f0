//! Every tool with arguments that are made from its own schema, without what is hidden.

use std::collections::HashSet;

use portkey_admin_mcp::{
    portkey::Base,
    tool::{Effect, Tool},
    tools::{Catalogue, DOMAINS},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Map, Value, json};

use crate::{
    routes::ROUTES,
    support::{Called, line, serve_key, settings},
};

/// The routes that are public, and so have no version.
const PRICE: &str = "GET /model-configs/pricing/{provider}/{model}";
const SHEET: &str = "GET /pricing/{provider}.json";

/// For each tool and key.
const CASES: u32 = 8;

/// Values of a schema, most of them valid, some not of its type; `known` are ids and slugs that
/// are there.
fn of(schema: &Value, known: &[String]) -> BoxedStrategy<Value> {
    let valid = match schema["type"].as_str().unwrap_or_default() {
        "object" => object(schema, known),
        "array" => {
            prop::collection::vec(of(&schema["items"], known), 0..4).prop_map(Value::from).boxed()
        }
        "integer" => {
            let least = schema["minimum"].as_i64().unwrap_or(-5);
            let most = schema["maximum"].as_i64().unwrap_or(least.saturating_add(1_000_000));
            prop_oneof![4 => (least..=most).prop_map(Value::from), 1 => any::<u64>().prop_map(Value::from)].boxed()
        }
        "number" => any::<f64>().prop_map(Value::from).boxed(),
        "boolean" => any::<bool>().prop_map(Value::from).boxed(),
        "string" => text(schema, known),
        _ => anything(),
    };
    prop_oneof![15 => valid, 1 => anything()].boxed()
}

fn object(schema: &Value, known: &[String]) -> BoxedStrategy<Value> {
    let required: HashSet<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let fields = schema["properties"].as_object().into_iter().flatten().map(|(name, property)| {
        let chance = if required.contains(name.as_str()) { 0.97 } else { 0.3 };
        let value = prop::option::weighted(chance, of(property, known));
        (Just(name.clone()), value).boxed()
    });
    let open = schema["additionalProperties"] != false;
    let more = prop::collection::vec(("\\PC{0,5}", anything()), 0..if open { 3 } else { 1 });
    (fields.collect::<Vec<_>>(), more)
        .prop_map(move |(fields, more)| {
            let given = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
            let more = more.into_iter().filter(|_| open);
            Value::Object(given.chain(more).collect::<Map<_, _>>())
        })
        .boxed()
}

fn text(schema: &Value, known: &[String]) -> BoxedStrategy<Value> {
    if let Some(choices) = schema["enum"].as_array() {
        return prop::sample::select(choices.clone()).boxed();
    }
    match schema["format"].as_str() {
        Some("uri") => prop::sample::select(vec![
            json!("https://example.com/mcp"),
            json!("https://example.com/x?a=b#c"),
        ])
        .boxed(),
        Some("email") => Just(json!("somebody@example.com")).boxed(),
        Some("date-time") => prop::sample::select(vec![
            json!("2020-01-01T00:00:00Z"),
            json!("2026-01-01T00:00:00.123+05:30"),
            json!("2100-12-31T23:59:60Z"),
        ])
        .boxed(),
        _ => prop_oneof![
            4 => prop::sample::select(known.to_vec()),
            2 => any::<String>(),
            1 => prop::sample::select(vec!["", ".", "..", "%2e%2e", "a/b", "a?b", "a#b", "a\\b", "\u{0}"])
                .prop_map(str::to_owned),
        ]
        .prop_map(Value::from)
        .boxed(),
    }
}

fn anything() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec(("\\PC{0,5}", inner), 0..3).prop_map(Value::from_iter),
        ]
    })
    .boxed()
}

/// Whether `METHOD /path` fits a template; a variable is one segment.
fn fits(sent: &str, route: &str) -> bool {
    let (sent, route) = (sent.split('/'), route.split('/'));
    sent.clone().count() == route.clone().count()
        && sent.zip(route).all(|(sent, route)| {
            sent == route || (route.starts_with('{') && !matches!(sent, "" | "." | ".."))
        })
}

/// Where the routes of a domain begin, for those that are not called like it.
fn families(domain: &str) -> Vec<String> {
    let others: &[&str] = match domain {
        "audit" => &["/audit-logs", "/configs", "/api-keys", "/integrations", "/labels"],
        "keys" => &["/api-keys", "/virtual-keys"],
        "limits" => &["/policies"],
        "users" => &["/admin/users"],
        "workspaces" => &["/admin/workspaces", "/scim"],
        "guardrails" => &["/guardrails", "/admin/organisation", "/workspace-exclusions"],
        "logging" => &["/logs"],
        "tracing" => &["/feedback"],
        _ => return vec![format!("/{domain}")],
    };
    others.iter().map(|family| (*family).to_owned()).collect()
}

/// What this tool may send, as `METHOD /path` templates.
fn routes(tool: &Tool) -> Vec<String> {
    let versions: &[&str] = match tool.base {
        Base::Given => &["/v1"],
        Base::Disputed { .. } => &["/v2", "/v1"],
        Base::Prices => return vec![SHEET.to_owned()],
        // What is unknown there is looked up in the sheet.
        Base::Root => return [PRICE, SHEET].map(str::to_owned).to_vec(),
    };
    let everywhere = |method: &str, path: &str| -> Vec<String> {
        versions.iter().map(|version| format!("{method} {version}{path}")).collect()
    };
    // Where a disputed family lives is asked with a GET.
    let asked = match tool.base {
        Base::Given | Base::Root | Base::Prices => Vec::new(),
        Base::Disputed { family } => everywhere("GET", family),
    };
    if let Some((method, path)) = tool.route() {
        let path = path.split("{?").next().unwrap();
        return [asked, everywhere(method.as_str(), path)].concat();
    }
    if !tool.open_world {
        return Vec::new();
    }
    let (domain, _) =
        DOMAINS.iter().find(|(_, tools)| tools.iter().any(|it| it.name == tool.name)).unwrap();
    let families = families(domain);
    let known = ROUTES.iter().filter_map(|route| route.line.split_once(' '));
    let own = known.filter(|(method, path)| {
        families.iter().any(|family| {
            path.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }) && (tool.effect != Effect::Reads || *method == "GET")
    });
    own.flat_map(|(method, path)| everywhere(method, path)).chain(asked).collect()
}

fn judge(called: &Called) -> Result<(), TestCaseError> {
    prop_assert!(called.answer.code().is_none(), "{}", called.answer.body);
    if called.failed() {
        let error = called.error();
        let message = error["message"].as_str().unwrap();
        prop_assert!(
            error["kind"] != "internal" && error["kind"] != "unexpected_answer",
            "{}",
            error
        );
        prop_assert!(error["status"].as_u64().is_none_or(|status| status < 500), "{}", error);
        for words in ["invalid type:", "invalid value:", "unknown variant", "missing field"] {
            prop_assert!(!message.contains(words), "words for programmers: {}", error);
        }
    }
    Ok(())
}

fn drop_hidden(schema: &mut Value) {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.retain(|_, property| property.get("x-hidden").is_none());
        properties.values_mut().for_each(drop_hidden);
    }
    schema.get_mut("items").map(drop_hidden);
}

#[test]
fn no_arguments_break_a_tool_or_reach_another_route() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for key in ["admin", "workspace"] {
        let served = runtime.block_on(serve_key(settings(), key));
        let known = runtime.block_on(async {
            let account = served.account(key);
            let workspaces = account.get("/admin/workspaces").await;
            let workspace = workspaces["data"][0]["id"].as_str().unwrap();
            let mut known = vec![workspace.to_owned()];
            for path in [
                "/configs",
                "/prompts",
                "/collections",
                "/labels",
                "/virtual-keys",
                "/api-keys",
                "/policies/rate-limits",
                "/policies/usage-limits",
                "/prompts/partials",
                "/guardrails",
            ] {
                let list = account.get(&format!("{path}?workspace_id={workspace}")).await;
                let rows = list["data"].as_array().unwrap().iter();
                known.extend(
                    rows.flat_map(|row| [&row["slug"], &row["id"]])
                        .filter_map(Value::as_str)
                        .map(str::to_owned),
                );
            }
            known
        });
        for entry in Catalogue::new(&[]).unwrap().entries() {
            let tool = entry.tool;
            let routes = routes(tool);
            let mut schema = json!(tool.input().full);
            drop_hidden(&mut schema);
            let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
            let outcome = TestRunner::new(config).run(&of(&schema, &known), |args| {
                let args = if args.is_object() { args } else { json!({}) };
                served.sent();
                let called = runtime.block_on(served.call(tool.name, args));
                judge(&called)?;
                for request in served.sent() {
                    let sent = line(&request);
                    prop_assert!(
                        routes.iter().any(|route| fits(&sent, route)),
                        "{sent} is none of {routes:?}"
                    );
                }
                Ok(())
            });
            outcome.unwrap_or_else(|error| panic!("{}: {error}", tool.name));
        }
    }
}
