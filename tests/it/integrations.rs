//! The integration tools, from the endpoint to what the sandbox stores.

mod access;
mod models;
mod pricing;

use http::Method;
use portkey_admin_mcp::mask::SENTINEL;
use serde_json::{Value, json};

use crate::support::{Served, joined, serve, serve_key, settings};

/// Slug of the seeded integration of that name.
async fn seeded(served: &Served, name: &str) -> String {
    let list = served.account("admin").get("/integrations").await;
    let rows = list["data"].as_array().unwrap().iter();
    let row = rows.into_iter().find(|row| row["name"] == name).unwrap();
    row["slug"].as_str().unwrap().to_owned()
}

/// What is stored, as the API shows it.
async fn stored(served: &Served, slug: &str) -> Value {
    served.account("admin").get(&format!("/integrations/{slug}")).await
}

async fn workspace(served: &Served, name: &str) -> Value {
    let list = served.account("admin").get("/admin/workspaces").await;
    let rows = list["data"].as_array().unwrap().iter();
    rows.into_iter().find(|row| row["name"] == name).unwrap().clone()
}

#[tokio::test]
async fn integrations_are_listed_by_level_and_workspace() {
    let served = serve(settings()).await;
    let target = "GET /v1/integrations?current_page=0&page_size=20";
    let list = served.sends_one("list_integrations", json!({}), target, Value::Null).await;
    assert_eq!(list.data()["total"], 4);
    let research = workspace(&served, "Research").await;
    let slug = research["slug"].as_str().unwrap();
    let args = json!({ "workspace_id": slug, "type": "organisation", "current_page": 0,
        "page_size": 5 });
    let target = format!(
        "GET /v1/integrations?workspace_id={slug}&type=organisation&current_page=0&page_size=5"
    );
    let list = served.sends_one("list_integrations", args, &target, Value::Null).await;
    let names: Vec<_> =
        list.data()["data"].as_array().unwrap().iter().map(|row| &row["name"]).collect();
    assert_eq!(names, ["Bedrock Ireland"]);
    let served = serve_key(settings(), "other-admin").await;
    assert_eq!(served.call("list_integrations", json!({})).await.data()["total"], 0);
}

#[tokio::test]
async fn a_key_as_it_is_shown_does_not_take_the_place_of_the_stored_one() {
    let served = serve(settings()).await;
    let slug = seeded(&served, "Bedrock Ireland").await;
    for (tool, args) in [
        ("update_integration", json!({ "slug": slug, "key": "sk-***m40" })),
        (
            "create_integration",
            json!({ "name": "n", "ai_provider_id": "groq", "key": "sk-***m40" }),
        ),
    ] {
        let error = served.refused(tool, args).await;
        assert_eq!(error["problems"][0]["argument"], "key", "{tool}: {error}");
    }
}

#[tokio::test]
async fn an_integration_is_created_as_it_was_given() {
    let served = serve(settings()).await;
    let target = "POST /v1/integrations";
    let least = json!({ "name": "Groq", "ai_provider_id": "groq" });
    let made = served.sends_one("create_integration", least.clone(), target, least).await;
    assert!(made.data()["slug"].as_str().unwrap().starts_with("groq-"), "{}", made.data());
    let staging = workspace(&served, "Staging").await;
    let references = served.account("admin").get("/secret-references").await;
    let whole = json!({
        "name": "Azure west", "ai_provider_id": "azure-openai", "slug": "azure-west",
        "description": "d", "workspace_id": staging["slug"], "create_default_provider": true,
        "default_provider_slug": "azure-main",
        "configurations": {
            "azure_auth_mode": "entra", "azure_resource_name": "west",
            "azure_deployment_config": [{ "azure_api_version": "2024-10-21",
                "azure_deployment_name": "d", "azure_model_slug": "gpt-4o" }],
            "azure_entra_tenant_id": "t", "azure_entra_client_id": "c",
        },
        "secret_mappings": [{ "target_field": "configurations.azure_entra_client_secret",
            "secret_reference_id": references["data"][0]["id"] }],
        "pricing_adjustments": { "multiplier": { "default": 0.8, "request_token": null } },
    });
    let made = served.sends_one("create_integration", whole.clone(), target, whole.clone()).await;
    assert_eq!(made.data()["slug"], "azure-west");
    let row = stored(&served, "azure-west").await;
    for field in ["configurations", "secret_mappings", "pricing_adjustments", "description"] {
        assert_eq!(row[field], whole[field], "{field}");
    }
    let keys = served
        .account("admin")
        .get(&format!("/virtual-keys?workspace_id={}", staging["slug"].as_str().unwrap()))
        .await;
    let made = keys["data"].as_array().unwrap().iter().find(|row| row["slug"] == "azure-main");
    assert_eq!(made.unwrap()["integration_id"], row["id"]);
}

