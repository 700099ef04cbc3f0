//! Migrating and promoting.

use serde_json::{Value, json};

use super::{Bench, version, with};

fn migration(string: &str) -> Value {
    json!({ "name": "Support", "app": "desk", "env": "dev", "collection_id": "c", "string": string,
        "parameters": { "top_p": 1.0 }, "virtual_key": "vk" })
}

#[tokio::test]
async fn migrating_creates_then_updates_then_changes_nothing() {
    let bench = Bench::new().await;
    let would = bench.ok("migrate_prompt", with(migration("a"), json!({ "dry_run": true }))).await;
    assert_eq!(would["action"], "would_create");
    assert!(
        would["changes"].to_string().contains(r#"{"path":"prompt.string","after":"a"}"#),
        "{would}"
    );
    assert_eq!(bench.writes(), [] as [String; 0]);

    let created = bench.ok("migrate_prompt", migration("a")).await;
    assert_eq!((&created["action"], &created["version"]), (&json!("created"), &json!(1)));
    assert_eq!(created["published"], true);
    let metadata = bench.last_body()["template_metadata"].clone();
    assert_eq!((&metadata["app"], &metadata["env"]), (&json!("desk"), &json!("dev")));
    assert!(metadata["migrated_at"].as_str().unwrap().ends_with('Z'));

    assert_eq!(bench.ok("migrate_prompt", migration("a")).await["action"], "unchanged");
    let would = bench.ok("migrate_prompt", with(migration("b"), json!({ "dry_run": true }))).await;
    let want = json!([{ "path": "prompt.string", "before": "a", "after": "b" }]);
    assert_eq!((&would["action"], &would["changes"]), (&json!("would_update"), &want));
    let updated = bench.ok("migrate_prompt", migration("b")).await;
    assert_eq!((&updated["action"], &updated["version"]), (&json!("updated"), &json!(2)));
    assert_eq!(updated["published"], false);
    // The newest version counts, although it is not published.
    assert_eq!(bench.ok("migrate_prompt", migration("b")).await["action"], "unchanged");
    assert_eq!(bench.fake.versions(0), (2, 1));

    let publish = with(migration("b"), json!({ "publish": true }));
    let would = bench.ok("migrate_prompt", with(publish.clone(), json!({ "dry_run": true }))).await;
    assert_eq!(
        (&would["action"], &would["version"], &would["changes"]),
        (&json!("would_publish"), &json!(2), &json!([]))
    );
    assert!(would.get("published").is_none(), "{would}");
    assert_eq!(bench.fake.versions(0), (2, 1));
    let published = bench.ok("migrate_prompt", publish.clone()).await;
    assert_eq!(
        (&published["action"], &published["version"], &published["published"]),
        (&json!("published"), &json!(2), &json!(true))
    );
    assert_eq!(bench.fake.versions(0), (2, 2));
    for dry_run in [false, true] {
        let again = with(publish.clone(), json!({ "dry_run": dry_run }));
        let again = bench.ok("migrate_prompt", again).await;
        assert_eq!(
            (&again["action"], &again["published"]),
            (&json!("unchanged"), &json!(true)),
            "dry_run: {dry_run}"
        );
    }

    // What would be written is not what is published now.
    let would = with(migration("c"), json!({ "publish": true, "dry_run": true }));
    let would = bench.ok("migrate_prompt", would).await;
    assert_eq!(
        (&would["action"], &would["note"]),
        (&json!("would_update"), &json!("would publish the new version"))
    );
    assert!(would.get("published").is_none(), "{would}");
}

#[tokio::test]
async fn migrating_merges_metadata_into_what_is_stored() {
    let bench = Bench::new().await;
    bench.fake.add("c", "support", &version("a"));
    let args =
        with(migration("a"), json!({ "template_metadata": { "team": null, "tier": { "n": 1 } } }));
    let updated = bench.ok("migrate_prompt", args).await;
    assert_eq!(updated["action"], "updated");
    let body = bench.last_body();
    let mut metadata = body["prompt_metadata"].clone();
    assert!(metadata.as_object_mut().unwrap().shift_remove("migrated_at").is_some());
    assert_eq!(metadata, json!({ "tier": { "n": 1 }, "app": "desk", "env": "dev" }));
    assert!(body.get("template_metadata").is_none() && body.get("name").is_none(), "{body}");
}

#[tokio::test]
async fn a_name_is_looked_for_on_every_page() {
    let bench = Bench::new().await;
    for i in 0..150 {
        bench.fake.add("c", &format!("support {i}"), &version("other"));
    }
    let id = bench.fake.add("c", "SUPPORT", &version("a"));
    let updated = bench.ok("migrate_prompt", migration("b")).await;
    assert_eq!((&updated["action"], &updated["prompt_id"]), (&json!("updated"), &json!(id)));
}

#[tokio::test]
async fn several_prompts_of_one_name_are_refused_with_their_ids() {
    let bench = Bench::new().await;
    let ids = ["Support", "support"].map(|name| bench.fake.add("c", name, &version("a")));
    let error = bench.call("migrate_prompt", migration("b")).await.unwrap_err();
    let message = error["message"].as_str().unwrap();
    assert!(ids.iter().all(|id| message.contains(id)), "{error}");
    assert!(error["remedy"].as_str().unwrap().contains("rename or delete"), "{error}");
    assert_eq!(bench.writes(), [] as [String; 0]);
}

#[tokio::test]
async fn a_prompt_that_the_search_does_not_show_yet_is_not_created_twice() {
    let bench = Bench::new().await;
    bench.ok("migrate_prompt", migration("a")).await;
    bench.fake.world().hidden.push("Support".into());
    let error = bench.call("migrate_prompt", migration("b")).await.unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("created moments ago"), "{error}");
    assert_eq!(bench.writes(), ["POST /prompts"]);
}

