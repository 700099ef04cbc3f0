//! The seeded keys, what each may do, and which rows it sees.
//!
//! Scopes are those of Portkey's permission list; one scope covers one verb. A workspace key is
//! tied to one workspace and alone may use the data plane.

use std::fmt;

use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::store::Row;

/// The header that carries the key.
pub(super) const KEY_HEADER: &str = "x-portkey-api-key";

#[derive(Clone, Copy, Debug)]
pub(super) enum Scopes {
    All,
    /// Only scopes whose verb is `list`, `read` or `view`.
    Reading,
    /// Everything in one workspace, and reading that workspace itself.
    Workspace,
}

impl Scopes {
    fn cover(self, scope: &str) -> bool {
        let (family, verb) = scope.split_once('.').unwrap_or((scope, ""));
        let reads = matches!(verb, "list" | "read" | "view");
        match self {
            Self::All => true,
            Self::Reading => reads,
            Self::Workspace => match family {
                "workspaces" => reads,
                "audit_logs" => false,
                _ => !family.starts_with("organisation"),
            },
        }
    }
}

/// Whose key a request carries.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub name: &'static str,
    /// Index of the organisation.
    pub organisation: usize,
    /// UUID of the workspace that the key is tied to; absent for organisation keys.
    pub workspace: Option<String>,
    /// UUID of the key itself.
    pub key_id: String,
    pub scopes: Scopes,
}

impl Caller {
    pub fn may(&self, scope: &str) -> bool {
        self.scopes.cover(scope)
    }

    /// Whether the row lies where this key looks; rows without a workspace belong to all of them.
    pub fn sees(&self, row: &Row) -> bool {
        row.organisation == self.organisation
            && match (&self.workspace, &row.workspace) {
                (Some(own), Some(other)) => own == other,
                _ => true,
            }
    }
}

struct Key {
    caller: Caller,
    secret: SecretString,
}

/// All keys of the process.
pub(super) struct Keys(Vec<Key>);

impl Keys {
    pub fn new(callers: Vec<Caller>) -> Self {
        let secret = |caller: &Caller| {
            let random: [u8; 16] = rand::random();
            let random: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
            SecretString::from(format!("sandbox-{}-{random}", caller.name))
        };
        Self(callers.into_iter().map(|caller| Key { secret: secret(&caller), caller }).collect())
    }

    pub fn secret(&self, name: &str) -> Option<SecretString> {
        self.0.iter().find(|key| key.caller.name == name).map(|key| key.secret.clone())
    }

    fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|key| key.caller.name).collect()
    }

    pub fn caller(&self, headers: &HeaderMap) -> Option<&Caller> {
        let sent = headers.get(KEY_HEADER)?.as_bytes();
        let same = |key: &&Key| bool::from(key.secret.expose_secret().as_bytes().ct_eq(sent));
        self.0.iter().find(same).map(|key| &key.caller)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}
