//! Changing one thing by a PUT that keeps the fields it is not given, while the documents among its
//! fields are replaced whole: those are read first, merged (RFC 7396) and sent complete, which is
//! right whether the API merges them or not. The official Terraform provider, too, sends them
//! complete (`limits_helpers.go`).

use serde::Serialize;
use serde_json::{Value, json};

use super::limits::below;
use crate::{
    mask,
    tool::{Call, Error, JsonObject, Result, unwrapped},
    tools::merge::merged,
};

/// One change.
pub struct Change {
    /// Of the GET and the PUT.
    pub path: &'static str,
    /// What fills the path and the query.
    pub named: JsonObject,
    /// Fields to set.
    pub fields: JsonObject,
    /// Fields to set to null; one inside a document is `document.field`.
    pub clear: Vec<String>,
    /// Fields that are documents.
    pub documents: &'static [&'static str],
}

impl Change {
    /// Writes the change; an empty answer says what was changed.
    pub async fn write(self, call: &Call) -> Result<Value> {
        let Self { path, named, fields, clear, documents } = self;
        if fields.is_empty() && clear.is_empty() {
            return Err(Error::argument("", "nothing to change: give a field to set or clear"));
        }
        let mut body = fields;
        let mut inner: Vec<(&str, &str)> = Vec::new();
        for name in &clear {
            let taken = match name.split_once('.') {
                Some((document, field)) => {
                    inner.push((document, field));
                    clear.iter().any(|other| other == document)
                        || body.get(document).is_some_and(|it| it.get(field).is_some())
                }
                None => body.insert(name.clone(), Value::Null).is_some(),
            };
            if taken {
                return Err(Error::argument(
                    "clear",
                    format!("`{name}` is set and cleared at once"),
                ));
            }
        }
        // One that is cleared whole as well: no later change may bring it back.
        let changed: Vec<&str> = documents
            .iter()
            .copied()
            .filter(|document| {
                let given = body.get(*document).is_some_and(|it| it.is_object() || it.is_null());
                given || inner.iter().any(|(outer, _)| outer == document)
            })
            .collect();
        let mut written = Vec::new();
        for Stored { document, key, value: before } in stored(call, path, &named, &changed).await? {
            let patch = match body.shift_remove(document) {
                Some(Value::Object(patch)) => Some(patch),
                Some(_) => None,
                None => Some(JsonObject::new()),
            };
            let cleared = inner.iter().filter(|(outer, _)| *outer == document);
            let cleared: Vec<&str> = cleared.map(|(_, field)| *field).collect();
            let after = match patch {
                Some(patch) => whole(document, &before, patch, &cleared)?,
                None => Value::Null,
            };
            mask::all_known(&after, document).map_err(Error::Arguments)?;
            body.insert(document.into(), after.clone());
            written.push((key, before, after));
        }
        let mut args = named.clone();
        args.extend(body);
        let answer = unwrapped(call.put(path, args.into()).await?);
        for (key, before, after) in written {
            call.wrote(&key, &before.to_string(), Some(&after.to_string()));
        }
        Ok(match &answer {
            Value::Object(fields) if fields.is_empty() => {
                let mut about = named;
                about.shift_remove("workspace_id");
                done(about.into(), answer).into()
            }
            _ => answer,
        })
    }
}

/// A document as it is before a change.
struct Stored<'d> {
    document: &'d str,
    /// What is remembered of it is remembered under this.
    key: String,
    value: Value,
}

/// These documents, after a wait where reads lag behind a write of the last minute. Where they still
/// do, what was written stands for what is stored.
async fn stored<'d>(
    call: &Call,
    path: &str,
    named: &JsonObject,
    documents: &[&'d str],
) -> Result<Vec<Stored<'d>>> {
    if documents.is_empty() {
        return Ok(Vec::new());
    }
    let read = || async {
        let shown = unwrapped(call.get(path, named.clone().into()).await?);
        // One thing may be named by its slug or its id; what is shown has the id.
        let id = shown.get("id").and_then(Value::as_str);
        let id = id.map_or_else(|| Value::Object(named.clone()).to_string(), str::to_owned);
        let mut fresh = true;
        let documents = documents.iter().map(|document| {
            let key = format!("{path} {id} {document}");
            let seen = shown.get(*document).cloned().unwrap_or_default();
            let newer = call.newer(&key, &seen.to_string());
            fresh &= newer.is_none();
            let newer = newer.map(|newer| serde_json::from_str(&newer).unwrap_or_default());
            Stored { document, key, value: newer.unwrap_or(seen) }
        });
        let documents: Vec<_> = documents.collect();
        Ok((documents, fresh))
    };
    Ok(call.patiently(read).await?.0)
}

/// What a write answers: that it was done, to what, and what Portkey says of it.
pub fn done(about: Value, answer: Value) -> JsonObject {
    let mut told = JsonObject::new();
    told.insert("success".into(), true.into());
    for more in [about, answer] {
        if let Value::Object(more) = more {
            told.extend(more);
        }
    }
    told
}

/// The document as it is to be.
fn whole(name: &str, stored: &Value, patch: JsonObject, cleared: &[&str]) -> Result<Value> {
    let mut base = stored.clone();
    if let Value::Object(base) = &mut base {
        // What is not set is shown as null.
        base.retain(|_, value| !value.is_null());
        alternatives(name, base, &patch);
    }
    let mut after = merged(&base, patch, name)?;
    let Value::Object(fields) = &mut after else { return Ok(after) };
    for &field in cleared {
        fields.insert(field.into(), Value::Null);
        if (name, field) == ("usage_limits", "periodic_reset") {
            fields.insert("periodic_reset_days".into(), Value::Null);
            fields.insert("next_usage_reset_at".into(), Value::Null);
        }
    }
    if name == "usage_limits" {
        let number = |field: &str| fields.get(field).and_then(Value::as_number);
        below("usage_limits.", number("alert_threshold"), number("credit_limit"))
            .map_err(|why| Error::argument("", why))?;
    }
    Ok(after)
}

/// Takes out of what is stored the other way to say what the patch says: the API refuses both at
/// once, and computes the next time from what it is given.
fn alternatives(name: &str, base: &mut JsonObject, patch: &JsonObject) {
    let mut replace = |given: &str, others: &[&str]| {
        if patch.contains_key(given) {
            for other in others {
                if let Some(old) = base.get_mut(*other) {
                    *old = json!(null);
                }
            }
        }
    };
    match name {
        "usage_limits" => {
            replace("periodic_reset", &["periodic_reset_days"]);
            replace("periodic_reset_days", &["periodic_reset"]);
            if patch.contains_key("periodic_reset") || patch.contains_key("periodic_reset_days") {
                base.shift_remove("next_usage_reset_at");
            }
        }
        "rotation_policy" => {
            replace("next_rotation_at", &["rotation_period"]);
            if !patch.contains_key("next_rotation_at")
                && (patch.contains_key("rotation_period") || base.contains_key("rotation_period"))
            {
                base.shift_remove("next_rotation_at");
            }
        }
        _ => {}
    }
}

/// The names of fields to clear.
pub fn names<T: Serialize>(clear: Option<Vec<T>>) -> Result<Vec<String>> {
    let names = serde_json::to_value(clear.unwrap_or_default()).and_then(serde_json::from_value);
    names.map_err(|error| Error::argument("clear", error.to_string()))
}