#[tokio::test]
async fn after_an_unclear_outcome_it_is_read_back_and_run_again() {
    let bench = Bench::new().await;
    bench.fake.world().breaks_after_creating = true;
    bench.fake.world().hidden.push("Support".into());
    let error = bench.call("migrate_prompt", migration("a")).await.unwrap_err();
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("outcome unknown") && message.contains("`list_prompts`"), "{error}");
    let error = bench.call("migrate_prompt", migration("a")).await.unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("may have been"), "{error}");
    bench.fake.world().hidden.clear();
    assert_eq!(bench.ok("migrate_prompt", migration("a")).await["action"], "unchanged");
    assert_eq!(bench.writes(), ["POST /prompts"]);
}

#[tokio::test]
async fn promoting_carries_everything_and_keeps_what_only_the_target_has() {
    let bench = Bench::new().await;
    let tools = json!([{ "type": "function", "function": { "name": "f", "parameters": { "properties": { "headers": { "type": "object" } } } } }]);
    let source = with(
        version("a"),
        json!({ "tools": tools, "tool_choice": "auto", "is_raw_template": 1, "functions": null,
            "prompt_metadata": { "team": "t", "note": null, "promoted_at": "long ago" } }),
    );
    let source = bench.fake.add("dev", "support-dev", &source);
    let promotion =
        json!({ "source_prompt_id": source, "target_collection_id": "prod", "target_env": "prod" });

    let created = bench.ok("promote_prompt", promotion.clone()).await;
    assert_eq!(
        (&created["action"], &created["target_name"]),
        (&json!("created"), &json!("support-prod"))
    );
    let body = bench.last_body();
    for (name, want) in [
        ("string", json!("a")),
        ("parameters", json!({ "top_p": 1, "model": "m" })),
        ("model", json!("m")),
        ("virtual_key", json!("vk")),
        ("tools", tools),
        ("tool_choice", json!("auto")),
        ("is_raw_template", json!(1)),
        ("version_description", json!("Promoted from pp-0 v1")),
    ] {
        assert_eq!(body[name], want, "{name}");
    }
    assert!(body.get("functions").is_none(), "{body}");
    let metadata = &body["template_metadata"];
    assert_eq!(
        (&metadata["env"], &metadata["promoted_from"], &metadata["promoted_from_version"]),
        (&json!("prod"), &json!("pp-0"), &json!("1"))
    );
    assert_eq!((&metadata["team"], metadata.get("note")), (&json!("t"), Some(&Value::Null)));
    assert_ne!(metadata["promoted_at"], "long ago");

    assert_eq!(bench.ok("promote_prompt", promotion.clone()).await["action"], "unchanged");

    let own = json!({ "prompt_id": "pp-1", "template_metadata": { "owner": "ops" }, "functions": [{ "name": "g" }] });
    bench.ok("update_prompt", own).await;
    let promoted = bench.ok("promote_prompt", with(promotion, json!({ "publish": true }))).await;
    assert_eq!((&promoted["action"], &promoted["published"]), (&json!("updated"), &json!(true)));
    assert_eq!(promoted["changes"][0]["path"], "prompt.functions[0]");
    assert_eq!(bench.fake.latest(1)["template_metadata"]["owner"], "ops");
    assert_eq!(bench.fake.latest(1)["functions"], json!([]));
    assert_eq!(bench.fake.versions(1), (3, 3));
}

