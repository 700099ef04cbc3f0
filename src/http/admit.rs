//! Who calls: turns the `Authorization` header into a [`Principal`], or refuses.

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{AUTHORIZATION, WWW_AUTHENTICATE},
    },
};

use super::error::Error;
use crate::auth::{self, Method, Mode, Principal, bearer};

/// Headers that a proxy adds; a request that carries one does not come from this machine alone.
const FORWARDING: [&str; 4] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

/// Checks callers against one mode, with the principal that each becomes.
#[derive(Clone, Debug)]
pub struct Gate {
    settings: auth::Settings,
    principal: Arc<Principal>,
}

impl Gate {
    /// `credential` names the Portkey credential that every caller uses.
    pub fn new(settings: auth::Settings, credential: &str) -> Self {
        let method = match settings.mode {
            Mode::None => Method::None,
            Mode::Bearer(_) => Method::Bearer,
        };
        Self { settings, principal: Arc::new(Principal::new(method, credential)) }
    }

    /// Adds the principal to the request and takes the token away from it.
    pub fn admit(&self, request: &mut Request) -> Result<(), Error> {
        let mut given = request.headers().get_all(AUTHORIZATION).iter();
        let (first, second) = (given.next(), given.next());
        if second.is_some() {
            let message = "the request carries more than one `Authorization`";
            return Err(Error::new(StatusCode::BAD_REQUEST, "duplicate_header", message));
        }
        match &self.settings.mode {
            Mode::None => self.admit_unproved(request.headers())?,
            Mode::Bearer(bearer) => admit_bearer(bearer, first)?,
        }
        request.headers_mut().remove(AUTHORIZATION);
        request.extensions_mut().insert(Arc::clone(&self.principal));
        Ok(())
    }

    fn admit_unproved(&self, headers: &HeaderMap) -> Result<(), Error> {
        let forwarded = FORWARDING.iter().any(|name| headers.contains_key(*name));
        if !forwarded || self.settings.allow_unauthenticated_http {
            return Ok(());
        }
        Err(Error::new(
            StatusCode::FORBIDDEN,
            "forwarded_without_auth",
            "the request came through a proxy, and this server asks nobody who they are; \
             set MCP_AUTH_MODE=bearer, or MCP_ALLOW_UNAUTHENTICATED_HTTP=true if the proxy does",
        ))
    }
}

fn admit_bearer(bearer: &bearer::Bearer, given: Option<&HeaderValue>) -> Result<(), Error> {
    let (challenge, message) = match given.and_then(|value| bearer::token(value.as_bytes())) {
        Some(token) if bearer.admits(token) => return Ok(()),
        Some(_) => ("Bearer error=\"invalid_token\"", "the bearer token is not the server's"),
        None => ("Bearer", "send the server's token as `Authorization: Bearer …`"),
    };
    let mut error = Error::new(StatusCode::UNAUTHORIZED, "unauthorized", message);
    error.header = Some((WWW_AUTHENTICATE, HeaderValue::from_static(challenge)));
    Err(error)
}
