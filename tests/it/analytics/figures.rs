//! Figures: none is lost on the way, and those of one period agree with each other.

use serde_json::{Value, json};

use super::{GRAPHS, always, groups, joined};
use crate::support::{Served, serve, serve_key, settings};

const PERIOD: &str =
    "time_of_generation_min=2020-01-01T00:00:00Z&time_of_generation_max=2100-01-01T00:00:00Z";

async fn graph(served: &Served, tool: &str) -> Value {
    served.call(tool, always()).await.data().clone()
}

/// All rows of a group.
async fn rows(served: &Served, tool: &str, more: Value) -> Vec<Value> {
    let args = joined(joined(always(), &json!({ "page_size": 100 })), &more);
    let list = served.call(tool, args).await.data().clone();
    assert!(list.get("next_page").is_none(), "{list}");
    list["data"].as_array().unwrap().clone()
}

fn sum(rows: &[Value], field: &str) -> u64 {
    rows.iter().map(|row| row[field].as_u64().unwrap_or_else(|| panic!("no {field}: {row}"))).sum()
}

fn points(graph: &Value) -> &[Value] {
    graph["data_points"].as_array().unwrap()
}

#[tokio::test]
async fn graphs_come_back_with_every_figure_that_portkey_gave() {
    for key in ["admin", "other-admin"] {
        let served = serve_key(settings(), key).await;
        let account = served.account(key);
        for (tool, path) in GRAPHS {
            let given = account.get(&format!("/analytics/{path}?{PERIOD}")).await;
            assert_eq!(graph(&served, tool).await, given, "{tool}");
        }
    }
}

#[tokio::test]
async fn groups_come_back_with_every_column_and_figures_are_numbers() {
    let served = serve(settings()).await;
    let account = served.account("admin");
    let columns = [
        "requests",
        "cost",
        "total_tokens",
        "avg_tokens",
        "avg_input_tokens",
        "avg_output_tokens",
        "avg_latency",
        "p95_latency",
        "p99_latency",
        "success_rate",
        "error_count",
        "cache_hit_rate",
        "last_seen",
        "first_seen",
    ];
    for (tool, path, needs) in groups() {
        let mut query = format!("/analytics/{path}?{PERIOD}&page_size=100");
        let mut args = needs;
        if super::WITH_COLUMNS.contains(&tool) {
            query.push_str(&format!("&include_total=true&columns={}", columns.join(",")));
            args = joined(args, &json!({ "columns": columns, "include_total": true }));
        }
        let given = account.get(&query).await;
        let given = given["data"].as_array().unwrap();
        let shown = rows(&served, tool, args).await;
        assert_eq!(shown.len(), given.len(), "{tool} {path}");
        assert!(!shown.is_empty(), "{tool} {path}");
        for (shown, given) in shown.iter().zip(given) {
            let given = given.as_object().unwrap();
            assert_eq!(shown.as_object().unwrap().len(), given.len(), "{tool}: {shown}");
            for (name, value) in given {
                let figure = matches!(&**name, "requests" | "cost");
                let wanted = match value {
                    Value::String(text) if figure => text.parse::<u64>().unwrap().into(),
                    other => other.clone(),
                };
                assert_eq!(shown[name], wanted, "{tool} {path}: {name}");
            }
        }
    }
}

#[tokio::test]
async fn totals_points_and_groups_agree() {
    let served = serve(settings()).await;
    let requests = graph(&served, "get_request_analytics").await;
    let total = requests["summary"]["total"].as_u64().unwrap();
    assert!(total > 1000);
    assert_eq!(sum(points(&requests), "total"), total);
    let cost = graph(&served, "get_cost_analytics").await;
    let cents = cost["summary"]["total"].as_u64().unwrap();
    assert!(cents > 0);
    assert_eq!(sum(points(&cost), "total"), cents);
    let models = rows(&served, "get_analytics_group_models", json!({})).await;
    assert_eq!(sum(&models, "requests"), total);
    for by in ["provider", "model", "status_code", "api_key"] {
        let group = rows(&served, "get_analytics_group", json!({ "group_by": by })).await;
        assert_eq!((sum(&group, "requests"), sum(&group, "cost")), (total, cents), "by {by}");
    }
    let all = rows(&served, "get_analytics_group", json!({ "group_by": "workspace" })).await;
    let errors = graph(&served, "get_error_analytics").await["summary"]["total"].clone();
    let codes = graph(&served, "get_error_status_codes_analytics").await;
    assert_eq!(errors, sum(points(&codes), "count"));
    assert_eq!(codes["summary"]["total_errors"], errors);
    let stacks = graph(&served, "get_error_stacks_analytics").await;
    let stacked =
        points(&stacks).iter().map(|point| sum(point["stats"].as_array().unwrap(), "count"));
    assert_eq!(errors, stacked.sum::<u64>());
    let workspaces = rows(&served, "get_analytics_group_workspaces", json!({})).await;
    assert_eq!(workspaces.len(), 3);
    assert!(workspaces.iter().any(|row| row["requests"] == total && row["cost"] == cents));
    assert!(sum(&workspaces, "cost") > cents, "it spans all workspaces");
    assert_eq!(all, workspaces);
}

