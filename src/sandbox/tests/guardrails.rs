//! Guardrails: what the API takes for one.

use super::*;

#[tokio::test]
async fn actions_are_all_there_and_wrap_what_they_record() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let feedback = json!({ "feedback": { "value": 1, "weight": 1, "metadata": "" } });
    let whole =
        json!({ "deny": true, "async": false, "on_success": feedback, "on_fail": feedback });
    let body = |actions: Value| json!({ "name": "G", "checks": [{ "id": "any.check" }], "actions": actions });
    let made = api.post("/guardrails", body(whole.clone())).await;
    assert!(made["version_id"].is_string());
    let path = format!("/guardrails/{}", made["slug"].as_str().unwrap());
    for (field, wrong) in [
        ("deny", json!("yes")),
        ("async", Value::Null),
        ("on_fail", json!({ "value": 1, "weight": 1, "metadata": "" })),
        ("on_success", json!({ "feedback": { "value": 1, "weight": 1, "metadata": {} } })),
    ] {
        let mut actions = whole.clone();
        actions[field] = wrong;
        let post = api.refused(Method::POST, "/guardrails", Some(body(actions.clone()))).await;
        assert_eq!(post, code(400, "AB01"), "{field}");
        let put = api.refused(Method::PUT, &path, Some(json!({ "actions": actions }))).await;
        assert_eq!(put, code(400, "AB01"), "{field}");
    }
    for wrong in [json!([]), json!([{ "name": "no id" }])] {
        let put = api.refused(Method::PUT, &path, Some(json!({ "checks": wrong }))).await;
        assert_eq!(put, code(400, "AB01"));
    }
    let put = json!({ "checks": [{ "id": "other.check" }] });
    assert_ne!(api.put(&path, put).await["version_id"], made["version_id"]);
    assert_eq!(api.get(&path).await["checks"], json!([{ "id": "other.check" }]), "a list replaces");
    assert_eq!(api.ask(Method::DELETE, &path, None).await, (200, Value::Null), "without a body");
}

#[tokio::test]
async fn a_default_list_that_is_left_out_is_emptied() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    // The defaults live in /v2, where the base of these tests does not reach.
    let base = api.base.as_str().replace("/v1", "/v2");
    let url = format!("{base}/admin/organisation/defaults");
    let ask = |method: Method, body: Value| {
        api.http
            .request(method, &url)
            .header("x-portkey-api-key", api.key.expose_secret())
            .json(&body)
            .send()
    };
    let list = || async {
        let answer = ask(Method::GET, json!({})).await.unwrap();
        serde_json::from_str::<Value>(&answer.text().await.unwrap()).unwrap()
    };
    assert_eq!(list().await["input_guardrails"][0]["slug"], "pg-secret-0d1e2f");
    let body = json!({ "output_guardrails": ["pg-json-7a8b9c"] });
    assert_eq!(ask(Method::PUT, body).await.unwrap().status(), 200);
    let defaults = list().await;
    assert_eq!(defaults["input_guardrails"], json!([]));
    assert_eq!(defaults["output_guardrails"][0]["slug"], "pg-json-7a8b9c");
}
