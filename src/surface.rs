//! The surface: which tools one MCP endpoint URL lists, and what they may do.
//!
//! A surface is read from the URL of each request, never kept with a session. It is the caller's
//! choice and protects nobody: [`crate::auth::decide`] does.

/// The tools that an endpoint offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Surface {
    /// Only tools that read; set by the server's `read_only`.
    pub read_only: bool,
}

impl Surface {
    /// The surface that `path` names, or `None` where there is no endpoint.
    pub fn from_path(path: &str, read_only: bool) -> Option<Self> {
        (path == "/mcp").then_some(Self { read_only })
    }
}