#[tokio::test]
async fn promoting_copies_what_is_published_and_tells_of_a_newer_version() {
    let bench = Bench::new().await;
    let source = bench.fake.add("dev", "support-dev", &version("a"));
    bench.ok("update_prompt", json!({ "prompt_id": source, "string": "b" })).await;
    let promotion =
        json!({ "source_prompt_id": source, "target_collection_id": "prod", "target_env": "prod" });
    let created = bench.ok("promote_prompt", promotion.clone()).await;
    assert_eq!(
        (&created["source_version"], &bench.last_body()["string"]),
        (&json!(1), &json!("a"))
    );
    assert!(created["note"].as_str().unwrap().contains("unpublished version 2"), "{created}");
    bench.ok("publish_prompt", json!({ "prompt_id": source, "version": 2 })).await;
    let updated = bench.ok("promote_prompt", promotion.clone()).await;
    assert_eq!((&updated["action"], &updated["source_version"]), (&json!("updated"), &json!(2)));

    let publish = with(promotion, json!({ "publish": true }));
    let would = bench.ok("promote_prompt", with(publish.clone(), json!({ "dry_run": true }))).await;
    assert_eq!(
        (&would["action"], &would["note"]),
        (&json!("would_publish"), &json!("would publish this version"))
    );
    assert!(would.get("published").is_none(), "{would}");
    let published = bench.ok("promote_prompt", publish).await;
    assert_eq!(
        (&published["action"], &published["target_version"], &published["published"]),
        (&json!("published"), &json!(2), &json!(true))
    );
    assert_eq!(bench.fake.versions(1), (2, 2));
}

#[tokio::test]
async fn promoting_shows_first_what_it_would_do() {
    let bench = Bench::new().await;
    let source = bench.fake.add("dev", "support", &version("a"));
    bench.fake.add("prod", "support", &version("b"));
    let promotion = json!({ "source_prompt_id": source, "target_collection_id": "prod", "target_env": "prod",
        "target_name": "support", "virtual_key": "prod-key", "dry_run": true, "publish": true });
    let would = bench.ok("promote_prompt", promotion).await;
    assert_eq!(would["action"], "would_update");
    assert!(would.get("published").is_none(), "{would}");
    let paths: Vec<_> = would["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["path"].as_str().unwrap())
        .collect();
    let want = [
        "prompt.string",
        "prompt.virtual_key",
        "prompt.template_metadata.env",
        "prompt.template_metadata.promoted_from",
        "prompt.template_metadata.promoted_from_version",
    ];
    assert_eq!(paths, want);
    assert_eq!(
        (&would["note"], &would["target_prompt_id"]),
        (&json!("would publish the new version"), &json!("00000000-0000-4000-8000-000000000001"))
    );
    let onto_itself = json!({ "source_prompt_id": source, "target_collection_id": "dev", "target_env": "dev", "target_name": "Support" });
    let error = bench.call("promote_prompt", onto_itself).await.unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("is the source itself"), "{error}");
    assert_eq!(bench.writes(), [] as [String; 0]);
}
