//! Reads JSON text (RFC 8259) into a tree that borrows from it, or only looks whether it is JSON.
//!
//! serde_json reads every number into binary and back, and tells a visitor of every value: an
//! answer costs five times as much with it. Its grammar is kept: `tests` hold the two equal, on
//! what is taken and on what is refused.

use std::borrow::Cow;

use super::{Json, Number, scan};

/// As deep as serde_json goes.
pub(super) const MAX_DEPTH: usize = 127;

/// The text is not JSON; [`super::fault`] says where and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotJson;

type Result<T> = std::result::Result<T, NotJson>;

/// The tree of a whole text.
pub(super) fn tree(text: &str) -> Result<Json<'_>> {
    Reader::new(text).whole()
}

/// Whether the bytes are JSON, without making anything of them.
pub fn check(bytes: &[u8]) -> Result<()> {
    let text = std::str::from_utf8(bytes).map_err(|_| NotJson)?;
    Reader::new(text).whole::<Nothing>().map(|_| ())
}

/// What a value is made into.
trait Make<'a>: Sized {
    type Content;
    type Fields;
    type Items;

    fn null() -> Self;
    fn bool(value: bool) -> Self;
    fn number(text: &'a str) -> Self;
    fn text(text: Self::Content) -> Self;
    fn list(items: Self::Items) -> Self;
    fn object(fields: Self::Fields) -> Self;

    /// The content of a text that holds escapes, or not.
    fn content(raw: &'a str, escaped: bool) -> Result<Self::Content>;
    fn items() -> Self::Items;
    fn push(items: &mut Self::Items, item: Self);
    /// `like` objects before it had so many fields.
    fn fields(like: usize) -> Self::Fields;
    fn field(fields: &mut Self::Fields, name: Self::Content, value: Self);
}

impl<'a> Make<'a> for Json<'a> {
    type Content = Cow<'a, str>;
    type Fields = Vec<(Cow<'a, str>, Json<'a>)>;
    type Items = Vec<Json<'a>>;

    fn null() -> Self {
        Self::Null
    }
    fn bool(value: bool) -> Self {
        Self::Bool(value)
    }
    fn number(text: &'a str) -> Self {
        Self::Number(Number(Cow::Borrowed(text)))
    }
    fn text(text: Self::Content) -> Self {
        Self::Text(text)
    }
    fn list(items: Self::Items) -> Self {
        Self::List(items)
    }
    fn object(fields: Self::Fields) -> Self {
        Self::Object(fields)
    }
    fn content(raw: &'a str, escaped: bool) -> Result<Self::Content> {
        if escaped { unescaped(raw).map(Cow::Owned) } else { Ok(Cow::Borrowed(raw)) }
    }
    fn items() -> Self::Items {
        Vec::new()
    }
    fn push(items: &mut Self::Items, item: Self) {
        items.push(item);
    }
    fn fields(like: usize) -> Self::Fields {
        Vec::with_capacity(like)
    }
    fn field(fields: &mut Self::Fields, name: Self::Content, value: Self) {
        fields.push((name, value));
    }
}

/// Made where only the grammar is of interest.
struct Nothing;

