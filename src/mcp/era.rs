//! Which era a request belongs to (design §7).

use http::{HeaderMap, Method};

use super::{LEGACY, MODERN, envelope::Envelope};

pub(super) const VERSION_HEADER: &str = "mcp-protocol-version";

/// Who answers a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Era {
    /// Sessions, or each POST on its own, as the session mode says.
    Legacy,
    /// No sessions; a request that is incomplete is told so there.
    Modern,
    /// `_meta` names a revision that has none: 400, -32022.
    LegacyInMeta(String),
    /// The header names a revision that is not served, and `_meta` none: 400, -32022.
    Unknown(String),
    /// GET and DELETE are not there in the modern era: 405.
    NotThere,
}

/// The era of a request; `envelope` is there for POST.
pub fn era(method: &Method, headers: &HeaderMap, envelope: Option<&Envelope<'_>>) -> Era {
    let header = headers.get(VERSION_HEADER).map(|value| value.to_str().unwrap_or_default());
    let modern_header = header.is_some_and(|version| !is_legacy(version));
    let Some(envelope) = envelope else {
        let bodiless = matches!(*method, Method::GET | Method::DELETE);
        return if modern_header && bodiless { Era::NotThere } else { Era::Legacy };
    };
    let meta = envelope.meta.version.as_deref();
    let modern_meta = meta.is_some_and(|version| !is_legacy(version));
    if envelope.method.as_deref() == Some("initialize") {
        // One that offers no revision but in `_meta` asks the modern era for a method it has not.
        let offers = envelope.params.protocol_version.is_some();
        return if modern_meta && !offers { Era::Modern } else { Era::Legacy };
    }
    match meta {
        None if modern_header && header != Some(MODERN.as_str()) => {
            Era::Unknown(header.unwrap_or_default().to_owned())
        }
        _ if modern_header || modern_meta => Era::Modern,
        Some(version) => Era::LegacyInMeta(version.to_owned()),
        None if envelope.method.as_deref() == Some("server/discover") => Era::Modern,
        None => Era::Legacy,
    }
}

pub(super) fn is_legacy(version: &str) -> bool {
    LEGACY.iter().any(|legacy| legacy.as_str() == version)
}

/// Whether a request is modern in every respect that rmcp checks of a list: header and `_meta` name
/// the revision, capabilities are declared, `Mcp-Method` is right. Anything less goes to rmcp,
/// which says what is missing.
pub(super) fn is_complete(headers: &HeaderMap, envelope: &Envelope<'_>) -> bool {
    let is = |name: &str, wanted: &str| headers.get(name).is_some_and(|value| value == wanted);
    let meta = &envelope.meta;
    is(VERSION_HEADER, MODERN.as_str())
        && is("mcp-method", envelope.method.as_deref().unwrap_or_default())
        && meta.complete
        && meta.version.as_deref() == Some(MODERN.as_str())
}
