//! JSON text in which nothing is hidden: characters that a reader would not see are escaped.

use std::io;

use serde::Serialize;
use serde_json::{Value, ser::Formatter};

/// Compact JSON, and whether hidden characters had to be escaped: control characters, bidi marks,
/// zero-width and tag characters, which can carry text that only a model reads.
pub fn visible_json(value: &Value, capacity: usize) -> (String, bool) {
    let mut bytes = Vec::with_capacity(capacity);
    let mut formatter = Visible { escaped: false };
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, &mut formatter);
    // Neither a `Value` nor a vector can fail to be written.
    let _ = value.serialize(&mut serializer);
    let escaped = formatter.escaped;
    (String::from_utf8(bytes).unwrap_or_default(), escaped)
}

struct Visible {
    escaped: bool,
}

impl Formatter for &mut Visible {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        if fragment.is_ascii() && !fragment.bytes().any(|byte| byte == 0x7f) {
            return writer.write_all(fragment.as_bytes());
        }
        let mut start = 0;
        for (at, hidden) in fragment.char_indices().filter(|(_, letter)| is_hidden(*letter)) {
            self.escaped = true;
            writer.write_all(fragment.get(start..at).unwrap_or_default().as_bytes())?;
            for unit in hidden.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            start = at + hidden.len_utf8();
        }
        writer.write_all(fragment.get(start..).unwrap_or_default().as_bytes())
    }
}

fn is_hidden(letter: char) -> bool {
    matches!(letter,
        '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hidden_characters_are_written_as_escapes_that_read_back_equal() {
        let value = json!({ "n": "a\u{202e}b\u{e0041}c\u{7f}\u{1}\n", "é": "plain ✓" });
        let (text, escaped) = visible_json(&value, 64);
        assert!(escaped);
        assert!(text.contains("a\\u202eb\\udb40\\udc41c\\u007f\\u0001\\n"), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        assert_eq!(visible_json(&json!(["plain ✓"]), 0), ("[\"plain ✓\"]".to_owned(), false));
    }
}
