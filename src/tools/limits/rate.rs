//! Arguments of the rate limits' tools.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::policy::{Condition, NOTHING, Policy, Scope};
use crate::tools::shared::{Paging, Status, limits::Rated};

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListRateLimits {
    /// From list_workspaces.
    workspace_id: Option<String>,
    /// Default: active.
    status: Option<Status>,
    r#type: Option<Rated>,
    unit: Option<Unit>,
    target: Option<Target>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct GetRateLimit {
    #[serde(flatten)]
    policy: Policy,
    /// Default: active.
    status: Option<Status>,
}

// The week is newer than the official description.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Unit {
    Rpm,
    Rph,
    Rpd,
    Rpw,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Target {
    Llm,
    McpTools,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = told_with_usage_limits)]
pub struct CreateRateLimit {
    #[serde(flatten)]
    scope: Scope,
    r#type: Rated,
    unit: Unit,
    #[schemars(range(min = 0))]
    value: Number,
    /// Default: llm.
    target: Option<Target>,
}

fn told_with_usage_limits(schema: &mut schemars::Schema) {
    let told = [
        ("conditions", "All must hold; as in create_usage_limit."),
        ("group_by", "What is counted apart; as in create_usage_limit."),
    ];
    crate::schema::tell_briefly(schema, &told);
}

/// The model's form is [`UpdateRateLimitArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "UpdateRateLimitArgs")]
pub struct UpdateRateLimit(UpdateRateLimitArgs);

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = told_elsewhere)]
pub struct UpdateRateLimitArgs {
    #[serde(flatten)]
    policy: Policy,
    #[schemars(length(min = 1, max = 255))]
    name: Option<String>,
    unit: Option<Unit>,
    #[schemars(range(min = 0))]
    value: Option<Number>,
    /// Replaces all conditions.
    #[schemars(length(min = 1))]
    conditions: Option<Vec<Condition>>,
}

fn told_elsewhere(schema: &mut schemars::Schema) {
    crate::schema::tell_briefly(
        schema,
        &[("conditions", "All of them, as in create_usage_limit.")],
    );
}

impl TryFrom<UpdateRateLimitArgs> for UpdateRateLimit {
    type Error = &'static str;

    fn try_from(args: UpdateRateLimitArgs) -> Result<Self, Self::Error> {
        let UpdateRateLimitArgs { policy: _, name, unit, value, conditions } = &args;
        let any = name.is_some() || unit.is_some() || value.is_some() || conditions.is_some();
        if any { Ok(Self(args)) } else { Err(NOTHING) }
    }
}
