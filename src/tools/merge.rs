//! Changing a document that a PUT replaces whole, without losing what was not mentioned and without
//! sending a stored secret to another host.

use serde_json::Value;

use super::{fresh::Resource, shared::change::done};
use crate::{
    mask::{self, Names},
    tool::{Call, Error, JsonObject, Problem, Problems, Result, unwrapped},
};

/// What Portkey puts before the name of a field whose value it does not show.
const MASKED: &str = "masked_";

/// The stored document with `patch` merged into it (RFC 7396: null deletes a key, a list replaces a
/// list). A mask in it stands for the stored value, and a secret that the patch leaves out is kept
/// by the rules of one that came masked; where an element of a list leaves one out it would be lost.
///
/// # Errors
/// Names the masks that stand for no stored value, and the secrets that would be lost.
pub fn merged(stored: &Value, patch: JsonObject, name: &str) -> Result<Value> {
    let mut after =
        if stored.is_object() { stored.clone() } else { Value::Object(JsonObject::new()) };
    mask::mask(&mut after, name, Names::default());
    json_patch::merge(&mut after, &Value::Object(patch));
    mask::restore(&mut after, stored, name).map_err(Error::Arguments)?;
    Ok(after)
}

/// Writes an integration, which was read before if its documents are in `body`, and answers what was
/// done; the next change waits until it can be read.
pub async fn put(
    integration: Resource<'_>,
    call: &Call,
    mut body: JsonObject,
    stored: Option<&Value>,
) -> Result<Value> {
    let name: JsonObject =
        integration.named.iter().map(|(name, id)| ((*name).to_owned(), (*id).into())).collect();
    body.extend(name.clone());
    let answer = unwrapped(call.put(integration.path, body.clone().into()).await?);
    let mut told = done(name.into(), answer);
    if let Some(stored) = stored {
        if let Some(written) = body.get_mut("configurations") {
            *written = to_show(&configurations(stored), written.take());
        }
        let note = integration.wrote(call, stored, &body).await;
        told.extend(note.map(|note| ("note".to_owned(), note.into())));
    }
    Ok(told.into())
}

/// The configurations of an integration as it is stored: an object, or JSON text of one.
pub fn configurations(integration: &Value) -> Value {
    match integration.get("configurations") {
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        Some(other) => other.clone(),
        None => Value::Null,
    }
}

/// The configurations as reads show them, but for what they do not show.
pub fn shown(integration: &Value) -> Value {
    let mut shown = configurations(integration);
    if let Value::Object(fields) = &mut shown {
        fields.retain(|name, _| !name.starts_with(MASKED));
    }
    shown
}

/// What of written configurations reads will show, where what was read is `before`.
pub fn to_show(before: &Value, mut written: Value) -> Value {
    if let (Value::Object(before), Value::Object(written)) = (before, &mut written) {
        written.retain(|name, _| !before.contains_key(&format!("{MASKED}{name}")));
    }
    written
}

/// Configurations with `patch` merged in. Of a secret that Portkey shows only as `masked_NAME` nobody
/// knows the value, so that the patch has to say what becomes of it, unless it is `mapped` to a
/// secret reference.
///
/// # Errors
/// Names every secret that would be lost.
pub fn with_configurations(
    stored: &Value,
    patch: JsonObject,
    mapped: impl Fn(&str) -> bool,
) -> Result<Value> {
    let mut known = stored.clone();
    let mut hidden = Vec::new();
    if let Value::Object(fields) = &mut known {
        fields.retain(|name, _| match name.strip_prefix(MASKED) {
            Some(name) => {
                hidden.push(name.to_owned());
                false
            }
            None => true,
        });
    }
    let lost: Vec<Problem> = hidden
        .iter()
        .filter(|name| !patch.contains_key(*name) && !mapped(&format!("configurations.{name}")))
        .map(|name| Problem {
            argument: format!("configurations.{name}"),
            why: "is stored and not shown, and writing the rest without it would destroy it: give \
                  the value, or null to delete it"
                .to_owned(),
        })
        .collect();
    if !lost.is_empty() {
        return Err(Error::Arguments(lost));
    }
    let after = merged(&known, patch, "configurations")?;
    mask::all_known(&after, "configurations").map_err(Error::Arguments)?;
    Ok(after)
}

