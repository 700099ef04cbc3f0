//! Makes what a model sent fit a tool's input schema, in one place for every tool.
//!
//! Unknown fields are named with the known ones; slips that models make are forgiven (`"5"` for 5,
//! `"true"` or 1 for true, one value where a list is due, `"429,500"` for a list of numbers, JSON text
//! for an object); ranges, enums, lengths and formats are checked. All problems are told at once,
//! and none tells a value: it may be a secret.
//!
//! Nulls in open objects stay: there they mean something. A document that is written back whole is
//! carried as it came and is not held to its schema, which only describes it.

mod problem;
mod span;

use jsonschema::ValidationError;
use serde_json::{Value, json};

use crate::{
    mask,
    schema::Input,
    tool::{Error, JsonObject, Result},
};
use problem::Problems;
pub use span::crossed;

/// Fits `args` to `input`, or says everything that is wrong with them. `unmasks` names the
/// document in which a mask stands for the stored value; `stored` says whether there is one at all,
/// which stays where an argument is left out that need not be given.
pub fn fit(
    args: &mut JsonObject,
    input: &Input,
    unmasks: Option<&str>,
    stored: bool,
) -> Result<()> {
    let mut problems = Problems::default();
    fit_object(args, &input.full, "", unmasks, &mut problems);
    let required = input.full.get("required").and_then(Value::as_array);
    for (name, value) in args.iter().filter(|(name, _)| Some(name.as_str()) != unmasks) {
        let optional = required.is_none_or(|it| !it.iter().any(|required| *required == **name));
        mask::find(value, name, &mut |path| {
            let instead = match stored && optional {
                true => format!("leave `{name}` out to keep what is stored"),
                false => "give the value itself, since it stands for no stored one here".to_owned(),
            };
            problems.add(path, format!("holds a masked value: {instead}"));
        });
    }
    // The validator wants a value; the map moves in and out of it without a copy.
    let whole = Value::Object(std::mem::take(args));
    for error in input.validator().iter_errors(&whole) {
        if !is_null_field(&error) && !unmasks.is_some_and(|document| is_inside(&error, document)) {
            problems.add_invalid(&error);
        }
    }
    if let Value::Object(fitted) = whole {
        *args = fitted;
    }
    problems.into_result().map_err(Error::Arguments)
}

/// Checks a document that is about to replace `stored` as [`fit`] checks one that is new, but for
/// what stands in `stored` as well: Portkey has taken that, whatever is documented.
///
/// # Errors
/// Names everything new in it that does not fit the argument `name` of `input`.
pub fn fit_change(input: &Input, name: &str, stored: &Value, document: &Value) -> Result<()> {
    let mut problems = Problems::default();
    let whole = Value::Object(JsonObject::from_iter([(name.to_owned(), document.clone())]));
    for error in input.validator().iter_errors(&whole) {
        let place = error.instance_path().as_str().strip_prefix('/').unwrap_or_default();
        let inside = place.strip_prefix(name).filter(|rest| rest.starts_with('/'));
        let is_new = inside.is_some_and(|rest| stored.pointer(rest) != Some(error.instance()));
        if is_new && !is_null_field(&error) {
            problems.add_invalid(&error);
        }
    }
    problems.into_result().map_err(Error::Arguments)
}

/// A null that is left is in a document, where it means something: in a merge it deletes the field.
fn is_null_field(error: &ValidationError<'_>) -> bool {
    let path = error.instance_path().as_str();
    let (_, last) = path.rsplit_once('/').unwrap_or_default();
    error.instance().is_null() && last.parse::<usize>().is_err()
}

fn is_inside(error: &ValidationError<'_>, document: &str) -> bool {
    let mut path = error.instance_path().as_str().split('/').skip(1);
    path.next() == Some(document) && path.next().is_some()
}

fn fit_object(
    object: &mut JsonObject,
    schema: &JsonObject,
    path: &str,
    whole: Option<&str>,
    problems: &mut Problems,
) {
    let Some(Value::Object(properties)) = schema.get("properties") else { return };
    if whole == Some(path) {
        return;
    }
    let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    if closed {
        rename(object, properties, path, problems);
        absent(object, properties, path, problems);
    }
    for (name, value) in object.iter_mut() {
        let inner = join(path, name);
        match properties.get(name) {
            Some(Value::Object(property)) if !value.is_null() => {
                fit_value(value, property, &inner, whole, problems);
            }
            None if closed => problems.add_unknown(&inner, name, properties),
            // A map: all its values are of one kind.
            None if !value.is_null() => {
                if let Some(Value::Object(each)) = schema.get("additionalProperties") {
                    fit_value(value, each, &inner, whole, problems);
                }
            }
            _ => {}
        }
    }
    for (max, min) in crossed(object).filter(|(max, _)| properties.contains_key(*max)) {
        problems.add(join(path, max), format!("is below `{}`", join(path, &min)));
    }
}

