//! Opaque OAuth access tokens (`oat_…`), which only Clerk can verify.
//!
//! `POST /oauth_applications/access_tokens/verify` of the backend API:
//! clerk.com/docs/guides/configure/auth-strategies/oauth/verify-oauth-tokens. What is asked is
//! bounded for each token, for each address and in all.

use std::{net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter, clock::Clock as _};
use moka::sync::Cache;
use reqwest::{Client, StatusCode, header::RETRY_AFTER};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::{
    sync::OnceCell,
    time::{Instant, sleep, timeout},
};
use url::Url;

use super::{
    breaker::Breaker,
    download::{self, Document},
    failures::Failures,
    seconds_now,
    settings::{Opaque, Pace, Settings},
};
use crate::auth::{
    identity::{Identity, Method},
    refused::Refused,
};

const PREFIX: &str = "oat_";
/// Lengths of what follows it.
const MIN_CHARS: usize = 16;
const MAX_CHARS: usize = 252;
const PATH: &str = "oauth_applications/access_tokens/verify";
/// The version of the API whose answers are read here.
const API_VERSION: (&str, &str) = ("Clerk-API-Version", "2025-11-10");
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// Tokens whose answer is kept.
const MAX_KEPT: u64 = 10_000;
/// How long a token that was good once is none of a stranger.
const ACQUAINTED: Duration = Duration::from_secs(60 * 60);
/// Questions a second, and of these for tokens that were never good.
const PER_SECOND: NonZeroU32 = NonZeroU32::new(10).unwrap();
const STRANGERS_PER_SECOND: NonZeroU32 = NonZeroU32::new(5).unwrap();
/// How long to wait where Clerk does not say it.
const RETRY: Duration = Duration::from_secs(1);
const MAX_RETRY: Duration = Duration::from_secs(60);
/// Where times in milliseconds begin; in seconds this is the year 5138.
const FIRST_MILLIS: f64 = 1e11;

/// A token that is meant as opaque.
#[derive(Clone, Copy)]
pub struct Token<'t>(&'t [u8]);

impl<'t> Token<'t> {
    pub fn read(token: &'t [u8]) -> Option<Self> {
        token.starts_with(PREFIX.as_bytes()).then_some(Self(token))
    }

    /// The token, if it is one that Clerk may have made.
    fn text(self) -> Option<&'t str> {
        let rest = self.0.strip_prefix(PREFIX.as_bytes())?;
        let known = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
        let fits = (MIN_CHARS..=MAX_CHARS).contains(&rest.len()) && rest.iter().all(known);
        std::str::from_utf8(self.0).ok().filter(|_| fits)
    }
}

/// Verifies a token, if such tokens are taken here.
pub async fn verify(
    tokens: Option<&OpaqueTokens>,
    token: Token<'_>,
    from: IpAddr,
) -> Result<Identity, Refused> {
    let Some(tokens) = tokens else {
        return Err(invalid(
            "this server takes no opaque tokens: let the OAuth application issue JWTs, or set \
             CLERK_SECRET_KEY and CLERK_OAUTH_CLIENT_IDS",
        ));
    };
    let text = token.text().ok_or_else(|| invalid("the token is no access token of Clerk"))?;
    tokens.verify(text, from).await
}

/// Asks Clerk about tokens, and remembers what it said.
pub struct OpaqueTokens {
    http: Client,
    url: Url,
    secret_key: SecretString,
    issuer: String,
    audience: Vec<String>,
    client_ids: Vec<String>,
    pace: Pace,
    kept: Cache<[u8; 32], Arc<Kept>>,
    /// Tokens that were good: who brings one is not held up by the failures of neighbours.
    acquainted: Cache<[u8; 32], ()>,
    failures: Failures,
    all: DefaultDirectRateLimiter,
    strangers: DefaultDirectRateLimiter,
    breaker: Breaker,
    /// Opens besides by failures of strangers' questions, which are none of the others' business:
    /// what somebody sends may be what Clerk stumbles over.
    strangers_breaker: Breaker,
}

/// What is known of a token. Who comes while it is asked about waits for the one answer.
type Kept = OnceCell<Answer>;

