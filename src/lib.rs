//! Portkey's Admin API as MCP tools.

pub mod sandbox;
