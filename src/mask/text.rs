//! Secrets in running text: what Portkey says of a request may quote it, whole or cut off.
//!
//! Found are `"name": "value"` with quotes of any kind, however often they are escaped (RFC 8259 §7),
//! `name=value`, and URLs. Where it is unclear how far a secret goes, more is masked.

use std::{borrow::Cow, ops::Range};

use super::{Kind, SENTINEL, is_masked, kind, url};

/// `text` with its secrets masked. One that the text breaks off in is masked to its end.
pub fn scrub(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let (mut scrubbed, mut copied, mut at) = (String::new(), 0, 0);
    while let Some(mark) = find(bytes, at, |byte| matches!(byte, b':' | b'=')) {
        at = mark + 1;
        let Some(Range { start, end }) = secret(text, mark) else { continue };
        scrubbed.push_str(text.get(copied..start).unwrap_or_default());
        scrubbed.push_str(SENTINEL);
        (copied, at) = (end, end.max(at));
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    scrubbed.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(scrubbed)
}

/// Where the secret is that the `:` or `=` at `mark` stands before.
fn secret(text: &str, mark: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let (before, after) = (bytes.get(..mark)?, bytes.get(mark + 1..)?);
    let is_colon = bytes.get(mark) == Some(&b':');
    let slashes: &[&[u8]] = &[b"//", br"\/\/"];
    if let Some(slashes) = slashes.iter().find(|it| is_colon && after.starts_with(it)) {
        return userinfo(bytes, mark + 1 + slashes.len());
    }
    let Name { kind, quote } = Name::before(before)?;
    let start = value_start(bytes, mark + 1 + usize::from(!is_colon && after.starts_with(b">")));
    let escapes = bytes.get(start..)?.iter().take_while(|byte| **byte == b'\\').count();
    let range = match bytes.get(start + escapes) {
        Some(mark @ (b'"' | b'\'')) => {
            let start = start + escapes + 1;
            let end = closing(bytes, start, *mark, escapes);
            start..end.map_or(bytes.len(), |(content, _)| content)
        }
        Some(b'{' | b'[') => start..container_end(bytes, start, quote.unwrap_or_default()),
        _ => {
            let end = bare_end(bytes, start, kind.is_none());
            let word = text.get(start..end)?;
            let is_scheme = ["basic", "bearer", "token"].contains(&&*word.to_ascii_lowercase());
            let is_word = matches!(word, "null" | "true" | "false" | "None" | "True" | "False")
                // In a sentence, what follows a colon is seldom a value.
                || (quote.is_none() && is_colon && !word.bytes().any(|it| it.is_ascii_digit()));
            match (is_scheme, is_word) {
                (true, _) => start..bare_end(bytes, value_start(bytes, end), false),
                (_, true) => return None,
                _ => start..end,
            }
        }
    };
    let value = text.get(range.clone())?;
    let is_shown = value.is_empty() || (kind != Some(Kind::SecretInside) && is_masked(value));
    (!is_shown).then_some(range)
}

/// The name of a secret.
struct Name {
    /// `None` in the query of a URL.
    kind: Option<Kind>,
    /// How often its closing quote is escaped, where it has one.
    quote: Option<usize>,
}

impl Name {
    /// The name that `text` ends in, if it is a secret's.
    fn before(text: &[u8]) -> Option<Self> {
        let mut text = text.trim_ascii_end();
        let mut quote = None;
        if let Some((b'"' | b'\'', rest)) = text.split_last() {
            let end = rest.iter().rposition(|byte| *byte != b'\\').map_or(0, |at| at + 1);
            quote = Some(rest.len() - end);
            text = rest.get(..end)?;
        }
        let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
        let start = text.iter().rposition(|byte| !is_letter(byte)).map_or(0, |at| at + 1);
        let (before, name) = text.split_at(start);
        let name = std::str::from_utf8(name).ok()?;
        let kind_of = |name: &str| Some(kind(name)).filter(|kind| *kind != Kind::Plain);
        if quote.is_none() {
            // The letters of an escape (`\n`, `\u0026`) are none of the name's.
            let rest = before.ends_with(b"\\").then(|| name.get(1..)).flatten();
            let rest =
                rest.and_then(|it| if name.starts_with('u') { name.get(5..) } else { Some(it) });
            let in_query =
                name.starts_with("u0026") || matches!(before.last(), Some(b'?' | b'&' | b'#'));
            if in_query && [Some(name), rest].into_iter().flatten().any(url::is_secret) {
                return Some(Self { kind: None, quote });
            }
            if let Some(kind) = rest.and_then(kind_of) {
                return Some(Self { kind: Some(kind), quote });
            }
        }
        // The body of a virtual key or integration carries the provider's key under this name.
        if name == "key" && quote.is_some() {
            return Some(Self { kind: Some(Kind::Secret), quote });
        }
        Some(Self { kind: Some(kind_of(name)?), quote })
    }
}

/// The secret in what follows `scheme://`, cut off or not.
fn userinfo(bytes: &[u8], start: usize) -> Option<Range<usize>> {
    let ends = |byte: u8| byte.is_ascii_whitespace() || b"\"<>".contains(&byte);
    let whole = find(bytes, start, ends).unwrap_or(bytes.len());
    let end = find(bytes, start, |byte| ends(byte) || b"/?#\\".contains(&byte)).unwrap_or(whole);
    let authority = bytes.get(start..end)?;
    if let Some(at) = authority.iter().rposition(|byte| *byte == b'@') {
        return (at > 0).then_some(start..start + at);
    }
    // Without an `@`, `user:password` is told from `host:port` by what a port is.
    let told = authority.iter().rposition(|byte| !b".,;:!)]}'`".contains(byte))? + 1;
    let port = authority.get(..told)?.rsplit(|byte| *byte == b':').next()?;
    if authority.first() == Some(&b'[') || port.len() == told || port.iter().all(u8::is_ascii_digit)
    {
        return None;
    }
    let at = bytes.get(end..whole)?.iter().rposition(|byte| *byte == b'@');
    Some(start..at.map_or(start + told, |at| end + at))
}

fn value_start(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match bytes.get(at..) {
            Some([byte, ..]) if byte.is_ascii_whitespace() => at += 1,
            Some([b'\\', b'n' | b'r' | b't', ..]) => at += 2,
            _ => return at,
        }
    }
}

