//! Graphs, summaries and groups: shapes, filters, and that they agree.

use std::{collections::BTreeSet, time::Instant};

use super::*;

/// The whole log.
const ALL: &str =
    "time_of_generation_min=2026-03-01T00:00:00Z&time_of_generation_max=2026-03-31T12:00:00Z";

fn sum(rows: &Value, field: &str) -> i64 {
    let number = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok()).unwrap();
    rows.as_array().unwrap().iter().map(|row| number(&row[field])).sum()
}

async fn graph(api: &Api, name: &str, filter: &str) -> Value {
    api.get(&format!("/analytics/graphs/{name}?{ALL}{filter}")).await
}

async fn group(api: &Api, name: &str, filter: &str) -> Value {
    api.get(&format!("/analytics/groups/{name}?{ALL}&page_size=1000{filter}")).await
}

async fn requests(api: &Api, filter: &str) -> i64 {
    graph(api, "requests", filter).await["summary"]["total"].as_i64().unwrap()
}

#[tokio::test]
async fn every_graph_has_the_shape_of_the_description() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let shapes: &[(&str, &[&str], &[&str])] = &[
        ("requests", &["total"], &["timestamp", "total"]),
        ("cost", &["total", "avg"], &["timestamp", "total", "avg"]),
        ("latency", &["avg", "p50", "p90", "p99"], &["timestamp", "avg", "p50", "p90", "p99"]),
        ("tokens", &["total", "avg"], &["timestamp", "total", "avg"]),
        ("users", &["total"], &["timestamp", "total"]),
        ("users/requests", &["total", "unique", "avg"], &["timestamp", "avg"]),
        ("errors", &["total"], &["timestamp", "total"]),
        ("errors/rate", &["rate"], &["timestamp", "rate"]),
        ("errors/stacks", &["total"], &["timestamp", "stats"]),
        ("errors/status-codes", &["total_errors", "unique_error_codes"], &["status_code", "count"]),
        ("requests/rescued", &["retry", "fallback"], &["timestamp", "retry", "fallback"]),
        (
            "cache/hit-rate",
            &["total", "rate"],
            &[
                "timestamp",
                "simple_hits",
                "semantic_hits",
                "rate",
                "cumulative_simple_cache_savings",
                "cumulative_semantic_cache_savings",
            ],
        ),
        ("cache/latency", &[], &["timestamp", "avg"]),
        ("feedbacks", &["total"], &["timestamp", "total"]),
        ("feedbacks/scores", &["total"], &["score", "total"]),
        ("feedbacks/weighted", &["avg"], &["timestamp", "avg"]),
        ("feedbacks/ai-models", &[], &["ai_model", "total", "avg_weighted_feedback"]),
    ];
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    for (name, summary, point) in shapes {
        let answer = graph(&api, name, "").await;
        assert_eq!(keys(&answer), ["summary", "data_points", "object"], "{name}");
        assert_eq!(answer["object"], "analytics-graph");
        assert_eq!(&keys(&answer["summary"]), summary, "{name}");
        assert_eq!(&keys(&answer["data_points"][0]), point, "{name}");
        for (field, value) in answer["data_points"][0].as_object().unwrap() {
            let fits = match field.as_str() {
                "timestamp" => value.as_str().is_some_and(|at| at.parse::<Timestamp>().is_ok()),
                "ai_model" => value.is_string(),
                "stats" | "retry" => value.is_array(),
                _ => value.is_i64() || value.is_u64(),
            };
            assert!(fits, "{name}: {field} is {value}");
        }
    }
    let cache = api.get(&format!("/analytics/summary/cache?{ALL}")).await;
    assert_eq!(keys(&cache["summary"]), ["hits", "avg_latency", "total_requests", "cache_speedup"]);
    assert_eq!(cache["object"], "analytics-summary");
}

