//! The analytics tools: what leaves, what comes back, and that the figures agree.

mod figures;
mod large;

use std::collections::BTreeMap;

use portkey_admin_mcp::{sandbox::Received, tools::Catalogue};
use serde_json::{Value, json};

use crate::support::{Served, line, serve, settings};

/// Every graph and the path that it asks for.
const GRAPHS: [(&str, &str); 18] = [
    ("get_cost_analytics", "graphs/cost"),
    ("get_request_analytics", "graphs/requests"),
    ("get_token_analytics", "graphs/tokens"),
    ("get_latency_analytics", "graphs/latency"),
    ("get_error_analytics", "graphs/errors"),
    ("get_error_rate_analytics", "graphs/errors/rate"),
    ("get_error_stacks_analytics", "graphs/errors/stacks"),
    ("get_error_status_codes_analytics", "graphs/errors/status-codes"),
    ("get_rescued_requests_analytics", "graphs/requests/rescued"),
    ("get_cache_hit_rate", "graphs/cache/hit-rate"),
    ("get_cache_hit_latency", "graphs/cache/latency"),
    ("get_cache_summary", "summary/cache"),
    ("get_users_analytics", "graphs/users"),
    ("get_user_requests_analytics", "graphs/users/requests"),
    ("get_feedback_analytics", "graphs/feedbacks"),
    ("get_feedback_scores_analytics", "graphs/feedbacks/scores"),
    ("get_feedback_weighted_analytics", "graphs/feedbacks/weighted"),
    ("get_feedback_models_analytics", "graphs/feedbacks/ai-models"),
];

/// Every group, its path, and what it needs besides the times.
fn groups() -> Vec<(&'static str, &'static str, Value)> {
    let mut groups = vec![
        ("get_analytics_group_users", "groups/users", json!({})),
        ("get_analytics_group_models", "groups/ai-models", json!({})),
        ("get_analytics_group_metadata", "groups/metadata/env", json!({ "metadata_key": "env" })),
        ("get_analytics_group_providers", "groups/provider", json!({})),
        ("get_analytics_group_workspaces", "groups/workspaces", json!({})),
    ];
    for (by, path) in [
        ("ai_service", "groups/ai_service"),
        ("api_key", "groups/api_key"),
        ("config", "groups/config"),
        ("model", "groups/model"),
        ("prompt", "groups/prompt"),
        ("provider", "groups/provider"),
        ("status_code", "groups/status_code"),
        ("workspace", "groups/workspace"),
    ] {
        groups.push(("get_analytics_group", path, json!({ "group_by": by })));
    }
    groups
}

/// The groups whose columns can be chosen.
const WITH_COLUMNS: [&str; 3] =
    ["get_analytics_group_providers", "get_analytics_group_workspaces", "get_analytics_group"];

/// Every tool with its path and what it needs.
fn tools() -> Vec<(&'static str, &'static str, Value)> {
    let graphs = GRAPHS.iter().map(|(tool, path)| (*tool, *path, json!({})));
    graphs.chain(groups()).collect()
}

/// A time before and one after everything in the log.
fn always() -> Value {
    json!({ "time_of_generation_min": "2020-01-01T00:00:00Z", "time_of_generation_max": "2100-01-01T00:00:00Z" })
}

fn joined(mut args: Value, more: &Value) -> Value {
    let (Value::Object(fields), Value::Object(more)) = (&mut args, more) else { unreachable!() };
    fields.extend(more.clone());
    args
}

fn query(request: &Received) -> BTreeMap<String, String> {
    let pairs = url::form_urlencoded::parse(request.query.as_bytes()).into_owned();
    let mut query = BTreeMap::new();
    for (name, value) in pairs {
        assert!(query.insert(name.clone(), value).is_none(), "`{name}` is there twice");
    }
    query
}

/// The same text, or the same number.
fn same(sent: &str, wanted: &str) -> bool {
    sent == wanted
        || matches!((sent.parse::<f64>(), wanted.parse::<f64>()), (Ok(a), Ok(b)) if a.to_bits() == b.to_bits())
}

/// Asserts that a call sends one GET of that path with exactly that query.
async fn sends(served: &Served, tool: &str, args: &Value, path: &str, wanted: &[(&str, &str)]) {
    served.sent();
    served.call(tool, args.clone()).await.data();
    let sent = served.sent();
    let [request] = &sent[..] else { panic!("{tool} sent {} requests", sent.len()) };
    assert_eq!(line(request), format!("GET /v1/analytics/{path}"), "{tool}");
    assert!(request.body.is_empty(), "{tool}");
    let mut query = query(request);
    for (name, value) in wanted {
        let sent = query.remove(*name).unwrap_or_else(|| panic!("{tool} did not send `{name}`"));
        assert!(same(&sent, value), "{tool} sent `{name}` as `{sent}`, not `{value}`");
    }
    assert!(query.is_empty(), "{tool} also sent {query:?}");
}

