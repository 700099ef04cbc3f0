//! Integration tests: the real router or binary on port 0, the built-in sandbox behind it, real
//! MCP clients before it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    clippy::needless_pass_by_value,
    reason = "tests"
)]

mod access;
mod analytics;
mod arguments;
mod audit;
#[path = "../../src/http/tests/authority.rs"]
mod authority;
mod budget;
mod calls;
mod canary;
mod clerk;
mod clients;
mod collections;
mod commands;
mod completion;
mod configs;
mod connections;
mod contract;
mod deployments;
mod docs;
mod domains;
mod edges;
mod eras;
mod fuzz;
mod guardrails;
mod integrations;
mod keys;
mod labels;
mod leaving;
mod limits;
mod logging;
mod mcp_integrations;
mod mcp_servers;
mod models;
mod outputs;
mod partials;
mod process;
mod providers;
mod rates;
mod readme;
mod resilience;
mod resources;
mod roundtrip;
mod routes;
mod rules;
mod runbooks;
#[path = "../../src/portkey/tests/upstream.rs"]
mod scripted;
mod secret_references;
mod secrets;
mod stdio;
mod streams;
mod support;
mod tls;
mod tracing;
mod upstream;
mod users;
mod visible;
mod workspaces;
