//! Texts made into values: what each kind of key accepts, and what to write instead.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::{
    keys::{self, KEYS, Key, Kind},
    problem::Problem,
    values::Values,
};

/// A text as its kind reads it.
enum Parsed {
    Text,
    Flag(bool),
    Number(u64),
    Url(Url),
    /// The key is not set.
    Nothing,
}

/// Checks every value against its key's kind.
pub fn check(values: &Values, problems: &mut Vec<Problem>) {
    for key in KEYS {
        let Some(setting) = values.get(key.path) else { continue };
        let is_list = key.kind == Kind::List;
        if is_list && setting.texts.iter().any(|text| text.trim().is_empty()) {
            // A constraint of which nothing is left would be none.
            let why = "; one of these is empty, as if a variable in it were not set";
            problems.push(Problem::with(key, setting, expected(key.kind) + why));
        } else if setting.texts.len() > 1 && !is_list {
            problems.push(Problem::with(key, setting, expected(key.kind)));
        } else if let Err(hint) = parse(key, setting.text()) {
            let mut remedy = expected(key.kind);
            remedy.push_str(hint);
            problems.push(Problem::with(key, setting, remedy));
        }
    }
}

/// What a kind accepts, as advice.
pub fn expected(kind: Kind) -> String {
    match kind {
        Kind::Text => "write one text".into(),
        Kind::Url => "write a whole URL, as in `https://mcp.example.com`".into(),
        Kind::List => "write texts, in a variable separated by commas".into(),
        Kind::Flag => "write `true` or `false`".into(),
        Kind::Choice(words) => format!("write one of `{}`", words.join("`, `")),
        Kind::Count(low, u64::MAX) => format!("write a whole number, {low} or more"),
        Kind::Count(low, high) => format!("write a whole number from {low} to {high}"),
        Kind::Millis(low, high) => {
            format!("write milliseconds from {low} to {high}, or a time as in `30s`")
        }
        Kind::Bytes(low, high) => {
            format!("write bytes from {low} to {high}, or a size as in `1mb`")
        }
    }
}

/// Reads `text`; the error is an addition to the advice of [`expected`].
fn parse(key: &Key, text: &str) -> Result<Parsed, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Parsed::Nothing);
    }
    let within = |number: Option<u64>, low, high| {
        number.filter(|number| (low..=high).contains(number)).map(Parsed::Number).ok_or("")
    };
    match key.kind {
        Kind::Text | Kind::List => Ok(Parsed::Text),
        Kind::Url => match Url::parse(text) {
            // In a URL they would be shown wherever it is.
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                Err(", without user name and password")
            }
            Ok(url) if url.has_host() && matches!(url.scheme(), "http" | "https") => {
                Ok(Parsed::Url(url))
            }
            _ => Err(""),
        },
        Kind::Flag => flag(text).map(Parsed::Flag).ok_or(""),
        Kind::Choice(words) if words.contains(&&*text.to_ascii_lowercase()) => Ok(Parsed::Text),
        Kind::Choice(_) => Err(""),
        Kind::Count(..) if text.contains("://") => {
            // What Kubernetes puts in for a service named like the variable.
            Err("; Kubernetes sets such values itself unless `enableServiceLinks` is false")
        }
        Kind::Count(low, high) => within(text.parse().ok(), low, high),
        Kind::Millis(low, high) => within(millis(text), low, high),
        Kind::Bytes(low, high) => within(bytes(text), low, high),
    }
}

fn flag(text: &str) -> Option<bool> {
    match &*text.to_ascii_lowercase() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

fn millis(text: &str) -> Option<u64> {
    with_unit(text, &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("", 1)])
}

fn bytes(text: &str) -> Option<u64> {
    let units = [("kib", 10), ("mib", 20), ("gib", 30), ("kb", 10), ("mb", 20), ("gb", 30)];
    let units = units.map(|(unit, bits)| (unit, 1 << bits));
    with_unit(text, &units).or_else(|| with_unit(text, &[("b", 1), ("", 1)]))
}

fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.to_ascii_lowercase();
    units.iter().find_map(|(unit, factor)| {
        let number: u64 = text.strip_suffix(unit)?.trim_end().parse().ok()?;
        number.checked_mul(*factor)
    })
}

/// Reads checked values; what [`check`] found fault with comes out as "not set".
#[derive(Clone, Copy)]
pub struct Reader<'a>(pub &'a Values);

impl<'a> Reader<'a> {
    fn parsed(self, path: &str) -> Option<Parsed> {
        parse(keys::find(path)?, self.0.get(path)?.text()).ok()
    }

    pub fn word(self, path: &str) -> &'a str {
        self.0.get(path).map_or("", |setting| setting.text().trim())
    }

    pub fn secret(self, path: &str) -> Option<SecretString> {
        Some(self.0.get(path)?.text()).filter(|text| !text.is_empty()).map(SecretString::from)
    }

    pub fn list(self, path: &str) -> Vec<String> {
        let texts = self.0.get(path).map_or(&[][..], |setting| &setting.texts);
        texts
            .iter()
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
            .map(Into::into)
            .collect()
    }

    pub fn url(self, path: &str) -> Option<Url> {
        match self.parsed(path)? {
            Parsed::Url(url) => Some(url),
            _ => None,
        }
    }

    pub fn flag(self, path: &str) -> bool {
        matches!(self.parsed(path), Some(Parsed::Flag(true)))
    }

    /// Whether a choice was made for `word`.
    pub fn is(self, path: &str, word: &str) -> bool {
        self.word(path).eq_ignore_ascii_case(word)
    }

    pub fn number<N: TryFrom<u64> + Default>(self, path: &str) -> N {
        match self.parsed(path) {
            Some(Parsed::Number(number)) => N::try_from(number).unwrap_or_default(),
            _ => N::default(),
        }
    }

    pub fn time(self, path: &str) -> Duration {
        Duration::from_millis(self.number(path))
    }
}
