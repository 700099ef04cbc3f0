//! What can be set about who may call.

use super::{access::Access, bearer::Tokens};

/// The section `[auth]`, with the tokens and rules of the file.
#[derive(Clone, Debug)]
pub struct Settings {
    pub mode: Mode,
    /// Answers mode `none` on any address and behind proxies too.
    pub allow_unauthenticated_http: bool,
    pub access: Access,
}

impl Settings {
    /// Whether all who get in see the same tools.
    pub fn is_uniform(&self) -> bool {
        self.access.is_uniform()
    }
}

/// How callers prove who they are.
#[derive(Clone, Debug)]
pub enum Mode {
    None,
    Bearer(Tokens),
}

impl Mode {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bearer(_) => "bearer",
        }
    }
}