#[derive(Clone)]
enum Answer {
    Good {
        identity: Arc<Identity>,
        /// Seconds since 1970.
        expires: Option<f64>,
    },
    Bad(&'static str),
    /// Not kept, as the next: whoever comes asks again.
    Unknown {
        retry_after: Duration,
    },
    TooMany {
        retry_after: Duration,
    },
}

impl OpaqueTokens {
    pub fn new(opaque: &Opaque, settings: &Settings, http: Client, pace: Pace) -> Self {
        let mut url = opaque.api_url.clone();
        url.set_path(&format!("{}/{PATH}", url.path().trim_end_matches('/')));
        // One at a time: more in a burst would be more in a second.
        let evenly =
            |rate: NonZeroU32| RateLimiter::direct(Quota::per_second(rate).allow_burst(ONE));
        Self {
            http,
            url,
            secret_key: opaque.secret_key.clone(),
            issuer: settings.issuer.clone(),
            audience: settings.audience.clone(),
            client_ids: opaque.client_ids.clone(),
            pace,
            kept: Cache::builder().max_capacity(MAX_KEPT).time_to_live(pace.opaque_kept).build(),
            acquainted: Cache::builder().max_capacity(MAX_KEPT).time_to_live(ACQUAINTED).build(),
            failures: Failures::new(),
            all: evenly(PER_SECOND),
            strangers: evenly(STRANGERS_PER_SECOND),
            breaker: Breaker::new(pace.opaque_break),
            strangers_breaker: Breaker::new(pace.opaque_break),
        }
    }

    async fn verify(&self, token: &str, from: IpAddr) -> Result<Identity, Refused> {
        let hash: [u8; 32] = Sha256::digest(token).into();
        let is_stranger = !self.acquainted.contains_key(&hash);
        let kept = if let Some(kept) = self.kept.get(&hash) {
            kept
        } else {
            if let Some(retry_after) = self.too_many(from).filter(|_| is_stranger) {
                return Err(Refused::TooMany { retry_after });
            }
            self.kept.get_with(hash, Arc::default)
        };
        let asked = kept.get_or_init(|| async {
            let answer = self.ask(token, from, is_stranger).await;
            match &answer {
                Answer::Good { .. } => self.acquainted.insert(hash, ()),
                Answer::Bad(_) => self.failures.count(from, Instant::now()),
                Answer::Unknown { .. } | Answer::TooMany { .. } => self.kept.invalidate(&hash),
            }
            answer
        });
        match asked.await {
            Answer::Good { expires: Some(expires), .. } if seconds_now() >= *expires => {
                Err(invalid("the token has expired: get a new one"))
            }
            Answer::Good { identity, .. } => Ok(Identity::clone(identity)),
            Answer::Bad(why) => Err(invalid(why)),
            Answer::TooMany { retry_after } => Err(Refused::TooMany { retry_after: *retry_after }),
            Answer::Unknown { retry_after } => Err(Refused::Unavailable {
                message: "Clerk cannot be asked about the token just now: try again".to_owned(),
                retry_after: *retry_after,
            }),
        }
    }

    fn too_many(&self, from: IpAddr) -> Option<Duration> {
        self.failures.wait(from, Instant::now())
    }

    /// Asks Clerk, or finds that it may not be asked now. What waiting takes is not taken from the
    /// answer's time: whoever sends many tokens would make Clerk look slow.
    async fn ask(&self, token: &str, from: IpAddr, is_stranger: bool) -> Answer {
        let turn = async {
            if is_stranger {
                turn(&self.strangers).await;
            }
            turn(&self.all).await;
        };
        if timeout(self.pace.opaque_turn, turn).await.is_err() {
            return Answer::Unknown { retry_after: RETRY };
        }
        // Others from there may have failed in the meantime.
        if let Some(retry_after) = self.too_many(from).filter(|_| is_stranger) {
            return Answer::TooMany { retry_after };
        }
        if let Err(retry_after) = self.admit(is_stranger, Instant::now()) {
            return Answer::Unknown { retry_after };
        }
        let request = self.http.post(self.url.clone()).header(API_VERSION.0, API_VERSION.1);
        let request = request.bearer_auth(self.secret_key.expose_secret());
        let request = request.json(&json!({ "access_token": token }));
        let deadline = self.pace.opaque_deadline;
        let answer = match download::fetch(request, MAX_ANSWER_BYTES, deadline).await {
            Ok(document) => self.read(&document),
            Err(failure) => {
                tracing::warn!(%failure, "Clerk could not be asked about an access token");
                Answer::Unknown { retry_after: RETRY }
            }
        };
        match answer {
            Answer::Good { .. } | Answer::Bad(_) => {
                self.breaker.succeeded();
                self.strangers_breaker.succeeded();
            }
            Answer::Unknown { .. } | Answer::TooMany { .. } => {
                let breaker = if is_stranger { &self.strangers_breaker } else { &self.breaker };
                breaker.failed(Instant::now());
            }
        }
        answer
    }

