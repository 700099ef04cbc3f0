//! Portkey's Admin API as MCP tools, over Streamable HTTP and stdio.
//!
//! A call goes: [`http`] (layers) → [`mcp`] (era, effective tool, rmcp) → [`tools`] (arguments
//! checked, the row run) → [`portkey`] (one request, retried) and back through [`answer`] (secrets
//! masked).

pub mod answer;
pub mod args;
pub mod auth;
pub mod choices;
pub mod cli;
pub mod config;
pub mod http;
pub mod json;
pub mod mask;
pub mod mcp;
pub mod near;
pub mod portkey;
pub mod redis;
pub mod resources;
pub mod runbooks;
pub mod sandbox;
pub mod schema;
pub mod subscriber;
pub mod surface;
pub mod telemetry;
pub mod tool;
pub mod tools;
