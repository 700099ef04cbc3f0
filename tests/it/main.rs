//! Integration tests: the real router or binary on port 0, the built-in sandbox behind it, real
//! MCP clients before it.

mod eras;
mod rules;
mod support;
