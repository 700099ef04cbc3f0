//! Tokens that can be verified here: session tokens and OAuth access tokens in JWT form.
//!
//! RFC 7519, RFC 8725 (algorithms, types and keys are never the token's own choice), RFC 9068.

use std::{sync::Arc, time::Duration};

use jsonwebtoken::{
    Header, Validation, decode, decode_header,
    errors::{Error, ErrorKind},
};
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use super::{
    claims::Claims,
    jwks::{Key, Thumb},
    keys::{Keys, Missing},
    seconds_now,
    settings::Settings,
};
use crate::auth::{identity::Identity, refused::Refused};

/// How far clocks may differ.
const LEEWAY_SECONDS: u64 = 30;
const REQUIRED: [&str; 4] = ["exp", "iss", "aud", "sub"];
/// Verified tokens that are remembered, and for how long at most.
const MAX_REMEMBERED: u64 = 10_000;
const REMEMBERED: Duration = Duration::from_secs(60 * 60);

/// Verifies tokens with the issuer's keys and remembers those that were good.
pub struct Jwts {
    pub keys: Keys,
    validation: Validation,
    authorized_parties: Vec<String>,
    verified: Cache<[u8; 32], Arc<Verified>>,
}

/// A token that was good.
struct Verified {
    identity: Identity,
    /// The key that it was signed with. It is as good as that.
    key_id: String,
    thumb: Thumb,
    /// Seconds since 1970.
    expires: f64,
}

impl Jwts {
    pub fn new(settings: &Settings, keys: Keys) -> Self {
        let mut validation = Validation::default();
        validation.algorithms.clone_from(&settings.algorithms);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
        validation.set_issuer(&[&settings.issuer]);
        validation.set_audience(&settings.audience);
        validation.set_required_spec_claims(&REQUIRED);
        Self {
            keys,
            validation,
            authorized_parties: settings.authorized_parties.clone(),
            verified: Cache::builder()
                .max_capacity(MAX_REMEMBERED)
                .time_to_live(REMEMBERED)
                .build(),
        }
    }

    pub async fn verify(&self, token: &[u8]) -> Result<Identity, Refused> {
        let hash: [u8; 32] = Sha256::digest(token).into();
        if let Some(identity) = self.remembered(&hash) {
            return Ok(identity);
        }
        let header = decode_header(token).map_err(|_| {
            invalid("the bearer token is no token of Clerk that this server can read")
        })?;
        let is_access_token = check_type(&header)?;
        let key_id =
            header.kid.ok_or_else(|| invalid("the token does not name its key (`kid`)"))?;
        let key = self.keys.find(&key_id, &self.validation).await.map_err(no_key)?;
        let claims = decode::<Claims>(token, &key.decoding, &key.validation);
        let claims = claims.map_err(|error| refusal(&error, is_access_token))?.claims;
        self.check(&claims, is_access_token)?;
        let expires = claims.exp.unwrap_or_default();
        let identity =
            claims.identity(is_access_token).map_err(|wrong| invalid(&wrong.to_string()))?;
        self.remember(hash, &identity, key_id, &key, expires);
        Ok(identity)
    }

    /// A token that was verified before and has not expired, with a key that is still there.
    fn remembered(&self, hash: &[u8; 32]) -> Option<Identity> {
        let verified = self.verified.get(hash)?;
        let set = self.keys.current();
        let thumb = set.as_ref().and_then(|set| set.thumb(&verified.key_id));
        if thumb != Some(&verified.thumb) || seconds_now() >= verified.expires {
            self.verified.invalidate(hash);
            return None;
        }
        Some(verified.identity.clone())
    }

    fn remember(
        &self,
        hash: [u8; 32],
        identity: &Identity,
        key_id: String,
        key: &Key,
        expires: f64,
    ) {
        let (identity, thumb) = (identity.clone(), key.thumb);
        self.verified.insert(hash, Arc::new(Verified { identity, key_id, thumb, expires }));
    }

    /// What `jsonwebtoken` does not look at.
    fn check(&self, claims: &Claims, is_access_token: bool) -> Result<(), Refused> {
        let latest = seconds_now() + LEEWAY_SECONDS as f64;
        if claims.iat.is_some_and(|issued| issued > latest) {
            return Err(invalid("the token was issued in the future (`iat`): check the clocks"));
        }
        // Access tokens name a client where session tokens name an origin (RFC 9068 section 2.2).
        let party = match &claims.azp {
            None if is_access_token => claims.client_id.as_ref(),
            party => party.as_ref(),
        };
        let parties = &self.authorized_parties;
        if parties.is_empty() || party.is_some_and(|party| parties.contains(party)) {
            return Ok(());
        }
        Err(invalid(
            "the token was made for another application: its `azp` or `client_id` has to be one of \
             CLERK_AUTHORIZED_PARTIES",
        ))
    }
}

/// Whether it says to be an OAuth access token. Other types are not for a resource server
/// (RFC 8725 section 3.11), and extensions that must be understood are not (RFC 7515 section 4.1.11).
/// Keys and addresses in the header are not looked at.
fn check_type(header: &Header) -> Result<bool, Refused> {
    if header.crit.is_some() {
        return Err(invalid(
            "the token asks for extensions (`crit`) that this server does not know",
        ));
    }
    let named = header.typ.as_deref().unwrap_or("JWT").to_ascii_lowercase();
    match named.strip_prefix("application/").unwrap_or(&named) {
        "jwt" => Ok(false),
        "at+jwt" => Ok(true),
        _ => Err(invalid("the token is of a type (`typ`) that gives no access")),
    }
}

fn no_key(missing: Missing) -> Refused {
    match missing {
        Missing::Unknown => invalid(
            "the token is signed with a key that its issuer does not have, or not for the \
             algorithms that this server takes (CLERK_ISSUER, CLERK_ALGORITHMS)",
        ),
        Missing::Unreachable { retry_after } => Refused::Unavailable {
            message: "Clerk's keys cannot be fetched just now: try again".to_owned(),
            retry_after,
        },
    }
}

/// What a caller is told; nothing of the token.
fn refusal(error: &Error, is_access_token: bool) -> Refused {
    let why = match error.kind() {
        ErrorKind::ExpiredSignature => "the token has expired: get a new one",
        ErrorKind::ImmatureSignature => "the token is not valid yet (`nbf`): check the clocks",
        ErrorKind::InvalidSignature => "the token's signature is not its issuer's",
        ErrorKind::InvalidAlgorithm => {
            "the token is not signed with an algorithm that this server takes (CLERK_ALGORITHMS)"
        }
        ErrorKind::InvalidIssuer => {
            "the token is of another issuer: `iss` has to be CLERK_ISSUER to the letter"
        }
        ErrorKind::InvalidAudience => {
            "the token is for somebody else: `aud` has to name CLERK_AUDIENCE"
        }
        ErrorKind::MissingRequiredClaim(name) if name == "aud" && is_access_token => {
            "the token names no audience: register this server's URL in Clerk (Agents, MCP servers) \
             and sign in again (docs/auth.md shows it)"
        }
        ErrorKind::MissingRequiredClaim(name) if name == "aud" => {
            "the token names no audience: add `aud` with the value of CLERK_AUDIENCE in Clerk, by a \
             JWT template or by customising the session token (docs/auth.md shows both)"
        }
        ErrorKind::MissingRequiredClaim(name) => {
            return invalid(&format!("the token lacks `{name}`"));
        }
        _ => "the token cannot be read: its claims or signature are malformed",
    };
    invalid(why)
}

fn invalid(why: &str) -> Refused {
    Refused::Invalid(why.to_owned())
}
