//! Guardrails of the whole organisation, and who is let off.

use serde_json::{Value, json};

use crate::support::{serve, serve_key, settings};

const SECRET: &str = "pg-secret-0d1e2f";

#[tokio::test]
async fn defaults_are_found_in_the_version_that_serves_them_and_the_other_list_stays() {
    let served = serve(settings()).await;
    let got = served.call("get_organisation_defaults", json!({})).await;
    assert_eq!(got.data()["input_guardrails"][0]["slug"], SECRET);
    assert_eq!(got.data()["output_guardrails"], json!([]));
    let line = "GET /v2/admin/organisation/defaults";
    assert!(served.sent_lines().iter().all(|sent| sent == line));

    let args = json!({ "output_guardrails": ["pg-toxic-4d5e6f"] });
    let told = served.call("update_organisation_defaults", args).await;
    let sent = served.sent();
    let put = sent.iter().find(|it| it.method == "PUT").unwrap();
    assert_eq!(put.path, "/v2/admin/organisation/defaults");
    let both = json!({ "input_guardrails": [SECRET], "output_guardrails": ["pg-toxic-4d5e6f"] });
    assert_eq!(put.json(), both);
    assert_eq!(told.data()["input_guardrails"], both["input_guardrails"]);
    let got = served.call("get_organisation_defaults", json!({})).await;
    assert_eq!(got.data()["input_guardrails"][0]["slug"], SECRET, "what was not given stays");
    assert_eq!(got.data()["output_guardrails"][0]["slug"], "pg-toxic-4d5e6f");

    let none = json!({ "input_guardrails": [], "output_guardrails": [] });
    served.call("update_organisation_defaults", none.clone()).await.data();
    assert_eq!(served.written(), none);
    let got = served.call("get_organisation_defaults", json!({})).await;
    assert_eq!(got.data()["input_guardrails"], json!([]));
    let error = served.refused("update_organisation_defaults", json!({})).await;
    assert!(error["message"].as_str().unwrap().contains("nothing to change"), "{error}");
    let unknown = json!({ "input_guardrails": ["pg-none"], "output_guardrails": [] });
    assert_eq!(served.call("update_organisation_defaults", unknown).await.error()["status"], 404);
}

/// What the tools set is what the gateway then does.
#[tokio::test]
async fn an_organisations_guardrail_denies_until_the_workspace_is_let_off() {
    let mut served = serve_key(settings(), "workspace").await;
    let prompt = served.seeded("workspace", "/prompts", "product-tags-dev", "slug").await;
    let organisation = served.seeded("admin", "/labels", "stable", "organisation_id").await;
    let workspace = served.seeded("admin", "/admin/workspaces", "Production", "id").await;
    let run = json!({ "prompt_id": prompt, "metadata": { "client_id": "c", "app": "a", "env": "e" },
        "variables": { "count": 3, "description": "a forbidden lamp" } });
    served.call("run_prompt_completion", run.clone()).await.data();
    let guardrail = json!({ "name": "Words", "actions": { "deny": true }, "checks": [{
        "id": "default.contains", "parameters": { "words": ["forbidden"], "operator": "none" } }] });
    served = served.keyed("admin");
    let slug = served.call("create_guardrail", guardrail).await.data()["slug"].clone();
    let let_off = |excluded: bool| {
        let states = json!([{ "workspace_id": workspace, "excluded": excluded }]);
        json!({ "organisation_id": organisation, "workspaces": states })
    };
    let exclusions = "update_input_guardrail_workspace_exclusions";
    let defaults = json!({ "input_guardrails": [SECRET, slug] });
    let off = json!({ "guardrail_id": slug,
        "checks": [{ "id": "default.contains", "is_enabled": false }] });
    for (tool, args, denied) in [
        ("update_organisation_defaults", defaults, true),
        (exclusions, let_off(true), false),
        (exclusions, let_off(false), true),
        ("update_guardrail", off, false),
    ] {
        served = served.keyed("admin");
        served.call(tool, args).await.data();
        served = served.keyed("workspace");
        let called = served.call("run_prompt_completion", run.clone()).await;
        assert_eq!(called.failed(), denied, "after {tool}: {}", called.answer.body);
        if denied {
            let error = called.error();
            assert_eq!((&error["status"], &error["code"]), (&json!(446), &json!("hooks_failed")));
        }
    }
}

#[tokio::test]
async fn a_workspace_key_may_not_change_what_holds_for_all() {
    let served = serve_key(settings(), "workspace").await;
    for (tool, args) in [
        ("get_organisation_defaults", json!({})),
        ("list_input_guardrail_workspace_exclusions", json!({ "organisation_id": "o" })),
    ] {
        let error = served.call(tool, args).await.error();
        assert_eq!((&error["status"], &error["code"]), (&json!(403), &json!("AB03")), "{error}");
        assert!(error["likely_cause"].as_str().unwrap().contains("Enterprise"), "{error}");
    }
}

#[tokio::test]
async fn workspaces_are_let_off_and_put_back_one_by_one() {
    let served = serve(settings()).await;
    let organisation = served.seeded("admin", "/labels", "stable", "organisation_id").await;
    let workspace =
        async |name: &str| served.seeded("admin", "/admin/workspaces", name, "id").await;
    let (research, staging) = (workspace("Research").await, workspace("Staging").await);
    for (kind, at_first) in [("input", vec![research.clone()]), ("output", vec![])] {
        let list = format!("list_{kind}_guardrail_workspace_exclusions");
        let update = format!("update_{kind}_guardrail_workspace_exclusions");
        let path = format!("/v1/workspace-exclusions/{kind}-guardrails");
        let args = json!({ "organisation_id": organisation });
        let get = format!("GET {path}?organisation_id={organisation}");
        let excluded = async || {
            let called = served.sends_one(&list, args.clone(), &get, Value::Null).await;
            let rows = called.data()["data"].as_array().unwrap().clone();
            assert_eq!(called.data()["total"], rows.len());
            rows.iter()
                .map(|row| row["workspace_id"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(excluded().await, at_first);
        let put = format!("PUT {path}");
        let body = json!({ "organisation_id": organisation,
            "workspaces": [{ "workspace_id": staging, "excluded": true }] });
        served.sends_one(&update, body.clone(), &put, body).await.data();
        let mut both = at_first.clone();
        both.push(staging.clone());
        assert_eq!(excluded().await, both, "workspaces that are not given stay as they are");
        let body = json!({ "organisation_id": organisation, "override_existing": true,
            "workspaces": [{ "workspace_id": research, "excluded": true }] });
        served.sends_one(&update, body.clone(), &put, body).await.data();
        assert_eq!(excluded().await, [&*research]);
        let body = json!({ "organisation_id": organisation, "override_existing": false,
            "workspaces": [{ "workspace_id": research, "excluded": false }] });
        served.sends_one(&update, body.clone(), &put, body).await.data();
        assert_eq!(excluded().await, [""; 0]);
        for wrong in [json!([]), json!([{ "workspace_id": "w" }]), json!([{ "excluded": true }])] {
            let args = json!({ "organisation_id": organisation, "workspaces": wrong });
            let error = served.refused(&update, args).await;
            assert!(error["message"].as_str().unwrap().contains("`workspaces"), "{error}");
        }
    }
}
