//! The tools against a fake Portkey, from arguments to answer.

mod fake;
mod workflows;

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    auth::{Method, Principal},
    portkey::{Credential, Portkey, Settings},
    tool::{Call, Recent},
    tools::Catalogue,
};
use fake::Fake;

struct Bench {
    fake: Fake,
    catalogue: Catalogue,
    portkey: Portkey,
    recent: Recent,
}

impl Bench {
    async fn new() -> Self {
        let fake = Fake::start().await;
        let settings = Settings {
            allow_private_base_url: true,
            allow_insecure_http: true,
            ..Settings::default()
        };
        let base_url = fake.url.parse().unwrap();
        let credential = Credential { name: "test".into(), key: "k".to_owned().into(), base_url };
        let portkey = Portkey::new(&settings, credential).unwrap();
        let catalogue = Catalogue::new(&["prompts".to_owned()]).unwrap();
        Self { fake, catalogue, portkey, recent: Recent::default() }
    }

    /// Calls a tool; an error is what its caller reads.
    async fn call(&self, tool: &str, args: Value) -> Result<Value, Value> {
        let principal = Arc::new(Principal::new(Method::None, "test"));
        let deadline = Instant::now() + Duration::from_secs(20);
        let recent = self.recent.clone();
        let mut call = Call::new(
            Arc::clone(&principal),
            self.portkey.clone(),
            recent,
            deadline,
            Default::default(),
            false,
        );
        let Value::Object(args) = args else { unreachable!() };
        let entry = self.catalogue.get(tool).unwrap();
        let answer = entry.call(&mut call, args).await;
        answer.map_err(|error| error.report(entry.tool, &principal)["error"].take())
    }

    async fn ok(&self, tool: &str, args: Value) -> Value {
        self.call(tool, args).await.unwrap_or_else(|error| panic!("{tool}: {error}"))
    }

    fn writes(&self) -> Vec<String> {
        let world = self.fake.world();
        world.writes.iter().map(|(method, path, _)| format!("{method} {path}")).collect()
    }

    fn last_body(&self) -> Value {
        self.fake.world().writes.last().unwrap().2.clone()
    }
}

fn version(string: &str) -> Value {
    json!({ "string": string, "model": "m", "virtual_key": "vk", "parameters": { "top_p": 1 },
        "is_raw_template": 0, "prompt_metadata": { "team": "t" } })
}

fn with(mut args: Value, more: Value) -> Value {
    let Value::Object(more) = more else { unreachable!() };
    args.as_object_mut().unwrap().extend(more);
    args
}

#[tokio::test]
async fn updating_sends_what_differs_and_keeps_the_rest() {
    let bench = Bench::new().await;
    let id = bench.fake.add("c", "support", &version("a"));
    let same = json!({ "prompt_id": id, "string": "a", "model": "m", "tools": [], "template_metadata": { "team": "t" } });
    assert_eq!(bench.ok("update_prompt", same).await["action"], "unchanged");
    let args = json!({ "prompt_id": "pp-0", "parameters": { "stop": null }, "template_metadata": { "tier": 1 } });
    let would = bench.ok("update_prompt", with(args.clone(), json!({ "dry_run": true }))).await;
    assert_eq!(would["action"], "would_update");
    assert_eq!(bench.writes(), [] as [String; 0]);
    let updated = bench.ok("update_prompt", args).await;
    assert_eq!(updated["changes"], would["changes"]);
    let want = json!({ "patch": true, "parameters": { "stop": null },
        "prompt_metadata": { "team": "t", "tier": 1 } });
    assert_eq!(bench.last_body(), want);
    assert_eq!((&updated["version"], &updated["published"]), (&json!(2), &json!(false)));
}

