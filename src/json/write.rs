//! Writes a tree as compact JSON, and compact JSON as a text.

use std::fmt::Write as _;

use super::{Json, scan};

impl Json<'_> {
    /// Compact JSON; numbers and texts as serde_json writes them.
    pub fn write(&self, capacity: usize) -> String {
        let mut out = String::with_capacity(capacity);
        self.write_to(&mut out);
        out
    }

    fn write_to(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(number) => out.push_str(number.as_str()),
            Self::Text(content) => text(content, out),
            Self::List(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write_to(out);
                }
                out.push(']');
            }
            Self::Object(fields) => {
                out.push('{');
                for (i, (name, value)) in fields.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    text(name, out);
                    out.push(':');
                    value.write_to(out);
                }
                out.push('}');
            }
        }
    }
}

/// A text with its quotes (RFC 8259 §7).
fn text(content: &str, out: &mut String) {
    out.push('"');
    let mut rest = content;
    loop {
        let (plain, special) = rest.split_at(scan::unescaped(rest.as_bytes()));
        out.push_str(plain);
        let mut letters = special.chars();
        let Some(letter) = letters.next() else { break };
        escape(letter, out);
        rest = letters.as_str();
    }
    out.push('"');
}

/// Writes compact JSON as a JSON text, quotes included. Letters for which `hidden` holds are
/// written so that the text has them as `\u` escapes; returns whether there were any. Visible ASCII
/// is never asked for.
pub fn quote(json: &str, hidden: impl Fn(char) -> bool, out: &mut String) -> bool {
    let mut any = false;
    out.reserve(json.len() + json.len() / 4);
    out.push('"');
    let mut rest = json;
    loop {
        let (plain, special) = rest.split_at(scan::ascii(rest.as_bytes()));
        out.push_str(plain);
        let mut letters = special.chars();
        match letters.next() {
            None => break,
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some(control) if control < ' ' => escape(control, out),
            Some(letter) if hidden(letter) => {
                any = true;
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "\\\\u{unit:04x}");
                }
            }
            Some(letter) => out.push(letter),
        }
        rest = letters.as_str();
    }
    out.push('"');
    any
}

fn escape(letter: char, out: &mut String) {
    match letter {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        other => {
            let _ = write!(out, "\\u{:04x}", u32::from(other));
        }
    }
}
