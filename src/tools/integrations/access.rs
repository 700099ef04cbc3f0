//! Which workspaces may use an integration, and how much.
//!
//! Budgets and rate limits are lists of at most one here (facts.md, "Spec against reality" 7).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Number, json};

use crate::{
    tool::{JsonObject, Result, fields},
    tools::shared::limits::{RateLimit, Unit, UsageLimits},
};

/// As the API takes it; the model's form is [`UpdateArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "UpdateArgs")]
pub struct UpdateIntegrationWorkspaces {
    slug: String,
    workspaces: Option<Vec<JsonObject>>,
    global_workspace_access: Option<JsonObject>,
    override_existing_workspace_access: Option<bool>,
    create_default_provider: Option<bool>,
    default_provider_slug: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(transform = told_elsewhere)]
struct UpdateArgs {
    /// From list_integrations.
    #[schemars(length(min = 1))]
    slug: String,
    workspaces: Option<Vec<Workspace>>,
    /// For workspaces made later.
    global_workspace_access_enabled: Option<bool>,
    /// Budget of each of those.
    #[schemars(length(max = 1))]
    global_usage_limits: Option<Vec<UsageLimits>>,
    /// Rate limit of each of those.
    #[schemars(length(max = 1))]
    global_rate_limits: Option<Vec<RateLimit<Unit>>>,
    #[schemars(extend("x-hidden" = true), range(min = 1))]
    global_credit_limit: Option<Number>,
    #[schemars(extend("x-hidden" = true), range(min = 1))]
    global_alert_threshold: Option<Number>,
    #[schemars(extend("x-hidden" = true), range(min = 1))]
    global_rate_limit_rpm: Option<u32>,
    override_existing_workspace_access: Option<bool>,
    /// In each that gets access; default true.
    create_default_provider: Option<bool>,
    #[schemars(regex(pattern = "^[a-zA-Z0-9_-]+$"))]
    default_provider_slug: Option<String>,
}

fn told_elsewhere(schema: &mut schemars::Schema) {
    crate::schema::tell_briefly(
        schema,
        &[
            ("global_usage_limits", "For those; as in workspaces."),
            ("global_rate_limits", "For those."),
        ],
    );
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Workspace {
    /// Slug, from list_workspaces.
    #[schemars(length(min = 1))]
    id: String,
    enabled: bool,
    #[schemars(length(max = 1))]
    usage_limits: Option<Vec<UsageLimits>>,
    #[schemars(length(max = 1))]
    rate_limits: Option<Vec<RateLimit<Unit>>>,
    #[schemars(extend("x-hidden" = true), range(min = 1))]
    credit_limit: Option<Number>,
    #[schemars(extend("x-hidden" = true), range(min = 1))]
    alert_threshold: Option<Number>,
    #[schemars(extend("x-hidden" = true), range(min = 1))]
    rate_limit_rpm: Option<u32>,
    reset_usage: Option<bool>,
    create_default_provider: Option<bool>,
    default_provider_slug: Option<String>,
    clear: Option<Vec<Clearable>>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Clearable {
    UsageLimits,
    RateLimits,
}

/// Limits as the API takes them, however they were given.
struct Limits {
    usage: Option<Vec<UsageLimits>>,
    rate: Option<Vec<RateLimit<Unit>>>,
    credit_limit: Option<Number>,
    alert_threshold: Option<Number>,
    rate_limit_rpm: Option<u32>,
}

impl Limits {
    /// `path` is where they stand, `flat` what the reference puts before its names.
    fn fold(self, path: &str, flat: &str) -> Result<JsonObject, String> {
        let Self { mut usage, mut rate, credit_limit, alert_threshold, rate_limit_rpm } = self;
        if credit_limit.is_some() || alert_threshold.is_some() {
            let name = if credit_limit.is_some() { "credit_limit" } else { "alert_threshold" };
            let budget = UsageLimits::monthly_cost(credit_limit, alert_threshold);
            if usage.replace(vec![budget]).is_some() {
                return Err(format!(
                    "`{path}{flat}{name}` and `{path}{flat}usage_limits` are the same: give one"
                ));
            }
        }
        if let Some(value) = rate_limit_rpm {
            let one = RateLimit::of_requests(Unit::Rpm, value.into());
            if rate.replace(vec![one]).is_some() {
                return Err(format!(
                    "`{path}{flat}rate_limit_rpm` and `{path}{flat}rate_limits` are the same: give \
                     one"
                ));
            }
        }
        for budget in usage.iter().flatten() {
            budget.check(&format!("{path}{flat}usage_limits[0]."))?;
        }
        let limits = json!({ "usage_limits": usage, "rate_limits": rate });
        fields(limits).map_err(|error| error.to_string())
    }
}

impl Workspace {
    fn into_fields(self, index: usize) -> Result<JsonObject, String> {
        let Self { id, enabled, reset_usage, create_default_provider, clear, .. } = &self;
        let rest = json!({
            "id": id, "enabled": enabled, "reset_usage": reset_usage,
            "create_default_provider": create_default_provider,
            "default_provider_slug": self.default_provider_slug, "clear": clear,
        });
        let limits = Limits {
            usage: self.usage_limits,
            rate: self.rate_limits,
            credit_limit: self.credit_limit,
            alert_threshold: self.alert_threshold,
            rate_limit_rpm: self.rate_limit_rpm,
        };
        let path = format!("workspaces[{index}].");
        let mut workspace = limits.fold(&path, "")?;
        for (name, value) in fields(rest).map_err(|error| error.to_string())? {
            if workspace.insert(name.clone(), value).is_some() {
                return Err(format!("`{path}{name}` is set and cleared at once"));
            }
        }
        Ok(workspace)
    }
}

impl TryFrom<UpdateArgs> for UpdateIntegrationWorkspaces {
    type Error = String;

    fn try_from(args: UpdateArgs) -> Result<Self, String> {
        let limits = Limits {
            usage: args.global_usage_limits,
            rate: args.global_rate_limits,
            credit_limit: args.global_credit_limit,
            alert_threshold: args.global_alert_threshold,
            rate_limit_rpm: args.global_rate_limit_rpm,
        };
        let mut global = limits.fold("", "global_")?;
        match args.global_workspace_access_enabled {
            Some(enabled) => {
                global.insert("enabled".into(), enabled.into());
            }
            None if !global.is_empty() => {
                return Err("`global_workspace_access_enabled` is needed with global limits".into());
            }
            None => {}
        }
        let workspaces = args.workspaces.map(|workspaces| {
            let numbered = workspaces.into_iter().enumerate();
            numbered.map(|(index, it)| it.into_fields(index)).collect::<Result<Vec<_>, _>>()
        });
        let workspaces = workspaces.transpose()?;
        if workspaces.as_ref().is_none_or(Vec::is_empty) && global.is_empty() {
            return Err("nothing to change: give `workspaces` or \
                        `global_workspace_access_enabled`"
                .into());
        }
        Ok(Self {
            slug: args.slug,
            workspaces,
            global_workspace_access: (!global.is_empty()).then_some(global),
            override_existing_workspace_access: args.override_existing_workspace_access,
            create_default_provider: args.create_default_provider,
            default_provider_slug: args.default_provider_slug,
        })
    }
}
