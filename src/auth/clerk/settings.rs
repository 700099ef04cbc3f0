//! What can be set about Clerk.

use std::time::Duration;

use jsonwebtoken::Algorithm;
use secrecy::SecretString;
use url::Url;

use super::constraints::Constraints;

/// What tokens may be signed with: public-key algorithms alone, by their names in RFC 7518 and
/// RFC 8037.
pub const ALGORITHMS: &[(&str, Algorithm)] = &[
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("PS512", Algorithm::PS512),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("EdDSA", Algorithm::EdDSA),
];

/// The section `[clerk]`, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// As tokens have to name it, to the letter.
    pub issuer: String,
    /// One of these has to be among a token's audiences.
    pub audience: Vec<String>,
    pub jwks_url: Url,
    pub algorithms: Vec<Algorithm>,
    /// `azp`, or the client of an OAuth token; empty: any.
    pub authorized_parties: Vec<String>,
    pub constraints: Constraints,
    /// Absent: tokens that are no JWT are refused.
    pub opaque: Option<Opaque>,
    /// Whether the issuer's OAuth metadata is served here as well.
    pub mirror: bool,
    /// Variables of what was set, for who wants to know whether it arrived; no values.
    pub given: Vec<&'static str>,
}

/// How opaque OAuth access tokens are verified.
#[derive(Clone, Debug)]
pub struct Opaque {
    pub secret_key: SecretString,
    /// Clients whose tokens are for this server: they stand for the audience.
    pub client_ids: Vec<String>,
    /// Clerk's backend API.
    pub api_url: Url,
}

/// How long things may take, and how long they hold.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How old keys get before they are fetched again.
    pub fresh: Duration,
    /// How old they get while they cannot be fetched.
    pub kept: Duration,
    /// Shortest time from one fetch to the next.
    pub cooldown: Duration,
    /// One fetch, from its first to its last byte.
    pub fetch: Duration,
    /// How long a request waits for the fetch that it caused.
    pub patience: Duration,
    /// How long what Clerk said of an opaque token holds.
    pub opaque_kept: Duration,
    /// How long a question about an opaque token may wait until it is asked.
    pub opaque_turn: Duration,
    /// One such question, from its first to its last byte.
    pub opaque_deadline: Duration,
    /// How long nobody is asked after too many failures.
    pub opaque_break: Duration,
}

impl Pace {
    pub const USUAL: Self = Self {
        fresh: Duration::from_secs(10 * 60),
        kept: Duration::from_secs(24 * 60 * 60),
        cooldown: Duration::from_secs(30),
        fetch: Duration::from_secs(5),
        patience: Duration::from_secs(2),
        opaque_kept: Duration::from_secs(60),
        opaque_turn: Duration::from_secs(1),
        opaque_deadline: Duration::from_secs(2),
        opaque_break: Duration::from_secs(10),
    };
}
