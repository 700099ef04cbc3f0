//! What would change, leaf by leaf, with secrets masked.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::mask::{self, Names};

/// One leaf that differs.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct Edit {
    /// Such as `config.targets[0].weight`.
    path: String,
    /// What is there now; absent where there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Value>,
    /// What would be there; absent where it goes away.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Value>,
}

/// The leaves in which `after` differs from `before`, in order of the document.
pub fn diff(name: &str, before: &Value, after: &Value) -> Vec<Edit> {
    let mut changes = Vec::new();
    compare(name, Some(before), Some(after), &mut changes, Names::default());
    changes
}

fn compare(
    path: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    changes: &mut Vec<Edit>,
    names: Names,
) {
    match (before, after) {
        (before, after) if before == after => {}
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let added = new.keys().filter(|name| !old.contains_key(*name));
            for name in old.keys().chain(added) {
                compare(&format!("{path}.{name}"), old.get(name), new.get(name), changes, names);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for i in 0..old.len().max(new.len()) {
                compare(&format!("{path}[{i}]"), old.get(i), new.get(i), changes, names);
            }
        }
        (before, after) => {
            let shown = |value: Option<&Value>| {
                let mut value = value?.clone();
                let inside = path.split(['.', '[']).find(|name| mask::is_secret(name));
                mask::mask(&mut value, inside.unwrap_or_default(), names);
                Some(value)
            };
            changes.push(Edit { path: path.into(), before: shown(before), after: shown(after) });
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn leaves_that_differ_are_told_and_secrets_are_not() {
        let before = json!({ "a": 1, "t": [{ "headers": { "h": "old" } }], "gone": true });
        let after = json!({ "a": 2, "t": [{ "headers": { "h": "new" } }, { "w": 1 }] });
        let changes = serde_json::to_value(diff("config", &before, &after)).unwrap();
        let hidden = mask::SENTINEL;
        assert_eq!(
            changes,
            json!([
                { "path": "config.a", "before": 1, "after": 2 },
                { "path": "config.t[0].headers.h", "before": hidden, "after": hidden },
                { "path": "config.t[1]", "after": { "w": 1 } },
                { "path": "config.gone", "before": true },
            ])
        );
    }
}
