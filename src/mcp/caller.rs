//! Who asks, and on which surface.

use std::sync::Arc;

use crate::{
    auth::{Decision, Principal, decide},
    surface::Surface,
    tools::Entry,
};

/// The caller of one request.
#[derive(Clone)]
pub(super) struct Caller {
    pub principal: Arc<Principal>,
    pub surface: Surface,
}

impl Caller {
    pub fn decides(&self, entry: &Entry) -> Decision {
        decide(&self.principal, &self.surface, entry.tool)
    }

    pub fn sees(&self, entry: &Entry) -> bool {
        self.decides(entry) == Decision::Visible
    }
}
