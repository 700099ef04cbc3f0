//! Who calls: turns what a request shows into a [`Principal`], or refuses.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::Request,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};

use super::error::Error;
use crate::auth::{
    self, Access, Challenge, Identity, Method, Mode, Principal, Refused, Tokens, bearer,
};

/// Headers that a proxy adds; a request that carries one does not come from this machine alone.
const FORWARDING: [&str; 4] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

/// Lets callers in.
#[derive(Clone, Debug)]
pub struct Gate {
    mode: Mode,
    allow_unauthenticated_http: bool,
    access: Access,
    challenge: Challenge,
}

impl Gate {
    pub fn new(settings: auth::Settings, challenge: Challenge) -> Self {
        let auth::Settings { mode, allow_unauthenticated_http, access } = settings;
        Self { mode, allow_unauthenticated_http, access, challenge }
    }

    /// Adds the principal to the request and takes the token away from it.
    pub fn admit(&self, request: &mut Request) -> Result<(), Error> {
        let mut given = request.headers().get_all(AUTHORIZATION).iter();
        let (first, second) = (given.next(), given.next());
        if second.is_some() {
            let message = "the request carries more than one `Authorization`";
            return Err(Error::new(StatusCode::BAD_REQUEST, "duplicate_header", message));
        }
        let identity = match &self.mode {
            Mode::None => {
                self.admit_unproved(request.headers())?;
                Ok(Identity::new(Method::None))
            }
            Mode::Bearer(tokens) => token_bearer(tokens, first),
        };
        let principal: Result<Principal, Refused> = identity.and_then(|it| self.access.admit(it));
        let principal = principal.map_err(|refused| self.error(&refused))?;
        request.headers_mut().remove(AUTHORIZATION);
        request.extensions_mut().insert(Arc::new(principal));
        Ok(())
    }

    fn admit_unproved(&self, headers: &HeaderMap) -> Result<(), Error> {
        let forwarded = FORWARDING.iter().any(|name| headers.contains_key(*name));
        if !forwarded || self.allow_unauthenticated_http {
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
        let wait = wait.map(|wait: Duration| {
            // Rounded up: a client that comes back in time must find the door open.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            (RETRY_AFTER, HeaderValue::from(seconds.max(1)))
        });
        let challenge = self.challenge.header(refused).map(|value| (WWW_AUTHENTICATE, value));
        error.header = challenge.or(wait);
        error
    }
}

/// The identity behind one of this server's own tokens.
fn token_bearer(tokens: &Tokens, given: Option<&HeaderValue>) -> Result<Identity, Refused> {
    let Some(token) = given.and_then(|value| bearer::token(value.as_bytes())) else {
        let why = "send a token of this server as `Authorization: Bearer …`";
        return Err(Refused::Missing(why.to_owned()));
    };
    let Some(name) = tokens.name(token) else {
        return Err(Refused::Invalid("the bearer token is none of this server's".to_owned()));
    };
    Ok(Identity { subject: Some(name.to_owned()), ..Identity::new(Method::Bearer) })
}