#[tokio::test]
async fn totals_points_and_groups_agree() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let total = requests(&api, "").await;
    assert!(total > 2_000, "{total}");
    let points = graph(&api, "requests", "").await;
    assert_eq!(sum(&points["data_points"], "total"), total);
    let cost = graph(&api, "cost", "").await;
    let cents = cost["summary"]["total"].as_i64().unwrap();
    assert!(cents > 500, "{cents}");
    assert_eq!(sum(&cost["data_points"], "total"), cents);
    for name in
        ["users", "metadata/env", "metadata/app", "provider", "model", "status_code", "api_key"]
    {
        let groups = group(&api, name, "").await;
        assert_eq!(sum(&groups["data"], "requests"), total, "{name}");
        assert_eq!(sum(&groups["data"], "cost"), cents, "{name}");
    }
    assert_eq!(sum(&group(&api, "ai-models", "").await["data"], "requests"), total);
    let codes = graph(&api, "errors/status-codes", "").await;
    let errors = graph(&api, "errors", "").await;
    assert_eq!(
        sum(&codes["data_points"], "count"),
        codes["summary"]["total_errors"].as_i64().unwrap()
    );
    assert_eq!(codes["summary"]["total_errors"], errors["summary"]["total"]);
    assert_eq!(sum(&errors["data_points"], "total"), errors["summary"]["total"].as_i64().unwrap());
    let hits = graph(&api, "cache/hit-rate", "").await;
    let summary = api.get(&format!("/analytics/summary/cache?{ALL}")).await;
    assert_eq!(hits["summary"]["total"], summary["summary"]["hits"]);
    let points = &hits["data_points"];
    assert_eq!(
        sum(points, "simple_hits") + sum(points, "semantic_hits"),
        hits["summary"]["total"].as_i64().unwrap()
    );
    let feedbacks = graph(&api, "feedbacks", "").await["summary"]["total"].as_i64().unwrap();
    assert!(feedbacks > 50);
    for name in ["feedbacks/scores", "feedbacks/ai-models"] {
        assert_eq!(sum(&graph(&api, name, "").await["data_points"], "total"), feedbacks, "{name}");
    }
    assert_eq!(
        sum(&group(&api, "metadata/app", "").await["data"], "requests_with_feedback"),
        feedbacks
    );
}

#[tokio::test]
async fn the_workspaces_add_up_and_are_told_apart() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let workspaces = group(&api, "workspaces", "&include_total=true").await;
    assert_eq!(workspaces["total"], 3);
    let mut slugs = BTreeSet::new();
    for row in workspaces["data"].as_array().unwrap() {
        let slug = row["workspace"].as_str().unwrap();
        assert_eq!(
            requests(&api, &format!("&workspace_slug={slug}")).await,
            row["requests"].as_i64().unwrap()
        );
        slugs.insert(slug.to_owned());
    }
    let production = api.seeded("/admin/workspaces", "Production", "slug").await;
    let default = requests(&api, "").await;
    assert_eq!(default, requests(&api, &format!("&workspace_slug={production}")).await);
    let staging = Api::new(&sandbox, "staging");
    // A workspace key is about its own workspace, whatever it asks for.
    let own = requests(&staging, &format!("&workspace_slug={production}")).await;
    assert_ne!(own, default);
    let only = group(&staging, "workspaces", "").await;
    assert_eq!(only["data"].as_array().unwrap().len(), 1);
    let other = Api::new(&sandbox, "other-admin");
    let path = format!("/analytics/graphs/cost?{ALL}&workspace_slug={production}");
    assert_eq!(other.refused(Method::GET, &path, None).await, code(404, "AB02"));
    let foreign = group(&other, "workspaces", "").await;
    assert!(!slugs.contains(foreign["data"][0]["workspace"].as_str().unwrap()));
}

