//! What a principal may do on a surface.

use super::Principal;
use crate::{
    surface::Surface,
    tool::{Effect, Tool},
};

/// Scope for tools that read.
pub const READ: &str = "portkey:read";
/// Scope for tools that change something; it implies [`READ`].
pub const WRITE: &str = "portkey:write";

/// The scopes that a server has a use for.
pub fn scopes(read_only: bool) -> &'static [&'static str] {
    if read_only { &[READ] } else { &[READ, WRITE] }
}

/// Whether a tool is there for a principal on a surface. Found, described, listed and callable
/// are one: what is hidden is answered as unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Visible,
    Hidden,
    /// The rules allow it, and the token lacks this scope: 403 `insufficient_scope`, and not listed.
    NeedsScope(&'static str),
}

/// Asked on every list and every call, with the effective tool.
pub fn decide(principal: &Principal, surface: &Surface, tool: &Tool) -> Decision {
    let reads = tool.effect == Effect::Reads;
    if surface.read_only && !reads || !principal.grant.holds(tool.name) {
        return Decision::Hidden;
    }
    let Some(scopes) = &principal.identity.scopes else { return Decision::Visible };
    let has = |name: &str| scopes.iter().any(|scope| scope == name);
    match reads {
        _ if has(WRITE) => Decision::Visible,
        true if has(READ) => Decision::Visible,
        true => Decision::NeedsScope(READ),
        false => Decision::NeedsScope(WRITE),
    }
}
