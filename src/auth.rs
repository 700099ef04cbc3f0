//! Who calls, and what they may do.
//!
//! A token or certificate is verified to an [`Identity`]; the access rules make a [`Principal`] of
//! it, which says with which credential it calls and what it may use; [`decide`] is asked for every
//! tool.

mod access;
pub mod bearer;
mod challenge;
pub mod clerk;
mod grant;
mod identity;
mod policy;
mod principal;
mod refused;
mod rules;
mod settings;
mod shown;
#[cfg(test)]
mod tests;

pub use access::{Access, DEFAULT_CREDENTIAL, Verdict};
pub use bearer::{Bearer, Tokens};
pub use challenge::Challenge;
pub use clerk::Clerk;
pub use grant::Grant;
pub use identity::{Identity, Method};
pub use policy::{Decision, READ, WRITE, decide, scopes};
pub use principal::{Principal, PrincipalId};
pub use refused::Refused;
pub use rules::{Rule, When};
pub use settings::{Mode, Settings};
pub use shown::Shown;
