//! Where the values of an argument come from: the rows of a list tool, read from the live account
//! (MCP server/utilities/completion).

/// The values that an argument can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choices {
    /// The tool that lists them, whose permission is needed.
    pub tool: &'static str,
    /// The field of a row that is the value; its `name` is what people know it by.
    pub field: &'static str,
    /// The list is of one workspace where one is chosen: the tool takes `workspace_id`.
    pub of_workspace: bool,
}

impl Choices {
    /// Whether a refusal with this status means that what was chosen before has no such values: an
    /// organisation's key has to name a workspace, and that one may not be there.
    pub fn has_none(self, status: Option<u16>) -> bool {
        self.of_workspace && matches!(status, Some(400 | 404))
    }
}

/// UUIDs, which every tool takes.
pub const WORKSPACES: Choices =
    Choices { tool: "list_workspaces", field: "id", of_workspace: false };
pub const CONFIGS: Choices = Choices { tool: "list_configs", field: "slug", of_workspace: true };
pub const PROMPTS: Choices = Choices { tool: "list_prompts", field: "slug", of_workspace: true };
pub const PROVIDERS: Choices =
    Choices { tool: "list_providers", field: "slug", of_workspace: true };
pub const GUARDRAILS: Choices =
    Choices { tool: "list_guardrails", field: "slug", of_workspace: true };
