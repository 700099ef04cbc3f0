use proptest::prelude::*;
use serde_json::json;

use super::*;

mod lists;

fn shown(document: &Value) -> Value {
    let mut shown = document.clone();
    mask(&mut shown, "config", Names::default());
    shown
}

#[test]
fn secrets_are_masked_wherever_they_stand() {
    let document = json!({
        "api_key": "canary", "X-Api-Key": "canary", "openai_api_key": "canary", "max_tokens": 5,
        "targets": [{ "custom_headers": { "h": "canary", "deep": ["canary"] } }],
        "custom_host": "https://u:canary@h.example/v1?token=canary", "name": "shown", "secret": "",
    });
    let text = shown(&document).to_string();
    assert!(!text.contains("canary") && text.contains("shown") && text.contains("h.example"));
}

#[test]
fn a_name_that_ends_in_a_secret_thing_is_a_secrets() {
    for name in [
        "Proxy-Authorization",
        "authorization",
        "cookie",
        "Set-Cookie",
        "session_cookie",
        "cookies",
        "jwt",
        "idJwt",
        "credential",
        "userCredential",
        "passwd",
        "db_pwd",
        "connection_string",
        "azureConnectionString",
        "Ocp-Apim-Subscription-Key",
        "subscriptionKey",
        "refresh_token",
        "password",
        "apiKey",
    ] {
        let document = json!({ name: "canary" });
        assert!(!shown(&document).to_string().contains("canary"), "{name}");
    }
    for name in ["virtual_key", "max_tokens", "string", "key", "cookie_policy", "tokens"] {
        let document = json!({ name: "shown" });
        assert_eq!(shown(&document), document, "{name}");
    }
}

#[test]
fn what_portkey_masks_stays_readable_and_what_it_shows_once_is_shown() {
    let answer = json!({
        "key": "Xk*******S4", "api_key": "sk-********nop", "masked_api_key": "********",
        "token": "kestrel-***-in-part", "once": "https://h.example/x?sig=canary", "deep": { "once": [7] },
    });
    let mut seen = answer.clone();
    let names = Names { secret: &["key"], one_time: &["once"], ..Names::default() };
    mask(&mut seen, "", names);
    let mut want = answer;
    want["token"] = SENTINEL.into();
    assert_eq!(seen, want);
    mask(&mut seen, "", Names::default());
    assert!(!seen.to_string().contains("canary"), "{seen}");
}

#[test]
fn only_portkeys_own_masks_pass_for_masks() {
    for text in ["Xk*******S4", "sk-***m40", "sk-ant-***m40", "pk-a****f0Z", "********"] {
        let document = json!({ "api_key": text });
        assert_eq!(shown(&document), document, "{text}");
        let inside = json!({ "headers": { "x": text }, "credentials": { "deep": [text] } });
        assert!(!shown(&inside).to_string().contains(&format!("\"{text}\"")), "{text}");
    }
    for text in [
        "***hunter2",
        "p***ss",
        "a***b***c",
        "hunter***2",
        "a b*****",
        "é*******",
        "***",
        "ab**cdef",
    ] {
        assert_eq!(shown(&json!({ "api_key": text }))["api_key"], SENTINEL, "{text}");
    }
}

#[test]
fn a_mask_stands_for_the_stored_value_of_its_place() {
    let stored =
        json!({ "a": { "api_key": "k1", "custom_host": "https://h" }, "b": { "api_key": "k2" } });
    let mut document = shown(&stored);
    document["a"]["weight"] = 2.into();
    restore(&mut document, &stored, "config").unwrap();
    assert_eq!(document["a"], json!({ "api_key": "k1", "custom_host": "https://h", "weight": 2 }));
    assert_eq!(document["b"], stored["b"]);
}

#[test]
fn what_is_below_a_secret_is_secret_whatever_it_is() {
    let stored = json!({
        "authorization": { "value": "canary" }, "vertex_service_account_json": { "id": "canary" },
        "azureAdToken": "canary", "password": 7531, "custom_headers": { "pin": 7531 },
        "virtual_key": "shown", "max_tokens": 5,
    });
    let document = shown(&stored);
    let text = document.to_string();
    assert!(!text.contains("canary") && !text.contains("7531") && text.contains("shown"), "{text}");
    let mut restored = document;
    restore(&mut restored, &stored, "config").unwrap();
    assert_eq!(restored, stored);
}

#[test]
fn every_field_that_names_a_host_counts_as_one() {
    for host in [
        "azure_foundry_url",
        "azureFoundryUrl",
        "huggingfaceBaseUrl",
        "url_to_fetch",
        "azure_resource_name",
        "snowflakeAccount",
    ] {
        let stored = json!({ "api_key": "k" });
        let mut document = json!({ "api_key": SENTINEL, host: "https://evil.example" });
        assert!(restore(&mut document, &stored, "config").is_err(), "{host}");
    }
}

#[test]
fn a_mask_beside_a_changed_host_is_refused() {
    let stored = json!({ "custom_host": "https://h", "x": { "headers": { "a": "k" } } });
    let mut document = shown(&stored);
    document["custom_host"] = "https://evil.example".into();
    let problems = restore(&mut document, &stored, "config").unwrap_err();
    assert_eq!(problems[0].argument, "config.custom_host");
}

