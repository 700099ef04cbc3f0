//! Arguments of the policies' tools.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Number;

use crate::tools::shared::{
    Paging,
    limits::{Rated, Reset, below},
};

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Policy {
    /// Id, from the list.
    #[schemars(length(min = 1))]
    id: String,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Active,
    Archived,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListRateLimits {
    /// Only of this workspace: id or slug, from list_workspaces.
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
struct Condition {
    /// Such as api_key, workspace_id, virtual_key, provider, config, prompt, model, metadata.NAME.
    #[schemars(length(min = 1))]
    key: String,
    /// Any of these; * is a wildcard.
    #[schemars(length(min = 1))]
    #[serde(serialize_with = "one_or_list")]
    value: Vec<String>,
    /// But none of these.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "one_or_list_if_any")]
    excludes: Option<Vec<String>>,
}

/// One value is sent as text, which is all that the official description knows.
fn one_or_list<S: Serializer>(values: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    match values {
        [one] => one.serialize(serializer),
        several => several.serialize(serializer),
    }
}

#[expect(clippy::ref_option, reason = "serde's signature")]
fn one_or_list_if_any<S: Serializer>(
    values: &Option<Vec<String>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    one_or_list(values.as_deref().unwrap_or_default(), serializer)
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct GroupBy {
    /// Such as api_key, workspace_id, metadata._user, metadata.NAME.
    #[schemars(length(min = 1))]
    key: String,
}

/// What both kinds of policies have.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Scope {
    /// All must hold.
    #[schemars(length(min = 1))]
    conditions: Vec<Condition>,
    /// What is counted apart.
    #[schemars(length(min = 1))]
    group_by: Vec<GroupBy>,
    #[schemars(length(max = 255))]
    name: Option<String>,
    /// Id or slug, from list_workspaces; needed with an organisation key.
    workspace_id: Option<String>,
    #[schemars(extend("format" = "uuid", "x-hidden" = true))]
    organisation_id: Option<String>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
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

/// The model's form is [`UpdateRateLimitArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "UpdateRateLimitArgs")]
pub struct UpdateRateLimit(UpdateRateLimitArgs);

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
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

const NOTHING: &str = "nothing to change: give a field besides `id`";

impl TryFrom<UpdateRateLimitArgs> for UpdateRateLimit {
    type Error = &'static str;

    fn try_from(args: UpdateRateLimitArgs) -> Result<Self, Self::Error> {
        let UpdateRateLimitArgs { policy: _, name, unit, value, conditions } = &args;
        let any = name.is_some() || unit.is_some() || value.is_some() || conditions.is_some();
        if any { Ok(Self(args)) } else { Err(NOTHING) }
    }
}

// Requests are newer than the official description.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Counted {
    Cost,
    Tokens,
    Requests,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListUsageLimits {
    /// Only of this workspace: id or slug, from list_workspaces.
    workspace_id: Option<String>,
    /// Default: active.
    status: Option<Status>,
    r#type: Option<Counted>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct GetUsageLimit {
    #[serde(flatten)]
    policy: Policy,
    /// Default: active.
    status: Option<Status>,
    /// Show value_key_usage_map: the usage of each group.
    include_usage: Option<bool>,
}

/// Limit, alert and reset of a budget.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Budget {
    /// Below credit_limit.
    #[schemars(range(min = 0))]
    alert_threshold: Option<Number>,
    /// Default: never.
    periodic_reset: Option<Reset>,
    /// Instead of periodic_reset.
    #[schemars(range(min = 1, max = 365))]
    periodic_reset_days: Option<u16>,
    /// Default: computed.
    #[schemars(extend("format" = "date-time"))]
    next_usage_reset_at: Option<String>,
    #[schemars(length(max = 500))]
    description: Option<String>,
}

impl Budget {
    fn check(&self, credit_limit: Option<&Number>) -> Result<(), String> {
        if self.periodic_reset.is_some() && self.periodic_reset_days.is_some() {
            return Err(
                "`periodic_reset` and `periodic_reset_days` exclude each other: give one".into()
            );
        }
        below("", self.alert_threshold.as_ref(), credit_limit)
    }
}

/// The model's form is [`CreateUsageLimitArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "CreateUsageLimitArgs")]
pub struct CreateUsageLimit(CreateUsageLimitArgs);

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct CreateUsageLimitArgs {
    #[serde(flatten)]
    scope: Scope,
    r#type: Counted,
    /// US dollars, or that many tokens or requests.
    #[schemars(range(min = 0))]
    credit_limit: Number,
    #[serde(flatten)]
    budget: Budget,
}

impl TryFrom<CreateUsageLimitArgs> for CreateUsageLimit {
    type Error = String;

    fn try_from(args: CreateUsageLimitArgs) -> Result<Self, String> {
        args.budget.check(Some(&args.credit_limit))?;
        Ok(Self(args))
    }
}

/// The model's form is [`UpdateUsageLimitArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "UpdateUsageLimitArgs")]
pub struct UpdateUsageLimit(UpdateUsageLimitArgs);

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct UpdateUsageLimitArgs {
    #[serde(flatten)]
    policy: Policy,
    #[schemars(length(min = 1, max = 255))]
    name: Option<String>,
    /// US dollars, or that many tokens or requests.
    #[schemars(range(min = 0))]
    credit_limit: Option<Number>,
    #[serde(flatten)]
    budget: Budget,
    /// Replaces all conditions.
    #[schemars(length(min = 1))]
    conditions: Option<Vec<Condition>>,
    /// Value key whose usage is set to zero, from list_usage_limit_entities.
    #[schemars(length(min = 1))]
    reset_usage_for_value: Option<String>,
    /// Fields to empty, such as the reset form that is given up.
    clear: Option<Vec<Clearable>>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Clearable {
    AlertThreshold,
    Description,
    NextUsageResetAt,
    PeriodicReset,
    PeriodicResetDays,
}

impl TryFrom<UpdateUsageLimitArgs> for UpdateUsageLimit {
    type Error = String;

    fn try_from(args: UpdateUsageLimitArgs) -> Result<Self, String> {
        args.budget.check(args.credit_limit.as_ref())?;
        let given = serde_json::to_value(&args).map_err(|error| error.to_string())?;
        let set = given.as_object().into_iter().flatten();
        let empty = |value: &serde_json::Value| {
            value.is_null() || value.as_array().is_some_and(Vec::is_empty)
        };
        if set.filter(|(name, value)| *name != "id" && !empty(value)).count() == 0 {
            return Err(NOTHING.into());
        }
        Ok(Self(args))
    }
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Entities {
    /// Policy id, from list_usage_limits.
    #[schemars(length(min = 1))]
    limit_id: String,
    status: Option<EntityStatus>,
    /// Part of the value key.
    search: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum EntityStatus {
    Active,
    Exhausted,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Entity {
    /// Policy id, from list_usage_limits.
    #[schemars(length(min = 1))]
    limit_id: String,
    /// Entity id, not its value key, from list_usage_limit_entities.
    #[schemars(length(min = 1))]
    entity_id: String,
}
