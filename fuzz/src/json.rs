//! The reader of JSON that answers go through: it reads what serde_json reads, as the same, and
//! writes what reads back.

use portkey_admin_mcp::json::{Json, depth, fault};
use serde_json::Value;

pub fn check(input: &[u8]) {
    let value = serde_json::from_slice::<Value>(input);
    let why = fault(input);
    assert!(value.is_err() || why.is_none(), "{why:?}");
    let Ok(text) = std::str::from_utf8(input) else {
        return assert!(value.is_err() && why.is_some());
    };
    let Ok(json) = Json::read(text) else {
        return assert!(value.is_err(), "serde_json reads it");
    };
    assert_eq!(nested(&json), depth(input));
    let written = json.write(0);
    assert_eq!(Json::read(&written).expect("what was written"), json);
    match value {
        Ok(value) => {
            assert_eq!(Value::from(json), value);
            assert_eq!(serde_json::from_str::<Value>(&written).expect("JSON"), value);
        }
        Err(error) => assert!(error.to_string().contains("number out of range"), "{error}"),
    }
}

fn nested(json: &Json<'_>) -> usize {
    match json {
        Json::List(items) => 1 + items.iter().map(nested).max().unwrap_or_default(),
        Json::Object(fields) => 1 + fields.iter().map(|it| nested(&it.1)).max().unwrap_or_default(),
        _ => 0,
    }
}
