//! What every answer goes through on its way to the model: secrets masked, dates as RFC 3339 in
//! UTC, 0 and 1 as booleans; and the text block, in which hidden characters are visible.

mod text;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::Value;

use crate::{
    json::Json,
    mask::{self, Kind, Names},
};

pub use text::visible;

/// Whether a field holds what somebody stored as a whole: nothing in it is changed but secrets.
fn is_document(name: &str) -> bool {
    matches!(
        name,
        "config"
            | "defaults"
            | "functions"
            | "hyperparameters"
            | "metadata"
            | "override_params"
            | "parameters"
            | "prompt_metadata"
            | "prompt_template"
            | "string"
            | "template_metadata"
            | "tool_choice"
            | "tools"
            | "variables"
    )
}

/// Whether a field arrives as true, false, 0, 1 or null (facts.md, "Booleans").
fn is_flag(name: &str) -> bool {
    matches!(
        name,
        "allow_config_override"
            | "expiry_enforced"
            | "is_custom"
            | "is_default"
            | "is_raw_template"
    )
}

/// Masks secrets and tidies dates and flags.
pub fn tidy(json: &mut Json<'_>, names: Names) {
    tidy_field(json, "", Kind::Plain, names);
}

fn tidy_field(json: &mut Json<'_>, name: &str, kind: Kind, names: Names) {
    match json {
        Json::Text(text) => {
            let other = match kind {
                Kind::Plain if is_time(name) => rfc3339(text),
                _ => mask::masked(text, kind),
            };
            if let Some(other) = other {
                *text = other.into();
            }
        }
        Json::Number(_) if kind.is_hidden() => *json = Json::Text(mask::SENTINEL.into()),
        Json::Number(number) if is_flag(name) => match number.as_u64() {
            Some(0) => *json = Json::Bool(false),
            Some(1) => *json = Json::Bool(true),
            _ => {}
        },
        Json::List(items) => items.iter_mut().for_each(|item| tidy_field(item, name, kind, names)),
        Json::Object(fields) => {
            for (name, field) in fields {
                let inner = within(kind, names.kind(name), field);
                if is_document(name) {
                    read_document(name, field);
                    mask_document(field, inner, names);
                } else {
                    tidy_field(field, name, inner, names);
                }
            }
        }
        _ => {}
    }
}

/// Masks what stands in a document, and changes nothing else of it.
fn mask_document(json: &mut Json<'_>, kind: Kind, names: Names) {
    match json {
        Json::Text(text) => {
            if let Some(masked) = mask::masked(text, kind) {
                *text = masked.into();
            }
        }
        Json::Number(_) if kind.is_hidden() => *json = Json::Text(mask::SENTINEL.into()),
        Json::List(items) => items.iter_mut().for_each(|item| mask_document(item, kind, names)),
        Json::Object(fields) => {
            for (name, field) in fields {
                let inner = within(kind, names.kind(name), field);
                mask_document(field, inner, names);
            }
        }
        _ => {}
    }
}

/// A config's document arrives as JSON text (facts.md, "Spec against reality" 1).
fn read_document(name: &str, json: &mut Json<'_>) {
    if name == "config"
        && let Json::Text(text) = json
        && text.trim_start().starts_with('{')
        && let Ok(document) = serde_json::from_str::<Json<'_>>(text)
    {
        *json = document.into_owned();
    }
}

fn within(parent: Kind, named: Kind, json: &Json<'_>) -> Kind {
    mask::within_if(parent, named, || match json {
        Json::Object(fields) => {
            mask::is_schema(fields.iter().map(|(name, field)| (&**name, field.as_str())))
        }
        _ => false,
    })
}

fn is_time(name: &str) -> bool {
    name.ends_with("_at") || matches!(name, "timestamp" | "first_seen" | "last_seen")
}

/// A time in one of the four forms that Portkey uses, as RFC 3339 in UTC; a time without a zone is
/// in UTC. `None` where it is in that form already, or is no time.
fn rfc3339(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if bytes.len() < 19 || (bytes.get(10) == Some(&b'T') && bytes.last() == Some(&b'Z')) {
        return None;
    }
    let compact = text.replacen(" +", "+", 1).replacen(" UTC", "Z", 1);
    let time: Timestamp = compact.parse().ok().or_else(|| {
        let civil: DateTime = text.parse().ok()?;
        civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })?;
    Some(time.to_string())
}

/// A number that arrived as a string, as some cost and count fields do.
pub fn number(json: &mut Json<'_>) {
    if let Json::Text(text) = json
        && let Ok(Value::Number(number)) = serde_json::from_str(text)
    {
        *json = Json::Number(number);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tidied(answer: Value) -> Value {
        let mut json = Json::from(answer);
        tidy(&mut json, Names::default());
        json.into()
    }

    #[test]
    fn times_in_four_forms_are_rfc_3339_in_utc() {
        let table = [
            ("2024-01-25T11:35:07.000Z", "2024-01-25T11:35:07.000Z"),
            ("2024-01-25 11:35:07", "2024-01-25T11:35:07Z"),
            ("2024-01-25 11:35:07+00:00", "2024-01-25T11:35:07Z"),
            ("2024-01-25 11:35:07 +00:00", "2024-01-25T11:35:07Z"),
            ("2024-01-25T13:35:07+02:00", "2024-01-25T11:35:07Z"),
            ("2024-01-25T11:35:07.25", "2024-01-25T11:35:07.25Z"),
            ("not a time, but long enough", "not a time, but long enough"),
        ];
        for (given, want) in table {
            let answer = tidied(json!({ "data": [{ "created_at": given }] }));
            assert_eq!(answer["data"][0]["created_at"], want);
        }
    }

    #[test]
    fn documents_stay_as_they_are_but_for_secrets() {
        let document =
            json!({ "created_at": "2024-01-25 11:35:07", "is_default": 1, "api_key": "k" });
        let answer = tidied(json!({ "is_default": 1, "config": document }));
        assert_eq!(answer, tidied(json!({ "is_default": 1, "config": document.to_string() })));
        let kept = json!({ "created_at": "2024-01-25 11:35:07", "is_default": 1, "api_key": mask::SENTINEL });
        assert_eq!(answer, json!({ "is_default": true, "config": kept }));
    }
}
