//! The audit trail, from the endpoint to what the sandbox keeps of writes.

use http::Method;
use portkey_admin_mcp::{mask::SENTINEL, sandbox::Fault};
use serde_json::{Value, json};

use crate::support::{Served, line, serve, serve_key, settings};

async fn organisation(served: &Served) -> String {
    let configs = served.account("admin").get("/configs").await;
    configs["data"][0]["organisation_id"].as_str().unwrap().to_owned()
}

/// Every entry that fits, a page at a time.
async fn all(served: &Served, mut args: Value) -> Vec<Value> {
    let mut rows = Vec::new();
    args["current_page"] = 0.into();
    while !args["current_page"].is_null() {
        let list = served.call("list_audit_logs", args.clone()).await;
        rows.extend(list.data()["data"].as_array().unwrap().iter().cloned());
        args["current_page"] = list.data()["next_page"].clone();
    }
    rows
}

#[tokio::test]
async fn what_the_api_demands_is_found_and_told() {
    let served = serve(settings()).await;
    let organisation = organisation(&served).await;
    served.sent();
    let list = served.call("list_audit_logs", json!({})).await;
    let data = list.data();
    let (start, end) = (data["start_time"].as_str().unwrap(), data["end_time"].as_str().unwrap());
    let encoded = |time: &str| time.replace(':', "%3A");
    let sent: Vec<_> = served
        .sent()
        .iter()
        .map(|request| format!("{}?{}", line(request), request.query))
        .collect();
    let wanted = format!(
        "GET /v1/audit-logs?start_time={}&end_time={}&organisation_id={organisation}\
         &current_page=0&page_size=20",
        encoded(start),
        encoded(end)
    );
    assert_eq!(sent, ["GET /v1/configs?page_size=1".to_owned(), wanted]);
    assert_eq!(data["organisation_id"], organisation);
    let time = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let period = time(end).duration_since(time(start));
    assert_eq!(period, jiff::SignedDuration::from_hours(168));
    assert!(data["data"].is_array(), "rows are under `data` whatever the API calls them");
}

#[tokio::test]
async fn every_filter_leaves_under_the_apis_name() {
    let served = serve(settings()).await;
    let organisation = organisation(&served).await;
    let args = json!({
        "organisation_id": organisation, "start_time": "2026-01-01T00:00:00Z",
        "end_time": "2026-02-01T00:00:00+02:00", "method": "PUT", "uri": "/v1/configs/pc-x",
        "actor_id": "u-1", "user_type": "api_key", "workspace_id": "w", "resource_type": "configs",
        "action": "update", "response_status_code": 200, "client_ip": "127.0.0.1",
        "country": "DE", "request_id": "r", "current_page": 3, "page_size": 50,
    });
    let target = format!(
        "GET /v1/audit-logs?start_time=2026-01-01T00%3A00%3A00Z&end_time=2026-02-01T00%3A00%3A00%2B02%3A00\
         &organisation_id={organisation}&method=PUT&uri=%2Fv1%2Fconfigs%2Fpc-x&user_id=u-1\
         &user_type=api_key&workspace_id=w&resource_type=configs&action=update\
         &response_status_code=200&client_ip=127.0.0.1&country=DE&request_id=r\
         &current_page=3&page_size=50"
    );
    let list = served.sends_one("list_audit_logs", args, &target, Value::Null).await;
    assert_eq!(list.data()["data"], json!([]));
}

#[tokio::test]
async fn a_write_is_found_by_who_and_by_what() {
    let served = serve(settings()).await;
    let account = served.account("admin");
    let slug = account.config("Audited", &json!({ "targets": [] })).await;
    served.call("update_config", json!({ "slug": slug, "name": "Audited again" })).await.data();
    served.call("delete_config", json!({ "slug": slug })).await.data();
    let rows = all(&served, json!({ "user_type": "api_key", "page_size": 2 })).await;
    let writes: Vec<_> = rows
        .iter()
        .map(|row| (row["method"].as_str().unwrap(), row["action"].as_str().unwrap()))
        .collect();
    assert_eq!(writes, [("DELETE", "delete"), ("PUT", "update"), ("POST", "create")]);
    assert_eq!(rows[1]["request_body"]["name"], "Audited again");
    assert_eq!(rows[1]["uri"], format!("/v1/configs/{slug}"));
    let deleted = all(&served, json!({ "method": "DELETE" })).await;
    assert_eq!(deleted.len(), 1);

    served.sent();
    let found = served.call("list_audit_logs", json!({ "resource_id": slug })).await;
    let rows = found.data()["data"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows.iter().all(|row| row["uri"].as_str().unwrap().ends_with(&slug)));
    assert!(found.data()["searched"].as_u64().unwrap() >= 3);
    assert!(found.data().get("next_page").is_none(), "{}", found.data());
    let sent = served.sent();
    assert!(sent.iter().all(|request| !request.query.contains("resource_id")), "{sent:?}");
}

