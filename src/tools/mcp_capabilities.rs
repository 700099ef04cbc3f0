//! What the tools of MCP integrations and of MCP servers share: capabilities and secret mappings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shared::LargePaging;

/// A list of capabilities.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Capabilities {
    r#type: Option<Listed>,
    #[serde(flatten)]
    paging: LargePaging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Listed {
    Tool,
    Prompt,
    Resource,
    ResourceTemplate,
}

// A capability to switch on or off.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Switch {
    #[schemars(length(min = 1))]
    name: String,
    r#type: Switched,
    enabled: bool,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Switched {
    Tool,
    Prompt,
    Resource,
}