/// Refuses configurations that send a secret elsewhere which stays and for which no mask stands in
/// them: `why` says which.
///
/// # Errors
/// Names what sends it elsewhere.
pub fn stays_there(before: &Value, after: &Value, why: &str) -> Result<()> {
    let mut problems = Problems::default();
    mask::moved(before, after, "configurations", &mut |path| problems.add(&path, why));
    problems.into_result().map_err(Error::Arguments)
}

/// Whether a secret of these configurations stays once `after` takes their place; all do where
/// nothing does. One that is not shown was given, deleted or is fetched from a secret store by then
/// ([`with_configurations`]).
pub fn keeps_secret(before: &Value, after: Option<&Value>) -> bool {
    let mut shown = before.clone();
    mask::mask(&mut shown, "configurations", Names::default());
    let hidden = before.as_object().is_some_and(|it| it.keys().any(|it| it.starts_with(MASKED)));
    hidden && after.is_none() || kept(before, &shown, Some(after.unwrap_or(before)))
}

fn kept(before: &Value, shown: &Value, after: Option<&Value>) -> bool {
    match (before, shown) {
        (before, shown) if before == shown => false,
        (Value::Object(old), Value::Object(shown)) => old.iter().any(|(name, value)| {
            let shown = shown.get(name).unwrap_or(&Value::Null);
            kept(value, shown, after.and_then(|after| after.get(name)))
        }),
        // A list is kept or replaced whole.
        (before, _) => after == Some(before),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patch(value: &Value) -> JsonObject {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_is_not_mentioned_stays_and_what_is_not_shown_is_not_lost() {
        let stored = json!({
            "aws_region": "eu-west-1", "aws_access_key_id": "AKIA1",
            "masked_aws_secret_access_key": "ab***yz",
        });
        let change = |patch_: Value, mapped: bool| {
            with_configurations(&stored, patch(&patch_), |_| mapped).map_err(|it| it.to_string())
        };
        let why = change(json!({ "aws_region": "eu-west-2" }), false).unwrap_err();
        assert!(why.contains("`configurations.aws_secret_access_key`"), "{why}");
        let kept = json!({ "aws_region": "eu-west-2", "aws_access_key_id": "AKIA1" });
        assert_eq!(change(json!({ "aws_region": "eu-west-2" }), true).unwrap(), kept);
        let given = change(json!({ "aws_secret_access_key": "new" }), false).unwrap();
        assert_eq!(given["aws_secret_access_key"], "new");
        assert_eq!(given["aws_access_key_id"], "AKIA1");
        let gone = change(json!({ "aws_secret_access_key": null }), false).unwrap();
        assert_eq!(gone, json!({ "aws_region": "eu-west-1", "aws_access_key_id": "AKIA1" }));
    }

    #[test]
    fn a_secret_that_stays_is_noticed() {
        let before = json!({ "custom_headers": { "authorization": "Bearer a" }, "x": 1 });
        let table = [
            (json!({ "custom_headers": { "authorization": "Bearer a" } }), true),
            (json!({ "custom_headers": { "authorization": "Bearer b" } }), false),
            (json!({ "x": 1 }), false),
        ];
        for (after, want) in table {
            assert_eq!(keeps_secret(&before, Some(&after)), want, "{after}");
        }
        assert!(keeps_secret(&before, None));
        assert!(!keeps_secret(&json!({ "x": 1 }), None));
        let hidden = json!({ "masked_client_secret": "ab***yz" });
        assert!(keeps_secret(&hidden, None));
        for after in [json!({ "client_secret": "new" }), json!({})] {
            assert!(!keeps_secret(&hidden, Some(&after)), "{after}");
        }
    }

    #[test]
    fn a_host_that_is_taken_away_is_another_one() {
        let host = json!({ "custom_host": "a" });
        for (before, after, path) in [
            (&host, json!({ "custom_host": "b", "x": 1 }), Some("configurations.custom_host")),
            (&host, json!({ "x": 1 }), Some("configurations.custom_host")),
            (&json!({}), host.clone(), Some("configurations.custom_host")),
            (&host, json!({ "custom_host": "a", "x": 1 }), None),
        ] {
            let Err(Error::Arguments(told)) = stays_there(before, &after, "why") else {
                assert_eq!(path, None, "{after}");
                continue;
            };
            assert_eq!(Some(&*told[0].argument), path, "{after}");
        }
    }
}
