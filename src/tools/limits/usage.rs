//! Arguments of the usage limits' tools.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::policy::{Condition, NOTHING, Policy, Scope};
use crate::tools::shared::{Paging, Status, limits::Reset};

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
    /// From list_workspaces.
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
    /// The usage of each group.
    include_usage: Option<bool>,
}

/// Limit, alert and reset of a budget.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Budget {
    #[schemars(range(min = 0))]
    alert_threshold: Option<Number>,
    periodic_reset: Option<Reset>,
    /// Instead of periodic_reset.
    #[schemars(range(min = 1, max = 365))]
    periodic_reset_days: Option<u16>,
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
        let number = |it: Option<&Number>| it.and_then(Number::as_f64);
        match (number(self.alert_threshold.as_ref()), number(credit_limit)) {
            (Some(alert), Some(limit)) if alert >= limit => {
                Err("`alert_threshold` has to be less than `credit_limit`".into())
            }
            _ => Ok(()),
        }
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
    /// US dollars, tokens or requests.
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
#[schemars(transform = told_elsewhere)]
pub struct UpdateUsageLimitArgs {
    #[serde(flatten)]
    policy: Policy,
    #[schemars(length(min = 1, max = 255))]
    name: Option<String>,
    /// US dollars, tokens or requests.
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

fn told_elsewhere(schema: &mut schemars::Schema) {
    crate::schema::tell_briefly(
        schema,
        &[("conditions", "All of them, as in create_usage_limit.")],
    );
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
    /// From list_usage_limits.
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
    /// From list_usage_limits.
    #[schemars(length(min = 1))]
    limit_id: String,
    /// Entity id, not its value key, from list_usage_limit_entities.
    #[schemars(length(min = 1))]
    entity_id: String,
}
