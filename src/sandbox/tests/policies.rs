//! Policies: counters that follow the log, resets, archiving, and what the gateway refuses.

use super::*;

async fn workspace(api: &Api, name: &str) -> String {
    api.seeded("/admin/workspaces", name, "id").await
}

#[expect(clippy::needless_pass_by_value, reason = "reads well where it is called")]
fn budget(workspace: &str, more: Value) -> Value {
    let mut body = json!({
        "name": "b", "conditions": [{ "key": "workspace_id", "value": workspace }],
        "group_by": [{ "key": "api_key" }], "type": "cost", "credit_limit": 50,
        "workspace_id": workspace,
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// The counters of a policy: value key and usage.
async fn counters(api: &Api, path: &str) -> Vec<(String, f64)> {
    let list = api.get(&format!("{path}/entities")).await;
    let rows = list["data"].as_array().unwrap().iter();
    rows.map(|row| {
        let key = row["value_key"].as_str().unwrap().to_owned();
        (key, row["current_usage"].as_f64().unwrap())
    })
    .collect()
}

async fn made(api: &Api, body: Value) -> String {
    let made = api.post("/policies/usage-limits", body).await;
    assert_eq!(made["object"], "policy_usage_limits");
    format!("/policies/usage-limits/{}", made["id"].as_str().unwrap())
}

#[tokio::test]
async fn counters_are_what_the_analytics_say() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let id = workspace(&api, "Production").await;
    let slug = api.seeded("/admin/workspaces", "Production", "slug").await;
    let path = made(&api, budget(&slug, json!({}))).await;
    let ever = counters(&api, &path).await;
    let keys = api.get(&format!("/api-keys?workspace_id={id}")).await;
    let of_log = |row: &&Value| row["type"] == "workspace-service";
    assert_eq!(ever.len(), keys["data"].as_array().unwrap().iter().filter(of_log).count());
    let range =
        "time_of_generation_min=2020-01-01T00:00:00Z&time_of_generation_max=2030-01-01T00:00:00Z";
    let cost = api.get(&format!("/analytics/graphs/cost?{range}&workspace_slug={slug}")).await;
    let sum: f64 = ever.iter().map(|(_, used)| used).sum();
    let cents = cost["summary"]["total"].as_f64().unwrap();
    assert!((sum * 100.0 - cents).abs() < 0.5, "{sum} dollars are not {cents} cents");
    let tokens =
        made(&api, budget(&slug, json!({ "type": "tokens", "periodic_reset": "weekly" }))).await;
    let today = json!({
        "type": "requests", "periodic_reset_days": 1, "next_usage_reset_at": "2026-04-01T00:00:00Z",
    });
    let requests = made(&api, budget(&slug, today)).await;
    let (tokens, requests) = (counters(&api, &tokens).await, counters(&api, &requests).await);
    assert!(tokens.iter().all(|(_, used)| *used > 1_000.0), "{tokens:?}");
    assert!(requests.iter().all(|(_, used)| *used > 1.0 && *used < 200.0), "{requests:?}");
}

#[tokio::test]
async fn conditions_take_lists_wildcards_and_exclusions() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let id = workspace(&api, "Production").await;
    let keys = async |conditions: Value, group: &str| -> Vec<String> {
        let more = json!({ "conditions": conditions, "group_by": [{ "key": group }] });
        let path = made(&api, budget(&id, more)).await;
        counters(&api, &path).await.into_iter().map(|(key, _)| key).collect()
    };
    let claude = keys(json!([{ "key": "model", "value": "claude-*" }]), "model").await;
    assert_eq!(claude, ["model:claude-haiku-4-5", "model:claude-sonnet-4-5"]);
    let but = json!([{ "key": "model", "value": ["claude-*", "gpt-4o"], "excludes": ["*haiku*"] }]);
    assert_eq!(keys(but, "model").await, ["model:claude-sonnet-4-5", "model:gpt-4o"]);
    let app = json!([
        { "key": "metadata.app", "value": "search" }, { "key": "provider", "value": "openai" },
    ]);
    assert_eq!(keys(app, "metadata.app").await, ["metadata.app:search"]);
    assert!(keys(json!([{ "key": "model", "value": "none" }]), "model").await.is_empty());
}

#[tokio::test]
async fn one_counter_is_reset_alone() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let id = workspace(&api, "Production").await;
    let path = made(&api, budget(&id, json!({}))).await;
    let before = counters(&api, &path).await;
    let list = api.get(&format!("{path}/entities")).await;
    let entity = list["data"][1]["id"].as_str().unwrap();
    assert_eq!(api.put(&format!("{path}/entities/{entity}/reset"), json!({})).await, json!({}));
    let after = counters(&api, &path).await;
    assert_eq!(after[1], (before[1].0.clone(), 0.0));
    assert_eq!((&after[0], &after[2]), (&before[0], &before[2]));
    api.put(&path, json!({ "reset_usage_for_value": before[0].0 })).await;
    assert_eq!(counters(&api, &path).await[0].1, 0.0);
    let none = format!("{path}/entities/none/reset");
    assert_eq!(api.refused(Method::PUT, &none, Some(json!({}))).await, code(404, "AB02"));
    let used = api.get(&format!("{path}/entities?status=exhausted")).await;
    assert_eq!(used["total"], 0);
    api.put(&path, json!({ "credit_limit": 0.01 })).await;
    let used = api.get(&format!("{path}/entities?status=exhausted&page_size=1")).await;
    assert_eq!((&used["total"], used["data"].as_array().unwrap().len()), (&json!(1), 1));
    let read = api.get(&format!("{path}?include_usage=true")).await;
    let told = &read["value_key_usage_map"][&before[2].0];
    assert_eq!(
        (&told["status"], &told["is_exhausted_alerts_sent"]),
        (&json!("exhausted"), &json!(true))
    );
}

