//! Reads JSON text (RFC 8259) into a tree that borrows from it.
//!
//! With serde_json the tree of an answer of 2 KB cost 75,000 instructions and its text 45,000 more,
//! most of them for numbers that are read into binary and written back; here it is a third
//! (callgrind, docs/performance.md). What is taken and what is refused is the same, which the tests
//! hold.

use std::borrow::Cow;

use super::{Json, Number, scan};

/// As deep as serde_json goes.
pub(super) const MAX_DEPTH: usize = 127;
/// Fields that an object is given room for before the first is read, at most.
const MAX_EXPECTED: usize = 64;

/// The largest double has more digits than this before its point.
const MAX_PLAIN_DIGITS: usize = 300;

/// The text is not JSON; [`super::fault()`] says where and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotJson;

type Result<T> = std::result::Result<T, NotJson>;

/// The tree of a whole text.
pub(super) fn tree(text: &str) -> Result<Json<'_>> {
    let mut reader = Reader { text, at: 0, depth: 0, expected_fields: 0 };
    let value = reader.value()?;
    // Only white space is left: then there is nothing to take.
    if reader.token().is_ok() { Err(NotJson) } else { Ok(value) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    /// As many as the object that was read last: its siblings have the same.
    expected_fields: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte after white space, which is taken.
    #[inline]
    fn token(&mut self) -> Result<u8> {
        loop {
            let byte = self.peek().ok_or(NotJson)?;
            self.at += 1;
            if !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                return Ok(byte);
            }
        }
    }

    fn value(&mut self) -> Result<Json<'a>> {
        let first = self.token()?;
        self.value_from(first)
    }

    /// The value that begins with the byte taken last.
    fn value_from(&mut self, first: u8) -> Result<Json<'a>> {
        match first {
            b'"' => Ok(Json::Text(self.string()?)),
            b'{' => self.object(),
            b'[' => self.list(),
            b't' => self.literal("rue", Json::Bool(true)),
            b'f' => self.literal("alse", Json::Bool(false)),
            b'n' => self.literal("ull", Json::Null),
            b'-' | b'0'..=b'9' => Ok(Json::Number(self.number(first)?)),
            _ => Err(NotJson),
        }
    }

    fn literal(&mut self, rest: &str, value: Json<'a>) -> Result<Json<'a>> {
        let left = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += rest.len();
        if left.starts_with(rest.as_bytes()) { Ok(value) } else { Err(NotJson) }
    }

    fn object(&mut self) -> Result<Json<'a>> {
        self.deeper()?;
        let mut byte = self.token()?;
        let mut fields = Vec::new();
        if byte != b'}' {
            fields.reserve_exact(self.expected_fields.min(MAX_EXPECTED));
            loop {
                if byte != b'"' {
                    return Err(NotJson);
                }
                let name = self.string()?;
                if self.token()? != b':' {
                    return Err(NotJson);
                }
                fields.push((name, self.value()?));
                match self.token()? {
                    b',' => byte = self.token()?,
                    b'}' => break,
                    _ => return Err(NotJson),
                }
            }
            self.expected_fields = fields.len();
        }
        self.depth -= 1;
        Ok(Json::Object(fields))
    }

    fn list(&mut self) -> Result<Json<'a>> {
        self.deeper()?;
        let mut byte = self.token()?;
        let mut items = Vec::new();
        if byte != b']' {
            loop {
                items.push(self.value_from(byte)?);
                match self.token()? {
                    b',' => byte = self.token()?,
                    b']' => break,
                    _ => return Err(NotJson),
                }
            }
        }
        self.depth -= 1;
        Ok(Json::List(items))
    }

    fn deeper(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(NotJson) } else { Ok(()) }
    }

    /// The text after an opening quote.
    fn string(&mut self) -> Result<Cow<'a, str>> {
        let start = self.at;
        let mut escaped = false;
        loop {
            let rest = self.text.as_bytes().get(self.at..).ok_or(NotJson)?;
            self.at += scan::unescaped(rest);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                }
                _ => return Err(NotJson),
            }
        }
        let raw = self.text.get(start..self.at).ok_or(NotJson)?;
        self.at += 1;
        if escaped { unescaped(raw).map(Cow::Owned) } else { Ok(Cow::Borrowed(raw)) }
    }

    /// A number as it is written, from the byte taken last.
    /// One that no double holds is refused: most readers of an answer could not read it.
    fn number(&mut self, first: u8) -> Result<Number<'a>> {
        let start = self.at - 1;
        let text = self.text.get(start..).ok_or(NotJson)?;
        let bytes = text.as_bytes();
        let whole = usize::from(first == b'-');
        let mut end = match bytes.get(whole) {
            Some(b'0') => whole + 1,
            _ => digits(bytes, whole)?,
        };
        if bytes.get(end) == Some(&b'.') {
            end = digits(bytes, end + 1)?;
        }
        if let Some(b'e' | b'E') = bytes.get(end) {
            let signed = matches!(bytes.get(end + 1), Some(b'+' | b'-'));
            end = digits(bytes, end + 1 + usize::from(signed))?;
        }
        self.at = start + end;
        let number = text.get(..end).ok_or(NotJson)?;
        let may_be_large = end > MAX_PLAIN_DIGITS || number.contains(['e', 'E']);
        if may_be_large && !number.parse::<f64>().is_ok_and(f64::is_finite) {
            return Err(NotJson);
        }
        Ok(Number(Cow::Borrowed(number)))
    }
}

