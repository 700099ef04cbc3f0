//! Why a caller is not let in, by what HTTP says of it (RFC 6750 section 3.1).

use std::time::Duration;

/// The texts are for the caller: they name the cure and quote nothing of the token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// 401 without an error code: nothing was shown.
    #[error("{0}")]
    Missing(String),
    /// 401 `invalid_token`: malformed, expired, or for somebody else.
    #[error("{0}")]
    Invalid(String),
    /// 403: it is good, and its bearer may not.
    #[error("{0}")]
    Forbidden(String),
    /// 403 `insufficient_scope`: only the token's scopes lack what is needed.
    #[error("the token's scopes do not allow this: it needs {}", .needed.join(" "))]
    Scope { needed: Vec<&'static str> },
    /// 429: too many that were bad.
    #[error("too many tokens that were no good: try again later")]
    TooMany { retry_after: Duration },
    /// 503: who vouches for it cannot be reached.
    #[error("{message}")]
    Unavailable { message: String, retry_after: Duration },
}
