//! The partials tools, from the endpoint to what the sandbox stores and renders.

use serde_json::{Value, json};

use crate::support::{Served, joined, serve, serve_key, settings};

/// A partial's fields that its reader sees.
async fn get(served: &Served, id: &str) -> Value {
    served.call("get_prompt_partial", json!({ "prompt_partial_id": id })).await.data().clone()
}

#[tokio::test]
async fn versions_are_listed_latest_first_until_the_partial_is_deleted() {
    let served = serve_key(settings(), "workspace").await;
    let first = json!({ "name": "Greeting", "string": "Hello", "version_description": "first" });
    let made = served.call("create_prompt_partial", first).await;
    let slug = made.data()["slug"].as_str().unwrap();
    assert_eq!(get(&served, slug).await["version_description"], "first");
    let id = json!({ "prompt_partial_id": slug });
    for string in ["Hi", "Hey"] {
        let change = joined(id.clone(), &json!({ "string": string }));
        served.call("update_prompt_partial", change).await.data();
    }
    let list = served.call("list_partial_versions", id.clone()).await;
    let rows = list.data()["data"].as_array().unwrap();
    let seen: Vec<_> = rows.iter().map(|row| (&row["version"], &row["string"])).collect();
    let want = [(json!(3), json!("Hey")), (json!(2), json!("Hi")), (json!(1), json!("Hello"))];
    assert_eq!(seen, want.iter().map(|(a, b)| (a, b)).collect::<Vec<_>>());
    let page = joined(id.clone(), &json!({ "current_page": 1, "page_size": 2 }));
    let page = served.call("list_partial_versions", page).await;
    assert_eq!(page.data()["data"][0]["version"], 1);
    served.call("delete_prompt_partial", id.clone()).await.data();
    assert_eq!(served.call("get_prompt_partial", id).await.error()["status"], 404);
}

/// The API ignores `description` (facts.md, "Spec against reality" 5).
#[tokio::test]
async fn a_description_is_sent_under_the_name_that_the_api_reads() {
    let served = serve_key(settings(), "workspace").await;
    let id = served.seeded("workspace", "/prompts/partials", "refund-policy", "slug").await;
    for name in ["description", "version_description"] {
        let text = format!("by {name}");
        let args = json!({ "prompt_partial_id": id, "string": text, name: text });
        let body = json!({ "string": text, "version_description": text });
        let put = format!("PUT /v1/prompts/partials/{id}");
        served.sends_one("update_prompt_partial", args, &put, body).await.data();
        let list = served.call("list_partial_versions", json!({ "prompt_partial_id": id })).await;
        assert_eq!(list.data()["data"][0]["description"], text);
    }
}

#[tokio::test]
async fn what_an_update_does_not_mention_stays() {
    let served = serve(settings()).await;
    let id = served.seeded("admin", "/prompts/partials", "tone-of-voice", "slug").await;
    let before = get(&served, &id).await;
    for (change, changed) in [
        (json!({ "name": "Tone" }), "name"),
        (json!({ "version_description": "as agreed" }), "version_description"),
        (json!({ "status": "archived" }), "status"),
    ] {
        let mut args = change.clone();
        args["prompt_partial_id"] = json!(id);
        served.call("update_prompt_partial", args).await.data();
        let after = get(&served, &id).await;
        assert_eq!(after[changed], change[changed]);
        for field in ["string", "version", "collection_id", "prompt_partial_version_id", "slug"] {
            assert_eq!(after[field], before[field], "{field} after {change}");
        }
    }
    let error = served.refused("update_prompt_partial", json!({ "prompt_partial_id": id })).await;
    assert!(error["message"].as_str().unwrap().contains("nothing to change"), "{error}");
}

#[tokio::test]
async fn prompts_take_in_the_published_text() {
    let served = serve_key(settings(), "workspace").await;
    let tone = served.seeded("workspace", "/prompts/partials", "tone-of-voice", "slug").await;
    let inner =
        json!({ "name": "Outer", "string": format!("[{{{{>{tone}@1}}}}] [{{{{> {tone} }}}}]") });
    let outer = served.call("create_prompt_partial", inner).await.data()["slug"].clone();
    let outer = outer.as_str().unwrap();
    let prompt = json!({
        "name": "With partials", "virtual_key": "vk", "model": "gpt-4o", "parameters": {},
        "collection_id": served.seeded("workspace", "/collections", "dev", "id").await,
        "messages": [
            { "role": "system", "content": format!("{{{{>{outer}}}}}") },
            { "role": "user", "content": "{{question}} {{>pp-part-unknown}}" },
        ],
    });
    let prompt = served.call("create_prompt", prompt).await.data()["prompt_id"].clone();
    let render =
        json!({ "prompt_id": prompt, "variables": { "question": "Why?", "customer_name": "Ann" } });
    let text = |rendered: &Value, n: usize| {
        let content = &rendered["messages"][n]["content"];
        content.as_str().or(content[0]["text"].as_str()).unwrap().to_owned()
    };
    let rendered = served.call("render_prompt", render.clone()).await;
    assert_eq!(
        text(rendered.data(), 0),
        "[Answer kindly and in two sentences.] [Answer kindly, in two sentences, and address the customer as Ann.]"
    );
    assert_eq!(text(rendered.data(), 1), "Why? {{>pp-part-unknown}}");

    // A new text reaches prompts when it is published, and not before.
    let change = json!({ "prompt_partial_id": tone, "string": "Be brief, {{customer_name}}." });
    served.call("update_prompt_partial", change).await.data();
    let same = served.call("render_prompt", render.clone()).await;
    assert_eq!(same.data(), rendered.data());
    let publish = json!({ "prompt_partial_id": tone, "version": 3 });
    served.call("publish_partial", publish).await.data();
    let rendered = served.call("render_prompt", render).await;
    assert_eq!(text(rendered.data(), 0), "[Answer kindly and in two sentences.] [Be brief, Ann.]");

    for (id, user) in [(tone.as_str(), outer), (outer, "pp-with")] {
        let args = json!({ "prompt_partial_id": id });
        let error = served.call("delete_prompt_partial", args).await.error();
        assert_eq!((&error["status"], &error["code"]), (&json!(409), &json!("AB07")), "{error}");
        assert!(error["message"].as_str().unwrap().contains(user), "{error}");
    }
}

#[tokio::test]
async fn partials_that_take_each_other_in_come_to_an_end() {
    let served = serve_key(settings(), "workspace").await;
    let made = served.call("create_prompt_partial", json!({ "name": "Loop", "string": "x" })).await;
    let slug = made.data()["slug"].as_str().unwrap().to_owned();
    let text = format!("a {{{{>{slug}}}}}");
    let args = json!({ "prompt_partial_id": slug, "string": text });
    served.call("update_prompt_partial", args).await.data();
    served.call("publish_partial", json!({ "prompt_partial_id": slug, "version": 2 })).await.data();
    let prompt = json!({
        "name": "Looping", "virtual_key": "vk", "model": "gpt-4o", "parameters": {}, "string": text,
        "collection_id": served.seeded("workspace", "/collections", "dev", "id").await,
    });
    let prompt = served.call("create_prompt", prompt).await.data()["prompt_id"].clone();
    let args = json!({ "prompt_id": prompt, "variables": {} });
    let rendered = served.call("render_prompt", args).await;
    let want = format!("a a a a a a {{{{>{slug}}}}}");
    assert_eq!(rendered.data()["messages"][0]["content"], want, "{}", rendered.data());
}
