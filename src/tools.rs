//! Every tool, by domain. To find one, search for its name; to add one, add a row to its domain.

pub mod analytics;
mod catalogue;
pub mod collections;
pub mod configs;
pub mod deployments;
mod diff;
mod fresh;
pub mod guardrails;
pub mod integrations;
pub mod labels;
pub mod logging;
mod mcp_capabilities;
pub mod mcp_integrations;
pub mod mcp_servers;
mod merge;
pub mod partials;
pub mod prompts;
mod secret_mapping;
pub mod secret_references;
mod shared;
pub mod tracing;

pub use catalogue::{Catalogue, Domain, Entry, UnknownDomain};

/// Domain names (as in `PORTKEY_TOOL_DOMAINS`) and their rows, in the order of `tools/list`. The
/// first tool is harmless without arguments: suites call it.
pub const DOMAINS: &[Domain] = &[
    ("configs", configs::TOOLS),
    ("deployments", deployments::TOOLS),
    ("collections", collections::TOOLS),
    ("prompts", prompts::TOOLS),
    ("analytics", analytics::TOOLS),
    ("guardrails", guardrails::TOOLS),
    ("labels", labels::TOOLS),
    ("partials", partials::TOOLS),
    ("tracing", tracing::TOOLS),
    ("logging", logging::TOOLS),
    ("secret-references", secret_references::TOOLS),
    ("integrations", integrations::TOOLS),
    ("mcp-integrations", mcp_integrations::TOOLS),
    ("mcp-servers", mcp_servers::TOOLS),
];

/// Names that the API cannot serve, each with what to use instead.
pub const REFUSED: &[(&str, &str)] = &[];
