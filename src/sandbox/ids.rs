//! Ids and slugs, derived from the seed so that equal seeds give equal ids.

use uuid::Uuid;

/// The UUID of what `name` says, in the sandbox of this seed.
pub(super) fn uuid(seed: u64, name: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{seed}/{name}").as_bytes()).to_string()
}

/// A slug as Portkey makes it: prefix, the first letters of the name, six hexadecimal digits.
pub(super) fn slug(prefix: &str, name: &str, id: &str) -> String {
    let stem: String = words(name).chars().take(6).collect();
    let mark: String = id.chars().filter(char::is_ascii_hexdigit).take(6).collect();
    format!("{prefix}{}-{mark}", stem.trim_end_matches('-'))
}

/// Lower-case letters and digits, everything else as single hyphens.
pub(super) fn words(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_ascii_alphanumeric() {
            out.push(letter.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    while out.ends_with('-') {
        out.pop();
    }
    out
}
