//! What can be set about who may call.

use super::bearer::Bearer;

/// The section `[auth]`.
#[derive(Clone, Debug)]
pub struct Settings {
    pub mode: Mode,
    /// Answers mode `none` on any address and behind proxies too.
    pub allow_unauthenticated_http: bool,
}

/// How callers prove who they are.
#[derive(Clone, Debug)]
pub enum Mode {
    None,
    Bearer(Bearer),
}

impl Mode {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bearer(_) => "bearer",
        }
    }
}
