//! Typed answers: every way that a tool with an output schema can end, each held to that schema
//! where it is read (`support::Called`).

use std::collections::BTreeSet;

use http::Method;
use portkey_admin_mcp::tools::Catalogue;
use serde_json::{Value, json};

use crate::support::{MODERN, meta, principal, serve, settings};

#[tokio::test]
async fn every_typed_answer_fits_the_schema_that_is_published() {
    let served = serve(settings()).await;
    let account = served.account("admin");
    let prompts = account.get("/prompts").await;
    let rows = prompts["data"].as_array().unwrap();
    let source = &rows[0];
    let other =
        rows.iter().map(|row| &row["collection_id"]).find(|it| **it != source["collection_id"]);
    let created = json!({
        "name": "Typed", "collection_id": source["collection_id"], "virtual_key": "vk",
        "string": "Hello {{name}}", "model": "gpt-4o", "parameters": { "temperature": 0.5 },
    });
    let mut migrated = created.clone();
    migrated["name"] = "Migrated".into();
    migrated["app"] = "shop".into();
    migrated["env"] = "dev".into();
    let promoted = json!({
        "source_prompt_id": source["id"], "target_collection_id": other.unwrap(),
        "target_env": "prod", "target_name": "Promoted",
    });
    let made = served.call("create_prompt", created.clone()).await;
    let id = &made.data()["prompt_id"];
    let updated = json!({ "prompt_id": id, "string": "Hi {{name}}" });
    let drafted = json!({ "prompt_id": id, "string": "Hello {{name}}, once more" });
    let table = [
        ("create_prompt", created, json!({ "dry_run": true }), "would_create"),
        ("update_prompt", updated.clone(), json!({ "dry_run": true }), "would_update"),
        ("update_prompt", updated.clone(), json!({ "publish": true }), "updated"),
        ("update_prompt", updated, json!({}), "unchanged"),
        ("update_prompt", drafted.clone(), json!({}), "updated"),
        (
            "update_prompt",
            drafted.clone(),
            json!({ "publish": true, "dry_run": true }),
            "would_publish",
        ),
        ("update_prompt", drafted, json!({ "publish": true }), "published"),
        ("update_prompt", json!({ "prompt_id": id }), json!({ "name": "Renamed" }), "updated"),
        ("migrate_prompt", migrated.clone(), json!({ "dry_run": true }), "would_create"),
        ("migrate_prompt", migrated.clone(), json!({}), "created"),
        ("migrate_prompt", migrated.clone(), json!({}), "unchanged"),
        (
            "migrate_prompt",
            migrated.clone(),
            json!({ "string": "New", "dry_run": true }),
            "would_update",
        ),
        ("migrate_prompt", migrated, json!({ "string": "New", "publish": true }), "updated"),
        ("promote_prompt", promoted.clone(), json!({ "dry_run": true }), "would_create"),
        ("promote_prompt", promoted.clone(), json!({}), "created"),
        ("promote_prompt", promoted.clone(), json!({ "publish": true }), ""),
        ("promote_prompt", promoted, json!({}), "unchanged"),
        (
            "validate_completion_metadata",
            json!({ "client_id": "c", "app": "a", "env": "e" }),
            json!({}),
            "",
        ),
        ("validate_completion_metadata", json!({}), json!({}), ""),
    ];
    let mut seen = BTreeSet::from(["create_prompt"]);
    for (tool, mut args, more, action) in table {
        args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let called = served.call(tool, args).await;
        if !action.is_empty() {
            assert_eq!(called.data()["action"], action, "{tool}: {}", called.data());
        }
        assert!(called.data().is_object());
        seen.insert(tool);
    }
    let catalogue = Catalogue::new(&[]).unwrap();
    let typed = catalogue.entries().iter().filter(|entry| entry.tool.output_schema().is_some());
    let typed: BTreeSet<_> = typed.map(|entry| entry.tool.name).collect();
    assert_eq!(seen, typed);
}

/// A schema that took anything would prove nothing.
#[test]
fn output_schemas_refuse_what_is_not_the_answer() {
    for entry in Catalogue::new(&[]).unwrap().entries() {
        let Some(schema) = entry.tool.output_schema() else { continue };
        let validator = jsonschema::draft202012::new(&json!(schema)).unwrap();
        for wrong in
            [json!({}), json!([]), json!({ "action": 5 }), json!({ "valid": "yes" }), Value::Null]
        {
            assert!(!validator.is_valid(&wrong), "{} takes {wrong}", entry.tool.name);
        }
    }
}

/// One goes past rmcp's serialiser, the other through it.
#[tokio::test]
async fn an_answer_is_the_same_as_one_body_and_at_the_end_of_a_stream() {
    let me = principal("one");
    let served = serve(settings()).await;
    let calls = [
        ("list_configs", json!({})),
        ("validate_completion_metadata", json!({ "app": "a\u{202e}b" })),
        ("get_config", json!({})),
    ];
    for (tool, arguments) in calls {
        let mut answers = Vec::new();
        for progress in [false, true] {
            let mut meta = meta(MODERN);
            if progress {
                meta["progressToken"] = json!("p");
            }
            let params = json!({ "name": tool, "arguments": arguments, "_meta": meta });
            let body =
                json!({ "jsonrpc": "2.0", "id": "x", "method": "tools/call", "params": params });
            let headers = [
                ("mcp-protocol-version", MODERN),
                ("mcp-method", "tools/call"),
                ("mcp-name", tool),
            ];
            let answer = served.send(&me, Method::POST, &headers, &body).await;
            let mut body = answer.body;
            if let Some(text) = body["result"]["content"][0]["text"].as_str() {
                let text: Value = serde_json::from_str(text).unwrap();
                body["result"]["content"][0]["text"] = text;
            }
            answers.push(body);
        }
        assert_eq!(answers[0], answers[1], "{tool}");
        assert!(answers[0]["result"]["content"][0]["text"].is_object(), "{tool}");
    }
}
