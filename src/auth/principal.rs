//! The verified identity behind a request.

use std::fmt;

use sha2::{Digest, Sha256};

use super::{
    grant::Grant,
    identity::{Identity, Method},
};

/// Who calls, with which Portkey credential its calls leave, and what it may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub identity: Identity,
    /// Name of the Portkey credential.
    pub credential: String,
    pub grant: Grant,
}

impl Principal {
    /// A principal that is known by nothing but how it came in, and may use everything.
    pub fn new(method: Method, credential: impl Into<String>) -> Self {
        Self { identity: Identity::new(method), credential: credential.into(), grant: Grant::ALL }
    }

    /// Identifies everything that is kept for this principal: sessions, streams and stored events.
    /// Two principals share an id only if every part of them is equal.
    pub fn id(&self) -> PrincipalId {
        let identity = &self.identity;
        let mut hash = Sha256::new();
        let parts = [
            Some(identity.method.as_str()),
            identity.issuer.as_deref(),
            identity.subject.as_deref(),
            identity.organisation.as_deref(),
            identity.certificate.as_deref(),
            identity.certificate_issuer.as_deref(),
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
        let with = |change: fn(&mut Principal)| {
            let mut other = plain.clone();
            change(&mut other);
            other
        };
        let others = [
            with(|it| it.identity.method = Method::None),
            with(|it| it.identity.issuer = Some("s".into())),
            with(|it| it.identity.subject = Some("s".into())),
            with(|it| it.identity.subject = Some(String::new())),
            with(|it| it.identity.organisation = Some("s".into())),
            with(|it| it.identity.certificate = Some("s".into())),
            with(|it| it.identity.certificate_issuer = Some("s".into())),
            with(|it| it.credential = "other".into()),
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