#[test]
fn a_mask_is_refused_wherever_in_its_document_a_host_changed() {
    let stored =
        json!({ "client_secret": "k", "meta": { "token_endpoint": "https://idp", "a": 1 } });
    for (patch, paths) in [
        (
            json!({ "meta": { "token_endpoint": "https://evil" } }),
            &["config.meta.token_endpoint"][..],
        ),
        (json!({ "meta": { "token_endpoint": null } }), &["config.meta.token_endpoint"]),
        (json!({ "meta": null }), &["config.meta.token_endpoint"]),
        (json!({ "new": { "in": { "url": "https://evil" } } }), &["config.new.in.url"]),
        (json!({ "new": { "provider": "q" } }), &["config.new.provider"]),
        (json!({ "snowflake_account": "evil" }), &["config.snowflake_account"]),
        (json!({ "meta": { "a": 2 }, "new": { "provider": { "sort": "price" } } }), &[]),
        (json!({ "meta": null, "client_secret": "given" }), &[]),
        (json!({ "meta": null, "client_secret": null }), &[]),
    ] {
        let mut document = shown(&stored);
        json_patch::merge(&mut document, &patch);
        let told = restore(&mut document, &stored, "config").err().unwrap_or_default();
        let told: Vec<_> = told.iter().map(|it| &*it.argument).collect();
        assert_eq!(told, paths, "{patch}");
    }
}

#[test]
fn an_element_is_matched_by_what_is_shown_of_it() {
    let stored = json!({ "targets": [{ "n": 1, "api_key": "k1" }, { "n": 2, "api_key": "k2" }] });
    let mut document = shown(&stored);
    document["targets"].as_array_mut().unwrap().swap(0, 1);
    restore(&mut document, &stored, "config").unwrap();
    assert_eq!(
        document["targets"],
        json!([{ "n": 2, "api_key": "k2" }, { "n": 1, "api_key": "k1" }])
    );

    let mut document = shown(&stored);
    document["targets"][0]["n"] = 3.into();
    assert!(restore(&mut document, &stored, "config").is_err(), "an edited element");
    document["targets"][0]["api_key"] = "new".into();
    restore(&mut document, &stored, "config").unwrap();
    assert_eq!(document["targets"][1], stored["targets"][1]);

    let stored = json!([{ "n": 1, "api_key": "k1" }, { "n": 1, "api_key": "k2" }]);
    let mut document = shown(&stored);
    restore(&mut document, &stored, "config").unwrap();
    assert_eq!(document, stored, "the whole list unchanged");
    let mut document = shown(&stored);
    document.as_array_mut().unwrap().pop();
    assert!(restore(&mut document, &stored, "config").is_err(), "ambiguous");
}

#[test]
fn of_very_many_masks_the_first_are_told() {
    let masked = vec![json!({ "api_key": SENTINEL }); 20_000];
    let long = json!({ "x".repeat(100_000): SENTINEL });
    for mut document in [json!(masked), json!({ "a": masked }), long] {
        let problems = restore(&mut document, &json!({}), "config").unwrap_err();
        let length: usize = problems.iter().map(|it| it.argument.len() + it.why.len()).sum();
        assert!(problems.len() <= 20 && length < 8_000, "{}", problems.len());
    }
    let document = json!(vec![json!({ "api_key": "sk-***m40" }); 20_000]);
    assert_eq!(all_known(&document, "config").unwrap_err().len(), 20);
}

#[test]
fn names_are_folded() {
    let table = [
        ("X-Api-Key", "x_api_key"),
        ("xApiKey", "x_api_key"),
        ("openAIApiKey", "open_ai_api_key"),
        ("baseURL", "base_url"),
        ("azureEntraClientSecret", "azure_entra_client_secret"),
        ("APIKEY", "apikey"),
        ("x2Key", "x2_key"),
        ("api_key", "api_key"),
        ("API_KEY", "api_key"),
    ];
    for (name, want) in table {
        assert_eq!(folded(name), want);
    }
}

#[test]
fn a_header_called_type_makes_no_schema_of_the_others() {
    let document = json!({ "headers": { "type": "string", "x-auth": "canary", "title": "t" } });
    assert!(!shown(&document).to_string().contains("canary"));
}

#[test]
fn a_schema_under_a_secret_name_is_shown() {
    let document =
        json!({ "properties": { "headers": { "type": "object", "description": "shown" } } });
    assert_eq!(shown(&document), document);
    let document = json!({ "tools": [{ "headers": { "x-team": "canary" } }] });
    assert!(!shown(&document).to_string().contains("canary"));
}

#[test]
fn masked_arguments_are_found_with_their_path() {
    let mut found = Vec::new();
    let args = json!({ "list": [{ "note": format!("x{SENTINEL}") }], "api_key": "sk-***m40", "text": "a *** b" });
    find(&args, "body", &mut |path| found.push(path));
    assert_eq!(found, ["body.list[0].note", "body.api_key"]);
}

#[test]
fn what_portkey_masks_is_not_stored() {
    let document = json!({ "a": { "api_key": "sk-***m40" }, "note": "a *** b", "token": "known" });
    let problems = all_known(&document, "config").unwrap_err();
    assert_eq!((problems.len(), &*problems[0].argument), (1, "config.a.api_key"));
    assert!(all_known(&json!({ "api_key": "known" }), "config").is_ok());
}

/// Documents with secret and plain names, URLs and text that looks like masks.
fn document() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        Just("api_key".to_owned()),
        Just("headers".into()),
        Just("custom_host".into()),
        Just("url".into()),
        Just("token".into()),
        Just("type".into()),
        Just("name".into()),
        Just("provider".into()),
        Just("weight".into()),
        "[a-c]",
    ];
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        Just(Value::Null),
        "\\PC{0,6}".prop_map(Value::from),
        Just(Value::from(SENTINEL)),
        Just(Value::from("***")),
        Just(Value::from("object")),
        "https://([a-c]:[a-c]@)?h/(\\?token=[a-c])?".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..4)
                .prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_read_and_written_back_is_what_was_stored(stored in document()) {
        let mut document = shown(&stored);
        restore(&mut document, &stored, "config").unwrap();
        prop_assert_eq!(document, stored);
    }
}
