//! Puts stored values back where a whole document came with masks.

use serde_json::Value;

use super::{Kind, Names, SENTINEL, is_host, kind, mask_kind, within};
use crate::tool::Problem;

/// Replaces each mask in `document` by the value that `stored` has in its place.
///
/// # Errors
/// Names every mask that stands for no stored value, for more than one, or beside a host that
/// changed: a secret is not sent where it was not meant to go.
pub fn restore(document: &mut Value, stored: &Value, name: &str) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    restore_in(document, Some(stored), kind(name), name, &mut problems);
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Returns whether a mask was replaced in here.
fn restore_in(
    value: &mut Value,
    stored: Option<&Value>,
    inherited: Kind,
    path: &str,
    problems: &mut Vec<Problem>,
) -> bool {
    match value {
        Value::String(text) if text.contains(SENTINEL) => match stored {
            Some(stored) if as_shown(stored, inherited).as_str() == Some(text) => {
                *value = stored.clone();
                true
            }
            _ => {
                refuse(
                    problems,
                    path,
                    "is masked and stands for no stored value here: give the value",
                );
                false
            }
        },
        Value::Array(items) => {
            if !items.iter().any(holds_mask) {
                return false;
            }
            let stored = stored.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            restore_items(items, stored, inherited, path, problems)
        }
        Value::Object(fields) => {
            let mut any = false;
            for (name, value) in fields.iter_mut() {
                let stored = stored.and_then(|stored| stored.get(name));
                // What is stored says what was masked.
                let inner = within(inherited, kind(name), stored.unwrap_or(value));
                any |= restore_in(value, stored, inner, &format!("{path}.{name}"), problems);
            }
            if any {
                let stored = stored.and_then(Value::as_object);
                let new =
                    fields.keys().filter(|name| !stored.is_some_and(|it| it.contains_key(*name)));
                let names = stored.into_iter().flat_map(|stored| stored.keys()).chain(new);
                for host in names.filter(|name| is_host(name)) {
                    if fields.get(host) != stored.and_then(|stored| stored.get(host)) {
                        let why =
                            "changes while a stored secret beside it is kept: give the secret too";
                        refuse(problems, &format!("{path}.{host}"), why);
                    }
                }
            }
            any
        }
        _ => false,
    }
}

/// The whole list unchanged is the stored list; else each element with a mask has to equal exactly
/// one stored element in everything that is shown.
fn restore_items(
    items: &mut Vec<Value>,
    stored: &[Value],
    inherited: Kind,
    path: &str,
    problems: &mut Vec<Problem>,
) -> bool {
    let shown: Vec<Value> = stored
        .iter()
        .map(|item| {
            let mut item = item.clone();
            mask_kind(&mut item, inherited, Names::default());
            item
        })
        .collect();
    if shown == *items {
        *items = stored.to_vec();
        return true;
    }
    let mut any = false;
    for (i, item) in items.iter_mut().enumerate().filter(|(_, item)| holds_mask(item)) {
        let mut matches =
            shown.iter().zip(stored).filter(|(shown, _)| *shown == item).map(|(_, it)| it);
        let first = matches.next().cloned();
        match first {
            Some(first) if matches.all(|other| *other == first) => {
                *item = first;
                any = true;
            }
            Some(_) => {
                let why =
                    "is masked and more than one stored element looks like it: give its secrets";
                refuse(problems, &format!("{path}[{i}]"), why);
            }
            None => {
                let why =
                    "is masked and equals no stored element in what is shown: give its secrets";
                refuse(problems, &format!("{path}[{i}]"), why);
            }
        }
    }
    any
}

fn as_shown(stored: &Value, kind: Kind) -> Value {
    let mut shown = stored.clone();
    mask_kind(&mut shown, kind, Names::default());
    shown
}

fn holds_mask(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(SENTINEL),
        Value::Array(items) => items.iter().any(holds_mask),
        Value::Object(fields) => fields.values().any(holds_mask),
        _ => false,
    }
}

fn refuse(problems: &mut Vec<Problem>, path: &str, why: &str) {
    problems.push(Problem { argument: path.to_owned(), why: why.to_owned() });
}