#[tokio::test]
async fn filters_split_the_log_without_rest() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let total = requests(&api, "").await;
    for (one, other) in [
        ("&total_units_max=2000", "&total_units_min=2001"),
        ("&prompt_token_max=1500", "&prompt_token_min=1501"),
        ("&completion_token_max=300", "&completion_token_min=301"),
        ("&cost_max=0", "&cost_min=1"),
        ("&status_code=200", "&status_code=400,401,408,429,446,500,503"),
        ("&cache_status=miss", "&cache_status=simple,semantic"),
    ] {
        let (one, other) = (requests(&api, one).await, requests(&api, other).await);
        assert!(one > 0 && other > 0);
        assert_eq!(one + other, total);
    }
    let feedbacks = graph(&api, "feedbacks", "").await["summary"]["total"].as_i64().unwrap();
    assert_eq!(requests(&api, "&weighted_feedback_min=-10").await, feedbacks);
    assert!(requests(&api, "&weighted_feedback_max=-0.5").await < feedbacks);
    for nothing in [
        "&trace_id=none",
        "&span_id=x",
        "&configs=pc-none",
        "&metadata=%7B%22env%22%3A%22moon%22%7D",
    ] {
        assert_eq!(requests(&api, nothing).await, 0, "{nothing}");
    }
}

#[tokio::test]
async fn a_filter_gives_what_its_group_says() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    for (dimension, parameter) in [
        ("api_key", "api_key_ids"),
        ("config", "configs"),
        ("prompt", "prompt_slug"),
        ("status_code", "status_code"),
    ] {
        let groups = group(&api, dimension, "").await;
        for row in groups["data"].as_array().unwrap() {
            let value =
                row[dimension].as_str().map_or_else(|| row[dimension].to_string(), str::to_owned);
            let filtered = requests(&api, &format!("&{parameter}={value}")).await;
            assert_eq!(filtered, row["requests"].as_i64().unwrap(), "{dimension} {value}");
        }
    }
    let openai = requests(&api, "&ai_org_model=openai__gpt-4o,openai__gpt-4o-mini").await;
    let azure = requests(&api, "&ai_org_model=azure-openai__gpt-4o").await;
    let providers = group(&api, "provider", "").await;
    let of = |name: &str| {
        let row = providers["data"].as_array().unwrap().iter().find(|row| row["provider"] == name);
        row.unwrap()["requests"].as_i64().unwrap()
    };
    assert_eq!((openai, azure), (of("openai"), of("azure-openai")));
    let key = api.seeded("/virtual-keys", "OpenAI production", "slug").await;
    assert_eq!(requests(&api, &format!("&virtual_keys={key}")).await, openai);
    let users = group(&api, "users", "").await;
    let user = users["data"][0]["user"].as_str().unwrap();
    let filter = format!("&metadata=%7B%22_user%22%3A%22{user}%22%7D");
    assert_eq!(
        requests(&api, &filter).await.to_string(),
        users["data"][0]["requests"].as_str().unwrap()
    );
}

#[tokio::test]
async fn the_times_are_required_and_need_an_offset() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    for range in [
        "",
        "time_of_generation_min=2026-03-01T00:00:00Z",
        "time_of_generation_min=2026-03-01T00:00:00&time_of_generation_max=2026-03-02T00:00:00Z",
        "time_of_generation_min=2026-03-01&time_of_generation_max=2026-03-02T00:00:00Z",
        "time_of_generation_min=2026-03-03T00:00:00Z&time_of_generation_max=2026-03-02T00:00:00Z",
    ] {
        let path = format!("/analytics/graphs/cost?{range}");
        assert_eq!(api.refused(Method::GET, &path, None).await, code(400, "AB01"), "{range}");
    }
    for filter in [
        "cost_min=x",
        "status_code=ok",
        "metadata=env",
        "weighted_feedback_min=-11",
        "cache_status=warm",
    ] {
        let path = format!("/analytics/graphs/cost?{ALL}&{filter}");
        assert_eq!(api.refused(Method::GET, &path, None).await, code(400, "AB01"), "{filter}");
    }
    let offset = "time_of_generation_min=2026-03-30T17:30:00%2B05:30&time_of_generation_max=2026-03-31T17:30:00%2B05:30";
    let utc =
        "time_of_generation_min=2026-03-30T12:00:00Z&time_of_generation_max=2026-03-31T12:00:00Z";
    let (offset, utc) = (
        api.get(&format!("/analytics/graphs/cost?{offset}")).await,
        api.get(&format!("/analytics/graphs/cost?{utc}")).await,
    );
    assert_eq!(offset, utc);
    assert_eq!(utc["data_points"].as_array().unwrap().len(), 25);
}

