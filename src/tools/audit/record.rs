//! One entry of the trail, made safe to show.

use serde_json::Value;

use crate::{
    mask::{SENTINEL, scrub},
    tool::JsonObject,
};

/// Reads what arrives as text, so that the secrets in it are masked by the names of their fields.
/// Text that cannot be read is masked whole.
pub(super) fn read(record: &mut Value) {
    let Value::Object(fields) = record else { return };
    for name in ["request_body", "request_headers", "query_params"] {
        let Some(Value::String(text)) = fields.get(name) else { continue };
        let read = match parsed(text) {
            Some(read) => read,
            None if text.is_empty() => continue,
            None if name == "query_params" => query(text),
            None => SENTINEL.into(),
        };
        fields.insert(name.into(), read);
    }
    // The body of a virtual key or integration carries the provider's key under this name.
    if let Some(key) = fields.get_mut("request_body").and_then(|body| body.get_mut("key"))
        && key.as_str().is_some_and(|text| !text.is_empty() && !text.contains("***"))
    {
        *key = SENTINEL.into();
    }
}

/// JSON text as what it says, and text in it that is JSON again, as configs are. Of such text that
/// cannot be read, what looks like a secret is masked.
fn parsed(text: &str) -> Option<Value> {
    let mut value = serde_json::from_str(text).ok()?;
    unfold(&mut value);
    Some(value)
}

fn unfold(value: &mut Value) {
    match value {
        Value::String(text) if is_document(text) => {
            *value = match parsed(text) {
                Some(inner) => inner,
                None => scrub(text).into_owned().into(),
            };
        }
        Value::Array(items) => items.iter_mut().for_each(unfold),
        Value::Object(fields) => fields.values_mut().for_each(unfold),
        _ => {}
    }
}

fn is_document(text: &str) -> bool {
    let text = text.trim_start_matches(|it: char| it.is_whitespace() || it == '\u{feff}');
    text.starts_with(['{', '['])
}

fn query(text: &str) -> Value {
    let pairs = url::form_urlencoded::parse(text.trim_start_matches('?').as_bytes());
    let fields: JsonObject =
        pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect();
    Value::Object(fields)
}

/// Whether an entry's path or body names a resource by its id or slug.
pub(super) fn names(record: &Value, resource: &str) -> bool {
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
    let path = text("uri").split(['?', '#']).next().unwrap_or_default();
    path.split('/').any(|segment| segment == resource)
        || text("request_body").contains(&Value::from(resource).to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_is_read_and_what_cannot_be_read_is_masked() {
        let config = json!({ "api_key": "sk-1", "targets": [] }).to_string();
        let mut record = json!({
            "uri": "/v1/configs",
            "request_body": json!({ "name": "n", "key": "sk-2", "config": config }).to_string(),
            "request_headers": "user-agent: x",
            "query_params": "a=1&token=t",
        });
        read(&mut record);
        let want = json!({
            "uri": "/v1/configs",
            "request_body": { "name": "n", "key": SENTINEL, "config": { "api_key": "sk-1", "targets": [] } },
            "request_headers": SENTINEL,
            "query_params": { "a": "1", "token": "t" },
        });
        assert_eq!(record, want);
        let inner = |config: &str| {
            let mut record = json!({ "request_body": json!({ "config": config }).to_string() });
            read(&mut record);
            record["request_body"]["config"].take()
        };
        assert_eq!(inner(r#"[{"api_key":"sk-4"}]"#), json!([{ "api_key": "sk-4" }]));
        let broken = inner(r#" {"api_key":"sk-5","x":"y",}"#).to_string();
        assert!(!broken.contains("sk-5") && broken.contains('y'), "{broken}");
        assert_eq!(inner("[draft] a plain text"), "[draft] a plain text");
        let mut cut = json!({ "request_body": "{\"key\":\"sk-3", "query_params": "" });
        read(&mut cut);
        assert_eq!(cut, json!({ "request_body": SENTINEL, "query_params": "" }));
    }

    #[test]
    fn a_resource_is_named_by_a_whole_segment_or_text() {
        let record =
            json!({ "uri": "/v1/configs/pc-a-1?x=pc-q", "request_body": "{\"id\":\"u-1\"}" });
        for (resource, found) in
            [("pc-a-1", true), ("pc-a", false), ("pc-q", false), ("u-1", true), ("u", false)]
        {
            assert_eq!(names(&record, resource), found, "{resource}");
        }
    }
}
