//! The secret reference tools, from the endpoint to what the sandbox stores.

use http::Method;
use portkey_admin_mcp::mask::SENTINEL;
use serde_json::{Value, json};

use crate::support::{Served, joined, serve, serve_key, settings};

const PATH: &str = "/v1/secret-references";

fn aws() -> Value {
    json!({ "aws_auth_type": "serviceRole" })
}

/// A new reference, and its id.
async fn made(served: &Served, more: Value) -> String {
    let mut args = json!({
        "name": "Made here", "manager_type": "aws_sm", "secret_path": "a/b", "auth_config": aws(),
    });
    args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = served.call("create_secret_reference", args).await;
    made.data()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_list_sends_its_page_and_every_filter() {
    let served = serve(settings()).await;
    let list = served
        .sends_one(
            "list_secret_references",
            json!({}),
            &format!("GET {PATH}?current_page=0&page_size=20"),
            Value::Null,
        )
        .await;
    assert_eq!(list.data()["total"], 3);
    let row = &list.data()["data"][0];
    for field in ["id", "slug", "name", "manager_type", "status"] {
        assert!(row[field].is_string(), "no `{field}` in {row}");
    }
    let args = json!({
        "manager_type": "hashicorp_vault", "tags": { "team": "research" }, "search": "VAULT",
        "current_page": 0, "page_size": 2,
    });
    let target = format!(
        "GET {PATH}?manager_type=hashicorp_vault&tags=%7B%22team%22%3A%22research%22%7D&search=VAULT\
         &current_page=0&page_size=2"
    );
    let list = served.sends_one("list_secret_references", args, &target, Value::Null).await;
    assert_eq!(list.data()["total"], 1);
    assert_eq!(list.data()["data"][0]["name"], "Research vault");
}

#[tokio::test]
async fn a_reference_is_created_with_the_least_and_with_everything() {
    let served = serve(settings()).await;
    let least = json!({
        "name": "Least", "manager_type": "aws_sm", "secret_path": "prod/key", "auth_config": aws(),
    });
    let made = served
        .sends_one("create_secret_reference", least.clone(), &format!("POST {PATH}"), least.clone())
        .await;
    assert!(made.data()["id"].is_string() && made.data()["slug"].is_string(), "{}", made.data());

    let workspaces = served.account("admin").get("/admin/workspaces").await;
    let mut whole = json!({
        "name": "Whole", "manager_type": "hashicorp_vault",
        "auth_config": { "vault_auth_type": "token", "vault_addr": "https://vault.example.com",
            "vault_token": "hvs.not-a-real-one", "vault_namespace": "llm", "vault_newer_field": "kept" },
        "secret_path": "kv/openai", "secret_key": "api_key", "slug": "whole-1",
        "description": "Everything", "allowed_workspaces": [workspaces["data"][1]["slug"]],
        "tags": { "env": "prod" },
    });
    // Sent as false, since the API's default is true, which it refuses beside a list.
    let mut sent = whole.clone();
    sent["allow_all_workspaces"] = false.into();
    let organisation = served.account("admin").get("/configs").await;
    whole["organisation_id"] = organisation["data"][0]["organisation_id"].clone();
    sent["organisation_id"] = whole["organisation_id"].clone();

    let args = whole.clone();
    let made =
        served.sends_one("create_secret_reference", args, &format!("POST {PATH}"), sent).await;
    assert_eq!(made.data()["slug"], "whole-1");
    let got = served.call("get_secret_reference", json!({ "id": "whole-1" })).await;
    for field in ["name", "manager_type", "secret_path", "secret_key", "description", "tags"] {
        assert_eq!(got.data()[field], whole[field], "{field}");
    }
    assert_eq!(got.data()["allow_all_workspaces"], false);
}

#[tokio::test]
async fn a_sign_in_that_lacks_a_field_is_named_before_anything_is_sent() {
    let served = serve(settings()).await;
    let table = [
        ("aws_sm", json!({}), "auth_config.aws_auth_type"),
        ("azure_kv", aws(), "auth_config.azure_auth_mode"),
        (
            "aws_sm",
            json!({ "aws_auth_type": "assumedRole", "aws_region": "eu-west-1" }),
            "auth_config.aws_role_arn",
        ),
        (
            "aws_sm",
            json!({ "aws_auth_type": "accessKey", "aws_access_key_id": "", "aws_secret_access_key": "s", "aws_region": "r" }),
            "auth_config.aws_access_key_id",
        ),
        (
            "azure_kv",
            json!({ "azure_auth_mode": "entra", "azure_vault_url": "https://v.example.com" }),
            "auth_config.azure_entra_client_secret",
        ),
        ("azure_kv", json!({ "azure_auth_mode": "managed" }), "auth_config.azure_vault_url"),
        (
            "hashicorp_vault",
            json!({ "vault_auth_type": "approle", "vault_addr": "https://v.example.com" }),
            "auth_config.vault_role_id",
        ),
        (
            "hashicorp_vault",
            json!({ "vault_auth_type": "kubernetes", "vault_addr": "https://v.example.com" }),
            "auth_config.vault_role",
        ),
        (
            "hashicorp_vault",
            json!({ "vault_auth_type": "token", "vault_addr": "not a url", "vault_token": "t" }),
            "auth_config.vault_addr",
        ),
        (
            "hashicorp_vault",
            json!({ "vault_auth_type": "password" }),
            "auth_config.vault_auth_type",
        ),
    ];
    for (manager, config, named) in table {
        let args = json!({
            "name": "x", "manager_type": manager, "secret_path": "p", "auth_config": config,
        });
        let error = served.call("create_secret_reference", args).await.error();
        assert_eq!(error["kind"], "invalid_arguments", "{config}");
        assert!(error["message"].as_str().unwrap().contains(named), "{config}: {error}");
    }
    let both = json!({
        "name": "x", "manager_type": "aws_sm", "secret_path": "p", "auth_config": aws(),
        "allow_all_workspaces": true, "allowed_workspaces": ["ws"],
    });
    let error = served.call("create_secret_reference", both).await.error();
    assert!(error["message"].as_str().unwrap().contains("`allowed_workspaces`"), "{error}");
    let error = served.call("update_secret_reference", json!({ "id": "x" })).await.error();
    assert!(error["message"].as_str().unwrap().contains("nothing to change"), "{error}");
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn an_update_sends_what_is_given_and_the_rest_stays() {
    let served = serve(settings()).await;
    let id = made(
        &served,
        json!({ "secret_key": "k", "description": "d", "tags": { "a": "1", "b": "2" },
            "auth_config": { "aws_auth_type": "assumedRole", "aws_role_arn": "arn:x",
                "aws_external_id": "e", "aws_region": "r" } }),
    )
    .await;
    let before = served.call("get_secret_reference", json!({ "id": id })).await.data().clone();

    let target = format!("PUT {PATH}/{id}");
    let args = json!({ "id": id, "name": "Renamed" });
    let done = served
        .sends_one("update_secret_reference", args, &target, json!({ "name": "Renamed" }))
        .await;
    assert_eq!(done.data(), &json!({ "success": true, "id": id }));
    let mut after = served.call("get_secret_reference", json!({ "id": id })).await.data().clone();
    assert_eq!(after["name"], "Renamed");
    for field in ["name", "last_updated_at"] {
        after[field] = before[field].clone();
    }
    assert_eq!(after, before, "what was not mentioned is as it was");

    let workspaces = served.account("admin").get("/admin/workspaces").await;
    let workspace = &workspaces["data"][0]["id"];
    let args = json!({
        "id": id, "name": "All of it", "auth_config": { "aws_region": "eu-west-1", "aws_external_id": null },
        "secret_path": "c/d", "allow_all_workspaces": false, "allowed_workspaces": [workspace],
        "tags": { "b": "3" }, "clear": ["description", "secret_key"],
    });
    let body = json!({
        "name": "All of it", "auth_config": { "aws_region": "eu-west-1", "aws_external_id": null },
        "secret_path": "c/d", "allow_all_workspaces": false, "allowed_workspaces": [workspace],
        "tags": { "b": "3" }, "description": null, "secret_key": null,
    });
    served.sends_one("update_secret_reference", args, &target, body).await.data();
    let stored = served.account("admin").get(&format!("/secret-references/{id}")).await;
    assert_eq!(
        stored["auth_config"],
        json!({ "aws_auth_type": "assumedRole", "aws_role_arn": "arn:x", "aws_region": "eu-west-1" })
    );
    assert_eq!(
        (&stored["tags"], &stored["description"], &stored["secret_key"]),
        (&json!({ "b": "3" }), &Value::Null, &Value::Null)
    );
    let nulls = json!({ "id": id, "tags": null, "name": "Untagged" });
    assert!(served.refuses("update_secret_reference", nulls).await.contains("`tags` is null"));
    let args = json!({ "id": id, "clear": ["tags"], "name": "Untagged" });
    let body = json!({ "name": "Untagged", "tags": null });
    served.sends_one("update_secret_reference", args, &target, body).await.data();
    let args = json!({ "id": id, "secret_key": "x", "clear": ["secret_key"] });
    assert_eq!(served.call("update_secret_reference", args).await.complaints(), ["clear"]);
}

#[tokio::test]
async fn a_sign_in_is_masked_whole_and_a_mask_never_goes_back() {
    let served = serve(settings()).await;
    let config = json!({ "vault_auth_type": "approle", "vault_addr": "https://v.example.com",
        "vault_role_id": "kestrel-role", "vault_secret_id": "kestrel-secret", "vault_namespace": "n" });
    let id =
        made(&served, json!({ "manager_type": "hashicorp_vault", "auth_config": config, "secret_key": "api_key" }))
            .await;
    let got = served.call("get_secret_reference", json!({ "id": id })).await;
    assert!(!got.wire().contains("kestrel"), "{}", got.wire());
    for (name, value) in got.data()["auth_config"].as_object().unwrap() {
        let masked = value == SENTINEL || value.as_str().unwrap().contains("***");
        assert!(masked, "{name}: {value}");
    }
    assert_eq!(got.data()["auth_type"], "approle");
    assert_eq!(
        got.data()["auth_address"],
        "https://v.example.com",
        "where it is sent is no secret"
    );
    let moved = json!({ "vault_addr": "https://evil.example" });
    let why =
        served.refuses("update_secret_reference", json!({ "id": id, "auth_config": moved })).await;
    assert!(why.contains("`auth_config.vault_auth_type` is missing"), "{why}");
    let half = json!({ "vault_addr": "https://v2.example.com", "vault_auth_type": "token" });
    let why =
        served.refuses("update_secret_reference", json!({ "id": id, "auth_config": half })).await;
    assert!(why.contains("`auth_config.vault_token` is missing"), "{why}");
    let azure = json!({ "azure_vault_url": "https://evil.example", "azure_auth_mode": "entra" });
    let why =
        served.refuses("update_secret_reference", json!({ "id": id, "auth_config": azure })).await;
    assert!(why.contains("`auth_config.azure_entra_client_secret`"), "{why}");
    for (more, word) in [
        (
            json!({ "azure_vault_url": "https://a.example", "azure_auth_mode": "default" }),
            "two managers",
        ),
        (json!({ "aws_auth_type": "serviceRole", "aws_region": "eu-west-1" }), "two managers"),
        (json!({}), "`auth_config.vault_auth_type` is missing"),
    ] {
        let both = joined(more, &moved);
        let args = json!({ "id": id, "auth_config": both });
        let why = served.refuses("update_secret_reference", args).await;
        assert!(why.contains(word), "{both}: {why}");
    }
    let whole = json!({ "vault_addr": "https://v2.example.com", "vault_auth_type": "token",
        "vault_token": "kestrel-token" });
    served.call("update_secret_reference", json!({ "id": id, "auth_config": whole })).await.data();
    let got = served.call("get_secret_reference", json!({ "id": id })).await;
    assert_eq!(got.data()["auth_address"], "https://v2.example.com");
    assert_eq!(got.data()["secret_key"], "api_key", "the key's name is no secret");

    served.sent();
    for masked in [SENTINEL, "hvs********abc"] {
        let args = json!({ "id": id, "auth_config": { "vault_secret_id": masked } });
        let called = served.call("update_secret_reference", args).await;
        assert_eq!(called.complaints(), ["auth_config.vault_secret_id"]);
    }
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn a_reference_that_is_used_is_not_deleted() {
    let served = serve(settings()).await;
    let id = made(&served, json!({})).await;
    let key = json!({
        "name": "Mapped", "provider": "openai",
        "secret_mappings": [{ "target_field": "key", "secret_reference_id": id }],
    });
    let account = served.account("admin");
    let slug = account.post("/virtual-keys", &key).await["data"]["slug"].clone();
    let target = format!("DELETE {PATH}/{id}");
    let args = json!({ "id": id });
    let refused = served
        .sends_one("delete_secret_reference", args.clone(), &target, Value::Null)
        .await
        .error();
    assert_eq!((&refused["status"], &refused["code"]), (&json!(400), &json!("AB01")), "{refused}");
    let path = format!("/virtual-keys/{}", slug.as_str().unwrap());
    account.send(Method::DELETE, &path, &Value::Null).await;
    let done =
        served.sends_one("delete_secret_reference", args.clone(), &target, Value::Null).await;
    assert_eq!(done.data(), &json!({ "success": true, "id": id }));
    assert_eq!(served.call("get_secret_reference", args).await.error()["status"], 404);
}

#[tokio::test]
async fn other_keys_meet_their_bounds() {
    let reader = serve_key(settings(), "read-only").await;
    let args =
        json!({ "name": "x", "manager_type": "aws_sm", "secret_path": "p", "auth_config": aws() });
    let error = reader.call("create_secret_reference", args).await.error();
    assert_eq!((&error["status"], &error["code"]), (&json!(403), &json!("AB03")));
    let cause = error["likely_cause"].as_str().unwrap();
    assert!(
        cause.contains("`secret_references.create`") && cause.contains("Enterprise"),
        "{cause}"
    );

    let staging = serve_key(settings(), "staging").await;
    let list = staging.call("list_secret_references", json!({})).await;
    let rows = list.data()["data"].as_array().unwrap();
    let names: Vec<_> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["OpenAI production key", "Azure fallback key"], "not that of Research");

    let other = serve_key(settings(), "other-admin").await;
    let list = other.call("list_secret_references", json!({})).await;
    assert_eq!(list.data()["total"], 1);
}