#[tokio::test]
async fn parameters_that_replace_the_stored_ones_say_what_becomes_of_each_secret() {
    let bench = Bench::new().await;
    let headers = json!({ "authorization": "Bearer t", "x": 1 });
    let stored = with(version("a"), json!({ "parameters": { "top_p": 1, "headers": headers } }));
    let id = bench.fake.add("c", "support", &stored);
    let change = |parameters: Value| json!({ "prompt_id": id, "parameters": parameters });
    for lost in [json!({ "top_p": 0 }), json!({ "top_p": 0, "headers": { "x": 1 } })] {
        let error = bench.call("update_prompt", change(lost)).await.unwrap_err();
        let named = error["problems"][0]["argument"].as_str().unwrap();
        assert!(named.starts_with("parameters.headers"), "{error}");
    }
    assert_eq!(bench.writes(), [] as [String; 0]);
    let shown = bench.ok("get_prompt", json!({ "prompt_id": id })).await["parameters"].take();
    assert_ne!(shown["headers"], headers);
    bench.ok("update_prompt", change(with(shown, json!({ "top_p": 0 })))).await;
    let sent = bench.last_body()["parameters"].take();
    assert_eq!((&sent["top_p"], &sent["headers"]), (&json!(0), &headers));
    bench.ok("update_prompt", change(json!({ "top_p": 2, "headers": null }))).await;
    assert_eq!(bench.last_body()["parameters"], json!({ "top_p": 2 }));
}

#[tokio::test]
async fn a_new_name_alone_adds_no_version() {
    let bench = Bench::new().await;
    let id = bench.fake.add("c", "support", &version("a"));
    let args = json!({ "prompt_id": id, "name": "help", "string": "a" });
    let updated = bench.ok("update_prompt", args).await;
    assert_eq!((&updated["action"], &updated["name"]), (&json!("updated"), &json!("help")));
    assert_eq!(bench.last_body(), json!({ "patch": true, "name": "help" }));
    assert_eq!(bench.fake.versions(0), (1, 1));
    let error = bench
        .call("update_prompt", json!({ "prompt_id": id, "name": "x", "publish": true }))
        .await
        .unwrap_err();
    assert_eq!(error["problems"][0]["argument"], "publish", "{error}");
    let error = bench.call("update_prompt", json!({ "prompt_id": id })).await.unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("nothing to change"), "{error}");
}

#[tokio::test]
async fn publishing_waits_for_the_number_of_the_new_version() {
    let bench = Bench::new().await;
    let id = bench.fake.add("c", "support", &version("a"));
    bench.fake.world().stale_after_write = 2;
    let args = json!({ "prompt_id": id, "string": "b", "publish": true });
    let updated = bench.ok("update_prompt", args).await;
    assert_eq!((&updated["version"], &updated["published"]), (&json!(2), &json!(true)));
    assert_eq!(bench.fake.versions(0), (2, 2));
}

#[tokio::test]
async fn nothing_is_built_on_a_read_that_is_older_than_the_last_write() {
    let bench = Bench::new().await;
    let id = bench.fake.add("c", "support", &version("a"));
    let args = |string: &str| json!({ "prompt_id": id, "string": string });
    bench.ok("update_prompt", args("b")).await;
    bench.fake.world().stale_versions = 2;
    assert_eq!(bench.ok("update_prompt", args("b")).await["action"], "unchanged");
    bench.fake.world().stale_versions = 100;
    let error = bench.call("update_prompt", args("c")).await.unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("replaced moments ago"), "{error}");
    let shown = bench.ok("get_prompt", json!({ "prompt_id": id })).await;
    assert!(shown["note"].as_str().unwrap().contains("older version"), "{shown}");
    assert_eq!(bench.fake.versions(0), (2, 1));
}

#[tokio::test]
async fn a_version_whose_number_stays_unknown_is_published_by_its_id() {
    let bench = Bench::new().await;
    let id = bench.fake.add("c", "support", &version("a"));
    bench.fake.world().stale_after_write = 100;
    let args = json!({ "prompt_id": id, "string": "b", "publish": true });
    let error = bench.call("update_prompt", args).await.unwrap_err();
    assert_eq!(error["kind"], "partly_done");
    assert!(error["remedy"].as_str().unwrap().contains("version_id `"), "{error}");
    assert_eq!(bench.fake.versions(0), (2, 1));
}

