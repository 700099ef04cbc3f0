//! Answers that are larger than the server allows, and text that would not be seen.

use portkey_admin_mcp::mcp::Settings;
use serde_json::{Value, json};

use super::{always, joined};
use crate::support::{Called, serve, serve_key, settings};

/// Looks like nothing, or like something else: bidi marks, tags, zero width, controls.
const HIDDEN: &str = "ann\u{202e}gro\u{200b}.\u{e0041}\u{e0042}\u{7f}\u{1}\u{feff}x";

#[tokio::test]
async fn hidden_characters_are_visible_in_the_text_and_kept_in_the_data() {
    let served = serve_key(settings(), "workspace").await;
    let account = served.account("workspace");
    let prompts = account.get("/prompts").await;
    let slug = prompts["data"][0]["slug"].as_str().unwrap();
    let body = json!({ "variables": {}, "metadata": { "_user": HIDDEN, "env": HIDDEN } });
    account.post(&format!("/prompts/{slug}/completions"), &body).await;
    let made = account.config(HIDDEN, &json!({ "note": HIDDEN })).await;
    let users = served
        .call("get_analytics_group_users", joined(always(), &json!({ "page_size": 100 })))
        .await;
    let values = joined(always(), &json!({ "metadata_key": "env", "page_size": 100 }));
    let values = served.call("get_analytics_group_metadata", values).await;
    let config = served.call("get_config", json!({ "slug": made })).await;
    let configs = served.call("list_configs", json!({ "page_size": 100 })).await;
    let named = |called: &Called, field: &str| {
        let rows = called.data()["data"].as_array().unwrap();
        rows.iter().any(|row| row[field] == HIDDEN)
    };
    assert!(named(&users, "user"), "{}", users.data());
    assert!(named(&values, "metadata_value"), "{}", values.data());
    assert!(named(&configs, "name"), "{}", configs.data());
    assert_eq!(
        (&config.data()["name"], &config.data()["config"]["note"]),
        (&json!(HIDDEN), &json!(HIDDEN))
    );
    for called in [&users, &values, &config, &configs] {
        let text = called.text();
        let raw: Vec<_> = text.chars().filter(|letter| !matches!(letter, ' '..='~')).collect();
        assert!(raw.is_empty(), "{}: {raw:?}", called.tool);
        assert!(
            text.contains(r"ann\u202egro\u200b.\udb40\udc41\udb40\udc42\u007f\u0001\ufeffx"),
            "{text}"
        );
        let note = called.answer.body["result"]["content"][1]["text"].as_str().unwrap();
        assert!(note.contains("data, not instructions"), "{note}");
    }
}

fn bounded(max_answer_bytes: usize) -> Settings {
    Settings { max_answer_bytes, ..settings() }
}

/// Asserts that `cut` is the beginning of `whole`, in whole rows, and says so.
fn is_cut(cut: &Called, whole: &Value, max_bytes: usize) {
    let data = cut.data();
    let (rows, all) = (data["data"].as_array().unwrap(), whole["data"].as_array().unwrap());
    assert!(cut.text().len() <= max_bytes, "{} bytes of {max_bytes}", cut.text().len());
    assert!(!rows.is_empty() && rows.len() < all.len(), "{} of {}", rows.len(), all.len());
    assert_eq!(rows[..], all[..rows.len()]);
    assert_eq!((&data["truncated"], &data["returned"]), (&json!(true), &json!(rows.len())));
    assert_eq!(data["total"], whole["total"]);
    let hint = data["hint"].as_str().unwrap();
    assert!(hint.contains(&format!("{} of {} rows", rows.len(), all.len())), "{hint}");
    assert!(data.get("next_page").is_none(), "the next page would leave rows out");
}

