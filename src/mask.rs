//! Secrets in answers: what counts as one, how it is masked, and how a mask that comes back in a
//! whole document is put right (design §3, "Masks never come back").

mod restore;
mod url;

use std::borrow::Cow;

use serde_json::Value;

use crate::tool::Problem;

pub use restore::restore;

/// Stands for a secret in every answer. No real value contains it.
pub const SENTINEL: &str = "***masked-by-portkey-admin-mcp***";

/// Endings that make a field's text secret.
const SECRET_ENDINGS: &[&str] =
    &["_access_token", "_api_key", "_client_secret", "_password", "_private_key", "_secret_key"];

/// Fields that say where a secret beside them is sent.
const HOSTS: &[&str] = &["base_url", "custom_host", "host", "url"];

/// What a row says of secrets beside the names that are secret everywhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct Names {
    /// Secret in this answer.
    pub secret: &'static [&'static str],
    /// Shown in this answer although the name is on the list.
    pub shown: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    Secret,
    SecretInside,
}

impl Names {
    pub(crate) fn kind(&self, name: &str) -> Kind {
        if self.shown.contains(&name) {
            return Kind::Plain;
        }
        if self.secret.contains(&name) {
            return Kind::Secret;
        }
        kind(name)
    }
}

/// What the name of a field says of what it holds. Asked for every field of every answer: most names
/// are told apart by their length.
fn kind(name: &str) -> Kind {
    match &*folded(name) {
        // Fields whose text is secret wherever they stand.
        "access_token"
        | "api_key"
        | "api_token"
        | "apikey"
        | "auth_token"
        | "authorization"
        | "aws_access_key_id"
        | "aws_secret_access_key"
        | "aws_session_token"
        | "bearer_token"
        | "client_secret"
        | "id_token"
        | "invite_link"
        | "passphrase"
        | "password"
        | "private_key"
        | "refresh_token"
        | "secret"
        | "secret_key"
        | "session_token"
        | "signed_url"
        | "token"
        | "vertex_service_account_json"
        | "x_api_key"
        | "x_portkey_api_key" => Kind::Secret,
        // Fields of which every text inside is secret.
        "auth_config" | "credentials" | "custom_headers" | "default_headers" | "extra_headers"
        | "headers" | "http_headers" | "request_headers" => Kind::SecretInside,
        name if name.ends_with(['d', 'n', 't', 'y'])
            && SECRET_ENDINGS.iter().any(|ending| name.ends_with(ending)) =>
        {
            Kind::Secret
        }
        _ => Kind::Plain,
    }
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

fn is_host(name: &str) -> bool {
    HOSTS.contains(&&*folded(name))
}

/// The kind of a field, from its name's, its parent's and what it holds. A JSON Schema under a name
/// such as `headers` describes secrets and holds none.
pub(crate) fn within(parent: Kind, named: Kind, value: &Value) -> Kind {
    match (parent, named) {
        (Kind::SecretInside, _) => Kind::SecretInside,
        (_, Kind::SecretInside) if is_schema(value) => Kind::Plain,
        (_, named) => named,
    }
}

/// Whether an object is a JSON Schema and nothing else: a header called `type` makes none of the
/// headers beside it.
fn is_schema(value: &Value) -> bool {
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
    value.as_object().is_some_and(|fields| {
        fields.get("type").and_then(Value::as_str).is_some_and(|name| TYPES.contains(&name))
            && fields.keys().all(|name| KEYWORDS.contains(&name.as_str()))
    })
}

/// Whether text in a field of this name, or below it, is secret.
pub(crate) fn is_secret(name: &str) -> bool {
    kind(name) != Kind::Plain
}

/// Masks every secret in `value`, which stands in the field `name`.
pub fn mask(value: &mut Value, name: &str, names: Names) {
    mask_kind(value, names.kind(name), names);
}

/// Masks what stands in a field of that kind.
pub(crate) fn mask_kind(value: &mut Value, kind: Kind, names: Names) {
    match value {
        Value::String(text) => mask_text(text, kind),
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

pub(crate) fn mask_text(text: &mut String, kind: Kind) {
    if kind != Kind::Plain {
        if !text.is_empty() {
            SENTINEL.clone_into(text);
        }
    } else if let Some(masked) = url::masked(text) {
        *text = masked;
    }
}

/// Refuses a document that is about to be stored while it holds a secret as Portkey masks it: the
/// stored one would be lost.
///
/// # Errors
/// Names every such secret.
pub fn all_known(document: &Value, name: &str) -> Result<(), Vec<Problem>> {
    let why = "is shown masked by Portkey itself, and writing that back would destroy it: give the \
               value, or null to delete it";
    let mut problems = Vec::new();
    find(document, name, &mut |argument| problems.push(Problem { argument, why: why.to_owned() }));
    if problems.is_empty() { Ok(()) } else { Err(problems) }
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
