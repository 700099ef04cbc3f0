//! Arguments of the API keys' tools, and the rules that join them.
//!
//! Rotation: facts.md, "Spec against reality" 13; descriptions of `rotation_policy` in the official
//! description. Of the four kinds that the path could name, organisation/user does not exist.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    defaults::{Defaults, GivenDefaults},
    rotation::RotationPolicy,
};
use crate::{
    tool::{Call, Error, Result, Workflow, fields},
    tools::shared::{
        change::{Change, names},
        limits::{Folded, KeyUnit, Limits},
    },
};

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ApiKey {
    /// From list_api_keys.
    #[schemars(extend("format" = "uuid"))]
    id: String,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct RotateApiKey {
    #[serde(flatten)]
    key: ApiKey,
    /// How long the old one works; 30 minutes or more.
    #[schemars(range(min = 1_800_000))]
    key_transition_period_ms: Option<u64>,
}

/// The model's form is [`CreateApiKeyArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "CreateApiKeyArgs")]
pub struct CreateApiKey {
    #[serde(flatten)]
    new: New,
    #[serde(flatten)]
    limits: Folded<KeyUnit>,
    defaults: Option<Defaults>,
    rotation_policy: Option<RotationPolicy>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct CreateApiKeyArgs {
    #[serde(flatten)]
    new: New,
    #[serde(flatten)]
    limits: Limits<KeyUnit>,
    #[serde(flatten)]
    defaults: GivenDefaults,
    rotation_policy: Option<RotationPolicy>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct New {
    r#type: Reach,
    /// user: only in a workspace.
    sub_type: Owner,
    #[schemars(length(min = 1))]
    name: String,
    /// Such as completions.write, configs.read.
    #[schemars(length(min = 1))]
    scopes: Vec<String>,
    description: Option<String>,
    /// From list_workspaces; for type workspace.
    workspace_id: Option<String>,
    /// From list_all_users; for sub_type user.
    #[schemars(extend("format" = "uuid"))]
    user_id: Option<String>,
    #[schemars(extend("format" = "uuid", "x-hidden" = true))]
    organisation_id: Option<String>,
    alert_emails: Option<Vec<Email>>,
    #[schemars(extend("format" = "date-time"))]
    expires_at: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Reach {
    Organisation,
    Workspace,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Owner {
    Service,
    User,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("format" = "email"))]
struct Email(String);

impl TryFrom<CreateApiKeyArgs> for CreateApiKey {
    type Error = String;

    fn try_from(args: CreateApiKeyArgs) -> Result<Self, String> {
        let CreateApiKeyArgs { new, limits, defaults, rotation_policy } = args;
        new.check()?;
        if let Some(policy) = &rotation_policy {
            policy.check_whole()?;
        }
        Ok(Self { new, limits: limits.fold_new()?, defaults: defaults.fold()?, rotation_policy })
    }
}

impl New {
    /// A key that reaches further than was meant is worse than none.
    fn check(&self) -> Result<(), String> {
        let given = |value: &Option<String>| value.as_ref().is_some_and(|text| !text.is_empty());
        let why = match (self.r#type, self.sub_type) {
            (Reach::Organisation, Owner::User) => {
                "`sub_type` user goes with `type` workspace only: an organisation has service keys"
            }
            (Reach::Organisation, _) if self.workspace_id.is_some() => {
                "`workspace_id` does not bind a key of `type` organisation, which reaches every \
                 workspace: leave it out, or use `type` workspace"
            }
            (Reach::Workspace, _) if !given(&self.workspace_id) => {
                "`workspace_id` is required for `type` workspace: take it from list_workspaces"
            }
            (_, Owner::User) if !given(&self.user_id) => {
                "`user_id` is required for `sub_type` user: take it from list_all_users"
            }
            (_, Owner::Service) if self.user_id.is_some() => {
                "`user_id` has no place in a key of `sub_type` service: leave it out, or use user"
            }
            _ => return Ok(()),
        };
        Err(why.into())
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(transform = told_elsewhere)]
pub struct UpdateApiKey {
    #[serde(flatten)]
    key: ApiKey,
    #[serde(flatten)]
    change: Set,
    #[serde(flatten)]
    limits: Limits<KeyUnit>,
    #[serde(flatten)]
    defaults: GivenDefaults,
    rotation_policy: Option<RotationPolicy>,
    clear: Option<Vec<Clearable>>,
}

fn told_elsewhere(schema: &mut schemars::Schema) {
    crate::schema::tell_briefly(
        schema,
        &[
            ("usage_limits", "As in create_api_key."),
            ("rate_limits", "As in create_api_key."),
            ("defaults", "As in create_api_key."),
            ("rotation_policy", "As in create_api_key."),
        ],
    );
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Set {
    #[schemars(length(min = 1))]
    name: Option<String>,
    description: Option<String>,
    #[schemars(length(min = 1))]
    scopes: Option<Vec<String>>,
    alert_emails: Option<Vec<Email>>,
    #[schemars(extend("format" = "date-time"))]
    expires_at: Option<String>,
    reset_usage: Option<bool>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Clearable {
    AlertEmails,
    #[serde(rename = "defaults.config_id")]
    ConfigId,
    ExpiresAt,
    RateLimits,
    RotationPolicy,
    UsageLimits,
    #[serde(rename = "usage_limits.alert_threshold")]
    AlertThreshold,
    #[serde(rename = "usage_limits.periodic_reset")]
    PeriodicReset,
}

impl Workflow for UpdateApiKey {
    type Output = Value;

    async fn run(self, call: &Call) -> Result<Value> {
        let Self { key, change, limits, defaults, rotation_policy, clear } = self;
        let wrong = |why| Error::argument("", why);
        if let Some(policy) = &rotation_policy {
            policy.check().map_err(wrong)?;
        }
        let mut given = fields(change)?;
        given.extend(fields(limits.fold().map_err(wrong)?)?);
        for (name, document) in [
            ("defaults", defaults.fold().map_err(wrong)?.map(fields)),
            ("rotation_policy", rotation_policy.map(fields)),
        ] {
            if let Some(document) = document {
                given.insert(name.into(), document?.into());
            }
        }
        let change = Change {
            path: "/api-keys/{id}",
            named: fields(key)?,
            fields: given,
            clear: names(clear)?,
            documents: &["usage_limits", "defaults", "rotation_policy"],
        };
        change.write(call).await
    }
}
