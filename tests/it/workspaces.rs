//! The workspace tools, from the endpoint to what the sandbox stores.

mod members;
mod scim;

use http::Method;
use serde_json::{Value, json};

use crate::support::{Served, line, serve, serve_key, settings};

const PATH: &str = "/v1/admin/workspaces";

/// The seeded workspace of this name, as it is stored.
async fn seeded(served: &Served, name: &str) -> Value {
    let list = served.account("admin").get(&format!("/admin/workspaces?exact_name={name}")).await;
    list["data"][0].clone()
}

async fn stored(served: &Served, id: &Value) -> Value {
    served.account("admin").get(&format!("/admin/workspaces/{}", id.as_str().unwrap())).await
}

#[tokio::test]
async fn the_list_sends_its_page_and_every_filter_and_drops_nothing() {
    let served = serve(settings()).await;
    let target = format!("GET {PATH}?current_page=0&page_size=20");
    let list = served.sends_one("list_workspaces", json!({}), &target, Value::Null).await;
    assert_eq!(list.data()["total"], 3);
    let row = &list.data()["data"][0];
    assert_eq!(row["usage_limits"][0]["credit_limit"], 2000);
    assert_eq!(row["rate_limits"][0]["unit"], "rpm");
    assert!(row["security_settings"].is_object() && row["icon"].is_string(), "{row}");
    assert_eq!(row["is_default"], true, "0 and 1 are booleans");
    let time = row["created_at"].as_str().unwrap();
    assert!(time.contains('T') && time.ends_with('Z'), "{time}");
    let args = json!({
        "name": "ta", "exact_name": "Staging", "status": ["active", "archived"],
        "name_format": "plain", "current_page": 0, "page_size": 2,
    });
    let target = format!(
        "GET {PATH}?name=ta&exact_name=Staging&status=active%2Carchived&name_format=plain\
         &current_page=0&page_size=2"
    );
    let list = served.sends_one("list_workspaces", args, &target, Value::Null).await;
    assert_eq!(
        (&list.data()["total"], &list.data()["data"][0]["name"]),
        (&json!(1), &json!("Staging"))
    );
    let one = json!({ "status": "archived" });
    let target = format!("GET {PATH}?status=archived&current_page=0&page_size=20");
    served.sends_one("list_workspaces", one, &target, Value::Null).await.data();
}

#[tokio::test]
async fn a_workspace_is_read_whole_by_id_or_slug() {
    let served = serve(settings()).await;
    let row = seeded(&served, "Production").await;
    for key in ["id", "slug"] {
        let id = row[key].as_str().unwrap();
        let target = format!("GET {PATH}/{id}");
        let got = served
            .sends_one("get_workspace", json!({ "workspace_id": id }), &target, Value::Null)
            .await;
        for field in ["defaults", "usage_limits", "rate_limits", "security_settings", "icon"] {
            assert_eq!(got.data()[field], row[field], "{field}");
        }
        assert_eq!(got.data()["users"].as_array().unwrap().len(), 5);
    }
    let args = json!({ "workspace_id": row["slug"], "name_format": "plain" });
    let target = format!("GET {PATH}/{}?name_format=plain", row["slug"].as_str().unwrap());
    served.sends_one("get_workspace", args, &target, Value::Null).await.data();
}

#[tokio::test]
async fn a_workspace_is_created_with_the_least_and_with_everything() {
    let served = serve(settings()).await;
    let target = format!("POST {PATH}");
    let least = json!({ "name": "Least" });
    let made = served.sends_one("create_workspace", least.clone(), &target, least).await;
    assert!(made.data()["id"].is_string() && made.data()["slug"].is_string(), "{}", made.data());
    let people = served.account("admin").get("/admin/users").await;
    let user = &people["data"][3]["id"];
    let limits = json!([
        { "type": "cost", "credit_limit": 100, "alert_threshold": 80, "periodic_reset": "weekly" },
        { "type": "tokens", "credit_limit": 5000, "periodic_reset_days": 10, "next_usage_reset_at": "2030-01-01T00:00:00Z" },
    ]);
    let rates = json!([{ "type": "requests", "unit": "rpm", "value": 60 }, { "type": "tokens", "unit": "rpd", "value": 9 }]);
    let args = json!({
        "name": "Whole", "slug": "whole", "description": "All of it", "icon": "x",
        "metadata": { "team": "a" }, "is_default": 0, "users": [user], "usage_limits": limits,
        "rate_limits": rates,
    });
    let body = json!({
        "name": "Whole", "slug": "whole", "description": "All of it", "icon": "x",
        "defaults": { "metadata": { "team": "a" }, "is_default": 0 }, "users": [user],
        "usage_limits": limits, "rate_limits": rates,
    });
    let made = served.sends_one("create_workspace", args, &target, body).await;
    assert_eq!(made.data()["rate_limits"], rates);
    assert_eq!(stored(&served, &json!("whole")).await["users"][0]["id"], *user);
}

