//! What can be set about who may call.

use super::{access::Access, bearer::Tokens, clerk};

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
        // Tokens of Clerk carry scopes.
        self.access.is_uniform() && !matches!(self.mode, Mode::Clerk(_))
    }
}

/// How callers prove who they are.
#[derive(Clone, Debug)]
pub enum Mode {
    None,
    Bearer(Tokens),
    Clerk(Box<clerk::Settings>),
}

impl Mode {
    /// Variables of Clerk's settings that are in force.
    pub fn clerk_settings(&self) -> &[&'static str] {
        match self {
            Self::Clerk(clerk) => &clerk.given,
            Self::None | Self::Bearer(_) => &[],
        }
    }

    pub fn as_str(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bearer(_) => "bearer",
            Self::Clerk(_) => "clerk",
        }
    }
}
