//! Secrets in answers: what counts as one, how it is masked, and how a mask that comes back in a
//! whole document is put right (design §3, "Masks never come back").

mod destination;
mod restore;
mod text;
mod url;

use std::borrow::Cow;

use serde_json::Value;

use crate::tool::{Problem, Problems};

pub use destination::moved;
pub use restore::{restore, restore_whole};
pub use text::scrub;

/// Stands for a secret in every answer. No real value contains it.
pub const SENTINEL: &str = "***masked-by-portkey-admin-mcp***";

/// What a row says of secrets beside the names that are secret everywhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct Names {
    /// Secret in this answer.
    pub secret: &'static [&'static str],
    /// Shown in this answer although the name is on the list.
    pub shown: &'static [&'static str],
    /// Secrets that Portkey shows this one time: shown as they are.
    pub one_time: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    Secret,
    SecretInside,
    /// A secret that is shown this one time.
    Once,
}

impl Kind {
    pub(crate) fn is_hidden(self) -> bool {
        matches!(self, Self::Secret | Self::SecretInside)
    }
}

impl Names {
    pub(crate) fn kind(&self, name: &str) -> Kind {
        if self.one_time.contains(&name) {
            return Kind::Once;
        }
        if self.shown.contains(&name) {
            return Kind::Plain;
        }
        if self.secret.contains(&name) {
            return Kind::Secret;
        }
        kind(name)
    }
}

/// What the name of a field says of what it holds. Asked for every field of every answer.
fn kind(name: &str) -> Kind {
    let name = &*folded(name);
    match name {
        // Fields that are secret, wherever they stand.
        "apikey"
        | "aws_access_key_id"
        | "connection_string"
        | "invite_link"
        | "signed_url"
        | "vertex_service_account_json" => Kind::Secret,
        // Fields of which everything inside is secret.
        "auth_config" | "cookies" | "credentials" | "custom_headers" | "default_headers"
        | "extra_headers" | "headers" | "http_headers" | "request_headers" => Kind::SecretInside,
        _ => match name.rsplit_once('_').unwrap_or(("", name)) {
            (_, last) if is_secret_thing(last) => Kind::Secret,
            // A `virtual_key` is the slug of one.
            (owner, "key") if is_secret_key(owner) => Kind::Secret,
            (owner, "string") if owner.ends_with("_connection") => Kind::Secret,
            _ => Kind::Plain,
        },
    }
}

/// Whether a name that is this, or ends in it, is a secret's.
fn is_secret_thing(last: &str) -> bool {
    matches!(
        last,
        "authorization"
            | "cookie"
            | "credential"
            | "jwt"
            | "passphrase"
            | "passwd"
            | "password"
            | "pwd"
            | "secret"
            | "token"
    )
}

fn is_secret_key(owner: &str) -> bool {
    let last = owner.rsplit('_').next();
    matches!(last, Some("access" | "api" | "private" | "secret" | "subscription"))
}

/// A name in lower case with underscores: `X-Api-Key`, `xApiKey` and `x_api_key` are one, since the
/// gateway reads documents in camel case as well.
fn folded(name: &str) -> Cow<'_, str> {
    if !name.bytes().any(|byte| byte == b'-' || byte.is_ascii_uppercase()) {
        return Cow::Borrowed(name);
    }
    let mut folded = String::with_capacity(name.len() + 4);
    let mut letters = name.chars().peekable();
    let mut before = '_';
    while let Some(letter) = letters.next() {
        let begins = letter.is_ascii_uppercase()
            && (before.is_ascii_lowercase()
                || before.is_ascii_digit()
                || (before.is_ascii_uppercase()
                    && letters.peek().is_some_and(char::is_ascii_lowercase)));
        if begins {
            folded.push('_');
        }
        folded.push(if letter == '-' { '_' } else { letter.to_ascii_lowercase() });
        before = letter;
    }
    Cow::Owned(folded)
}

/// The kind of a field, from its name's, its parent's and what it holds. A JSON Schema under a name
/// such as `headers` describes secrets and holds none.
pub(crate) fn within(parent: Kind, named: Kind, value: &Value) -> Kind {
    within_if(parent, named, || {
        let fields = value.as_object();
        fields.is_some_and(|fields| {
            is_schema(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())))
        })
    })
}

/// The same, where `is_schema` says whether the field holds one.
pub(crate) fn within_if(parent: Kind, named: Kind, is_schema: impl FnOnce() -> bool) -> Kind {
    match (parent, named) {
        // What is below a secret is secret, whatever it is called.
        (Kind::Secret | Kind::SecretInside, _) => Kind::SecretInside,
        (Kind::Once, _) => Kind::Once,
        (_, Kind::Plain) => Kind::Plain,
        _ if is_schema() => Kind::Plain,
        (_, named) => named,
    }
}

