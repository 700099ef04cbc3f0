//! Who calls, and what they may do.
//!
//! A token or certificate is verified to an [`Identity`]; the access rules make a [`Principal`] of
//! it, which says with which credential it calls and what it may use; [`decide`] is asked for every
//! tool.

pub mod bearer;
mod grant;
mod identity;
mod policy;
mod principal;
mod refused;
mod settings;

pub use bearer::Bearer;
pub use grant::Grant;
pub use identity::{Identity, Method};
pub use policy::{Decision, decide};
pub use principal::{Principal, PrincipalId};
pub use refused::Refused;
pub use settings::{Mode, Settings};