#[tokio::test]
async fn a_failed_publishing_says_what_is_saved_and_how_to_go_on() {
    let bench = Bench::new().await;
    let id = bench.fake.add("c", "support", &version("a"));
    bench.fake.world().no_publishing = true;
    let args = json!({ "prompt_id": id, "string": "b", "publish": true });
    let error = bench.call("update_prompt", args).await.unwrap_err();
    assert_eq!(
        (&error["kind"], &error["status"], &error["code"]),
        (&json!("partly_done"), &json!(403), &json!("AB03"))
    );
    assert!(error["message"].as_str().unwrap().starts_with("version 2 of prompt"), "{error}");
    let remedy = error["remedy"].as_str().unwrap();
    assert!(remedy.contains(&format!("publish_prompt (prompt_id `{id}`, version 2)")), "{error}");
    assert_eq!(bench.fake.versions(0), (2, 1));
}

#[tokio::test]
async fn a_version_is_published_by_number_or_by_id() {
    let bench = Bench::new().await;
    let id = bench.fake.add("c", "support", &version("a"));
    let updated = bench.ok("update_prompt", json!({ "prompt_id": id, "string": "b" })).await;
    let by_id = json!({ "prompt_id": id, "version_id": updated["version_id"] });
    assert_eq!(bench.ok("publish_prompt", by_id).await["version"], 2);
    assert_eq!(bench.fake.versions(0), (2, 2));
    bench.ok("publish_prompt", json!({ "prompt_id": id, "version": 1 })).await;
    assert_eq!(bench.fake.versions(0), (2, 1));
    assert_eq!(bench.last_body(), json!({ "version": 1 }));
    let both = json!({ "prompt_id": id, "version": 1, "version_id": updated["version_id"] });
    assert!(bench.call("publish_prompt", both).await.is_err());
    assert!(bench.call("publish_prompt", json!({ "prompt_id": id })).await.is_err());
}

#[tokio::test]
async fn a_prompt_is_shown_whole_with_its_versions() {
    let bench = Bench::new().await;
    let tools = json!([{ "function": { "parameters": { "headers": { "type": "object" } } } }]);
    let id = bench.fake.add("c", "support", &with(version("a"), json!({ "tools": tools })));
    bench.ok("update_prompt", json!({ "prompt_id": id, "string": "b" })).await;
    let shown = bench.ok("get_prompt", json!({ "prompt_id": id })).await;
    assert_eq!(
        (&shown["string"], &shown["virtual_key"], &shown["tools"]),
        (&json!("a"), &json!("vk"), &tools)
    );
    assert_eq!(shown["versions"][0]["prompt_template"], json!({ "string": "b" }));
    let second = bench.ok("get_prompt", json!({ "prompt_id": id, "version": 2 })).await;
    assert_eq!(second["string"], "b");
    let long = "long ".repeat(12_000);
    bench.ok("update_prompt", json!({ "prompt_id": id, "string": long })).await;
    let shown = bench.ok("get_prompt", json!({ "prompt_id": id })).await;
    assert_eq!(shown["versions"].as_array().map(Vec::len), Some(3));
    assert!(shown["versions"][0].get("prompt_template").is_none());
    assert!(shown["note"].as_str().unwrap().contains("list_prompt_versions"), "{shown}");
}

