//! Changing a guardrail without losing a check: read, merge, write.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::document::{Actions, Checks, completed, wrapped};
use crate::{
    mask,
    tool::{Call, Error, JsonObject, Result, Workflow, unwrapped},
    tools::{
        diff::diff,
        fresh::{Resource, picked},
        merge::merged,
    },
};

const PATH: &str = "/guardrails/{guardrail_id}";

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(transform = told_elsewhere)]
pub struct UpdateGuardrail {
    /// From list_guardrails.
    #[schemars(length(min = 1))]
    guardrail_id: String,
    #[schemars(length(min = 1))]
    name: Option<String>,
    checks: Option<Checks>,
    /// Ids or names.
    remove_checks: Option<Vec<String>>,
    replace: Option<bool>,
    actions: Option<Actions>,
    dry_run: Option<bool>,
}

fn told_elsewhere(schema: &mut schemars::Schema) {
    crate::schema::tell_briefly(
        schema,
        &[("checks", "As in create_guardrail."), ("actions", "As in create_guardrail.")],
    );
}

impl Workflow for UpdateGuardrail {
    type Output = Value;

    async fn run(self, call: &Call) -> Result<Value> {
        let Self { guardrail_id, name, checks, remove_checks, replace, actions, dry_run } = self;
        let removed = remove_checks.unwrap_or_default();
        let patch = actions.map(wrapped).transpose().map_err(|why| Error::argument("", why))?;
        if name.is_none() && checks.is_none() && removed.is_empty() && patch.is_none() {
            let why = "nothing to change: give `name`, `checks`, `remove_checks` or `actions`";
            return Err(Error::argument("", why));
        }
        let given = checks.map(|Checks(checks)| checks);
        for (i, check) in given.iter().flatten().enumerate() {
            if text(check, "id").is_empty() {
                let path = format!("checks[{i}]");
                return Err(Error::argument(path, "has to be an object with the `id` of a check"));
            }
        }
        let guardrail = Resource {
            path: PATH,
            named: Some(("guardrail_id", &guardrail_id)),
            version: |shown| picked(shown, &["name", "checks", "actions"]),
        };
        let stored = guardrail.read(call).await?;
        let mut body = JsonObject::new();
        let mut changes = Vec::new();
        let mut change = |field: &str, before: &Value, after: Value| {
            if after != *before {
                changes.extend(diff(field, before, &after));
                body.insert(field.to_owned(), after);
            }
        };
        if let Some(name) = name {
            change("name", stored.get("name").unwrap_or(&Value::Null), name.into());
        }
        if given.is_some() || !removed.is_empty() {
            let before = stored.get("checks").cloned().unwrap_or_else(|| json!([]));
            let kept = before.as_array().map(Vec::as_slice).unwrap_or_default();
            let mut after = match given {
                Some(given) if replace == Some(true) => replaced(kept, given)?,
                given => with(kept, given.unwrap_or_default())?,
            };
            take_out(&mut after, &removed)?;
            let after = Value::Array(after);
            if after != before {
                mask::all_known(&after, "checks").map_err(Error::Arguments)?;
            }
            change("checks", &before, after);
        }
        if let Some(patch) = patch {
            let before = stored.get("actions").cloned().unwrap_or_else(|| json!({}));
            let mut after = before.clone();
            json_patch::merge(&mut after, &patch.into());
            if let Value::Object(fields) = after {
                change("actions", &before, completed(fields).into());
            }
        }
        let mut told = JsonObject::new();
        let action = match (changes.is_empty(), dry_run) {
            (true, _) => "unchanged",
            (false, Some(true)) => "would_update",
            (false, _) => "updated",
        };
        told.insert("action".into(), action.into());
        told.insert("guardrail_id".into(), guardrail_id.clone().into());
        told.insert("changes".into(), json!(changes));
        if action != "updated" {
            return Ok(told.into());
        }
        body.insert("guardrail_id".into(), guardrail_id.clone().into());
        let answer = unwrapped(call.put(PATH, body.clone().into()).await?);
        if let Value::Object(answer) = answer {
            told.extend(answer.into_iter().filter(|(name, _)| name != "success"));
        }
        let note = guardrail.wrote(call, &stored, &body).await;
        told.extend(note.map(|note| ("note".to_owned(), note.into())));
        Ok(told.into())
    }
}

/// The given list as it is, with stored values where it came masked.
fn replaced(stored: &[Value], given: Vec<Value>) -> Result<Vec<Value>> {
    let mut after = Value::Array(given);
    mask::restore(&mut after, &Value::Array(stored.to_vec()), "checks")
        .map_err(Error::Arguments)?;
    match after {
        Value::Array(after) => Ok(after),
        _ => Ok(Vec::new()),
    }
}

/// The stored list with each given check merged into the one that it names, or added.
fn with(stored: &[Value], given: Vec<Value>) -> Result<Vec<Value>> {
    let mut after = stored.to_vec();
    let mut changed = Vec::new();
    for (i, check) in given.into_iter().enumerate() {
        let path = format!("checks[{i}]");
        let same: Vec<usize> = (0..stored.len())
            .filter(|&at| stored.get(at).is_some_and(|it| text(it, "id") == text(&check, "id")))
            .collect();
        let name = text(&check, "name");
        let called =
            |at: &usize| stored.get(*at).is_some_and(|stored| text(stored, "name") == name);
        let place = match (name, same.as_slice()) {
            ("", [only]) => Some(*only),
            ("", []) => None,
            ("", _) => {
                let why = "is the id of several stored checks: give its `name` too";
                return Err(Error::argument(format!("{path}.id"), why));
            }
            // A check of another name is another check: a stored one is not overwritten by it.
            _ => same.iter().copied().find(|at| called(at)),
        };
        if place.is_some_and(|place| changed.contains(&place)) {
            return Err(Error::argument(path, "is the same check as one before it: give one"));
        }
        changed.extend(place);
        let Value::Object(patch) = check else { continue };
        let before = place.and_then(|at| stored.get(at));
        let check = merged(before.unwrap_or(&Value::Null), patch, &path)?;
        match place.and_then(|at| after.get_mut(at)) {
            Some(place) => *place = check,
            None => after.push(check),
        }
    }
    Ok(after)
}

fn take_out(checks: &mut Vec<Value>, removed: &[String]) -> Result<()> {
    for (i, wanted) in removed.iter().enumerate() {
        let before = checks.len();
        checks.retain(|check| text(check, "id") != wanted && text(check, "name") != wanted);
        if checks.len() == before {
            let why = "is the id or name of no check of this guardrail: see get_guardrail";
            return Err(Error::argument(format!("remove_checks[{i}]"), why));
        }
    }
    if checks.is_empty() {
        let why = "leaves no check: turn one off with is_enabled, or use delete_guardrail";
        return Err(Error::argument("remove_checks", why));
    }
    Ok(())
}

fn text<'a>(check: &'a Value, field: &str) -> &'a str {
    check.get(field).and_then(Value::as_str).unwrap_or_default()
}
