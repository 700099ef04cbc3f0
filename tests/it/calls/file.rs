//! The files of the corpus: JSON with a line for whatever fits on one.

use std::{fs, path::PathBuf};

use serde_json::Value;

use super::Call;

const WIDTH: usize = 120;

pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/calls");

fn path(domain: &str) -> PathBuf {
    [FOLDER, &format!("{domain}.json")].iter().collect()
}

/// The calls of a domain; none where there is no file.
pub fn read(domain: &str) -> Vec<Call> {
    let Ok(text) = fs::read_to_string(path(domain)) else { return Vec::new() };
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{domain}.json: {error}"))
}

pub fn write(domain: &str, calls: &[Call]) {
    let mut text = String::new();
    show(&serde_json::to_value(calls).unwrap(), 0, &mut text);
    fs::write(path(domain), text + "\n").unwrap();
}

/// Writes a value on one line if it fits there, else its parts on lines of their own.
fn show(value: &Value, indent: usize, out: &mut String) {
    let room = WIDTH.saturating_sub(out.len() - out.rfind('\n').map_or(0, |at| at + 1));
    let line = value.to_string();
    let (open, close, parts): (_, _, Vec<(String, &Value)>) = match value {
        Value::Object(fields) if indent == 1 || line.len() > room => {
            let part = |(name, value)| (format!("{}: ", Value::from(name)), value);
            ('{', '}', fields.iter().map(|(name, value)| part((name.as_str(), value))).collect())
        }
        Value::Array(items) if indent == 0 || line.len() > room => {
            ('[', ']', items.iter().map(|item| (String::new(), item)).collect())
        }
        _ => return out.push_str(&line),
    };
    let last = parts.len().saturating_sub(1);
    out.push(open);
    for (i, (name, value)) in parts.into_iter().enumerate() {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", indent + 1));
        out.push_str(&name);
        show(value, indent + 1, out);
        out.push_str(if i == last { "" } else { "," });
    }
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", indent));
    out.push(close);
}
