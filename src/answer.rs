//! What every answer goes through on its way to the model: secrets masked, dates as RFC 3339 in
//! UTC, 0 and 1 as booleans; and the text block, in which hidden characters are visible.

mod text;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::Value;

use crate::{
    json::Json,
    mask::{self, Kind, Names},
};

pub use text::{quote, visible};

/// Whether a field holds what somebody stored as a whole: nothing in it is changed but secrets.
fn is_document(name: &str) -> bool {
    matches!(
        name,
        "config"
            | "configurations"
            | "defaults"
            | "functions"
            | "hyperparameters"
            | "metadata"
            | "override_params"
            | "parameters"
            | "prompt_metadata"
            | "prompt_template"
            | "request_body"
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
    let mut tidying = Tidying { names, known: Vec::new(), next: 0 };
    tidying.value(json, NameFacts::default(), Kind::Plain, false);
}

/// What a field's name says of it.
#[derive(Clone, Copy)]
struct NameFacts {
    kind: Kind,
    document: bool,
    flag: bool,
    time: bool,
}

impl Default for NameFacts {
    fn default() -> Self {
        Self { kind: Kind::Plain, document: false, flag: false, time: false }
    }
}

struct Tidying {
    names: Names,
    /// The names met so far, in the order of the rows.
    known: Vec<(Box<str>, NameFacts)>,
    /// Where the next name probably is: rows have the same fields in the same order.
    next: usize,
}

impl Tidying {
    /// More names than this are looked at anew each time.
    const REMEMBERED: usize = 64;

    fn facts(&mut self, name: &str) -> NameFacts {
        let is = |(known, _): &(Box<str>, NameFacts)| **known == *name;
        let at = match self.known.get(self.next) {
            Some(known) if is(known) => Some(self.next),
            _ => self.known.iter().position(is),
        };
        if let Some(at) = at {
            self.next = at + 1;
            return self.known.get(at).map(|(_, facts)| *facts).unwrap_or_default();
        }
        let facts = NameFacts {
            kind: self.names.kind(name),
            document: is_document(name),
            flag: is_flag(name),
            time: is_time(name),
        };
        if self.known.len() < Self::REMEMBERED {
            self.known.push((name.into(), facts));
            self.next = self.known.len();
        }
        facts
    }

    /// Tidies a value that stands in a field of these facts; of a document, only secrets change.
    fn value(&mut self, json: &mut Json<'_>, facts: NameFacts, kind: Kind, in_document: bool) {
        match json {
            Json::Text(text) => {
                let other = match kind {
                    Kind::Plain if facts.time && !in_document => rfc3339(text),
                    _ => mask::masked(text, kind),
                };
                if let Some(other) = other {
                    *text = other.into();
                }
            }
            Json::Number(_) if kind.is_hidden() => *json = Json::Text(mask::SENTINEL.into()),
            Json::Number(number) if facts.flag && !in_document => match number.as_u64() {
                Some(0) => *json = Json::Bool(false),
                Some(1) => *json = Json::Bool(true),
                _ => {}
            },
            Json::List(items) => {
                items.iter_mut().for_each(|item| self.value(item, facts, kind, in_document));
            }
            Json::Object(fields) => {
                for (name, field) in fields {
                    let facts = self.facts(name);
                    let inner = within(kind, facts.kind, field);
                    if facts.document && !in_document {
                        read_document(name, field);
                    }
                    self.value(field, facts, inner, in_document || facts.document);
                }
            }
            _ => {}
        }
    }
}

/// A config's document arrives as JSON text (facts.md, "Spec against reality" 1), as the
/// configurations of MCP integrations do in lists. In one that cannot be read, nobody can tell what
/// is secret.
fn read_document(name: &str, json: &mut Json<'_>) {
    if matches!(name, "config" | "configurations")
        && let Json::Text(text) = json
        && text
            .trim_start_matches(|it: char| it.is_whitespace() || it == '\u{feff}')
            .starts_with(['{', '['])
    {
        *json = match Json::read(text) {
            Ok(document) => document.into_owned(),
            Err(_) => Json::Text(mask::SENTINEL.into()),
        };
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
        *json = Json::Number(number.into());
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
    fn a_document_in_a_text_hides_its_secrets_whatever_its_form() {
        for (text, want) in [
            (r#" [{"api_key":"canary"}]"#, json!([{ "api_key": mask::SENTINEL }])),
            (r#"{"api_key":"canary"#, json!(mask::SENTINEL)),
            (r#"{"api_key":"canary","a":"\ud800"}"#, json!(mask::SENTINEL)),
            ("[\"canary\",]", json!(mask::SENTINEL)),
            ("\u{feff}[\"canary\"]", json!(mask::SENTINEL)),
            ("pc-slug", json!("pc-slug")),
        ] {
            assert_eq!(tidied(json!({ "config": text })), json!({ "config": want }));
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
