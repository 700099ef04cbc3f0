//! Which stored element of a list an element is, where both lists have edits between them.

use std::collections::HashMap;

use serde_json::Value;

use super::{Kind, SENTINEL, holds_mask, holds_secret, kind, within};
use crate::{mask::destination::leads_elsewhere, tool::JsonObject};

/// The stored element that an element is.
pub(super) enum Match<'a> {
    /// Equal to it in all that is shown.
    Same(&'a Value),
    /// An edited form of it.
    Changed(&'a Value),
    /// Of several that hold secrets it could be each.
    Several(Vec<&'a Value>),
    /// No stored element that holds a secret.
    None,
}

/// What an element is known by.
type Key = fn(&Value, Kind) -> Option<Value>;

/// In this order. A key counts where it is unique in both lists.
const KEYS: [Key; 3] = [plain, name, unweighted];

/// For each of `items`, what it is of `stored`, which is seen by callers as `shown`.
pub(super) fn matches<'a>(
    items: &[Value],
    shown: &[Value],
    stored: &'a [Value],
    inherited: Kind,
) -> Vec<Match<'a>> {
    let mut found: Vec<Match<'a>> = items.iter().map(|_| Match::None).collect();
    // An element that is taken is none of those that are left.
    let mut taken = vec![false; stored.len()];
    let equal = positions(shown.iter().map(Some));
    for (item, found) in items.iter().zip(&mut found) {
        let Some(equal) = equal.get(item) else { continue };
        let all: Vec<&Value> = equal.iter().filter_map(|j| stored.get(*j)).collect();
        let Some(first) = all.first() else { continue };
        *found = if all.iter().all(|other| other == first) {
            let free = equal.iter().find(|j| taken.get(**j) == Some(&false));
            free.and_then(|j| taken.get_mut(*j)).into_iter().for_each(|it| *it = true);
            Match::Same(first)
        } else {
            Match::Several(all)
        };
    }
    let secret: Vec<bool> = stored.iter().map(|it| holds_secret(it, inherited)).collect();
    if !secret.contains(&true) {
        return found;
    }
    let mut alike: Vec<Vec<usize>> = vec![Vec::new(); items.len()];
    for key in KEYS {
        let ours: Vec<Option<Value>> = items.iter().map(|item| key(item, inherited)).collect();
        let theirs: Vec<Option<Value>> = shown.iter().map(|item| key(item, inherited)).collect();
        let (here, there) = (
            positions(ours.iter().map(Option::as_ref)),
            positions(theirs.iter().map(Option::as_ref)),
        );
        for (i, (own, found)) in ours.iter().zip(&mut found).enumerate() {
            let (Match::None, Some(own), Some(item)) = (&*found, own, items.get(i)) else {
                continue;
            };
            let Some(there) = there.get(own) else { continue };
            let may_be = |j: &usize| {
                let free = secret.get(*j) == Some(&true) && taken.get(*j) == Some(&false);
                free && shown.get(*j).is_some_and(|it| holds_mask(item) || !is_elsewhere(item, it))
            };
            let candidates: Vec<usize> = there.iter().copied().filter(may_be).collect();
            match (&**there, &*candidates, here.get(own).map(Vec::len)) {
                ([_], [j], Some(1)) => {
                    if let (Some(it), Some(taken)) = (stored.get(*j), taken.get_mut(*j)) {
                        *found = Match::Changed(it);
                        *taken = true;
                    }
                }
                _ => alike.get_mut(i).into_iter().for_each(|alike| alike.extend(&candidates)),
            }
        }
    }
    for (alike, found) in alike.iter().zip(&mut found) {
        let left = alike.iter().filter(|j| taken.get(**j) == Some(&false));
        let left: Vec<&Value> = left.filter_map(|j| stored.get(*j)).collect();
        if matches!(found, Match::None) && !left.is_empty() {
            *found = Match::Several(left);
        }
    }
    found
}

/// Where each value stands.
fn positions<'v>(
    values: impl Iterator<Item = Option<&'v Value>>,
) -> HashMap<&'v Value, Vec<usize>> {
    let mut positions: HashMap<_, Vec<usize>> = HashMap::new();
    for (i, value) in values.enumerate() {
        if let Some(value) = value {
            positions.entry(value).or_default().push(i);
        }
    }
    positions
}

fn name(item: &Value, _: Kind) -> Option<Value> {
    item.get("name").filter(|name| name.is_string()).cloned()
}

/// What is shown of an object besides masks.
fn plain(item: &Value, inherited: Kind) -> Option<Value> {
    item.as_object().map(|fields| Value::Object(fields_without(fields, inherited, &|_, _| false)))
}

/// The same without the numbers that are a target's `weight`.
fn unweighted(item: &Value, inherited: Kind) -> Option<Value> {
    let weight = |name: &str, value: &Value| name == "weight" && value.is_number();
    item.as_object().map(|fields| Value::Object(fields_without(fields, inherited, &weight)))
}

type LeaveOut<'a> = &'a dyn Fn(&str, &Value) -> bool;

fn fields_without(fields: &JsonObject, inherited: Kind, leave_out: LeaveOut<'_>) -> JsonObject {
    let kept = fields.iter().filter(|(name, value)| !leave_out(name, value));
    kept.filter_map(|(name, value)| {
        let inner = within(inherited, kind(name), value);
        Some((name.clone(), without(value, inner, leave_out)?))
    })
    .collect()
}

/// `None` where nothing is left.
fn without(value: &Value, field: Kind, leave_out: LeaveOut<'_>) -> Option<Value> {
    match value {
        _ if field.is_hidden() => None,
        Value::String(text) if text.contains(SENTINEL) => None,
        Value::Array(items) => {
            let items: Vec<Value> =
                items.iter().filter_map(|item| without(item, field, leave_out)).collect();
            (!items.is_empty()).then_some(Value::Array(items))
        }
        Value::Object(fields) => {
            let fields = fields_without(fields, field, leave_out);
            (!fields.is_empty()).then_some(Value::Object(fields))
        }
        other => Some(other.clone()),
    }
}

/// Whether `item` names another host or provider than the stored one. One that it leaves out is no
/// other: its caller may have left out all that stays.
fn is_elsewhere(item: &Value, stored: &Value) -> bool {
    let (Value::Object(item), Value::Object(stored)) = (item, stored) else { return false };
    item.iter().any(|(name, value)| match stored.get(name) {
        stored if leads_elsewhere(name, stored, Some(value)) => true,
        Some(stored) => is_elsewhere(value, stored),
        None => false,
    })
}
