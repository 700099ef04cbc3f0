//! Completion: values from the account for arguments of prompts and variables of templates.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Served, serve, serve_key, settings};

fn prompt(name: &str) -> Value {
    json!({ "type": "ref/prompt", "name": name })
}

fn resource(uri: &str) -> Value {
    json!({ "type": "ref/resource", "uri": uri })
}

fn asks(reference: &Value, argument: &str, typed: &str) -> Value {
    json!({ "ref": reference, "argument": { "name": argument, "value": typed } })
}

impl Served {
    async fn completes(&self, params: Value) -> Value {
        self.result("completion/complete", params).await["completion"].clone()
    }

    async fn column(&self, path: &str, field: &str) -> Vec<String> {
        let rows = self.account("admin").get(path).await;
        let rows = rows["data"].as_array().unwrap().iter();
        rows.map(|row| row[field].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn arguments_are_completed_from_the_account() {
    let served = serve(settings()).await;
    let books = ["investigate_cost_spike", "promote_prompt"];
    for (reference, argument, path, field) in [
        (prompt(books[0]), "workspace_id", "/admin/workspaces", "id"),
        (prompt(books[0]), "config_slug", "/configs", "slug"),
        (prompt(books[1]), "prompt_id", "/prompts", "slug"),
        (resource("portkey://configs/{slug}"), "slug", "/configs", "slug"),
        (resource("portkey://prompts/{id}"), "id", "/prompts", "slug"),
        (resource("portkey://workspaces/{id}"), "id", "/admin/workspaces", "id"),
        (resource("portkey://guardrails/{id}"), "id", "/guardrails", "slug"),
    ] {
        let all = served.column(path, field).await;
        let found = served.completes(asks(&reference, argument, "")).await;
        assert_eq!(found["values"], json!(all), "{argument}");
        assert_eq!((&found["total"], &found["hasMore"]), (&json!(all.len()), &json!(false)));
    }
}

#[tokio::test]
async fn what_was_typed_is_looked_for_in_the_value_and_the_name() {
    let served = serve(settings()).await;
    let workspace = served.seeded("admin", "/admin/workspaces", "Production", "id").await;
    for typed in ["prod", "PROD", "oduct", &workspace[..6]] {
        let found = served.completes(asks(&prompt("plan_change"), "workspace_id", typed)).await;
        assert_eq!(found["values"], json!([workspace]), "{typed}");
    }
    let found = served.completes(asks(&prompt("plan_change"), "workspace_id", "zzz")).await;
    assert_eq!(found["values"], json!([]));
    // What begins with it comes first.
    let found = served.completes(asks(&resource("portkey://configs/{slug}"), "slug", "d")).await;
    let slugs = found["values"].as_array().unwrap();
    assert!(slugs.len() > 1, "{found}");
    assert_eq!(slugs[0], served.seeded("admin", "/configs", "Default routing", "slug").await);
}

#[tokio::test]
async fn a_workspace_that_was_chosen_narrows_the_values() {
    let served = serve(settings()).await;
    let workspace = served.seeded("admin", "/admin/workspaces", "Staging", "id").await;
    let mut params = asks(&prompt("rotate_keys"), "provider", "");
    // Providers are listed by workspace: none is known before one is chosen.
    let found = served.completes(params.clone()).await;
    assert_eq!((&found["values"], &found["hasMore"]), (&json!([]), &json!(false)));
    params["context"] = json!({ "arguments": { "workspace_id": "ws-absent" } });
    assert_eq!(served.completes(params.clone()).await["values"], json!([]));
    params["context"] = json!({ "arguments": { "workspace_id": workspace } });
    let found = served.completes(params).await;
    let own = served.column(&format!("/providers?workspace_id={workspace}"), "slug").await;
    assert!(!own.is_empty());
    assert_eq!(found["values"], json!(own));
}

#[tokio::test]
async fn there_are_a_hundred_values_at_most() {
    let served = serve(settings()).await;
    let account = served.account("admin");
    let workspace = served.seeded("admin", "/admin/workspaces", "Staging", "id").await;
    for i in 0..130 {
        let body = json!({ "name": format!("many-{i:03}"), "config": { "retry": { "attempts": 1 } },
            "workspace_id": workspace });
        account.post("/configs", &body).await;
    }
    let found =
        served.completes(asks(&resource("portkey://configs/{slug}"), "slug", "many-")).await;
    assert_eq!(found["values"].as_array().unwrap().len(), 100);
    assert_eq!(found["hasMore"], true);
    let found =
        served.completes(asks(&resource("portkey://configs/{slug}"), "slug", "many-12")).await;
    assert_eq!(found["values"].as_array().unwrap().len(), 10, "rows of later pages are looked at");
    assert_eq!((&found["total"], &found["hasMore"]), (&json!(10), &json!(false)));
}

#[tokio::test]
async fn a_slow_account_gives_no_values_after_a_second() {
    let served = serve(settings()).await;
    served.sandbox.faults().plan("1 GET /configs slow:5000".parse().unwrap());
    let began = Instant::now();
    let found = served.completes(asks(&resource("portkey://configs/{slug}"), "slug", "")).await;
    assert_eq!((&found["values"], &found["hasMore"]), (&json!([]), &json!(true)));
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(900) && took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test]
async fn a_key_that_may_not_list_gets_the_reason() {
    let served = serve_key(settings(), "read-only").await;
    served.sandbox.faults().plan("1 GET /configs 403".parse().unwrap());
    let params = asks(&resource("portkey://configs/{slug}"), "slug", "");
    let (_, error) = served.fails("completion/complete", params).await;
    assert_eq!(
        (&error["code"], &error["data"]["status"]),
        (&json!(-32603), &json!(403)),
        "{error}"
    );
    assert!(error["data"]["likely_cause"].as_str().unwrap().contains("configs.list"), "{error}");
}

#[tokio::test]
async fn free_text_has_no_values_and_what_is_not_there_is_refused() {
    let served = serve(settings()).await;
    let found = served.completes(asks(&prompt("plan_change"), "goal", "x")).await;
    assert_eq!(found["values"], json!([]));
    for (params, want) in [
        (asks(&prompt("no_such"), "goal", ""), "no prompt `no_such`"),
        (asks(&prompt("plan_change"), "nothing", ""), "no argument `nothing`"),
        (asks(&resource("portkey://nothing/{id}"), "id", ""), "no such resource template"),
        (asks(&resource("portkey://configs/{slug}"), "id", ""), "no argument `id`"),
        (json!({ "ref": { "type": "ref/tool" }, "argument": {} }), "`ref` has to be"),
    ] {
        let (_, error) = served.fails("completion/complete", params).await;
        assert_eq!(error["code"], -32602, "{error}");
        assert!(error["message"].as_str().unwrap().contains(want), "{error}");
    }
    assert_eq!(served.sent_lines(), [""; 0]);
}
