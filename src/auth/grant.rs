//! What a principal may use, worked out once when the process starts.

use std::{collections::HashSet, fmt, num::NonZeroU32, sync::Arc};

/// The tools of a principal, and how fast it may call them.
#[derive(Clone, PartialEq, Eq)]
pub struct Grant {
    /// Names of the tools; `None` for all.
    tools: Option<Arc<HashSet<&'static str>>>,
    /// Requests a minute; `None` for the server's default.
    pub rate: Option<NonZeroU32>,
}

impl Grant {
    pub const ALL: Self = Self { tools: None, rate: None };

    pub fn of(tools: HashSet<&'static str>, rate: Option<NonZeroU32>) -> Self {
        Self { tools: Some(Arc::new(tools)), rate }
    }

    pub fn holds(&self, tool: &str) -> bool {
        self.tools.as_ref().is_none_or(|tools| tools.contains(tool))
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tools = self.tools.as_ref().map(|tools| tools.len());
        f.debug_struct("Grant").field("tools", &tools).field("rate", &self.rate).finish()
    }
}
