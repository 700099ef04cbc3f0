//! What a model is shown of a text: nothing in it is hidden, and it reads back as what it was; and
//! running text, in which no secret stands after it was scrubbed.

use portkey_admin_mcp::{
    answer::{quote, visible},
    mask::{SENTINEL, scrub},
};
use serde_json::Value;

const CANARY: &str = "canary-5f1d0c9e";

pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        let json = value.to_string();
        let shown = visible(&json);
        assert_eq!(serde_json::from_str::<Value>(&shown).expect("JSON"), value);
        assert!(!shown.contains(|letter: char| letter.is_control() || letter == '\u{202e}'));
        let mut quoted = String::new();
        assert_eq!(quote(&json, &mut quoted), shown != json);
        assert_eq!(serde_json::from_str::<String>(&quoted).expect("a text"), shown);
    }
    if text.contains("***") {
        return;
    }
    let _ = scrub(text);
    // Whatever stands after a secret, it does not help it out.
    let told = format!(r#"{{"api_key":"{CANARY}","error":"{text}"#);
    let scrubbed = scrub(&told);
    assert!(!scrubbed.contains(CANARY) && scrubbed.contains(SENTINEL), "{scrubbed}");
}