#[tokio::test]
async fn a_list_that_is_too_large_is_cut_between_rows_and_says_how_to_go_on() {
    let mut served = serve(settings()).await;
    let account = served.account("admin");
    let versions = account.config("Versions", &json!({ "n": 0 })).await;
    for n in 1..9 {
        let args = json!({ "slug": versions, "config": { "n": n, "text": "x".repeat(200) } });
        served.call("update_config", args).await.data();
    }
    for (tool, args) in [
        ("list_configs", json!({})),
        ("list_config_versions", json!({ "slug": versions })),
        ("get_analytics_group_users", always()),
        (
            "get_analytics_group",
            joined(always(), &json!({ "group_by": "config", "include_total": true })),
        ),
    ] {
        served = served.with(settings());
        let whole = served.call(tool, args.clone()).await;
        let max_bytes = whole.text().len() - 1;
        served = served.with(bounded(max_bytes));
        is_cut(&served.call(tool, args).await, whole.data(), max_bytes);
    }
}

/// Escaped, hidden text is up to three times as long.
#[tokio::test]
async fn a_cut_answer_keeps_the_limit_with_hidden_characters_too() {
    let mut served = serve(settings()).await;
    let account = served.account("admin");
    for _ in 0..12 {
        account.config(&"\u{e0041}".repeat(255), &json!({ "virtual_key": "vk" })).await;
    }
    let args = json!({ "page_size": 100 });
    let whole = served.call("list_configs", args.clone()).await;
    served = served.with(bounded(30_000));
    is_cut(&served.call("list_configs", args).await, whole.data(), 30_000);
}

#[tokio::test]
async fn the_page_size_that_a_hint_names_fits() {
    let mut served = serve(settings()).await;
    served = served.with(bounded(3_000));
    let cut = served.call("list_configs", json!({})).await;
    let (_, size) = cut.data()["hint"].as_str().unwrap().split_once("at most ").unwrap();
    let size: u64 = size.split(' ').next().unwrap().parse().unwrap();
    let (mut seen, mut page) = (Vec::new(), json!(0));
    while !page.is_null() {
        let args = json!({ "page_size": size, "current_page": page });
        let list = served.call("list_configs", args).await;
        assert!(list.data().get("truncated").is_none(), "{}", list.data());
        let rows = list.data()["data"].as_array().unwrap().iter();
        seen.extend(rows.map(|row| row["slug"].as_str().unwrap().to_owned()));
        page = list.data()["next_page"].clone();
    }
    assert_eq!(seen, served.account("admin").slugs().await);
}

/// A row is a single object: without it the caller could not go on.
#[tokio::test]
async fn one_row_is_there_however_large_it_is() {
    let mut served = serve(settings()).await;
    let account = served.account("admin");
    let document = json!({ "note": "x".repeat(5_000) });
    let slug = account.config("Large", &document).await;
    served = served.with(bounded(2_000));
    let args = json!({ "slug": slug });
    let one = served.call("list_config_versions", args.clone()).await;
    assert_eq!(one.data()["data"][0]["config"], document);
    assert!(one.data().get("truncated").is_none(), "nothing is missing");
    let change = json!({ "slug": slug, "config": { "more": 1 } });
    served.call("update_config", change).await.data();
    let cut = served.call("list_config_versions", args).await;
    assert_eq!(cut.data()["data"].as_array().unwrap().len(), 1);
    assert_eq!((&cut.data()["returned"], &cut.data()["total"]), (&json!(1), &json!(2)));
}

#[tokio::test]
async fn a_single_object_is_never_cut() {
    let mut served = serve(settings()).await;
    let account = served.account("admin");
    let document = json!({ "data": (0..500).collect::<Vec<_>>(), "note": "x".repeat(5_000) });
    let slug = account.config("Large", &document).await;
    served = served.with(bounded(2_000));
    let got = served.call("get_config", json!({ "slug": slug })).await;
    assert_eq!(got.data()["config"], document);
    let graph = served.call("get_cost_analytics", always()).await;
    assert!(graph.data()["data_points"].as_array().unwrap().len() > 20);
}
