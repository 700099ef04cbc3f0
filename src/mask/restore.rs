//! Puts stored values back where a whole document came with masks.

mod list;
mod matching;

use serde_json::Value;

use super::{Kind, Names, SENTINEL, holds_secret, kind, mask_kind, moved, within};
use crate::tool::{Problem, Problems};

const MOVES: &str = "changes while a stored secret beside it is kept: give the secret too, or null \
                     to delete it";

/// Replaces each mask in `document` by the value that `stored` has in its place. In the elements of
/// lists, which no merge reaches, null deletes a secret and is taken out.
///
/// # Errors
/// Names the masks that stand for no stored value, for more than one, or beside a host or provider
/// that changed: a secret is not sent where it was not meant to go. Also the secrets that an
/// element of a list leaves out, since they would be lost.
pub fn restore(document: &mut Value, stored: &Value, name: &str) -> Result<(), Vec<Problem>> {
    let mut problems = Problems::default();
    restore_here(document, stored, name, &mut problems);
    problems.into_result()
}

/// The same for a document that takes the place of the stored one: it has to say of every stored
/// secret what becomes of it, as an element of a list has to.
///
/// # Errors
/// As [`restore`], and names the secrets that would be lost.
pub fn restore_whole(document: &mut Value, stored: &Value, name: &str) -> Result<(), Vec<Problem>> {
    let mut problems = Problems::default();
    let field = kind(name);
    restore_here(document, stored, name, &mut problems);
    list::left_out(document, stored, field, name, &mut problems);
    list::take_out_nulls(document, Some(stored), field);
    problems.into_result()
}

/// A host need not stand beside a secret to be where that goes: it may be in an object of its own.
fn restore_here(document: &mut Value, stored: &Value, name: &str, problems: &mut Problems) {
    if restore_in(document, Some(stored), kind(name), name, problems) {
        refuse_moves(stored, document, name, problems);
    }
}

fn refuse_moves(stored: &Value, kept: &Value, path: &str, problems: &mut Problems) {
    moved(stored, kept, path, &mut |path| problems.add(&path, MOVES));
}

/// Returns whether a mask was replaced in here.
fn restore_in(
    value: &mut Value,
    stored: Option<&Value>,
    inherited: Kind,
    path: &str,
    problems: &mut Problems,
) -> bool {
    if problems.is_full() {
        return false;
    }
    match value {
        Value::String(text) if text.contains(SENTINEL) => match stored {
            Some(stored) if as_shown(stored, inherited).as_str() == Some(text) => {
                *value = stored.clone();
                true
            }
            _ => {
                problems.add(path, "is masked and stands for no stored value here: give the value");
                false
            }
        },
        Value::Array(items) => {
            let stored = stored.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            list::restore(items, stored, inherited, path, problems)
        }
        Value::Object(fields) => {
            let mut any = false;
            for (name, value) in fields.iter_mut() {
                let stored = stored.and_then(|stored| stored.get(name));
                // What is stored says what was masked.
                let inner = within(inherited, kind(name), stored.unwrap_or(value));
                any |= restore_in(value, stored, inner, &format!("{path}.{name}"), problems);
            }
            any
        }
        _ => false,
    }
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
