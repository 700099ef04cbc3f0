//! Lists: a document that is written back replaces them whole, so that each element has to say what
//! becomes of the secrets of the stored element that it is.

use serde_json::Value;

use super::{
    Kind, as_shown, holds_mask, holds_secret, kind,
    matching::{Match, matches},
    refuse_moves, restore_in, within,
};
use crate::tool::Problems;

const NONE: &str = "is masked, and no stored element equals it but for secrets and `weight`, or is \
                    the one of its `name`: give its secrets";
const SEVERAL: &str = "is masked, and more than one stored element looks like it: give its secrets, \
                       or each element a `name` of its own first";
const LEFT_OUT: &str = "is, or holds, a stored secret which would be lost, since this is replaced whole: \
                        send its mask back to keep it, or null to delete it";

/// Returns whether a mask was replaced in here.
pub(super) fn restore(
    items: &mut Vec<Value>,
    stored: &[Value],
    inherited: Kind,
    path: &str,
    problems: &mut Problems,
) -> bool {
    let shown: Vec<Value> = stored.iter().map(|item| as_shown(item, inherited)).collect();
    if shown == *items {
        let any = items.iter().any(holds_mask);
        *items = stored.to_vec();
        return any;
    }
    let mut any = false;
    for (i, found) in matches(items, &shown, stored, inherited).into_iter().enumerate() {
        let Some(item) = items.get_mut(i).filter(|_| !problems.is_full()) else { break };
        let path = format!("{path}[{i}]");
        let masked = holds_mask(item);
        let mut before = None;
        match found {
            Match::Same(same) => {
                any |= masked;
                *item = same.clone();
                continue;
            }
            Match::Changed(changed) => before = Some(changed),
            Match::Several(_) if masked => problems.add(&path, SEVERAL),
            Match::None if masked => problems.add(&path, NONE),
            Match::Several(several) => {
                several.iter().for_each(|it| left_out(item, it, inherited, &path, problems));
            }
            Match::None => {}
        }
        let mut kept = false;
        if before.is_some() || !masked {
            kept = restore_in(item, before, inherited, &path, problems);
        }
        if let Some(before) = before {
            if kept {
                refuse_moves(before, item, &path, problems);
            }
            left_out(item, before, inherited, &path, problems);
        }
        any |= kept;
        take_out_nulls(item, before, inherited);
    }
    any
}

/// Notes each secret of `stored` of which `item` says nothing. Lists in it have been looked at.
pub(super) fn left_out(
    item: &Value,
    stored: &Value,
    inherited: Kind,
    path: &str,
    problems: &mut Problems,
) {
    let (Value::Object(item), Value::Object(stored)) = (item, stored) else { return };
    for (name, stored) in stored {
        let inner = within(inherited, kind(name), stored);
        if !holds_secret(stored, inner) {
            continue;
        }
        let path = format!("{path}.{name}");
        match item.get(name) {
            Some(value) => left_out(value, stored, inner, &path, problems),
            None => problems.add(&path, LEFT_OUT),
        }
    }
}

/// Takes out the nulls that delete a secret, but for those that are stored.
pub(super) fn take_out_nulls(item: &mut Value, stored: Option<&Value>, inherited: Kind) {
    let Value::Object(fields) = item else { return };
    fields.retain(|name, value| {
        let stored = stored.and_then(|stored| stored.get(name));
        let inner = within(inherited, kind(name), stored.unwrap_or(value));
        if value.is_null() {
            let secret = stored.map_or(inner.is_hidden(), |stored| {
                !stored.is_null() && (inner.is_hidden() || holds_secret(stored, inner))
            });
            return !secret;
        }
        take_out_nulls(value, stored, inner);
        true
    });
}
