//! What every answer goes through on its way to the model: secrets masked, dates as RFC 3339 in
//! UTC, 0 and 1 as booleans; and the text block, in which hidden characters are visible.

mod text;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::Value;

use crate::mask::{self, Kind, Names};

pub use text::visible_json;

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
pub fn tidy(value: &mut Value, names: Names) {
    tidy_field(value, "", Kind::Plain, names);
}

fn tidy_field(value: &mut Value, name: &str, kind: Kind, names: Names) {
    match value {
        Value::String(text) => {
            if kind == Kind::Plain && is_time(name) {
                if let Some(time) = rfc3339(text) {
                    *text = time;
                }
            } else {
                mask::mask_text(text, kind);
            }
        }
        Value::Number(number) if is_flag(name) => match number.as_u64() {
            Some(0) => *value = false.into(),
            Some(1) => *value = true.into(),
            _ => {}
        },
        Value::Array(items) => {
            items.iter_mut().for_each(|item| tidy_field(item, name, kind, names));
        }
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                let inner = mask::within(kind, names.kind(name), value);
                if is_document(name) {
                    mask::mask_kind(value, inner, names);
                } else {
                    tidy_field(value, name, inner, names);
                }
            }
        }
        _ => {}
    }
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
pub fn number(value: &mut Value) {
    if let Value::String(text) = value
        && let Ok(read @ Value::Number(_)) = serde_json::from_str(text)
    {
        *value = read;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
            let mut answer = json!({ "data": [{ "created_at": given }] });
            tidy(&mut answer, Names::default());
            assert_eq!(answer["data"][0]["created_at"], want);
        }
    }

    #[test]
    fn documents_stay_as_they_are_but_for_secrets() {
        let document =
            json!({ "created_at": "2024-01-25 11:35:07", "is_default": 1, "api_key": "k" });
        let mut answer = json!({ "is_default": 1, "config": document });
        tidy(&mut answer, Names::default());
        let kept = json!({ "created_at": "2024-01-25 11:35:07", "is_default": 1, "api_key": mask::SENTINEL });
        assert_eq!(answer, json!({ "is_default": true, "config": kept }));
    }
}
