//! Why a text is no JSON that can be read, looked for only once it was refused.

use std::fmt;

use serde::de::IgnoredAny;
use serde_json::Value;

use super::read::MAX_DEPTH;

/// What is wrong with a text.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// It ends before it is complete.
    Cut,
    /// In the words of serde_json, which quote nothing of it.
    Grammar(String),
    NotUtf8 {
        /// Of the first wrong byte.
        offset: usize,
    },
    TooDeep,
    /// Half of a surrogate pair (RFC 8259 §8.2).
    Surrogate(Place),
    /// A number that no double holds.
    Number(Place),
}

/// Both counted from 1, columns in bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    line: usize,
    column: usize,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut => write!(f, "it ends early"),
            Self::Grammar(why) => write!(f, "{why}"),
            Self::NotUtf8 { offset } => write!(f, "it is not UTF-8 at byte {}", offset + 1),
            Self::TooDeep => write!(f, "it is nested more deeply than {MAX_DEPTH} levels"),
            Self::Surrogate(place) => {
                write!(f, "it holds half of a surrogate pair, which is no character, {place}")
            }
            Self::Number(place) => write!(f, "it holds a number that is too large {place}"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at line {} column {}", self.line, self.column)
    }
}

/// What is wrong with a text; nothing where it can be read.
pub fn fault(text: &[u8]) -> Option<Fault> {
    // It looks at the grammar alone: not at what escapes stand for, not at the size of numbers.
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(text) {
        return Some(if error.is_eof() { Fault::Cut } else { Fault::Grammar(error.to_string()) });
    }
    if let Err(error) = std::str::from_utf8(text) {
        return Some(Fault::NotUtf8 { offset: error.valid_up_to() });
    }
    if depth(text) > MAX_DEPTH {
        return Some(Fault::TooDeep);
    }
    if let Some(offset) = lone_surrogate(text) {
        let before = text.get(..offset).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        let column = before.rsplit(|byte| *byte == b'\n').next().map_or(0, <[u8]>::len) + 1;
        return Some(Fault::Surrogate(Place { line, column }));
    }
    let error = serde_json::from_slice::<Value>(text).err()?;
    Some(Fault::Number(Place { line: error.line(), column: error.column() }))
}

/// How deeply objects and lists are nested, without building anything.
pub fn depth(text: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
        } else {
            match byte {
                b'"' => in_string = true,
                b'{' | b'[' => {
                    depth += 1;
                    deepest = deepest.max(depth);
                }
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
    }
    deepest
}

/// Where the first half of a surrogate pair without the other is, in a text of right grammar.
fn lone_surrogate(text: &[u8]) -> Option<usize> {
    let unit = |at: usize| {
        let hex = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
    };
    let mut at = 0;
    while let Some(found) = text.get(at..)?.iter().position(|byte| *byte == b'\\') {
        at += found;
        at += match unit(at) {
            Some(0xd800..=0xdbff) if matches!(unit(at + 6), Some(0xdc00..=0xdfff)) => 12,
            Some(0xd800..=0xdfff) => return Some(at),
            _ => 2,
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_told_with_its_place() {
        let deep = "[".repeat(128) + &"]".repeat(128);
        for (text, want) in [
            (&b"{\"a\":"[..], Some("it ends early")),
            (b"<html>", Some("expected value at line 1 column 1")),
            (b"[\"\xff\"]", Some("it is not UTF-8 at byte 3")),
            (deep.as_bytes(), Some("it is nested more deeply than 127 levels")),
            (
                br#"["\\ud800 \ud83d\ude00", "\ud800"]"#,
                Some("half of a surrogate pair, which is no character, at line 1 column 27"),
            ),
            (b"[1,\n \"\\uDC00\"]", Some("no character, at line 2 column 3")),
            (b"[\"\\ud800\\n\"]", Some("no character, at line 1 column 3")),
            (b"[1,\n1e400]", Some("a number that is too large at line 2 column ")),
            (b"[1e-400, 1.5, \"\xc3\xa9\"]", None),
        ] {
            let told = fault(text).map(|fault| fault.to_string());
            let is_right = match (&told, want) {
                (Some(told), Some(want)) => told.contains(want),
                (told, want) => told.is_none() && want.is_none(),
            };
            assert!(is_right, "{}: {told:?}, not {want:?}", text.escape_ascii());
        }
    }
}
