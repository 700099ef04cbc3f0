//! Portkey's Admin API as MCP tools.

pub mod portkey;
pub mod sandbox;