#[tokio::test]
async fn limits_that_contradict_themselves_are_named_and_nothing_is_sent() {
    let served = serve(settings()).await;
    let table = [
        (
            json!([{ "type": "cost", "periodic_reset": "weekly", "periodic_reset_days": 3 }]),
            "periodic_reset_days",
        ),
        (json!([{ "type": "cost", "credit_limit": 10, "alert_threshold": 11 }]), "alert_threshold"),
        (json!([{ "type": "requests" }]), "usage_limits[0].type"),
        (json!([{ "credit_limit": 0 }]), "usage_limits[0].credit_limit"),
        (json!([{ "periodic_reset_days": 366 }]), "usage_limits[0].periodic_reset_days"),
        (json!([{}, {}, {}]), "usage_limits"),
    ];
    for (limits, named) in table {
        for (tool, more) in [("create_workspace", "name"), ("update_workspace", "workspace_id")] {
            let args = json!({ more: "x", "usage_limits": limits });
            let error = served.call(tool, args).await.error();
            assert_eq!(error["kind"], "invalid_arguments", "{limits}: {error}");
            assert!(error["message"].as_str().unwrap().contains(named), "{limits}: {error}");
        }
    }
    let error = served.call("update_workspace", json!({ "workspace_id": "x" })).await.error();
    assert!(error["message"].as_str().unwrap().contains("nothing to change"), "{error}");
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn an_update_keeps_every_default_that_it_does_not_mention() {
    let served = serve(settings()).await;
    let id = seeded(&served, "Production").await["id"].clone();
    let path = format!("{PATH}/{}", id.as_str().unwrap());
    let configs = served.account("admin").get("/configs?workspace_id=").await;
    let config = &configs["data"][0]["slug"];
    let defaults = json!({
        "metadata": { "env": "prod", "owner": "platform" }, "input_guardrails": ["pg-in"],
        "output_guardrails": ["pg-out"], "user_api_key_config": config, "newer": { "x": [1] },
    });
    let account = served.account("admin");
    let stored_path = format!("/admin/workspaces/{}", id.as_str().unwrap());
    account.send(Method::PUT, &stored_path, &json!({ "defaults": defaults })).await;
    let before = stored(&served, &id).await;

    served.sent();
    let args = json!({ "workspace_id": id, "metadata": { "team": "a", "owner": null } });
    let done = served.call("update_workspace", args).await;
    assert_eq!(done.data(), &json!({ "success": true, "workspace_id": id }));
    let mut wanted = defaults.clone();
    wanted["metadata"] = json!({ "env": "prod", "team": "a" });
    let sent = served.sent();
    let [read, written] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!((read.method.as_str(), read.path.as_str()), ("GET", path.as_str()));
    assert_eq!((written.method.as_str(), written.path.as_str()), ("PUT", path.as_str()));
    assert_eq!(written.json(), json!({ "defaults": wanted }));
    let mut after = stored(&served, &id).await;
    assert_eq!(after["defaults"], wanted);
    for field in ["defaults", "last_updated_at"] {
        after[field] = before[field].clone();
    }
    assert_eq!(after, before, "limits, settings and members are as they were");
}

#[tokio::test]
async fn what_no_default_is_touched_by_is_one_write_without_a_read() {
    let served = serve(settings()).await;
    let id = seeded(&served, "Staging").await["slug"].as_str().unwrap().to_owned();
    let target = format!("PUT {PATH}/{id}");
    let args = json!({ "workspace_id": id, "description": "New" });
    served
        .sends_one("update_workspace", args, &target, json!({ "description": "New" }))
        .await
        .data();
    let args = json!({
        "workspace_id": id, "name": "Renamed", "slug": "renamed", "description": "d",
        "usage_limits": [{ "type": "tokens", "credit_limit": 7 }],
        "rate_limits": [{ "type": "requests", "unit": "rph", "value": 5 }],
    });
    let body = json!({
        "name": "Renamed", "slug": "renamed", "description": "d",
        "usage_limits": [{ "type": "tokens", "credit_limit": 7 }],
        "rate_limits": [{ "type": "requests", "unit": "rph", "value": 5 }],
    });
    served.sends_one("update_workspace", args, &target, body).await.data();
    let args = json!({ "workspace_id": "renamed", "clear": ["description", "usage_limits", "rate_limits", "defaults"] });
    let body =
        json!({ "description": null, "usage_limits": null, "rate_limits": null, "defaults": null });
    served.call("update_workspace", args).await.data();
    // Read first, so that no later change is built upon the defaults that are gone.
    let sent = served.sent();
    let lines: Vec<_> = sent.iter().map(line).collect();
    assert_eq!(lines, [format!("GET {PATH}/renamed"), format!("PUT {PATH}/renamed")]);
    assert_eq!(sent[1].json(), body);
    let row = stored(&served, &json!("renamed")).await;
    for field in ["description", "usage_limits", "rate_limits", "defaults"] {
        assert_eq!(row[field], Value::Null, "{field}");
    }
    let both = json!({ "workspace_id": "renamed", "description": "d", "clear": ["description"] });
    assert_eq!(served.call("update_workspace", both).await.complaints(), ["clear"]);
}

/// A workspace is one by whatever it is named.
#[tokio::test]
async fn a_change_by_id_keeps_what_one_by_slug_just_wrote() {
    let served = serve(settings()).await;
    let row = seeded(&served, "Staging").await;
    served.sandbox.faults().stale_for_reads(1);
    for (named, metadata) in [("slug", json!({ "one": "1" })), ("id", json!({ "two": "2" }))] {
        let args = json!({ "workspace_id": row[named], "metadata": metadata });
        served.call("update_workspace", args).await.data();
    }
    let kept = served.sent().pop().unwrap().json()["defaults"]["metadata"].clone();
    assert_eq!((&kept["one"], &kept["two"]), (&json!("1"), &json!("2")));
}

#[tokio::test]
async fn every_default_is_set_and_a_config_is_cleared_by_its_name() {
    let served = serve(settings()).await;
    let row = seeded(&served, "Research").await;
    let configs = served
        .account("admin")
        .get(&format!("/configs?workspace_id={}", row["id"].as_str().unwrap()))
        .await;
    let config = &configs["data"][0]["slug"];
    let args = json!({
        "workspace_id": row["id"], "metadata": { "a": "b" }, "input_guardrails": ["pg-1"],
        "output_guardrails": [], "user_api_key_config": config, "is_default": true,
    });
    served.call("update_workspace", args).await.data();
    let defaults = stored(&served, &row["id"]).await["defaults"].clone();
    assert_eq!(
        defaults,
        json!({ "metadata": { "env": "dev", "a": "b" }, "input_guardrails": ["pg-1"],
            "output_guardrails": [], "user_api_key_config": config, "is_default": 1 })
    );
    let nulls = json!({ "workspace_id": row["id"], "name": "x", "usage_limits": null });
    assert!(served.refuses("update_workspace", nulls).await.contains("`usage_limits` is null"));
    for args in [json!({ "workspace_id": row["id"], "clear": ["user_api_key_config"] })] {
        served.call("update_workspace", args).await.data();
        let mut wanted = defaults.clone();
        wanted["user_api_key_config"] = Value::Null;
        assert_eq!(stored(&served, &row["id"]).await["defaults"], wanted);
    }
}

/// The reads of the live service lag behind its writes.
#[tokio::test]
async fn an_update_right_after_another_loses_nothing() {
    let served = serve(settings()).await;
    let id = seeded(&served, "Production").await["id"].clone();
    served.sandbox.faults().stale_for(std::time::Duration::from_secs(60));
    for metadata in [json!({ "first": "1" }), json!({ "second": "2" })] {
        let args = json!({ "workspace_id": id, "metadata": metadata });
        served.call("update_workspace", args).await.data();
    }
    let sent = served.sent();
    let metadata = &sent.last().unwrap().json()["defaults"]["metadata"];
    assert_eq!(metadata, &json!({ "env": "prod", "first": "1", "second": "2" }));
}

#[tokio::test]
async fn a_workspace_is_deleted_by_name_and_with_force_when_it_holds_something() {
    let served = serve(settings()).await;
    let row = seeded(&served, "Staging").await;
    let (id, path) = (&row["id"], format!("DELETE {PATH}/{}", row["id"].as_str().unwrap()));
    served.sent();
    let refused = served.call("delete_workspace", json!({ "workspace_id": id })).await.error();
    assert_eq!((&refused["status"], &refused["code"]), (&json!(409), &json!("AB07")), "{refused}");
    let sent = served.sent();
    let [read, delete] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(read.method, Method::GET);
    assert_eq!(delete.json(), json!({ "name": "Staging" }), "the API demands the name");

    let args = json!({ "workspace_id": id, "name": "Production", "force_delete": true });
    let body = json!({ "name": "Production", "force_delete": true });
    let wrong = served.sends_one("delete_workspace", args, &path, body).await.error();
    assert_eq!(wrong["status"], 400, "{wrong}");

    let args = json!({ "workspace_id": id, "name": "Staging", "force_delete": true });
    let body = json!({ "name": "Staging", "force_delete": true });
    let done = served.sends_one("delete_workspace", args, &path, body).await;
    assert_eq!(done.data(), &json!({ "success": true, "workspace_id": id, "name": "Staging" }));
    let gone = served.call("get_workspace", json!({ "workspace_id": id })).await.error();
    assert_eq!(gone["status"], 404);
}

#[tokio::test]
async fn a_workspace_key_sees_its_own_alone_and_may_change_none() {
    let served = serve_key(settings(), "staging").await;
    let list = served.call("list_workspaces", json!({})).await;
    assert_eq!(list.data()["total"], 1);
    let own = list.data()["data"][0]["id"].clone();
    let args = json!({ "workspace_id": own, "description": "x" });
    let error = served.call("update_workspace", args).await.error();
    assert_eq!((&error["status"], &error["code"]), (&json!(403), &json!("AB03")));
    let other = seeded(&served, "Production").await["id"].clone();
    let error = served.call("get_workspace", json!({ "workspace_id": other })).await.error();
    assert_eq!(error["status"], 403);
    assert!(error["likely_cause"].as_str().unwrap().contains("not visible"), "{error}");
}
