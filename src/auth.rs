//! Who calls, and what they may do.

pub mod bearer;
mod policy;
mod principal;
mod settings;

pub use bearer::Bearer;
pub use policy::{Decision, decide};
pub use principal::{Method, Principal, PrincipalId};
pub use settings::{Mode, Settings};
