//! The Model Context Protocol side: one endpoint for both eras, and the server behind it.
//!
//! Legacy (2025-03-26, 2025-06-18, 2025-11-25) has `initialize` and sessions; modern (2026-07-28)
//! has neither. rmcp serves both, from two configurations; [`Endpoint`] decides which one gets a
//! request, and answers what rmcp would answer wrongly or slowly.

mod caller;
mod carrier;
mod early;
mod endpoint;
mod envelope;
mod era;
mod handler;
mod headers;
mod lines;
mod lists;
mod reply;
mod scopes;
mod server;
mod services;
mod settings;
mod stdio;
mod streams;
mod unserved;

pub use endpoint::{Counts, Endpoint};
pub use handler::{Calls, Handler};
pub use server::Server;
pub use settings::{Brake, SessionMode, Settings, TooMany};
pub use stdio::stdio;

/// How a message is read before rmcp reads it, for those who compare the two.
#[doc(hidden)]
pub mod routing {
    pub use super::{
        envelope::{Envelope, Malformed},
        era::{Era, era},
    };
}

use rmcp::model::ProtocolVersion;

/// The revision without sessions.
const MODERN: ProtocolVersion = ProtocolVersion::V_2026_07_28;

/// The revisions that begin with `initialize`. 2024-11-05 knew no Streamable HTTP.
const LEGACY: [ProtocolVersion; 3] =
    [ProtocolVersion::V_2025_03_26, ProtocolVersion::V_2025_06_18, ProtocolVersion::V_2025_11_25];

/// Every revision that this server speaks.
const SUPPORTED: [ProtocolVersion; 4] = {
    let [first, second, third] = LEGACY;
    [first, second, third, MODERN]
};

/// How long a client may keep a list, in milliseconds: it changes with the binary only.
const LIST_TTL_MS: u64 = 300_000;