/// Where the content of a text ends that begins at `start`, and where what is behind its closing
/// quote begins. `escapes` backslashes stand before the quotes of a text that is escaped as often
/// as this one; in it, quotes have twice as many and one.
fn closing(bytes: &[u8], start: usize, quote: u8, escapes: usize) -> Option<(usize, usize)> {
    let mut run = 0;
    for (i, byte) in bytes.iter().enumerate().skip(start) {
        match byte {
            b'\\' => run += 1,
            // Fewer: the text around it ends, and this one with it.
            _ if *byte == quote && (run <= escapes || run % (2 * escapes + 2) == escapes) => {
                return Some((i - run.min(escapes), i + 1));
            }
            _ => run = 0,
        }
    }
    None
}

/// Where an object or list ends that begins at `start`, in a text whose quotes are escaped by
/// `escapes` backslashes.
fn container_end(bytes: &[u8], start: usize, escapes: usize) -> usize {
    let (mut depth, mut run, mut at) = (0_usize, 0, start);
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b'"' if run < escapes => return at - 1 - run,
            b'"' | b'\'' => at = closing(bytes, at, *byte, run).map_or(bytes.len(), |it| it.1),
            _ => {}
        }
        run = if *byte == b'\\' { run + 1 } else { 0 };
        if depth == 0 {
            return at;
        }
    }
    bytes.len()
}

/// Where a value without quotes ends.
fn bare_end(bytes: &[u8], start: usize, in_query: bool) -> usize {
    let ends = |byte: u8| {
        byte.is_ascii_whitespace() || b"\"<>".contains(&byte) || (in_query && b"&#".contains(&byte))
    };
    let end = find(bytes, start, ends).unwrap_or(bytes.len());
    let word = bytes.get(start..end).unwrap_or_default();
    let last = word.iter().rposition(|byte| !b",;}])'\\".contains(byte));
    start + last.map_or(0, |at| at + 1)
}