#[tokio::test]
async fn a_search_goes_through_pages_until_enough_is_found() {
    let served = serve(settings()).await;
    let account = served.account("admin");
    let slug = account.config("Oldest", &json!({})).await;
    served.call("update_config", json!({ "slug": slug, "name": "Oldest write" })).await.data();
    for number in 0..150 {
        account.post("/labels", &json!({ "name": format!("l-{number}") })).await;
    }
    let (args, organisation) = (json!({ "resource_id": slug }), organisation(&served).await);
    served.sent();
    let found = served.call("list_audit_logs", args.clone()).await;
    assert_eq!(found.data()["data"].as_array().unwrap().len(), 1);
    let pages: Vec<_> = served.sent().iter().skip(1).map(|request| request.query.clone()).collect();
    assert_eq!(pages.len(), 2, "{pages:?}");
    for (number, query) in pages.iter().enumerate() {
        assert!(query.ends_with(&format!("current_page={number}&page_size=100")), "{query}");
        assert!(query.contains(&organisation), "{query}");
    }
    let mut enough = args;
    enough["resource_id"] = "labels".into();
    enough["page_size"] = 10.into();
    let found = served.call("list_audit_logs", enough).await;
    assert_eq!((&found.data()["searched"], &found.data()["next_page"]), (&json!(100), &json!(1)));
    assert_eq!(found.data()["data"].as_array().unwrap().len(), 100, "the page is shown whole");
}

#[tokio::test]
async fn secrets_in_what_was_sent_are_masked() {
    let served = serve(settings()).await;
    let account = served.account("admin");
    let config = json!({ "api_key": "kestrel-1", "headers": { "x": "kestrel-2" } });
    account.config("Secret", &config).await;
    account
        .post("/configs", &json!({ "name": "As text", "config": { "text": config.to_string() } }))
        .await;
    let long = format!("kestrel-{}", "x".repeat(3000));
    account.post("/configs", &json!({ "name": "Cut", "config": { "api_key": long } })).await;
    let list = served.call("list_audit_logs", json!({ "page_size": 3 })).await;
    assert!(!list.wire().contains("kestrel"), "{}", list.wire());
    let rows = list.data()["data"].as_array().unwrap();
    assert_eq!(rows[0]["request_body"], SENTINEL, "what cannot be read is masked whole");
    assert_eq!(rows[2]["request_body"]["config"]["api_key"], SENTINEL);
    assert_eq!(rows[2]["request_body"]["name"], "Secret");
}

#[tokio::test]
async fn wrong_times_are_named_and_nothing_is_sent() {
    let served = serve(settings()).await;
    let table = [
        (json!({ "start_time": "yesterday" }), "start_time"),
        (json!({ "end_time": "2026-01-01" }), "end_time"),
        (
            json!({ "start_time": "2026-02-01T00:00:00Z", "end_time": "2026-01-01T00:00:00Z" }),
            "start_time",
        ),
        (json!({ "start_time": "2999-01-01T00:00:00Z" }), "start_time"),
        (json!({ "method": "GET" }), "method"),
        (json!({ "response_status_code": 1000 }), "response_status_code"),
    ];
    for (args, named) in table {
        assert_eq!(served.call("list_audit_logs", args).await.complaints(), [named]);
    }
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn a_key_that_may_not_read_the_trail_is_told_what_it_lacks() {
    let served = serve_key(settings(), "workspace").await;
    let error = served.call("list_audit_logs", json!({})).await.error();
    assert_eq!((&error["status"], &error["code"]), (&json!(403), &json!("AB03")));
    let cause = error["likely_cause"].as_str().unwrap();
    assert!(cause.contains("`audit_logs.list`") && cause.contains("Enterprise"), "{cause}");
    let admin = serve(settings()).await;
    let foreign = json!({ "organisation_id": "3fa85f64-5717-4562-b3fc-2c963f66afa6" });
    assert_eq!(admin.call("list_audit_logs", foreign).await.error()["status"], 403);
}

#[tokio::test]
async fn an_account_that_tells_no_organisation_is_asked_for_it() {
    let served = serve(settings()).await;
    let silent = |status| {
        for path in ["/configs", "/api-keys", "/integrations", "/labels"] {
            served.sandbox.faults().inject(Some(Method::GET), path, 1, Fault::Status(status));
        }
    };
    silent(403);
    let error = served.call("list_audit_logs", json!({})).await.error();
    assert_eq!(error["kind"], "precondition");
    assert!(error["remedy"].as_str().unwrap().contains("`organisation_id`"), "{error}");
    assert_eq!(served.sent_lines().len(), 4);
    served.sandbox.faults().clear();
    served.sandbox.faults().inject(Some(Method::GET), "/configs", 1, Fault::Status(401));
    let error = served.call("list_audit_logs", json!({})).await.error();
    assert_eq!(error["status"], 401, "another trouble than a missing scope is told as it is");
}