/// Whether an object is a JSON Schema and nothing else: a header called `type` makes none of the
/// headers beside it.
pub(crate) fn is_schema<'a>(mut fields: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> bool {
    const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];
    const KEYWORDS: [&str; 12] = [
        "additionalProperties",
        "default",
        "description",
        "enum",
        "examples",
        "format",
        "items",
        "nullable",
        "properties",
        "required",
        "title",
        "type",
    ];
    let mut typed = false;
    let known = fields.all(|(name, text)| {
        typed |= name == "type" && text.is_some_and(|text| TYPES.contains(&text));
        KEYWORDS.contains(&name)
    });
    known && typed
}

/// Whether text in a field of this name, or below it, is secret.
pub(crate) fn is_secret(name: &str) -> bool {
    kind(name) != Kind::Plain
}

/// Masks every secret in `value`, which stands in the field `name`.
pub fn mask(value: &mut Value, name: &str, names: Names) {
    mask_kind(value, names.kind(name), names);
}

/// Whether something in here is a secret, or shown as one, in a field of that kind.
fn holds_secret(value: &Value, field: Kind) -> bool {
    match value {
        Value::String(text) => {
            masked(text, field).is_some() || field.is_hidden() && !text.is_empty()
        }
        Value::Number(_) => field.is_hidden(),
        Value::Array(items) => items.iter().any(|item| holds_secret(item, field)),
        Value::Object(fields) => {
            fields.iter().any(|(name, value)| holds_secret(value, within(field, kind(name), value)))
        }
        _ => false,
    }
}

/// Masks what stands in a field of that kind.
pub(crate) fn mask_kind(value: &mut Value, kind: Kind, names: Names) {
    match value {
        Value::String(text) => {
            if let Some(masked) = masked(text, kind) {
                *text = masked;
            }
        }
        Value::Number(_) if kind.is_hidden() => *value = SENTINEL.into(),
        Value::Array(items) => items.iter_mut().for_each(|item| mask_kind(item, kind, names)),
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                let inner = within(kind, names.kind(name), value);
                mask_kind(value, inner, names);
            }
        }
        _ => {}
    }
}

/// What is shown of a text in a field of that kind, where that is something else.
pub(crate) fn masked(text: &str, kind: Kind) -> Option<String> {
    match kind {
        Kind::Plain => url::masked(text),
        Kind::Once => None,
        _ if text.is_empty() => None,
        Kind::Secret if is_masked(text) => None,
        _ => Some(SENTINEL.to_owned()),
    }
}

/// Whether Portkey itself has masked a text (`Xk*******S4`, `sk-***m40`): one run of stars between
/// so few characters that they only say which key it is.
fn is_masked(text: &str) -> bool {
    const PREFIXES: [&str; 5] = ["sk-", "pk-", "sk-ant-", "sk-proj-", "sk-svcacct-"];
    /// Shorter, and what is left would be most of a short password.
    const SHORTEST: usize = 8;
    let (Some(first), Some(last)) = (text.find('*'), text.rfind('*')) else { return false };
    let (before, stars, after) = (text.get(..first), text.get(first..=last), text.get(last + 1..));
    let (Some(before), Some(stars), Some(after)) = (before, stars, after) else { return false };
    let plain =
        |part: &str| part.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it));
    text.len() >= SHORTEST
        && stars.len() >= 3
        && stars.bytes().all(|byte| byte == b'*')
        && (before.len() <= 4 || PREFIXES.contains(&before))
        && after.len() <= 3
        && plain(before)
        && plain(after)
}

/// Refuses a document that is about to be stored while it holds a secret as Portkey masks it: the
/// stored one would be lost.
///
/// # Errors
/// Names such secrets.
pub fn all_known(document: &Value, name: &str) -> Result<(), Vec<Problem>> {
    let why = "is shown masked by Portkey itself, and writing that back would destroy it: give the \
               value, or null to delete it";
    let mut problems = Problems::default();
    find(document, name, &mut |argument| problems.add(&argument, why));
    problems.into_result()
}

/// Calls `found` with the path of every masked value in `value`: our own mask anywhere, and a
/// value that Portkey itself has masked (`sk-***m40`) in a secret field.
pub fn find(value: &Value, path: &str, found: &mut impl FnMut(String)) {
    let name = path.rsplit_once('.').map_or(path, |(_, name)| name);
    find_in(value, path, kind(name), found);
}

fn find_in(value: &Value, path: &str, inherited: Kind, found: &mut impl FnMut(String)) {
    match value {
        Value::String(text) => {
            let portkeys = inherited != Kind::Plain && text.contains("***");
            if text.contains(SENTINEL) || portkeys {
                found(path.to_owned());
            }
        }
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                find_in(item, &format!("{path}[{i}]"), inherited, found);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                let inner = within(inherited, kind(name), value);
                find_in(value, &format!("{path}.{name}"), inner, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
