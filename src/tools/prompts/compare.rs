//! In what a wanted version differs from a stored one.

use serde_json::{Value, json};

use super::{stored::Stored, template::messages};
use crate::{
    tool::JsonObject,
    tools::diff::{Edit, diff},
};

/// Metadata that says when something was done: alone it is no change.
const STAMPS: [&str; 2] = ["migrated_at", "promoted_at"];

/// A prompt as it is to be. What is absent stays as it is stored.
#[derive(Debug, Default)]
pub struct Wanted {
    /// `name` and `collection_id`: these belong to the prompt, not to a version.
    pub prompt: JsonObject,
    /// Fields of a version by the names that PUT takes.
    pub version: JsonObject,
    /// All of the metadata, not a patch.
    pub metadata: Option<JsonObject>,
    /// Metadata that is set to the time of the write, if there is one.
    pub stamp: Option<&'static str>,
    /// The version's description follows from the rest: alone it is no change.
    pub describes_itself: bool,
}

/// What a write would change.
#[derive(Debug)]
pub struct Difference {
    pub changes: Vec<Edit>,
    /// A field of the version differs, not only of the prompt.
    pub in_version: bool,
}

impl Wanted {
    /// Every leaf in which this differs from what is stored.
    pub fn difference(&self, stored: &Stored) -> Difference {
        let (mut before, mut after) = (JsonObject::new(), JsonObject::new());
        for (name, new) in &self.prompt {
            let old = stored.prompt.get(name).unwrap_or(&Value::Null);
            if old != new {
                show(name, old, new, &mut before, &mut after);
            }
        }
        let outside = after.len();
        for (name, new) in &self.version {
            if name == "version_description" && self.describes_itself {
                continue;
            }
            let old = field(&stored.latest, name);
            if !same(name, old, new) {
                show(name, old, new, &mut before, &mut after);
            }
        }
        if let Some(new) = &self.metadata {
            let old = metadata(&stored.latest);
            let (old, new) = (Value::Object(unstamped(&old)), Value::Object(unstamped(new)));
            if !equal(&old, &new) {
                show("template_metadata", &old, &new, &mut before, &mut after);
            }
        }
        let in_version = after.len() > outside;
        let changes = diff("prompt", &Value::Object(before), &Value::Object(after));
        Difference { changes, in_version }
    }

    /// Everything that a new prompt would hold.
    pub fn as_changes(&self) -> Vec<Edit> {
        let (mut before, mut after) = (JsonObject::new(), JsonObject::new());
        for (name, new) in self.prompt.iter().chain(&self.version) {
            show(name, &Value::Null, new, &mut before, &mut after);
        }
        if let Some(new) = self.metadata.as_ref().filter(|metadata| !metadata.is_empty()) {
            after.insert("template_metadata".into(), Value::Object(new.clone()));
        }
        diff("prompt", &json!({}), &Value::Object(after))
    }
}

/// A stored version's metadata; none is empty.
pub fn metadata(version: &JsonObject) -> JsonObject {
    version.get("template_metadata").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// `stored` with `patch` merged into it: RFC 7396, null deletes a key.
pub fn patched(stored: JsonObject, patch: JsonObject) -> JsonObject {
    let mut document = Value::Object(stored);
    json_patch::merge(&mut document, &Value::Object(patch));
    match document {
        Value::Object(merged) => merged,
        _ => JsonObject::new(),
    }
}

/// A field of a stored version by the name that PUT gives it.
fn field<'a>(version: &'a JsonObject, name: &str) -> &'a Value {
    let name = if name == "version_description" { "prompt_version_description" } else { name };
    version.get(name).unwrap_or(&Value::Null)
}

/// Notes a difference where it can be read best: chat templates message by message, and nothing
/// where there is nothing.
fn show(name: &str, old: &Value, new: &Value, before: &mut JsonObject, after: &mut JsonObject) {
    let chat = |value: &Value| value.as_str().and_then(messages);
    let (name, old, new) = match (name, chat(old), chat(new)) {
        ("string", Some(old), Some(new)) => ("messages", old, new),
        ("string", None, Some(new)) if old.is_null() => ("messages", Value::Null, new),
        ("parameters", ..) => (name, without_model(old, new), new.clone()),
        _ => (name, old.clone(), new.clone()),
    };
    if !old.is_null() {
        before.insert(name.into(), old);
    }
    if !new.is_null() {
        after.insert(name.into(), new);
    }
}