/// Portkey answers 400 to names without the cloud's prefix, which the reference sends.
#[tokio::test]
async fn cloud_integrations_have_prefixed_names() {
    let served = serve(settings()).await;
    let target = "POST /v1/integrations";
    // The reference's arguments that say it whole are folded in.
    for (provider, flat, folded) in [
        (
            "bedrock",
            json!({ "aws_region": "eu-west-1", "aws_access_key_id": "a", "aws_secret_access_key": "b" }),
            json!({ "aws_region": "eu-west-1", "aws_access_key_id": "a",
                "aws_auth_type": "accessKey", "aws_secret_access_key": "b" }),
        ),
        (
            "vertex-ai",
            json!({ "vertex_project_id": "p", "vertex_region": "europe-west4" }),
            json!({ "vertex_project_id": "p", "vertex_auth_type": "basic",
                "vertex_region": "europe-west4" }),
        ),
        (
            "openai",
            json!({ "custom_host": "https://llm.example.com/v1" }),
            json!({ "custom_host": "https://llm.example.com/v1" }),
        ),
    ] {
        let mut args = json!({ "name": provider, "ai_provider_id": provider });
        let mut body = args.clone();
        args.as_object_mut().unwrap().extend(flat.as_object().unwrap().clone());
        body["configurations"] = folded;
        served.sends_one("create_integration", args, target, body).await.data();
    }
    served.sent();
    let (named, missing) = (false, true);
    for (args, word, may_be_stored) in [
        (json!({ "resource_name": "r" }), "`configurations.azure_resource_name`", named),
        (json!({ "api_version": "2024" }), "azure_deployment_config", named),
        (json!({ "deployment_name": "d" }), "azure_deployment_name", named),
        (
            json!({ "configurations": { "resourceName": "r" } }),
            "`configurations.azure_resource_name`",
            named,
        ),
        (json!({ "configurations": { "region": "r" } }), "`configurations.aws_region`", named),
        (
            json!({ "configurations": { "awsRoleArn": "r" } }),
            "`configurations.aws_role_arn`",
            named,
        ),
        (
            json!({ "configurations": { "aws_region": "r" } }),
            "`configurations.aws_auth_type`",
            missing,
        ),
        (
            json!({ "configurations": { "aws_region": "r", "aws_auth_type": "assumedRole" } }),
            "`configurations.aws_role_arn`",
            missing,
        ),
        (
            json!({ "configurations": { "vertex_region": "r", "vertex_auth_type": "serviceAccount" } }),
            "`configurations.vertex_service_account_json`",
            missing,
        ),
        (
            json!({ "configurations": { "azure_auth_mode": "default" } }),
            "`configurations.azure_resource_name`",
            missing,
        ),
        (
            json!({ "custom_host": "https://a.example.com",
                "configurations": { "custom_host": "https://b.example.com" } }),
            "are the same",
            named,
        ),
    ] {
        for (tool, base) in [
            ("create_integration", json!({ "name": "n", "ai_provider_id": "p" })),
            ("update_integration", json!({ "slug": "s" })),
        ] {
            // What is missing may be stored.
            if tool == "update_integration" && may_be_stored {
                continue;
            }
            let mut all = base.clone();
            all.as_object_mut().unwrap().extend(args.as_object().unwrap().clone());
            let called = served.call(tool, all).await;
            let complaints = called.complaints();
            let [_one] = &complaints[..] else { panic!("{tool} {args}: {complaints:?}") };
            assert!(called.text().contains(word), "{tool} {args}: {}", called.text());
        }
    }
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn one_integration_is_read_with_its_secrets_masked() {
    let served = serve(settings()).await;
    let slug = seeded(&served, "Bedrock Ireland").await;
    let target = format!("GET /v1/integrations/{slug}");
    let got =
        served.sends_one("get_integration", json!({ "slug": slug }), &target, Value::Null).await;
    assert_eq!(got.data()["configurations"]["aws_region"], "eu-west-1");
    assert_eq!(got.data()["configurations"]["aws_access_key_id"], SENTINEL);
    let shown = got.data()["configurations"]["masked_aws_secret_access_key"].as_str().unwrap();
    assert!(shown.contains("***"), "{shown}");
    let openai = seeded(&served, "OpenAI organisation").await;
    let got = served.call("get_integration", json!({ "slug": openai })).await;
    assert!(got.data()["masked_key"].as_str().unwrap().contains("***"), "{}", got.data());
    assert_eq!(got.data()["allow_all_models"], true);
}

/// `PUT` replaces configurations and price adjustments.
#[tokio::test]
async fn an_update_keeps_what_it_does_not_mention() {
    let served = serve(settings()).await;
    let slug = seeded(&served, "Azure Sweden").await;
    let before = stored(&served, &slug).await;
    let target = format!("PUT /v1/integrations/{slug}");
    let args = json!({ "slug": slug, "name": "Azure Nordics" });
    served.sends_one("update_integration", args, &target, json!({ "name": "Azure Nordics" })).await;
    let args = json!({ "slug": slug, "key": "sk-new-key-0123456789", "configurations":
        { "azure_auth_mode": "managed", "azure_managed_client_id": "m" } });
    served.sent();
    let told = served.call("update_integration", args).await;
    assert_eq!(told.data(), &json!({ "success": true, "slug": slug }));
    let mut merged = before["configurations"].clone();
    merged["azure_auth_mode"] = "managed".into();
    merged["azure_managed_client_id"] = "m".into();
    assert_eq!(
        served.written(),
        json!({ "configurations": merged, "key": "sk-new-key-0123456789" })
    );
    let mut after = stored(&served, &slug).await;
    let mut wanted = before.clone();
    wanted["name"] = "Azure Nordics".into();
    wanted["configurations"] = merged;
    for changed in ["last_updated_at", "masked_key"] {
        wanted[changed].take();
        after[changed].take();
    }
    assert_eq!(after, wanted);

    let openai = seeded(&served, "OpenAI organisation").await;
    let args = json!({ "slug": openai,
        "pricing_adjustments": { "multiplier": { "request_token": 0.5, "default": null } } });
    served.call("update_integration", args).await.data();
    let adjusted = json!({ "multiplier": { "image": { "default": 1 }, "request_token": 0.5 } });
    assert_eq!(stored(&served, &openai).await["pricing_adjustments"], adjusted);
}

#[tokio::test]
async fn an_update_sends_every_field() {
    let served = serve(settings()).await;
    let slug = seeded(&served, "OpenAI organisation").await;
    let references = served.account("admin").get("/secret-references").await;
    let mapping = json!([{ "target_field": "key", "secret_reference_id": references["data"][0]["id"],
        "secret_key": "k", "value_format": "string" }]);
    let args = json!({
        "slug": slug, "name": "N", "key": "sk-x", "description": "d", "secret_mappings": mapping,
        "custom_host": "https://llm.example.com", "clear": ["pricing_adjustments"],
    });
    served.call("update_integration", args).await.data();
    assert_eq!(
        served.written(),
        json!({
            "name": "N", "key": "sk-x", "description": "d", "secret_mappings": mapping,
            "configurations": { "openai_organization": "org-example",
                "custom_host": "https://llm.example.com" },
            "pricing_adjustments": null,
        })
    );
    assert_eq!(stored(&served, &slug).await["pricing_adjustments"], Value::Null);
}

#[tokio::test]
async fn a_secret_that_is_not_shown_is_neither_lost_nor_sent_elsewhere() {
    let served = serve(settings()).await;
    let bedrock = seeded(&served, "Bedrock Ireland").await;
    let region = json!({ "aws_region": "eu-central-1" });
    let args = json!({ "slug": bedrock, "configurations": region });
    let called = served.call("update_integration", args).await;
    assert_eq!(called.complaints(), ["configurations.aws_secret_access_key"]);
    let whole = json!({ "aws_region": "eu-central-1", "aws_secret_access_key": "again" });
    let args = json!({ "slug": bedrock, "configurations": whole });
    served.call("update_integration", args).await.data();
    let sent = served.written();
    assert_eq!(sent["configurations"]["aws_access_key_id"], "AKIAEXAMPLE0000000");
    assert_eq!(sent["configurations"]["aws_secret_access_key"], "again");
    assert!(sent["configurations"].get("masked_aws_secret_access_key").is_none(), "{sent}");

    let openai = seeded(&served, "OpenAI organisation").await;
    let moved = json!({ "custom_host": "https://elsewhere.example.net" });
    let args = json!({ "slug": openai, "configurations": moved });
    let called = served.call("update_integration", args).await;
    assert_eq!(called.complaints(), ["configurations.custom_host"]);
    let args = json!({ "slug": openai, "configurations": moved, "key": "sk-of-the-other-host" });
    served.call("update_integration", args).await.data();
}

#[tokio::test]
async fn a_stored_key_goes_neither_back_to_the_providers_host_nor_out_of_a_secret_store() {
    let served = serve(settings()).await;
    let account = served.account("admin");
    let references = account.get("/secret-references").await;
    let mappings = json!([{ "target_field": "key",
        "secret_reference_id": references["data"][0]["id"] }]);
    for (slug, more, remedy) in [
        ("own-key", json!({ "key": "sk-stored-0123456789" }), json!({ "key": "sk-x" })),
        (
            "of-a-store",
            json!({ "secret_mappings": mappings }),
            json!({ "secret_mappings": mappings }),
        ),
    ] {
        let own = json!({ "name": slug, "slug": slug, "ai_provider_id": "openai",
            "configurations": { "custom_host": "https://llm.example.com" } });
        account.send(Method::POST, "/integrations", &joined(own, &more)).await;
        for host in [json!("https://elsewhere.example.net"), json!(null)] {
            let args = json!({ "slug": slug, "configurations": { "custom_host": host } });
            let called = served.call("update_integration", args).await;
            assert_eq!(called.complaints(), ["configurations.custom_host"], "{}", called.text());
        }
        let args = json!({ "slug": slug, "configurations": { "openai_project": "p" } });
        served.call("update_integration", args).await.data();
        let args = json!({ "slug": slug, "configurations": { "custom_host": null } });
        served.call("update_integration", joined(args, &remedy)).await.data();
    }
}

#[tokio::test]
async fn a_change_by_id_is_not_built_upon_a_read_older_than_one_by_slug() {
    let served = serve(settings()).await;
    let slug = seeded(&served, "OpenAI organisation").await;
    let id = stored(&served, &slug).await["id"].clone();
    served.sandbox.faults().stale_for_reads(100);
    let args = json!({ "slug": slug, "configurations": { "openai_project": "p" } });
    let told = served.call("update_integration", args).await;
    assert!(told.data()["note"].as_str().unwrap().contains("older"), "{}", told.data());
    served.sent();
    let args = json!({ "slug": id, "configurations": { "openai_organization": "o" } });
    assert_eq!(served.call("update_integration", args).await.error()["kind"], "stale");
    assert!(served.sent().iter().all(|request| request.method == Method::GET));
}

#[tokio::test]
async fn an_update_of_nothing_or_against_itself_is_refused() {
    let served = serve(settings()).await;
    for (args, argument) in [
        (json!({ "slug": "s" }), ""),
        (
            json!({ "slug": "s", "secret_mappings": [
            { "target_field": "model_config.x", "secret_reference_id": "r" }] }),
            "secret_mappings",
        ),
        (json!({ "slug": "s", "key": format!("{SENTINEL}") }), "key"),
        (json!({ "slug": "s", "key": "" }), "key"),
    ] {
        let called = served.call("update_integration", args).await;
        assert_eq!(called.complaints(), [argument], "{}", called.text());
    }
    assert_eq!(served.sent_lines(), [""; 0]);
    let slug = seeded(&served, "OpenAI organisation").await;
    let args = json!({ "slug": slug, "pricing_adjustments": {}, "clear": ["pricing_adjustments"] });
    assert_eq!(served.call("update_integration", args).await.complaints(), ["clear"]);
}

#[tokio::test]
async fn a_deletion_takes_the_providers_down() {
    let served = serve(settings()).await;
    let account = served.account("admin");
    let staging = workspace(&served, "Staging").await;
    let body = json!({ "name": "Short", "ai_provider_id": "groq", "slug": "short",
        "workspace_id": staging["id"] });
    account.send(Method::POST, "/integrations", &body).await;
    let keys = format!("/virtual-keys?workspace_id={}", staging["id"].as_str().unwrap());
    let before = account.get(&keys).await["total"].as_u64().unwrap();
    let target = "DELETE /v1/integrations/short";
    let told = served
        .sends_one("delete_integration", json!({ "slug": "short" }), target, Value::Null)
        .await;
    assert_eq!(told.data(), &json!({ "success": true, "slug": "short" }));
    assert_eq!(account.get(&keys).await["total"], before - 1);
    let error = served.call("delete_integration", json!({ "slug": "short" })).await.error();
    assert_eq!((&error["status"], &error["code"]), (&json!(404), &json!("AB02")));
}