fn find(bytes: &[u8], from: usize, is: impl Fn(u8) -> bool) -> Option<usize> {
    bytes.get(from..)?.iter().position(|byte| is(*byte)).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_is_quoted_of_a_request_keeps_all_but_its_secrets() {
        let table = [
            (
                r#"bad {"api_key":"Q-1","retry":{"n":5}} here"#,
                r#"bad {"api_key":"§","retry":{"n":5}} here"#,
            ),
            (r#"bad {\"api_key\" : \"Q\\\"Q\",\"a\":1}"#, r#"bad {\"api_key\" : \"§\",\"a\":1}"#),
            (r#"{"headers":{"x":"Q]}","y":["Q"]},"a":1}"#, r#"{"headers":§,"a":1}"#),
            (r#"{"token":1753,"a":1}"#, r#"{"token":§,"a":1}"#),
            (
                r#"{"token":null,"secret":"","max_tokens":5}"#,
                r#"{"token":null,"secret":"","max_tokens":5}"#,
            ),
            (
                r#"{"api_key":"sk-***m40","password":"Q***Q"}"#,
                r#"{"api_key":"sk-***m40","password":"§"}"#,
            ),
            ("{'api_key': 'Q', password: 'Q'}", "{'api_key': '§', password: '§'}"),
            ("api_key=Q&x=1 was refused", "api_key=§ was refused"),
            (r#""api_key"=>"Q", "a""#, r#""api_key"=>"§", "a""#),
            ("Authorization: Bearer Q-1 is old", "Authorization: § is old"),
            ("invalid token: it expired", "invalid token: it expired"),
            ("password: Qunter2", "password: §"),
            ("https://u:Q@h/x?token=Q&a=1#key=Q", "https://§@h/x?token=§&a=1#key=§"),
            (
                r#"{"u":"https:\/\/u:Q@h\/x?a=1\u0026sig=Q"}"#,
                r#"{"u":"https:\/\/§@h\/x?a=1\u0026sig=§"}"#,
            ),
            (
                "see https://h.example:8080/x, (http://[::1]:80) or http://h:80.",
                "see https://h.example:8080/x, (http://[::1]:80) or http://h:80.",
            ),
            ("at https://u:Q/Q@h.example/x", "at https://§@h.example/x"),
            ("cut https://u:Q", "cut https://§"),
            (r#"cut {"api_key":"Q"#, r#"cut {"api_key":"§"#),
            (
                r#"cut {"credentials":{"a":"x"},"headers":{"a":[Q"#,
                r#"cut {"credentials":§,"headers":§"#,
            ),
            ("at 12:30 code=AB03: x", "at 12:30 code=AB03: x"),
        ];
        for (text, want) in table {
            assert_eq!(scrub(text), want.replace('§', SENTINEL), "{text}");
            assert_eq!(scrub(&scrub(text)), scrub(text), "{text}");
        }
    }

    const NAMES: [&str; 7] = [
        "api_key",
        "X-Api-Key",
        "azureEntraClientSecret",
        "headers",
        "credentials",
        "jwt",
        "Set-Cookie",
    ];

    /// JSON in which every secret, and nothing else, has a Q.
    fn document() -> impl Strategy<Value = Value> {
        let plain = || "[a-pr-z :=,{}\\[\\]\"'\\\\/@?&é\n]{0,9}";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            plain().prop_map(|text| Value::from(text.replace("://", ""))),
            "https://[a-c]:Q[a-c:%]{0,3}Q@h(:80)?/[a-c]?(\\?a=1&token=Q[a-c,;.]{0,3}Q(&b=2)?)?(#key=Q)?".prop_map(Value::from),
        ];
        let secret = prop_oneof![
            "Q[ -~é]{0,9}Q".prop_map(Value::from),
            ("[ -P R-~]{0,5}", "Q[\"\\\\:{}]{0,5}Q")
                .prop_map(|(name, value)| json!({ name: [value, { "a": "Q" }] })),
        ];
        let field = (prop::sample::select(&NAMES[..]), secret)
            .prop_map(|(name, value)| json!({ name: value }));
        prop_oneof![leaf, field].prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("[a-c]{1,3}", inner.clone()), 0..4)
                    .prop_map(|fields| fields.into_iter().collect()),
                inner.prop_map(|inner| json!({ "text": inner.to_string() })),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn no_secret_is_left_in_any_nesting_or_cut(
            document in document(), pretty: bool, quoted in 0..3, around in "[a-pr-z :\"{\\\\]{0,6}", cut: prop::sample::Index,
        ) {
            let mut text = if pretty { format!("{document:#}") } else { document.to_string() };
            for _ in 0..quoted {
                text = Value::from(text).to_string();
            }
            let text = format!("{around} {text} {around}");
            let scrubbed = scrub(&text);
            prop_assert!(!scrubbed.contains('Q'), "{}\n{}", text, scrubbed);
            let mut at = cut.index(text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            let scrubbed = scrub(&text[..at]);
            prop_assert!(!scrubbed.contains('Q'), "{}\n{}", &text[..at], scrubbed);
        }

        #[test]
        fn what_is_no_secret_is_left_as_it_is(text in ".*", more in "[a-z\"'\\\\:={}\\[\\]/@?&# ]{0,60}") {
            for text in [text, format!("{{\"token\":{more}"), format!("headers:{more}")] {
                let scrubbed = scrub(&text);
                let mut rest = text.as_str();
                for part in scrubbed.split(SENTINEL) {
                    let found = rest.split_once(part);
                    prop_assert!(found.is_some(), "{text}\n{scrubbed}");
                    rest = found.unwrap().1;
                }
            }
        }
    }
}