fn same(name: &str, old: &Value, new: &Value) -> bool {
    match (name, old, new) {
        ("string", Value::String(old), Value::String(new)) => {
            old == new || messages(old).is_some_and(|old| Some(old) == messages(new))
        }
        ("parameters", ..) => equal(&without_model(old, new), new),
        ("is_raw_template", ..) => flag(old) == flag(new),
        _ => equal(nothing_if_empty(old), nothing_if_empty(new)),
    }
}

/// Portkey writes the version's model into its parameters. That is no difference from parameters
/// that do not name one.
fn without_model(old: &Value, new: &Value) -> Value {
    let mut old = old.clone();
    if let Value::Object(fields) = &mut old
        && new.get("model").is_none()
    {
        fields.shift_remove("model");
    }
    if old.is_null() { json!({}) } else { old }
}

/// What was never set reads as null, an empty list means the same.
fn nothing_if_empty(value: &Value) -> &Value {
    match value {
        Value::Array(items) if items.is_empty() => &Value::Null,
        other => other,
    }
}

pub fn flag(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| value.as_u64().is_some_and(|number| number != 0))
}

fn unstamped(metadata: &JsonObject) -> JsonObject {
    let mut metadata = metadata.clone();
    metadata.retain(|name, _| !STAMPS.contains(&&**name));
    metadata
}

/// Equality in which 1.0 is 1, since the API keeps no such difference.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let found = |(name, value): (&String, &Value)| {
                b.get(name).is_some_and(|other| equal(value, other))
            };
            a.len() == b.len() && a.iter().all(found)
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> JsonObject {
        let Value::Object(object) = value else { unreachable!() };
        object
    }

    fn stored(latest: Value) -> Stored {
        Stored { prompt: object(json!({ "name": "n" })), latest: object(latest) }
    }

    fn changes(latest: Value, version: Value) -> Value {
        let wanted = Wanted { version: object(version), ..Wanted::default() };
        json!(wanted.difference(&stored(latest)).changes)
    }

    #[test]
    fn what_means_the_same_is_no_difference() {
        let latest = json!({
            "string": "[{\"role\": \"user\", \"content\": []}]", "functions": null, "is_raw_template": 0,
            "parameters": { "temperature": 1, "model": "m" }, "prompt_version_description": "d",
        });
        let version = json!({
            "string": "[{\"content\":[],\"role\":\"user\"}]", "functions": [], "tools": [], "is_raw_template": 0,
            "parameters": { "temperature": 1.0 }, "version_description": "d", "tool_choice": null,
        });
        assert_eq!(changes(latest, version), json!([]));
    }

    #[test]
    fn differences_are_told_leaf_by_leaf() {
        let latest = json!({
            "string": "[{\"role\":\"user\",\"content\":[{\"text\":\"a\"}]}]", "tools": null,
            "parameters": { "model": "m", "top_p": 1 }, "tool_choice": "auto",
        });
        let version = json!({
            "string": "[{\"role\":\"user\",\"content\":[{\"text\":\"b\"}]}]", "tools": [{ "type": "function" }],
            "parameters": { "top_p": null }, "tool_choice": null,
        });
        let want = json!([
            { "path": "prompt.messages[0].content[0].text", "before": "a", "after": "b" },
            { "path": "prompt.parameters.top_p", "before": 1, "after": null },
            { "path": "prompt.tool_choice", "before": "auto" },
            { "path": "prompt.tools", "after": [{ "type": "function" }] },
        ]);
        assert_eq!(changes(latest, version), want);
    }

    #[test]
    fn metadata_is_merged_and_a_time_alone_is_no_change() {
        let old = json!({ "app": "a", "owner": { "team": "t", "mail": "m" }, "migrated_at": "1" });
        let patch = json!({ "env": "dev", "owner": { "mail": null } });
        let new = patched(object(old.clone()), object(patch));
        let want =
            json!({ "app": "a", "owner": { "team": "t" }, "migrated_at": "1", "env": "dev" });
        assert_eq!(Value::Object(new.clone()), want);

        let wanted = Wanted { metadata: Some(new), ..Wanted::default() };
        let difference = wanted.difference(&stored(json!({ "template_metadata": old })));
        assert!(difference.in_version);
        let paths: Vec<_> = json!(difference.changes)
            .as_array()
            .unwrap()
            .iter()
            .map(|change| change["path"].clone())
            .collect();
        assert_eq!(paths, ["prompt.template_metadata.owner.mail", "prompt.template_metadata.env"]);
        let latest = json!({ "template_metadata": { "migrated_at": "2", "app": "a" } });
        let metadata = Some(object(json!({ "app": "a", "promoted_at": "3" })));
        let wanted = Wanted { metadata, ..Wanted::default() };
        assert_eq!(wanted.difference(&stored(latest)).changes, []);
    }
}
