//! Masks: no secret passes them, and a masked document that comes back is the one that was stored,
//! or is refused.
//!
//! Input: the stored document, in JSON.

use portkey_admin_mcp::mask::{Names, SENTINEL, mask, restore};
use serde_json::Value;

const DOCUMENT: &str = "config";
/// Names that are secret wherever they stand.
const SECRET: [&str; 4] = ["api_key", "password", "Authorization", "secretKey"];

pub fn check(input: &[u8]) {
    let Ok(stored) = serde_json::from_slice::<Value>(input) else { return };
    // What holds a mask already is never stored, nor what Portkey itself has masked.
    if input.windows(3).any(|part| part == b"***") || stored.to_string().contains("***") {
        return;
    }
    let masked = shown(&stored);
    assert_eq!(shown(&masked), masked, "masked twice");
    hidden(&stored, &masked, false);
    let mut restored = masked.clone();
    match restore(&mut restored, &stored, DOCUMENT) {
        Ok(()) => {
            assert!(!restored.to_string().contains(SENTINEL), "a mask would be stored");
            // In elements of lists null deletes a secret.
            if !any(&stored, &|it| it.is_array()) {
                assert_eq!(restored, stored);
            }
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            assert!(any(&stored, &|it| it.is_array()), "{problems:?}");
        }
    }
    let mut moved = masked;
    if lead_away(&mut moved) {
        assert!(restore(&mut moved, &stored, DOCUMENT).is_err(), "a secret goes elsewhere");
    }
}

fn shown(value: &Value) -> Value {
    let mut shown = value.clone();
    mask(&mut shown, DOCUMENT, Names::default());
    shown
}

/// Every text in a field of a secret name is hidden.
fn hidden(stored: &Value, masked: &Value, secret: bool) {
    match (stored, masked) {
        (Value::Object(stored), Value::Object(masked)) => {
            assert!(stored.keys().eq(masked.keys()));
            for (name, value) in stored {
                // A schema describes secrets; what may be one is left out here.
                let secret = SECRET.contains(&&**name) && value.get("type").is_none()
                    || secret && value.get("type").is_none();
                hidden(value, &masked[name], secret);
            }
        }
        (Value::Array(stored), Value::Array(masked)) => {
            assert_eq!(stored.len(), masked.len());
            stored.iter().zip(masked).for_each(|(stored, masked)| hidden(stored, masked, secret));
        }
        (Value::String(text), _) if secret && !text.is_empty() => assert_eq!(masked, SENTINEL),
        (Value::String(_), _) => assert!(masked.is_string()),
        (Value::Number(_), _) => assert!(masked == stored || masked == SENTINEL),
        _ => assert_eq!(stored, masked),
    }
}

fn any(value: &Value, is: &impl Fn(&Value) -> bool) -> bool {
    is(value)
        || match value {
            Value::Array(items) => items.iter().any(|item| any(item, is)),
            Value::Object(fields) => fields.values().any(|field| any(field, is)),
            _ => false,
        }
}

/// Changes the host beside the first mask that stands outside of lists; returns whether there is one.
fn lead_away(value: &mut Value) -> bool {
    let Value::Object(fields) = value else { return false };
    if fields.values().any(|field| field == SENTINEL) {
        fields.insert("custom_host".into(), "https://elsewhere.example.com".into());
        return true;
    }
    fields.values_mut().any(lead_away)
}