#[tokio::test]
async fn groups_page_order_and_show_the_columns_asked_for() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let first = api.get(&format!("/analytics/groups/users?{ALL}&page_size=2")).await;
    let second =
        api.get(&format!("/analytics/groups/users?{ALL}&page_size=2&current_page=1")).await;
    assert_eq!(first["total"], 5);
    assert_eq!(first["data"].as_array().unwrap().len(), 2);
    assert_ne!(first["data"], second["data"]);
    assert!(first["data"][0]["cost"].is_string());

    let columns = "cost,total_tokens,avg_tokens,avg_input_tokens,avg_output_tokens,avg_latency,p95_latency,\
                   p99_latency,success_rate,error_count,cache_hit_rate,last_seen,first_seen";
    let rows =
        group(&api, "model", &format!("&columns={columns}&order_by=cost&order_by_type=asc")).await;
    assert!(rows.get("total").is_none());
    let row = rows["data"][0].as_object().unwrap();
    assert!(columns.split(',').all(|column| row.contains_key(column)), "{row:?}");
    let costs: Vec<i64> =
        rows["data"].as_array().unwrap().iter().map(|row| row["cost"].as_i64().unwrap()).collect();
    assert!(costs.is_sorted(), "{costs:?}");
    for bad in [
        "groups/model?columns=colour&",
        "groups/model?order_by=colour&",
        "groups/model?order_by_type=up&",
        "groups/mood?",
    ] {
        let path = format!("/analytics/{bad}{ALL}");
        assert_eq!(api.refused(Method::GET, &path, None).await, code(400, "AB01"), "{bad}");
    }
}

#[tokio::test]
async fn equal_seeds_and_ends_give_equal_bytes() {
    let (one, two) = (sandbox().await, sandbox().await);
    let (one, two) = (Api::new(&one, "admin"), Api::new(&two, "admin"));
    let slug = one.seeded("/prompts", "support-reply-dev", "slug").await;
    let paths = [
        "/configs".to_owned(),
        "/admin/workspaces".to_owned(),
        "/virtual-keys".to_owned(),
        "/labels".to_owned(),
        format!("/prompts/{slug}"),
        format!("/analytics/graphs/cost?{ALL}"),
        format!("/analytics/graphs/latency?{ALL}"),
        format!("/analytics/groups/metadata/client_id?{ALL}"),
        format!("/analytics/groups/api_key?{ALL}"),
    ];
    for path in &paths {
        assert_eq!(one.get(path).await.to_string(), two.get(path).await.to_string(), "{path}");
    }
    let other = Sandbox::start(Settings { seed: 2, ..settings() }).await.unwrap();
    let other = Api::new(&other, "admin");
    assert_ne!(one.get("/configs").await, other.get("/configs").await);
    let path = format!("/analytics/graphs/cost?{ALL}");
    assert_ne!(one.get(&path).await, other.get(&path).await);
}

#[tokio::test]
async fn the_log_ends_now_when_no_end_is_given() {
    let sandbox = Sandbox::start(Settings::default()).await.unwrap();
    let api = Api::new(&sandbox, "admin");
    let now = Timestamp::now();
    let week = now.checked_sub(jiff::SignedDuration::from_hours(7 * 24)).unwrap();
    let path = format!(
        "/analytics/graphs/requests?time_of_generation_min={week}&time_of_generation_max={now}"
    );
    let graph = api.get(&path).await;
    assert!(graph["summary"]["total"].as_i64().unwrap() > 300);
    assert_eq!(graph["data_points"].as_array().unwrap().len(), 8);
}

#[tokio::test]
async fn start_and_analytics_are_quick() {
    let before = Instant::now();
    let sandbox = sandbox().await;
    let started = before.elapsed();
    let api = Api::new(&sandbox, "admin");
    graph(&api, "requests", "").await;
    let before = Instant::now();
    graph(&api, "latency", "").await;
    let asked = before.elapsed();
    // Unoptimised and on a busy machine; an optimised build is far below.
    assert!(started < Duration::from_millis(500), "{started:?}");
    assert!(asked < Duration::from_millis(500), "{asked:?}");
}