impl Make<'_> for Nothing {
    type Content = ();
    type Fields = ();
    type Items = ();

    fn null() -> Self {
        Self
    }
    fn bool(_: bool) -> Self {
        Self
    }
    fn number(_: &str) -> Self {
        Self
    }
    fn text((): ()) -> Self {
        Self
    }
    fn list((): ()) -> Self {
        Self
    }
    fn object((): ()) -> Self {
        Self
    }
    fn content(raw: &str, escaped: bool) -> Result<()> {
        if escaped { unescaped(raw).map(|_| ()) } else { Ok(()) }
    }
    fn items() {}
    fn push((): &mut (), _: Self) {}
    fn fields(_: usize) {}
    fn field((): &mut (), (): (), _: Self) {}
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    /// How many fields the object read last had: its siblings have as many.
    like: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0, like: 0 }
    }

    fn whole<M: Make<'a>>(mut self) -> Result<M> {
        let value = self.value()?;
        // Only white space is left: then there is nothing to take.
        if self.next().is_ok() { Err(NotJson) } else { Ok(value) }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte after white space, which is taken.
    #[inline]
    fn next(&mut self) -> Result<u8> {
        loop {
            let byte = self.peek().ok_or(NotJson)?;
            self.at += 1;
            if !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                return Ok(byte);
            }
        }
    }

    fn value<M: Make<'a>>(&mut self) -> Result<M> {
        let first = self.next()?;
        self.value_from(first)
    }

    /// The value that begins with the byte taken last.
    fn value_from<M: Make<'a>>(&mut self, first: u8) -> Result<M> {
        match first {
            b'"' => Ok(M::text(self.string::<M>()?)),
            b'{' => self.object(),
            b'[' => self.list(),
            b't' => self.literal("rue", M::bool(true)),
            b'f' => self.literal("alse", M::bool(false)),
            b'n' => self.literal("ull", M::null()),
            b'-' | b'0'..=b'9' => Ok(M::number(self.number(first)?)),
            _ => Err(NotJson),
        }
    }

    fn literal<T>(&mut self, rest: &str, value: T) -> Result<T> {
        let there =
            self.text.as_bytes().get(self.at..).is_some_and(|it| it.starts_with(rest.as_bytes()));
        self.at += rest.len();
        if there { Ok(value) } else { Err(NotJson) }
    }

    fn object<M: Make<'a>>(&mut self) -> Result<M> {
        self.deeper()?;
        let mut fields = M::fields(self.like);
        let mut count = 0;
        let mut byte = self.next()?;
        if byte != b'}' {
            loop {
                if byte != b'"' {
                    return Err(NotJson);
                }
                let name = self.string::<M>()?;
                if self.next()? != b':' {
                    return Err(NotJson);
                }
                M::field(&mut fields, name, self.value()?);
                count += 1;
                match self.next()? {
                    b',' => byte = self.next()?,
                    b'}' => break,
                    _ => return Err(NotJson),
                }
            }
        }
        self.like = count;
        self.depth -= 1;
        Ok(M::object(fields))
    }

    fn list<M: Make<'a>>(&mut self) -> Result<M> {
        self.deeper()?;
        let mut items = M::items();
        let mut byte = self.next()?;
        if byte != b']' {
            loop {
                M::push(&mut items, self.value_from(byte)?);
                match self.next()? {
                    b',' => byte = self.next()?,
                    b']' => break,
                    _ => return Err(NotJson),
                }
            }
        }
        self.depth -= 1;
        Ok(M::list(items))
    }

    fn deeper(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(NotJson) } else { Ok(()) }
    }

    /// The text after an opening quote.
    fn string<M: Make<'a>>(&mut self) -> Result<M::Content> {
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
        M::content(raw, escaped)
    }

    /// A number as it is written, from the byte taken last.
    fn number(&mut self, first: u8) -> Result<&'a str> {
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
        text.get(..end).ok_or(NotJson)
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

    /// A number that no double holds is refused by serde_json and kept here: it is written on as it
    /// came.
    fn agree(text: &str) {
        let theirs = serde_json::from_str::<Value>(text);
        let ours = tree(text);
        assert_eq!(check(text.as_bytes()).is_ok(), ours.is_ok(), "{text}");
        match (theirs, ours) {
            (Ok(theirs), Ok(ours)) => {
                let written = ours.write(0);
                let read: Value = serde_json::from_str(&written).unwrap();
                assert_eq!(read, theirs, "{text}");
            }
            (Err(_), Err(NotJson)) => {}
            (Err(error), Ok(_)) if error.to_string().contains("number out of range") => {}
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
        assert_eq!(check(b"\"\xff\""), Err(NotJson));
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
