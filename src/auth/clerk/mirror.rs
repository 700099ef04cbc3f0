//! The issuer's authorization-server metadata (RFC 8414), kept here for clients of 2025-03-26, which
//! look for it at the MCP server itself.
//!
//! A task of its own fetches it; a request gets what is there. Only known members are kept, and
//! addresses only if they are the issuer's.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use reqwest::{Client, StatusCode};
use serde_json::{Map, Value};
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use super::download;

const PATH: &str = "/.well-known/oauth-authorization-server";
const MAX_BYTES: usize = 64 * 1024;
const DEADLINE: Duration = Duration::from_secs(5);
const FRESH: Duration = Duration::from_secs(60 * 60);
/// First and longest pause after a failure.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Members whose values are addresses.
const ADDRESSES: &[&str] = &[
    "authorization_endpoint",
    "token_endpoint",
    "registration_endpoint",
    "revocation_endpoint",
    "introspection_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "end_session_endpoint",
    "device_authorization_endpoint",
    "pushed_authorization_request_endpoint",
];
/// Members whose values are lists of words.
const LISTS: &[&str] = &[
    "scopes_supported",
    "response_types_supported",
    "response_modes_supported",
    "grant_types_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
    "token_endpoint_auth_methods_supported",
    "revocation_endpoint_auth_methods_supported",
    "introspection_endpoint_auth_methods_supported",
    "code_challenge_methods_supported",
    "claims_supported",
    "prompt_values_supported",
];
const FLAGS: &[&str] = &[
    "authorization_response_iss_parameter_supported",
    "client_id_metadata_document_supported",
    "require_pushed_authorization_requests",
];
/// Without these a client can do nothing with it (RFC 8414 section 2).
const NEEDED: &[&str] = &["authorization_endpoint", "token_endpoint"];

/// What was fetched last. Clones share it; the task ends when the last one is dropped.
#[derive(Clone)]
pub struct Mirror {
    document: Arc<ArcSwapOption<Bytes>>,
    _end: Arc<DropGuard>,
}

impl Mirror {
    /// Begins to fetch the document of an issuer.
    ///
    /// # Errors
    /// What keeps an HTTP client from being made.
    pub fn start(issuer: &str) -> Result<Self, reqwest::Error> {
        Ok(Self::with(issuer, download::client().build()?))
    }

    pub(super) fn with(issuer: &str, http: Client) -> Self {
        let document = Arc::new(ArcSwapOption::empty());
        let end = CancellationToken::new();
        let refreshing = refresh(Arc::clone(&document), http, issuer.to_owned());
        tokio::spawn({
            let end = end.clone();
            async move { end.run_until_cancelled(refreshing).await }
        });
        Self { document, _end: Arc::new(end.drop_guard()) }
    }

    /// The document, as JSON; `None` until it was fetched.
    pub fn document(&self) -> Option<Bytes> {
        self.document.load().as_deref().cloned()
    }
}

async fn refresh(document: Arc<ArcSwapOption<Bytes>>, http: Client, issuer: String) {
    let url = format!("{}{PATH}", issuer.trim_end_matches('/'));
    let mut pause = PAUSES.0;
    loop {
        match download(&http, &url, &issuer).await {
            Ok(fetched) => {
                document.store(Some(Arc::new(fetched)));
                pause = PAUSES.0;
                sleep(FRESH).await;
            }
            Err(why) => {
                tracing::warn!(why, "the OAuth metadata of `clerk.issuer` could not be fetched");
                sleep(pause).await;
                pause = (pause * 2).min(PAUSES.1);
            }
        }
    }
}

async fn download(http: &Client, url: &str, issuer: &str) -> Result<Bytes, String> {
    let fetched = download::fetch(http.get(url), MAX_BYTES, DEADLINE).await;
    let fetched = fetched.map_err(|failure| failure.to_string())?;
    if fetched.status != StatusCode::OK {
        return Err(format!("status {}", fetched.status.as_u16()));
    }
    let found = serde_json::from_slice::<Map<String, Value>>(&fetched.body);
    let kept = found.ok().and_then(|found| kept(found, issuer));
    kept.map(|kept| Value::Object(kept).to_string().into())
        .ok_or_else(|| "it is no metadata of this issuer".to_owned())
}

/// What may be said of it here; `None` if that is not enough.
fn kept(mut found: Map<String, Value>, issuer: &str) -> Option<Map<String, Value>> {
    if found.get("issuer").and_then(Value::as_str) != Some(issuer) {
        return None;
    }
    let origin = Url::parse(issuer).ok()?.origin();
    found.retain(|name, value| match &**name {
        "issuer" => true,
        name if ADDRESSES.contains(&name) => {
            let url = value.as_str().and_then(|text| Url::parse(text).ok());
            url.is_some_and(|url| {
                let plain = url.username().is_empty() && url.password().is_none();
                url.scheme() == "https" && url.origin() == origin && plain
            })
        }
        name if LISTS.contains(&name) => {
            value.as_array().is_some_and(|list| list.iter().all(Value::is_string))
        }
        name if FLAGS.contains(&name) => value.is_boolean(),
        _ => false,
    });
    NEEDED.iter().all(|name| found.contains_key(*name)).then_some(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://clerk.example.com";

    fn document(change: Value) -> Map<String, Value> {
        let mut document = json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://clerk.example.com/oauth/authorize",
            "token_endpoint": "https://clerk.example.com/oauth/token",
        });
        let (Value::Object(document), Value::Object(change)) = (&mut document, change) else {
            panic!("objects")
        };
        document.extend(change);
        document.clone()
    }

    #[test]
    fn only_known_members_under_the_issuer_are_kept() {
        let whole = document(json!({
            "jwks_uri": "https://clerk.example.com/.well-known/jwks.json",
            "scopes_supported": ["openid", "portkey:read"],
            "client_id_metadata_document_supported": true,
        }));
        assert_eq!(kept(whole.clone(), ISSUER), Some(whole.clone()));
        let mut more = whole.clone();
        let others = json!({
            "registration_endpoint": "https://clerk.example.com.evil.example/oauth/register",
            "userinfo_endpoint": "http://clerk.example.com/oauth/userinfo",
            "revocation_endpoint": "https://a:b@clerk.example.com/oauth/revoke",
            "introspection_endpoint": 1,
            "response_types_supported": ["code", 1],
            "require_pushed_authorization_requests": "yes",
            "service_documentation": "https://clerk.example.com",
            "x": {},
        });
        more.extend(others.as_object().unwrap().clone());
        assert_eq!(kept(more, ISSUER), Some(whole));
    }

    #[test]
    fn what_is_of_another_issuer_or_useless_is_not_kept() {
        for change in [
            json!({ "issuer": "https://clerk.example.com/" }),
            json!({ "issuer": "https://evil.example" }),
            json!({ "issuer": null }),
            json!({ "token_endpoint": "https://evil.example/oauth/token" }),
            json!({ "authorization_endpoint": null }),
        ] {
            assert_eq!(kept(document(change.clone()), ISSUER), None, "{change}");
        }
    }
}
