//! What a principal may do on a surface.

use super::Principal;
use crate::{
    surface::Surface,
    tool::{Effect, Tool},
};

/// Whether a tool is there for a principal on a surface. Found, described, listed and callable
/// are one: what is hidden is answered as unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Visible,
    Hidden,
}

/// Asked on every list and every call, with the effective tool.
///
/// Every principal may do everything, but for what the surface leaves out.
pub fn decide(_principal: &Principal, surface: &Surface, tool: &Tool) -> Decision {
    if surface.read_only && tool.effect != Effect::Reads {
        Decision::Hidden
    } else {
        Decision::Visible
    }
}