    /// Whether Clerk seems well enough to be asked; else how long not.
    fn admit(&self, is_stranger: bool, now: Instant) -> Result<(), Duration> {
        if !is_stranger {
            return self.breaker.admit(now);
        }
        self.breaker.pass(now)?;
        self.strangers_breaker.admit(now)
    }

    fn read(&self, document: &Document) -> Answer {
        match document.status {
            StatusCode::OK => {
                let found = serde_json::from_slice(&document.body);
                found.map_or_else(
                    |_| {
                        tracing::warn!("Clerk's answer about an access token cannot be read");
                        Answer::Unknown { retry_after: RETRY }
                    },
                    |found| self.judge(found),
                )
            }
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY => {
                Answer::Bad("the token is none of Clerk's: get a new one")
            }
            status => {
                let hint = match status.as_u16() {
                    401 | 403 => "Clerk does not take `clerk.secret_key`",
                    _ => "Clerk did not answer a question about an access token",
                };
                tracing::warn!(status = status.as_u16(), hint);
                let asked = document.headers.get(RETRY_AFTER);
                let asked = asked.and_then(|value| value.to_str().ok()?.trim().parse().ok());
                let wait = asked.map_or(RETRY, Duration::from_secs);
                Answer::Unknown { retry_after: wait.clamp(RETRY, MAX_RETRY) }
            }
        }
    }

    fn judge(&self, found: Found) -> Answer {
        let expires = found.expiration.map(|at| if at > FIRST_MILLIS { at / 1000.0 } else { at });
        if found.revoked || found.expired || expires.is_some_and(|at| seconds_now() >= at) {
            return Answer::Bad("the token was revoked or has expired: get a new one");
        }
        if !self.client_ids.contains(&found.client_id) {
            return Answer::Bad(
                "the token was made for another client: CLERK_OAUTH_CLIENT_IDS has to name its \
                 OAuth application",
            );
        }
        let audience = found.aud.map_or_else(Vec::new, Audience::list);
        if !audience.is_empty() && !audience.iter().any(|it| self.audience.contains(it)) {
            return Answer::Bad("the token is for somebody else: `aud` has to name CLERK_AUDIENCE");
        }
        if found.subject.is_empty() {
            return Answer::Bad("the token has no subject");
        }
        let identity = Identity {
            issuer: Some(self.issuer.clone()),
            subject: Some(found.subject),
            scopes: Some(found.scopes),
            client_id: Some(found.client_id),
            ..Identity::new(Method::Clerk)
        };
        Answer::Good { identity: Arc::new(identity), expires }
    }
}

const ONE: NonZeroU32 = NonZeroU32::MIN;

/// Waits until a limiter lets one through.
async fn turn(limiter: &DefaultDirectRateLimiter) {
    while let Err(later) = limiter.check() {
        sleep(later.wait_time_from(limiter.clock().now())).await;
    }
}

/// What Clerk knows of a token. What it has to know is no option.
#[derive(Deserialize)]
struct Found {
    client_id: String,
    subject: String,
    scopes: Vec<String>,
    revoked: bool,
    expired: bool,
    expiration: Option<f64>,
    /// Resources that it was asked for (RFC 8707), where any were.
    aud: Option<Audience>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn list(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

fn invalid(why: &str) -> Refused {
    Refused::Invalid(why.to_owned())
}
