//! Who calls, and what they may do.

mod policy;
mod principal;

pub use policy::{Decision, decide};
pub use principal::{Method, Principal, PrincipalId};
