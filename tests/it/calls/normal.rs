//! What is the same in every run: times near now, secrets that are shown once and the sandbox's
//! address stand as what they are, and what is long as its beginning and a digest.

use std::{fmt::Write as _, sync::LazyLock};

use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Where the log of every sandbox of the corpus ends and its clock starts: so long ago that nothing
/// in it is near the present, which some tools write or ask for.
pub static END: LazyLock<Timestamp> = LazyLock::new(|| "2025-06-26T09:41:27Z".parse().unwrap());

/// Longer lists are held as their first item and the number of the others.
const ITEMS: usize = 3;
/// So are longer texts, as so many letters.
const LETTERS: usize = 300;
/// Lists that are shorter than that as JSON are held whole.
const SHORT: usize = 200;

/// What differs from run to run in a sandbox.
pub struct Varying<'a> {
    /// Fields with a secret that is shown this one time.
    pub once: &'a [&'a str],
    /// `http://127.0.0.1:PORT`.
    pub host: &'a str,
}

impl Varying<'_> {
    /// `value` without what varies.
    pub fn settle(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(settled) = time(text) {
                    *text = settled;
                } else if text.contains(self.host) {
                    *text = text.replace(self.host, "<sandbox>");
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.settle(item)),
            Value::Object(fields) => {
                for (name, value) in fields.iter_mut() {
                    if self.once.contains(&name.as_str()) {
                        hide(value);
                    }
                    self.settle(value);
                }
            }
            _ => {}
        }
    }
}

fn hide(value: &mut Value) {
    match value {
        Value::String(text) => "<once>".clone_into(text),
        Value::Object(fields) => fields.values_mut().for_each(hide),
        _ => {}
    }
}

/// What stands for a time that is not the same in every run: one a whole number of half hours after
/// the end, give or take a minute, or near the present.
fn time(text: &str) -> Option<String> {
    const MINUTE: i64 = 60;
    const DAY: i64 = 24 * 60 * MINUTE;
    let at: Timestamp = text.parse().ok()?;
    let since_now = at.duration_since(Timestamp::now());
    if since_now.abs() < SignedDuration::from_hours(31 * 24) {
        return Some(match (since_now.as_secs() + DAY / 2).div_euclid(DAY) {
            0 => "<present>".to_owned(),
            days => format!("<present{days:+}d>"),
        });
    }
    let since_end = at.duration_since(*END).as_secs();
    let is_late = (0..MINUTE).contains(&since_end.rem_euclid(30 * MINUTE));
    (is_late && (0..400 * DAY).contains(&since_end)).then(|| match since_end / MINUTE {
        0 => "<now>".to_owned(),
        minutes if minutes % (24 * 60) == 0 => format!("<now+{}d>", minutes / (24 * 60)),
        minutes => format!("<now+{minutes}min>"),
    })
}

/// A query without what varies.
pub fn query(query: &str) -> String {
    let pairs = query.split('&').map(|pair| {
        let Some((name, value)) = pair.split_once('=') else { return pair.to_owned() };
        let settled = percent_decode_str(value).decode_utf8().ok().and_then(|text| time(&text));
        settled.map_or_else(|| pair.to_owned(), |settled| format!("{name}={settled}"))
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// `value` with what is long in it cut.
pub fn short(value: &Value) -> Value {
    match value {
        Value::String(text) if text.chars().count() > LETTERS => {
            let start: String = text.chars().take(LETTERS / 3).collect();
            let more = text.chars().count() - LETTERS / 3;
            format!("{start}… and {more} letters more, {}", digest(text)).into()
        }
        Value::Array(items) if items.len() > ITEMS && value.to_string().len() > SHORT => {
            let rest = items.get(1..).unwrap_or_default();
            let note = format!("… and {} more, {}", rest.len(), digest(&json!(rest).to_string()));
            json!([items.first().map(short), note])
        }
        Value::Array(items) => items.iter().map(short).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), short(value))).collect()
        }
        other => other.clone(),
    }
}

fn digest(text: &str) -> String {
    let hash = Sha256::digest(text);
    hash.iter().take(8).fold("sha256 ".to_owned(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
