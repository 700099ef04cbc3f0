//! Headers that every answer carries for the browsers' sake.
//!
//! Sources: Fetch (nosniff, CORP), HTML (COOP), CSP 3, RFC 6797 (HSTS). What hyper answers by itself,
//! to what is no HTTP, carries none.

use axum::http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
        X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};

/// For what is no page: nothing of it may run, load or be framed.
const NO_PAGE: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// A year, for this name alone.
const TLS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// On every answer, whatever a handler said.
static ALWAYS: [(HeaderName, HeaderValue); 5] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    // Neither hinders those whom CORS lets in.
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// Adds what is missing; how long it may be kept, and what a page may do, a handler may say itself.
pub fn headers(headers: &mut HeaderMap, tls: bool) {
    for (name, value) in &ALWAYS {
        headers.insert(name, value.clone());
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(NO_PAGE);
    if tls {
        headers.insert(STRICT_TRANSPORT_SECURITY, TLS_ONLY);
    }
}
