//! Tokens of Clerk: who brings one, and whether that one may use this server.
//!
//! JWTs are verified here with the issuer's keys; opaque access tokens, if they are wanted, by
//! asking Clerk.

mod breaker;
mod claims;
mod constraints;
mod download;
mod failures;
mod jwks;
mod jwt;
mod keys;
mod mirror;
mod opaque;
mod settings;
#[cfg(test)]
mod tests;

use std::{fmt, net::IpAddr, sync::Arc, time::SystemTime};

pub use constraints::Constraints;
pub use mirror::Mirror;
pub use settings::{ALGORITHMS, Opaque, Pace, Settings};

use self::{jwt::Jwts, keys::Keys, opaque::OpaqueTokens};
use super::{identity::Identity, refused::Refused};

/// Longest token that is looked at.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The verifier. Clones share keys and caches.
#[derive(Clone)]
pub struct Clerk(Arc<Inner>);

struct Inner {
    jwts: Jwts,
    opaque: Option<OpaqueTokens>,
    constraints: Constraints,
}

impl fmt::Debug for Clerk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clerk").finish_non_exhaustive()
    }
}

impl Clerk {
    /// # Errors
    /// What keeps an HTTP client from being made: the platform's roots cannot be read.
    pub fn new(settings: &Settings) -> Result<Self, reqwest::Error> {
        Ok(Self::with(settings, download::client().build()?, Pace::USUAL))
    }

    /// Takes a key set for the issuer's, as if it had been fetched; returns whether it has keys.
    #[doc(hidden)]
    pub fn hold(&self, key_set: &[u8]) -> bool {
        self.0.jwts.keys.hold(key_set)
    }

    fn with(settings: &Settings, http: reqwest::Client, pace: Pace) -> Self {
        let opaque = settings.opaque.as_ref();
        let opaque = opaque.map(|opaque| OpaqueTokens::new(opaque, settings, http.clone(), pace));
        let keys = Keys::new(http, settings.jwks_url.clone(), pace);
        let jwts = Jwts::new(settings, keys);
        Self(Arc::new(Inner { jwts, opaque, constraints: settings.constraints.clone() }))
    }

    /// Fetches the keys, or fails to within a few seconds, and keeps them fresh from then on.
    pub async fn start(&self) {
        self.0.jwts.keys.start().await;
    }

    /// Whether a fetch ever brought keys.
    pub fn had_keys(&self) -> bool {
        self.0.jwts.keys.were_there()
    }

    /// Whether tokens can be verified: not before the first fetch that brought keys, nor a day
    /// after the last.
    pub fn has_keys(&self) -> bool {
        self.0.jwts.keys.current().is_some()
    }

    /// Who brings a token, sent from an address.
    ///
    /// # Errors
    /// Why it is not good, or not good enough. The text quotes nothing of it.
    pub async fn verify(&self, token: &[u8], from: IpAddr) -> Result<Identity, Refused> {
        let Inner { jwts, opaque, constraints } = &*self.0;
        if token.is_empty() {
            return Err(Refused::Missing(
                "send a token of Clerk as `Authorization: Bearer …`".into(),
            ));
        }
        if token.len() > MAX_TOKEN_BYTES {
            let why = format!("the token is longer than {MAX_TOKEN_BYTES} bytes");
            return Err(Refused::Invalid(why));
        }
        let identity = match opaque::Token::read(token) {
            None => jwts.verify(token).await?,
            Some(token) => opaque::verify(opaque.as_ref(), token, from).await?,
        };
        constraints.check(&identity)?;
        Ok(identity)
    }
}

/// Since 1970, as tokens count.
fn seconds_now() -> f64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs_f64()
}
