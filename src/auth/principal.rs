//! The verified identity behind a request.

use std::fmt;

use sha2::{Digest, Sha256};

/// How a caller proved who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Nothing was asked for: `auth.mode = "none"`.
    None,
    /// The shared bearer token.
    Bearer,
    /// The owner of the process that speaks over standard input and output.
    Stdio,
}

impl Method {
    fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bearer => "bearer",
            Self::Stdio => "stdio",
        }
    }
}

/// Who calls, and with which Portkey credential its calls leave.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Principal {
    pub method: Method,
    /// Who vouches for the subject; absent where no issuer is involved.
    pub issuer: Option<String>,
    /// The user, or the name of the token; absent for anonymous callers.
    pub subject: Option<String>,
    pub organisation: Option<String>,
    /// Name of the Portkey credential.
    pub credential: String,
}

impl Principal {
    /// A principal that is known by nothing but how it came in.
    pub fn new(method: Method, credential: impl Into<String>) -> Self {
        Self {
            method,
            issuer: None,
            subject: None,
            organisation: None,
            credential: credential.into(),
        }
    }

    /// Identifies everything that is kept for this principal: sessions, streams and stored events.
    /// Two principals share an id only if every part of them is equal.
    pub fn id(&self) -> PrincipalId {
        let mut hash = Sha256::new();
        let parts = [
            Some(self.method.as_str()),
            self.issuer.as_deref(),
            self.subject.as_deref(),
            self.organisation.as_deref(),
            Some(&*self.credential),
        ];
        for part in parts {
            // Length first, so that no part can run into the next.
            let length = part.map_or(u64::MAX, |part| part.len() as u64);
            hash.update(length.to_be_bytes());
            hash.update(part.unwrap_or_default());
        }
        PrincipalId(hash.finalize().into())
    }
}

/// SHA-256 over the parts of a [`Principal`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PrincipalId([u8; 32]);

impl fmt::Display for PrincipalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PrincipalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_changes_the_id() {
        let plain = Principal::new(Method::Bearer, "default");
        let others = [
            Principal { method: Method::None, ..plain.clone() },
            Principal { issuer: Some("s".into()), ..plain.clone() },
            Principal { subject: Some("s".into()), ..plain.clone() },
            Principal { subject: Some(String::new()), ..plain.clone() },
            Principal { organisation: Some("s".into()), ..plain.clone() },
            Principal { credential: "other".into(), ..plain.clone() },
        ];
        for (i, one) in others.iter().enumerate() {
            assert_ne!(one.id(), plain.id(), "{one:?}");
            for other in &others[i + 1..] {
                assert_ne!(one.id(), other.id(), "{one:?} {other:?}");
            }
        }
        assert_eq!(plain.id(), plain.clone().id());
    }
}
