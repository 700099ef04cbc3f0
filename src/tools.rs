//! Every tool, by domain. To find one, search for its name; to add one, add a row to its domain.

pub mod analytics;
pub mod audit;
mod catalogue;
pub mod collections;
pub mod configs;
pub mod deployments;
mod diff;
mod fresh;
pub mod guardrails;
pub mod integrations;
pub mod keys;
pub mod labels;
pub mod limits;
pub mod logging;
mod mcp_capabilities;
pub mod mcp_integrations;
pub mod mcp_servers;
mod merge;
pub mod models;
mod named;
pub mod partials;
pub mod prompts;
pub mod providers;
mod secret_mapping;
pub mod secret_references;
mod shared;
pub mod tracing;
pub mod users;
pub mod workspaces;

pub use catalogue::{Catalogue, Domain, Entry, UnknownDomain};
pub use named::{absent, named_tools};

type Text = &'static str;

/// Domain names (as in `PORTKEY_TOOL_DOMAINS`) and their rows, in the order of `tools/list`. The
/// first tool is harmless without arguments: suites call it.
pub const DOMAINS: &[Domain] = &[
    ("configs", configs::TOOLS),
    ("users", users::TOOLS),
    ("workspaces", workspaces::TOOLS),
    ("deployments", deployments::TOOLS),
    ("keys", keys::TOOLS),
    ("collections", collections::TOOLS),
    ("prompts", prompts::TOOLS),
    ("analytics", analytics::TOOLS),
    ("guardrails", guardrails::TOOLS),
    ("limits", limits::TOOLS),
    ("audit", audit::TOOLS),
    ("labels", labels::TOOLS),
    ("partials", partials::TOOLS),
    ("tracing", tracing::TOOLS),
    ("logging", logging::TOOLS),
    ("providers", providers::TOOLS),
    ("secret-references", secret_references::TOOLS),
    ("integrations", integrations::TOOLS),
    ("mcp-integrations", mcp_integrations::TOOLS),
    ("mcp-servers", mcp_servers::TOOLS),
    ("models", models::TOOLS),
];

/// Names that the API cannot serve, each with what to use instead.
pub const REFUSED: &[(&str, &str)] = &[];