/// Puts arguments that came under another accepted name under their own.
fn rename(object: &mut JsonObject, known: &JsonObject, path: &str, problems: &mut Problems) {
    for (name, property) in known {
        let Some(Value::Array(aliases)) = property.get("x-aliases") else { continue };
        for alias in aliases.iter().filter_map(Value::as_str) {
            let Some(value) = object.shift_remove(alias) else { continue };
            if object.get(name).is_none_or(Value::is_null) {
                object.insert(name.clone(), value);
            } else {
                problems.add(join(path, alias), format!("is another name of `{name}`: give one"));
            }
        }
    }
}

/// A null argument is an absent one: some clients send one for each argument that they leave out. It
/// never changes anything, so where the tool can clear the field it is refused: it may be meant.
fn absent(object: &mut JsonObject, known: &JsonObject, path: &str, problems: &mut Problems) {
    let clearable =
        known.get("clear").and_then(|clear| clear.pointer("/items/enum")).and_then(Value::as_array);
    object.retain(|name, value| {
        if !value.is_null() {
            return true;
        }
        if clearable.is_some_and(|names| names.iter().any(|known| *known == *name)) {
            let why =
                format!("is null: leave it out to keep it, or put `{name}` in `clear` to empty it");
            problems.add(join(path, name), why);
        }
        false
    });
}

fn fit_value(
    value: &mut Value,
    schema: &JsonObject,
    path: &str,
    whole: Option<&str>,
    problems: &mut Problems,
) {
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or_default();
    match (kind, &mut *value) {
        ("object", Value::Object(fields)) => fit_object(fields, schema, path, whole, problems),
        ("object", Value::String(text)) => {
            if let Ok(Value::Object(mut fields)) = serde_json::from_str(text) {
                fit_object(&mut fields, schema, path, whole, problems);
                *value = Value::Object(fields);
            } else if let Some(name) = schema.get("x-text").and_then(Value::as_str) {
                *value = json!({ name: text });
            }
        }
        ("array", Value::Array(items)) => {
            let Some(Value::Object(item)) = schema.get("items") else { return };
            for (i, value) in items.iter_mut().enumerate() {
                fit_value(value, item, &format!("{path}[{i}]"), whole, problems);
            }
        }
        ("array", single) => {
            *single = Value::Array(several(single.take(), schema));
            fit_value(single, schema, path, whole, problems);
        }
        ("integer" | "number" | "boolean", Value::String(text)) => {
            if let Ok(read @ (Value::Number(_) | Value::Bool(_))) =
                serde_json::from_str(text.trim())
            {
                *value = read;
            }
        }
        ("boolean", Value::Number(number)) => match number.as_u64() {
            Some(0) => *value = Value::Bool(false),
            Some(1) => *value = Value::Bool(true),
            _ => {}
        },
        ("string", Value::Number(number)) => *value = Value::String(number.to_string()),
        ("string", Value::String(text)) if schema.contains_key("x-line") => {
            if text.chars().any(|it| it.is_control() || turns(it)) {
                problems.add(path, "holds control characters or marks that turn text around");
            } else if text.chars().count() > LONGEST_LINE {
                problems.add(path, format!("has more than {LONGEST_LINE} characters"));
            }
        }
        ("integer", Value::Number(number)) => {
            // 5.0 is 5, and past the range of exact floats nothing is guessed.
            if number.is_u64() || number.is_i64() {
                return;
            }
            let Some(float) = number.as_f64().filter(|float| float.fract() == 0.0) else { return };
            if float.abs() >= 9_007_199_254_740_992.0 {
                problems.add(path, "is too large for a whole number");
            } else {
                #[expect(clippy::cast_possible_truncation, reason = "integral and in range")]
                let whole = float as i64;
                *value = whole.into();
            }
        }
        _ => {}
    }
}

/// Longest text of one line, in characters: no name, id or filter of the API comes near it.
const LONGEST_LINE: usize = 2_000;

/// Characters that make a reader see another order than a program does (Unicode UAX #9).
fn turns(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What stands where a list is due: JSON text of one, numbers with commas, or one value.
fn several(single: Value, schema: &JsonObject) -> Vec<Value> {
    let items = schema.get("items").and_then(|items| items.get("type")).and_then(Value::as_str);
    match single {
        Value::String(text) => match (serde_json::from_str(&text), items) {
            (Ok(Value::Array(items)), _) => items,
            (_, Some("integer" | "number")) => {
                text.split(',').map(|part| part.trim().into()).collect()
            }
            (Ok(object @ Value::Object(_)), Some("object")) => vec![object],
            _ => vec![Value::String(text)],
        },
        other => vec![other],
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests;