#[tokio::test]
async fn token_user_and_cache_analytics_keep_all_their_figures() {
    let served = serve(settings()).await;
    let has = |value: &Value, names: &[&str], what: &str| {
        let missing: Vec<_> = names.iter().filter(|name| !value[**name].is_number()).collect();
        assert!(missing.is_empty(), "{what} has no {missing:?}: {value}");
    };
    for (tool, summary, point) in [
        ("get_token_analytics", &["total", "avg"][..], &["total", "avg"][..]),
        ("get_users_analytics", &["total"], &["total"]),
        ("get_user_requests_analytics", &["total", "unique", "avg"], &["avg"]),
        (
            "get_cache_hit_rate",
            &["total", "rate"],
            &[
                "simple_hits",
                "semantic_hits",
                "rate",
                "cumulative_simple_cache_savings",
                "cumulative_semantic_cache_savings",
            ],
        ),
        ("get_cache_hit_latency", &[], &["avg"]),
        ("get_latency_analytics", &["avg", "p50", "p90", "p99"], &["avg", "p50", "p90", "p99"]),
    ] {
        let graph = graph(&served, tool).await;
        has(&graph["summary"], summary, tool);
        assert!(points(&graph).len() > 20, "{tool}");
        for one in points(&graph) {
            has(one, point, tool);
            assert!(one["timestamp"].as_str().unwrap().ends_with('Z'), "{tool}: {one}");
        }
    }
    let summary = graph(&served, "get_cache_summary").await["summary"].clone();
    has(&summary, &["hits", "avg_latency", "total_requests", "cache_speedup"], "get_cache_summary");
    let users = rows(&served, "get_analytics_group_users", json!({})).await;
    assert!(users.len() > 2);
    for row in &users {
        has(row, &["requests", "cost"], "get_analytics_group_users");
        assert!(row["user"].is_string());
    }
    let values =
        rows(&served, "get_analytics_group_metadata", json!({ "metadata_key": "_user" })).await;
    for row in &values {
        has(row, &["requests", "cost", "avg_tokens", "requests_with_feedback"], "metadata");
        assert!(row["metadata_value"].is_string() && row["last_seen"].is_string());
    }
}

#[tokio::test]
async fn a_filter_narrows_and_its_parts_make_the_whole() {
    let served = serve(settings()).await;
    let total = |more: Value| {
        let args = joined(always(), &more);
        let served = &served;
        async move {
            let graph = served.call("get_request_analytics", args).await;
            graph.data()["summary"]["total"].as_u64().unwrap()
        }
    };
    let all = total(json!({})).await;
    let codes = rows(&served, "get_analytics_group", json!({ "group_by": "status_code" })).await;
    let codes: Vec<u64> = codes.iter().map(|row| row["status_code"].as_u64().unwrap()).collect();
    let mut parts = 0;
    for code in &codes {
        parts += total(json!({ "status_code": [code] })).await;
    }
    assert!(codes.len() > 1);
    assert_eq!(parts, all);
    assert_eq!(total(json!({ "status_code": codes })).await, all);
    let (cheap, rest) =
        (total(json!({ "cost_max": 0 })).await, total(json!({ "cost_min": 1 })).await);
    assert!(cheap > 0 && rest > 0);
    assert_eq!(cheap + rest, all);
    assert_eq!(total(json!({ "metadata": { "env": "nowhere" } })).await, 0);
}

#[tokio::test]
async fn pages_of_a_group_say_how_to_go_on() {
    let served = serve(settings()).await;
    for (tool, path, needs) in groups() {
        for counted in [false, true] {
            let columns = super::WITH_COLUMNS.contains(&tool);
            if counted && !columns {
                continue;
            }
            let mut needs = needs.clone();
            if counted {
                needs["include_total"] = true.into();
            }
            let all = rows(&served, tool, needs.clone()).await;
            let (mut seen, mut page) = (Vec::new(), json!(0));
            while !page.is_null() {
                let more = json!({ "page_size": 2, "current_page": page });
                let args = joined(joined(always(), &needs), &more);
                let list = served.call(tool, args).await.data().clone();
                seen.extend(list["data"].as_array().unwrap().clone());
                page = list["next_page"].clone();
                let known = list.get("total").is_none_or(|total| *total == all.len());
                assert!(known, "{tool} {path}: {list} of {} rows", all.len());
                assert!(!counted && columns || list["total"] == all.len(), "{tool}: {list}");
            }
            assert_eq!(seen, all, "{tool} {path}");
        }
    }
}