#[test]
fn the_tables_name_every_analytics_tool() {
    let catalogue = Catalogue::new(&["analytics".to_owned()]).unwrap();
    let known: Vec<_> = tools().into_iter().map(|(tool, ..)| tool).collect();
    let missing: Vec<_> = catalogue
        .entries()
        .iter()
        .map(|entry| entry.tool.name)
        .filter(|name| !known.contains(name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(catalogue.entries().len(), 24);
}

#[tokio::test]
async fn every_tool_sends_every_filter() {
    let served = serve(settings()).await;
    let workspaces = served.account("admin").get("/admin/workspaces").await;
    let workspace = workspaces["data"][1]["slug"].as_str().unwrap();
    let filters = json!({
        "time_of_generation_min": "2026-01-01T00:00:00+02:00",
        "time_of_generation_max": "2026-02-01T00:00:00.5Z",
        "workspace_slug": workspace,
        "total_units_min": 1, "total_units_max": 100_000, "cost_min": 0.5, "cost_max": 1000,
        "prompt_token_min": 2, "prompt_token_max": 3, "completion_token_min": 4,
        "completion_token_max": 5, "status_code": [200, 429],
        "weighted_feedback_min": -10, "weighted_feedback_max": 9.5,
        "virtual_keys": ["vk-1", "vk-2"], "configs": ["pc-1"], "api_key_ids": ["k 1", "k+2"],
        "ai_org_model": ["openai__gpt-4o", "anthropic__claude"],
        "metadata": { "env": "prod", "team": "a&b=c #ü" }, "trace_id": ["t-1"],
        "span_id": ["s-1", "s-2"], "prompt_slug": "pp-1", "cache_status": ["hit", "miss"],
    });
    let wanted = vec![
        ("time_of_generation_min", "2026-01-01T00:00:00+02:00"),
        ("time_of_generation_max", "2026-02-01T00:00:00.5Z"),
        ("workspace_slug", workspace),
        ("total_units_min", "1"),
        ("total_units_max", "100000"),
        ("cost_min", "0.5"),
        ("cost_max", "1000"),
        ("prompt_token_min", "2"),
        ("prompt_token_max", "3"),
        ("completion_token_min", "4"),
        ("completion_token_max", "5"),
        ("status_code", "200,429"),
        ("weighted_feedback_min", "-10"),
        ("weighted_feedback_max", "9.5"),
        ("virtual_keys", "vk-1,vk-2"),
        ("configs", "pc-1"),
        ("api_key_ids", "k 1,k+2"),
        ("ai_org_model", "openai__gpt-4o,anthropic__claude"),
        ("metadata", r#"{"env":"prod","team":"a&b=c #ü"}"#),
        ("trace_id", "t-1"),
        ("span_id", "s-1,s-2"),
        ("prompt_slug", "pp-1"),
        ("cache_status", "hit,miss"),
    ];
    let catalogue = Catalogue::new(&[]).unwrap();
    for (tool, path, needs) in tools() {
        let mut args = joined(filters.clone(), &needs);
        let mut wanted = wanted.clone();
        if path.starts_with("groups/") {
            args = joined(args, &json!({ "current_page": 3, "page_size": 50 }));
            wanted.extend([("current_page", "3"), ("page_size", "50")]);
        }
        if WITH_COLUMNS.contains(&tool) {
            let more = json!({
                "columns": ["cost", "p99_latency", "last_seen"], "include_total": true,
                "order_by": "cost", "order_by_type": "asc",
            });
            args = joined(args, &more);
            wanted.extend([
                ("columns", "cost,p99_latency,last_seen"),
                ("include_total", "true"),
                ("order_by", "cost"),
                ("order_by_type", "asc"),
            ]);
        }
        let schema = catalogue.get(tool).unwrap().tool.input().published;
        let untried: Vec<_> = schema["properties"]
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| args.get(name.as_str()).is_none())
            .collect();
        assert!(untried.is_empty(), "{tool}: {untried:?} are not tried");
        sends(&served, tool, &args, path, &wanted).await;
    }
}

#[tokio::test]
async fn other_names_and_text_for_lists_are_accepted() {
    let served = serve(settings()).await;
    let table = [
        (json!({ "status_codes": ["429", "500"] }), ("status_code", "429,500")),
        (json!({ "status_codes": "429, 500" }), ("status_code", "429,500")),
        (json!({ "status_code": "429" }), ("status_code", "429")),
        (json!({ "status_code": 429 }), ("status_code", "429")),
        (json!({ "provider_models": ["openai__gpt-4o"] }), ("ai_org_model", "openai__gpt-4o")),
        (json!({ "ai_org_model": "a__b,c__d" }), ("ai_org_model", "a__b,c__d")),
        (json!({ "metadata_filter": { "env": "prod" } }), ("metadata", r#"{"env":"prod"}"#)),
        (json!({ "metadata": "{\"env\":\"prod\"}" }), ("metadata", r#"{"env":"prod"}"#)),
        (json!({ "virtual_key_slugs": ["a", "b"] }), ("virtual_keys", "a,b")),
        (json!({ "virtual_keys": "a,b" }), ("virtual_keys", "a,b")),
        (json!({ "config_slugs": "pc-1" }), ("configs", "pc-1")),
        (json!({ "trace_ids": ["t"] }), ("trace_id", "t")),
        (json!({ "span_ids": ["s"] }), ("span_id", "s")),
        (json!({ "cost_min": "2.5" }), ("cost_min", "2.5")),
        (json!({ "total_units_min": "7" }), ("total_units_min", "7")),
        (json!({ "total_units_min": 7.0 }), ("total_units_min", "7")),
    ];
    for (args, filter) in table {
        let wanted = [
            ("time_of_generation_min", "2020-01-01T00:00:00Z"),
            ("time_of_generation_max", "2100-01-01T00:00:00Z"),
            filter,
        ];
        let args = joined(always(), &args);
        sends(&served, "get_cost_analytics", &args, "graphs/cost", &wanted).await;
    }
    let both = joined(always(), &json!({ "status_codes": [429], "status_code": [500] }));
    let error = served.call("get_cost_analytics", both).await;
    assert_eq!(error.complaints(), ["status_codes"]);
}

#[tokio::test]
async fn a_time_without_offset_is_refused_before_anything_is_sent() {
    let served = serve(settings()).await;
    let wrong =
        ["2026-01-01T00:00:00", "2026-01-01", "2026-01-01 00:00:00", "yesterday", "", "1767225600"];
    for (tool, _, needs) in tools() {
        for name in ["time_of_generation_min", "time_of_generation_max"] {
            for time in wrong {
                let args = joined(joined(always(), &needs), &json!({ (name): time }));
                let called = served.call(tool, args).await;
                assert_eq!(called.complaints(), [name], "{tool} {time}");
                assert!(called.text().contains("ISO 8601 with offset"), "{}", called.text());
            }
        }
    }
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn every_problem_is_named_at_once_and_nothing_is_sent() {
    let served = serve(settings()).await;
    let args = json!({
        "time_of_generation_min": "2026-01-01T00:00:00Z", "cost_min": -1, "total_units_min": -1,
        "status_code": ["many"], "weighted_feedback_max": 11, "page_size": 101, "current_page": -1,
        "order_by": "colour", "columns": ["cost", "taste"], "group_by": "planet", "cost_mx": 1,
        "metadata": 5,
    });
    let mut complaints = served.call("get_analytics_group", args).await.complaints();
    complaints.sort();
    let wanted = [
        "columns[1]",
        "cost_min",
        "cost_mx",
        "current_page",
        "group_by",
        "metadata",
        "order_by",
        "page_size",
        "status_code[0]",
        "time_of_generation_max",
        "total_units_min",
        "weighted_feedback_max",
    ];
    assert_eq!(complaints, wanted);
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn a_metadata_key_stays_in_its_segment() {
    let served = serve(settings()).await;
    let table = [
        ("", None),
        ("..", None),
        (".", None),
        ("a\tb", None),
        ("a/../b", Some("a%2F..%2Fb")),
        ("a?b=c", Some("a%3Fb%3Dc")),
        ("%2e%2e", Some("%252e%252e")),
        ("_user", Some("_user")),
    ];
    for (key, leaves) in table {
        let args = joined(always(), &json!({ "metadata_key": key }));
        let called = served.call("get_analytics_group_metadata", args).await;
        let wanted: Vec<_> = leaves
            .map(|key| format!("GET /v1/analytics/groups/metadata/{key}"))
            .into_iter()
            .collect();
        assert_eq!(served.sent_lines(), wanted, "{key:?}");
        assert_eq!(called.failed(), leaves.is_none(), "{key:?}");
    }
}