#[tokio::test]
async fn creating_takes_messages_and_a_bare_tool_choice() {
    let bench = Bench::new().await;
    let args = json!({ "name": "n", "collection_id": "c", "parameters": {}, "virtual_key": "vk",
        "messages": [{ "role": "user", "content": "Hi {{name}}" }], "tool_choice": "auto",
        "ai_model_id": "am", "template_metadata": { "keep": null } });
    let would = bench.ok("create_prompt", with(args.clone(), json!({ "dry_run": true }))).await;
    assert_eq!(would["action"], "would_create");
    let created = bench.ok("create_prompt", args).await;
    assert_eq!((&created["slug"], &created["version"]), (&json!("pp-0"), &json!(1)));
    let want = json!({ "name": "n", "collection_id": "c", "parameters": {}, "virtual_key": "vk",
        "string": "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Hi {{name}}\"}]}]",
        "tool_choice": "auto", "ai_model_id": "am", "template_metadata": { "keep": null } });
    assert_eq!(bench.last_body(), want);
    let error = bench.call("create_prompt", json!({ "name": "n" })).await.unwrap_err();
    let missing: Vec<_> = error["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["argument"].as_str().unwrap())
        .collect();
    assert_eq!(missing, ["collection_id", "parameters", "virtual_key"]);
}

#[tokio::test]
async fn a_completion_is_only_sent_with_its_metadata() {
    let bench = Bench::new().await;
    let id = bench.fake.add("c", "support", &version("a"));
    let args = |app: &str| {
        json!({ "prompt_id": id, "variables": { "n": 1 }, "hyperparameters": { "top_p": 0.5, "seed": 7 },
            "metadata": { "client_id": "c", "app": app, "env": "e", "seat": "s" } })
    };
    let error = bench.call("run_prompt_completion", args(" ")).await.unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("`app` is missing or empty"), "{error}");
    assert_eq!(bench.writes(), [] as [String; 0]);
    let answer = bench.ok("run_prompt_completion", args("a")).await;
    let want = json!({ "top_p": 0.5, "seed": 7, "variables": { "n": 1 }, "stream": false,
        "metadata": { "client_id": "c", "app": "a", "env": "e", "seat": "s" } });
    assert_eq!(bench.last_body(), want);
    assert!(answer["warnings"][0].as_str().unwrap().contains("project_id"), "{answer}");
    let rendered =
        json!({ "prompt_id": id, "variables": {}, "hyperparameters": { "temperature": 3 } });
    let error = bench.call("render_prompt", rendered).await.unwrap_err();
    assert_eq!(error["problems"][0]["argument"], "hyperparameters.temperature", "{error}");
}

#[tokio::test]
async fn metadata_is_checked_without_a_request() {
    let bench = Bench::new().await;
    let answer = bench.ok("validate_completion_metadata", json!({ "app": "a" })).await;
    assert_eq!(
        (&answer["valid"], answer["errors"].as_array().map(Vec::len)),
        (&json!(false), Some(2))
    );
    assert_eq!(bench.fake.world().reads, [] as [String; 0]);
    assert_eq!(bench.writes(), [] as [String; 0]);
}

#[tokio::test]
async fn a_label_is_set_or_cleared_and_ids_of_versions_are_uuids() {
    let bench = Bench::new().await;
    let id = "00000000-0000-4000-8000-000000000000";
    for args in
        [json!({}), json!({ "version_id": "2", "label_id": id }), json!({ "version_id": id })]
    {
        let args = with(json!({ "prompt_id": "p" }), args);
        assert_eq!(
            bench.call("update_prompt_version", args).await.unwrap_err()["kind"],
            "invalid_arguments"
        );
    }
    let named = json!({ "prompt_id": "p", "version_id": id });
    let null = with(named.clone(), json!({ "label_id": null }));
    let refused = bench.call("update_prompt_version", null).await.unwrap_err();
    assert_eq!(refused["problems"][0]["argument"], "label_id", "a null takes no label off");
    for (given, sent) in
        [(json!({ "label_id": id }), json!(id)), (json!({ "clear": ["label_id"] }), Value::Null)]
    {
        let args = with(named.clone(), given);
        // The fake knows no such prompt; what was sent counts.
        assert_eq!(bench.call("update_prompt_version", args).await.unwrap_err()["status"], 404);
        assert_eq!(bench.last_body(), json!({ "label_id": sent }));
    }
}
