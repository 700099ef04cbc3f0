//! JSON text in which nothing is hidden: characters that a reader would not see are escaped.

use std::{borrow::Cow, fmt::Write as _};

use crate::json;

/// Compact JSON with hidden characters as escapes, where it has any: control characters, bidi
/// marks, zero-width and tag characters, which can carry text that only a model reads. They stand
/// inside its texts, so that the escapes read back equal.
pub fn visible(json: &str) -> Cow<'_, str> {
    let is_plain = json.is_ascii() && !json.as_bytes().contains(&0x7f);
    if is_plain || !json.contains(is_hidden) {
        return Cow::Borrowed(json);
    }
    let mut shown = String::with_capacity(json.len() + 64);
    for letter in json.chars() {
        if is_hidden(letter) {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(letter);
        }
    }
    Cow::Owned(shown)
}

/// Writes [`visible`] of compact JSON as a JSON text, quotes included, in one pass. Returns whether
/// anything was hidden.
pub fn quote(json: &str, out: &mut String) -> bool {
    json::quote(json, is_hidden, out)
}

fn is_hidden(letter: char) -> bool {
    matches!(letter,
        '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn hidden_characters_are_written_as_escapes_that_read_back_equal() {
        let value = json!({ "n": "a\u{202e}b\u{e0041}c\u{7f}\u{1}\n", "é": "plain ✓" });
        let json = value.to_string();
        let text = visible(&json);
        assert!(text.contains("a\\u202eb\\udb40\\udc41c\\u007f\\u0001\\n"), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        assert!(matches!(visible("[\"plain ✓\"]"), Cow::Borrowed(_)));
    }

    #[test]
    fn quoted_is_visible_as_a_json_text() {
        let value = json!({ "n": "a\u{202e}b\u{e0041}c\u{7f}\u{1}\n\"\\", "é": "plain ✓" });
        for json in [value.to_string(), r#"["plain ✓"]"#.to_owned(), String::new()] {
            let mut quoted = String::new();
            let hidden = quote(&json, &mut quoted);
            let text: String = serde_json::from_str(&quoted).unwrap();
            assert_eq!(text, visible(&json));
            assert_eq!(hidden, text != json);
        }
    }
}
