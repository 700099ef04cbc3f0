//! Path and query of a request to Portkey: no argument leads out of its segment or its parameter.
//!
//! Input: a digit for the template, then the arguments in JSON.

use portkey_admin_mcp::portkey::{Base, Method, Request, url};
use serde_json::{Map, Value};

const BASE: &str = "https://api.example.com/v1";
const TEMPLATES: [&str; 6] = [
    "/configs/{id}",
    "/prompts/{id}/versions/{name}",
    "/logs/exports/{id}",
    "/a/{id}/b{?name}",
    "/a/{id}/b{?name}{!other}",
    "/a",
];

pub fn check(input: &[u8]) {
    let Some((first, rest)) = input.split_first() else { return };
    let Ok(args) = serde_json::from_slice::<Value>(rest) else { return };
    let template = TEMPLATES[usize::from(*first) % TEMPLATES.len()];
    for method in [Method::Get, Method::Post, Method::Put, Method::Delete] {
        let request = Request {
            method,
            path: template,
            args: args.clone(),
            reads: false,
            replayable: false,
            read_back: None,
            base: Base::Given,
        };
        let Ok(url) = url(request, BASE) else { continue };
        let given = args.as_object().cloned().unwrap_or_default();
        check_url(&url, template, method, given);
    }
}

fn check_url(url: &url::Url, template: &str, method: Method, mut given: Map<String, Value>) {
    let reads = matches!(method, Method::Get | Method::Delete);
    assert!(url.as_str().starts_with(BASE), "{url}");
    assert!(url.fragment().is_none() && url.username().is_empty() && url.port().is_none());
    let (template, in_body) = template.split_once("{!").unwrap_or((template, ""));
    let (template, in_query) = template.split_once("{?").unwrap_or((template, ""));
    let wanted: Vec<&str> = template.split('/').skip(1).collect();
    let path = url.path().strip_prefix("/v1/").expect("the base's path");
    let segments: Vec<&str> = path.split('/').collect();
    assert_eq!(segments.len(), wanted.len(), "{url}");
    for (segment, wanted) in segments.into_iter().zip(wanted) {
        let decoded = decoded(segment);
        assert!(!matches!(&*decoded, "" | "." | ".."), "{url}");
        match wanted.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
            Some(name) => {
                assert_eq!(decoded, text(&given.shift_remove(name).expect(name)), "{url}");
            }
            None => assert_eq!(segment, wanted, "{url}"),
        }
    }
    if reads && !in_body.is_empty() {
        given.shift_remove("other");
    }
    if !reads {
        given.retain(|name, _| !in_query.is_empty() && name == "name");
    }
    given.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|it| !it.is_empty()));
    let query: Vec<(String, String)> = url
        .query()
        .into_iter()
        .flat_map(|query| query.split('&'))
        .map(|pair| pair.split_once('=').expect("a value"))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect();
    let wanted: Vec<(String, String)> =
        given.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    assert_eq!(query, wanted, "{url}");
}

/// Percent-decoding alone: a `+` is a `+`.
fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().expect("UTF-8").into_owned()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
