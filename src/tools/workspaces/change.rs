//! Creating, changing and deleting a workspace.
//!
//! `PUT` is sent what changes, and `defaults` complete: whether the API merges or replaces them is
//! nowhere said, and complete ones are right both ways. `DELETE` takes a body that the official
//! description lacks (facts.md, "Spec against reality" 10).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::WorkspaceId;
use crate::{
    portkey::Method,
    tool::{Call, Error, JsonObject, Result, Workflow, fields, unwrapped},
    tools::shared::{
        TextMap,
        change::{Change, done, names},
        limits::{RateLimit, Unit, UsageLimits},
    },
};

const PATH: &str = "/admin/workspaces/{workspace_id}";

/// As the API takes it; the model's form is [`CreateWorkspaceArgs`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "CreateWorkspaceArgs")]
pub struct CreateWorkspace {
    name: String,
    slug: Option<String>,
    description: Option<String>,
    icon: Option<String>,
    defaults: Option<Value>,
    users: Option<Vec<String>>,
    #[serde(flatten)]
    limits: Limits,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct CreateWorkspaceArgs {
    #[schemars(length(min = 1))]
    name: String,
    /// Undocumented.
    slug: Option<String>,
    description: Option<String>,
    icon: Option<String>,
    /// Added to every request's metadata.
    metadata: Option<TextMap>,
    #[schemars(extend("x-hidden" = true))]
    is_default: Option<bool>,
    /// Ids, from list_all_users.
    users: Option<Vec<String>>,
    #[serde(flatten)]
    limits: Limits,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Limits {
    /// One for each type.
    #[schemars(length(max = 2))]
    usage_limits: Option<Vec<UsageLimits>>,
    rate_limits: Option<Vec<RateLimit<Unit>>>,
}

impl Limits {
    fn check(&self) -> Result<(), String> {
        self.usage_limits.iter().flatten().try_for_each(|it| it.check("usage_limits."))
    }
}

impl TryFrom<CreateWorkspaceArgs> for CreateWorkspace {
    type Error = String;

    fn try_from(args: CreateWorkspaceArgs) -> Result<Self, String> {
        let CreateWorkspaceArgs {
            name,
            slug,
            description,
            icon,
            metadata,
            is_default,
            users,
            limits,
        } = args;
        limits.check()?;
        let mut defaults = JsonObject::new();
        defaults.extend(metadata.map(|metadata| ("metadata".to_owned(), json!(metadata))));
        defaults.extend(is_default.map(flag));
        let defaults = (!defaults.is_empty()).then_some(Value::Object(defaults));
        Ok(Self { name, slug, description, icon, defaults, users, limits })
    }
}

/// The reference's place for it, which the official description lacks.
fn flag(is_default: bool) -> (String, Value) {
    ("is_default".to_owned(), u8::from(is_default).into())
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(transform = told_elsewhere)]
pub struct UpdateWorkspace {
    #[serde(flatten)]
    workspace: WorkspaceId,
    #[serde(flatten)]
    set: Set,
    #[serde(flatten)]
    defaults: Defaults,
    #[serde(flatten)]
    limits: Limits,
    clear: Option<Vec<Clearable>>,
}

fn told_elsewhere(schema: &mut schemars::Schema) {
    crate::schema::tell_briefly(
        schema,
        &[
            ("usage_limits", "All of them, as in create_workspace."),
            ("rate_limits", "All of them, as in create_workspace."),
        ],
    );
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Set {
    #[schemars(length(min = 1))]
    name: Option<String>,
    /// What names the old one fails.
    slug: Option<String>,
    description: Option<String>,
}

/// What `defaults` of the API holds.
#[derive(Debug, Deserialize, JsonSchema)]
struct Defaults {
    metadata: Option<Metadata>,
    /// All guardrail slugs.
    input_guardrails: Option<Vec<String>>,
    /// All guardrail slugs.
    output_guardrails: Option<Vec<String>>,
    /// Slug, from list_configs.
    user_api_key_config: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    is_default: Option<bool>,
}

/// Added to every request's metadata.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
struct Metadata(#[schemars(with = "std::collections::BTreeMap<String, String>")] JsonObject);

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
enum Clearable {
    #[serde(rename = "description")]
    Description,
    #[serde(rename = "defaults")]
    Defaults,
    #[serde(rename(
        serialize = "defaults.user_api_key_config",
        deserialize = "user_api_key_config"
    ))]
    Config,
    #[serde(rename = "usage_limits")]
    UsageLimits,
    #[serde(rename = "rate_limits")]
    RateLimits,
}

impl Defaults {
    fn folded(self) -> JsonObject {
        let Self { metadata, input_guardrails, output_guardrails, user_api_key_config, is_default } =
            self;
        let mut defaults = JsonObject::new();
        for (name, value) in [
            ("metadata", metadata.map(|it| json!(it))),
            ("input_guardrails", input_guardrails.map(|it| json!(it))),
            ("output_guardrails", output_guardrails.map(|it| json!(it))),
            ("user_api_key_config", user_api_key_config.map(|it| json!(it))),
        ] {
            defaults.extend(value.map(|value| (name.to_owned(), value)));
        }
        defaults.extend(is_default.map(flag));
        defaults
    }
}

impl Workflow for UpdateWorkspace {
    type Output = Value;

    async fn run(self, call: &Call) -> Result<Value> {
        let Self { workspace, set, defaults, limits, clear } = self;
        limits.check().map_err(|why| Error::argument("", why))?;
        let mut given = fields(set)?;
        let defaults = defaults.folded();
        if !defaults.is_empty() {
            given.insert("defaults".into(), defaults.into());
        }
        given.extend(fields(limits)?);
        let named = fields(workspace)?;
        let change = Change {
            path: PATH,
            named: named.clone(),
            fields: given,
            clear: names(clear)?,
            documents: &["defaults"],
        };
        let mut answer = change.write(call).await?;
        if let Value::Object(answer) = &mut answer {
            answer.extend(named);
        }
        Ok(answer)
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct DeleteWorkspace {
    /// From list_workspaces.
    #[schemars(length(min = 1))]
    workspace_id: String,
    /// Its exact name, to be sure.
    #[schemars(length(min = 1))]
    name: Option<String>,
    force_delete: Option<bool>,
}

impl Workflow for DeleteWorkspace {
    type Output = Value;

    async fn run(self, call: &Call) -> Result<Value> {
        let Self { workspace_id, name, force_delete } = self;
        let mut args = JsonObject::new();
        args.insert("workspace_id".into(), workspace_id.clone().into());
        let name = if let Some(name) = name {
            name
        } else {
            let stored = unwrapped(call.get(PATH, args.clone().into()).await?);
            let name = stored.get("name").and_then(Value::as_str);
            name.ok_or_else(|| Error::Answer("the workspace has no name".into()))?.to_owned()
        };
        args.insert("name".into(), name.clone().into());
        args.extend(force_delete.map(|force| ("force_delete".to_owned(), force.into())));
        let path = format!("{PATH}{{!name,force_delete}}");
        let answer = unwrapped(call.send(Method::Delete, &path, args.into()).await?);
        Ok(done(json!({ "workspace_id": workspace_id, "name": name }), answer).into())
    }
}