/// Where the digits end that begin at `start`; there has to be one.
fn digits(bytes: &[u8], start: usize) -> Result<usize> {
    let rest = bytes.get(start..).ok_or(NotJson)?;
    match rest.iter().take_while(|byte| byte.is_ascii_digit()).count() {
        0 => Err(NotJson),
        count => Ok(start + count),
    }
}

/// The content of a text with escapes. They are rare: serde_json reads them.
fn unescaped(raw: &str) -> Result<String> {
    let mut quoted = String::with_capacity(raw.len() + 2);
    quoted.push('"');
    quoted.push_str(raw);
    quoted.push('"');
    serde_json::from_str(&quoted).map_err(|_| NotJson)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn agree(text: &str) {
        let theirs = serde_json::from_str::<Value>(text);
        let ours = tree(text);
        match (theirs, ours) {
            (Ok(theirs), Ok(ours)) => {
                let written = ours.write(0);
                let read: Value = serde_json::from_str(&written).unwrap();
                assert_eq!(read, theirs, "{text}");
            }
            (Err(_), Err(NotJson)) => {}
            (theirs, ours) => panic!("{text}: {theirs:?} and {ours:?}"),
        }
    }

    #[test]
    fn what_is_json_is_what_serde_json_takes() {
        for text in [
            "",
            " ",
            "nul",
            "null",
            "nulll",
            "true",
            "truth",
            "false",
            "-",
            "-0",
            "0",
            "00",
            "01",
            "1.",
            ".5",
            "1.5",
            "1e",
            "1e+",
            "1e5",
            "1E-5",
            "-1.25e+07",
            "1e999",
            "123456789012345678901234567890",
            "\"",
            "\"a",
            "\"a\"",
            "\"\\\"",
            "\"\\n\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\ud83d\\ude00\"",
            "\"\\ud83d\"",
            "\"\u{1}\"",
            "\"é\u{7f}\"",
            "[",
            "[]",
            "[ ]",
            "[1",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[1,2] ",
            "[1]]",
            "{",
            "{}",
            "{ }",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{,}",
            "{a:1}",
            "{\"a\" : [ 1 , { } ] }",
            "{\"a\":1 \"b\":2}",
            "\u{feff}1",
            "\t\r\n 1 ",
            "1\u{c}",
            "\"\\",
            "{\"a\\n\":1}",
            "[\"\\é\"]",
        ] {
            agree(text);
        }
        for depth in [126, 127, 128, 129] {
            agree(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
            agree(&format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)));
        }
        agree(&"9".repeat(400));
        agree(&format!("0.{}", "9".repeat(400)));
    }

    #[test]
    fn a_wide_object_makes_no_room_in_those_inside_the_next() {
        let wide: Vec<_> = (0..5000).map(|n| format!("\"{n}\":0")).collect();
        let text = format!("[{{{}}},{{\"a\":{{}}}}]", wide.join(","));
        let Json::List(items) = tree(&text).unwrap() else { panic!("no list") };
        let Json::Object(second) = &items[1] else { panic!("no object") };
        let Json::Object(inner) = &second[0].1 else { panic!("no object") };
        assert!(second.capacity() <= MAX_EXPECTED && inner.capacity() == 0);
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::hash_map(any::<String>(), inner, 0..8)
                    .prop_map(|fields| fields.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn written_values_are_read_and_written_equal(value in any_value(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            agree(&text.unwrap());
        }

        #[test]
        fn damaged_text_is_judged_alike(
            value in any_value(), at: prop::sample::Index, with in "[\\[\\]{}\",:0-9eE.+\\\\tfn \u{0}-\u{20}é]?"
        ) {
            let mut text = value.to_string();
            let mut at = at.index(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            let end = at + text[at..].chars().next().map_or(0, char::len_utf8);
            text.replace_range(at..end, &with);
            agree(&text);
        }
    }
}
