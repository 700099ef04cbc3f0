//! Typed answers: every way that a tool with an output schema can end, each held to that schema
//! where it is read (`support::Called`).

use std::collections::BTreeSet;

use portkey_admin_mcp::tools::Catalogue;
use serde_json::{Value, json};

use crate::support::{serve, settings};

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
    let table = [
        ("create_prompt", created, json!({ "dry_run": true }), "would_create"),
        ("update_prompt", updated.clone(), json!({ "dry_run": true }), "would_update"),
        ("update_prompt", updated.clone(), json!({ "publish": true }), "updated"),
        ("update_prompt", updated, json!({}), "unchanged"),
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
