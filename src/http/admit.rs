//! Who calls: turns what a request shows into a [`Principal`], or refuses.

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{
        HeaderMap, StatusCode,
        header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};

use super::{
    ClientCertificate, ClientIp, NOBODY,
    error::{self, Error},
};
use crate::auth::{
    self, Access, Challenge, Identity, Method, Mode, Principal, Refused, Tokens, bearer,
    clerk::Clerk,
};

/// Headers that a proxy adds, besides `X-Forwarded-…`; a request that carries one does not come from
/// this machine alone.
const FORWARDING: [&str; 8] = [
    "forwarded",
    "via",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "fly-client-ip",
];

/// Lets callers in.
#[derive(Clone, Debug)]
pub struct Gate {
    verifier: Verifier,
    allow_unauthenticated_http: bool,
    access: Access,
    challenge: Challenge,
}

/// What callers prove themselves with.
#[derive(Clone, Debug)]
enum Verifier {
    None,
    Bearer(Tokens),
    Clerk(Clerk),
}

impl Gate {
    /// # Errors
    /// If no client can be made that fetches Clerk's keys.
    pub fn new(settings: auth::Settings, challenge: Challenge) -> Result<Self, reqwest::Error> {
        let auth::Settings { mode, allow_unauthenticated_http, access } = settings;
        let verifier = match mode {
            Mode::None => Verifier::None,
            Mode::Bearer(tokens) => Verifier::Bearer(tokens),
            Mode::Clerk(clerk) => Verifier::Clerk(Clerk::new(&clerk)?),
        };
        Ok(Self { verifier, allow_unauthenticated_http, access, challenge })
    }

    /// Fetches what tokens are verified with, or fails to within a few seconds.
    pub async fn start(&self) {
        if let Verifier::Clerk(clerk) = &self.verifier {
            clerk.start().await;
        }
    }

    /// Whether there ever was anything to verify tokens with.
    pub fn is_ready(&self) -> bool {
        match &self.verifier {
            Verifier::None | Verifier::Bearer(_) => true,
            Verifier::Clerk(clerk) => clerk.had_keys(),
        }
    }

    /// Whether there is nothing to verify tokens with just now.
    pub fn is_degraded(&self) -> bool {
        match &self.verifier {
            Verifier::None | Verifier::Bearer(_) => false,
            Verifier::Clerk(clerk) => !clerk.has_keys(),
        }
    }

    /// Adds the principal to the request, and gives it; takes the token away from the request.
    pub async fn admit(&self, request: &mut Request) -> Result<Arc<Principal>, Error> {
        let mut given = request.headers().get_all(AUTHORIZATION).iter();
        let (first, second) = (given.next(), given.next());
        if second.is_some() {
            let message = "the request carries more than one `Authorization`";
            return Err(Error::new(StatusCode::BAD_REQUEST, "duplicate_header", message));
        }
        let certificate: Option<ClientCertificate> = request.extensions().get().cloned();
        let token = first.and_then(|value| bearer::token(value.as_bytes()));
        let identity = match (&self.verifier, &certificate) {
            // The certificate is the proof.
            (Verifier::None, Some(shown)) => {
                Ok(Identity::of_certificate(&shown.subject, Some(&shown.issuer)))
            }
            (Verifier::None, None) => {
                self.admit_unproved(request.headers())?;
                Ok(Identity::new(Method::None))
            }
            (Verifier::Bearer(tokens), _) => of_token(tokens, token),
            (Verifier::Clerk(clerk), _) => {
                let from = request.extensions().get().map_or(NOBODY, |ClientIp(from)| *from);
                // Boxed: a question to Clerk is seldom, and its future large.
                Box::pin(clerk.verify(token.unwrap_or_default(), from)).await
            }
        };
        let principal = identity
            .and_then(|identity| self.access.admit(with(identity, certificate)))
            .map_err(|refused| self.error(&refused))?;
        let principal = Arc::new(principal);
        request.headers_mut().remove(AUTHORIZATION);
        request.extensions_mut().insert(Arc::clone(&principal));
        Ok(principal)
    }

    fn admit_unproved(&self, headers: &HeaderMap) -> Result<(), Error> {
        let is_forwarding =
            |name: &str| name.starts_with("x-forwarded-") || FORWARDING.contains(&name);
        let mut names = headers.keys();
        if self.allow_unauthenticated_http || !names.any(|name| is_forwarding(name.as_str())) {
            return Ok(());
        }
        Err(Error::new(
            StatusCode::FORBIDDEN,
            "forwarded_without_auth",
            "the request came through a proxy, and this server asks nobody who they are; \
             set MCP_AUTH_MODE=bearer, or MCP_ALLOW_UNAUTHENTICATED_HTTP=true if the proxy does",
        ))
    }

    fn error(&self, refused: &Refused) -> Error {
        let (status, code, wait) = match refused {
            Refused::Missing(_) | Refused::Invalid(_) => {
                (StatusCode::UNAUTHORIZED, "unauthorized", None)
            }
            Refused::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden", None),
            Refused::Scope { .. } => (StatusCode::FORBIDDEN, "insufficient_scope", None),
            Refused::TooMany { retry_after } => {
                (StatusCode::TOO_MANY_REQUESTS, "too_many_bad_tokens", Some(*retry_after))
            }
            Refused::Unavailable { retry_after, .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, "auth_unavailable", Some(*retry_after))
            }
        };
        let mut error = Error::new(status, code, refused.to_string());
        let wait = wait.map(|wait| (RETRY_AFTER, error::retry_seconds(wait).into()));
        let challenge = self.challenge.header(refused).map(|value| (WWW_AUTHENTICATE, value));
        error.header = challenge.or(wait);
        error
    }
}

/// The identity behind one of this server's own tokens.
fn of_token(tokens: &Tokens, token: Option<&[u8]>) -> Result<Identity, Refused> {
    let Some(token) = token else {
        let why = "send a token of this server as `Authorization: Bearer …`";
        return Err(Refused::Missing(why.to_owned()));
    };
    let Some(name) = tokens.name(token) else {
        return Err(Refused::Invalid("the bearer token is none of this server's".to_owned()));
    };
    Ok(Identity { subject: Some(name.to_owned()), ..Identity::new(Method::Bearer) })
}

/// The certificate beside whatever proved the identity.
fn with(identity: Identity, certificate: Option<ClientCertificate>) -> Identity {
    let Some(ClientCertificate { subject, issuer }) = certificate else { return identity };
    Identity {
        certificate: Some(subject.to_string()),
        certificate_issuer: Some(issuer.to_string()),
        ..identity
    }
}