#[tokio::test]
async fn a_deleted_policy_is_archived() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    for (family, name) in
        [("usage-limits", "Monthly budget of each key"), ("rate-limits", "Requests of each key")]
    {
        let list = format!("/policies/{family}");
        let id = api.seeded(&list, name, "id").await;
        let path = format!("{list}/{id}");
        assert_eq!(api.delete(&path).await, json!({}));
        assert!(!names(&api.get(&list).await).contains(&name));
        assert_eq!(names(&api.get(&format!("{list}?status=archived")).await), [name]);
        assert_eq!(api.refused(Method::GET, &path, None).await, code(404, "AB02"));
        assert_eq!(api.get(&format!("{path}?status=archived")).await["status"], "archived");
        assert_eq!(api.refused(Method::DELETE, &path, None).await, code(404, "AB02"));
        let body = Some(json!({ "name": "n" }));
        assert_eq!(api.refused(Method::PUT, &path, body).await, code(404, "AB02"));
    }
}

#[tokio::test]
async fn what_a_policy_cannot_be_is_refused() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let id = workspace(&api, "Staging").await;
    let mut homeless = budget(&id, json!({}));
    homeless.as_object_mut().unwrap().shift_remove("workspace_id");
    let wrong = [
        homeless,
        budget(&id, json!({ "conditions": [] })),
        budget(&id, json!({ "group_by": [{}] })),
        budget(&id, json!({ "type": "words" })),
        budget(&id, json!({ "credit_limit": "many" })),
        budget(&id, json!({ "alert_threshold": 50 })),
        budget(&id, json!({ "periodic_reset": "daily" })),
        budget(&id, json!({ "periodic_reset_days": 366 })),
        budget(&id, json!({ "periodic_reset": "weekly", "periodic_reset_days": 3 })),
    ];
    for body in wrong {
        let refused = api.refused(Method::POST, "/policies/usage-limits", Some(body.clone())).await;
        assert_eq!(refused, code(400, "AB01"), "{body}");
    }
    let path = made(&api, budget(&id, json!({ "periodic_reset": "monthly" }))).await;
    for body in [json!({ "type": "tokens" }), json!({ "group_by": [] }), json!({ "name": null })] {
        assert_eq!(api.refused(Method::PUT, &path, Some(body)).await, code(400, "AB01"));
    }
    assert_eq!(api.get(&path).await["next_usage_reset_at"], "2026-04-01T00:00:00.000Z");
    api.put(&path, json!({ "periodic_reset": null, "periodic_reset_days": 2 })).await;
    let next = api.get(&path).await["next_usage_reset_at"].clone();
    assert!(next.as_str().unwrap().starts_with("2026-04-02T12:00"), "two days from now: {next}");
}

#[tokio::test]
async fn the_gateway_refuses_what_no_policy_has_room_for() {
    let sandbox = sandbox().await;
    let (api, own) = (Api::new(&sandbox, "admin"), Api::new(&sandbox, "workspace"));
    let id = workspace(&api, "Production").await;
    let slug = api.seeded("/prompts", "triage-dev", "slug").await;
    let path = format!("/prompts/{slug}/completions");
    let run = || own.ask(Method::POST, &path, Some(json!({ "variables": { "message": "m" } })));
    let policy = made(&api, budget(&id, json!({ "type": "requests", "credit_limit": 2 }))).await;
    assert_eq!((run().await.0, run().await.0), (200, 200));
    let (status, body) = run().await;
    assert_eq!(status, 412, "{body}");
    assert!(body["error"]["message"].as_str().unwrap().contains("budget"), "{body}");
    let mine = counters(&api, &policy).await.into_iter().filter(|(_, used)| *used == 2.0);
    assert_eq!(mine.count(), 1, "the two requests moved one counter");
    api.delete(&policy).await;
    assert_eq!(run().await.0, 200);
    let mut rate = budget(&id, json!({ "type": "requests", "unit": "rph", "value": 3 }));
    rate.as_object_mut().unwrap().shift_remove("credit_limit");
    let made = api.post("/policies/rate-limits", rate).await;
    assert_eq!(run().await.0, 429);
    let path = format!("/policies/rate-limits/{}", made["id"].as_str().unwrap());
    api.put(&path, json!({ "value": 4 })).await;
    assert_eq!((run().await.0, run().await.0), (200, 429));
}
