//! Prompts.
use crate::tool::Tool;
pub const TOOLS: &[Tool] = &[];
