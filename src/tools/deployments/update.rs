//! Changing a deployment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{AuthSettings, Kind};
use crate::{
    mask,
    tool::{Call, Error, JsonObject, Result, Workflow, fields, unwrapped},
    tools::{
        fresh::{Resource, picked},
        merge::merged,
        shared::{Status, TextMap, change::done},
    },
};

const PATH: &str = "/deployments/{id}";

#[derive(Debug, Deserialize, JsonSchema)]
pub struct UpdateDeployment {
    /// From list_deployments.
    #[schemars(length(min = 1))]
    id: String,
    #[serde(flatten)]
    changes: Changes,
    #[serde(flatten)]
    auth: AuthSettings,
    #[serde(flatten)]
    lists: Lists,
    /// Merged.
    deployment_config: Option<JsonObject>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Changes {
    #[schemars(length(min = 1))]
    name: Option<String>,
    r#type: Option<Kind>,
    status: Option<Status>,
    is_default: Option<bool>,
    /// The old credentials stop working.
    rotate_auth: Option<bool>,
    /// Replace the lists.
    override_existing: Option<bool>,
    /// All tags.
    tags: Option<TextMap>,
    clear: Option<Vec<Clearable>>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Clearable {
    DeploymentConfig,
    Tags,
}

/// What only a change has.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Lists {
    allow_all_workspaces: Option<bool>,
    remove_workspaces_allowed: Option<Vec<String>>,
    remove_subs_allowed: Option<Vec<String>>,
}

impl Workflow for UpdateDeployment {
    type Output = Value;

    async fn run(self, call: &Call) -> Result<Value> {
        let Self { id, changes, auth, lists, deployment_config } = self;
        let mut body = fields(changes)?;
        let mut settings = auth.given().unwrap_or_default();
        settings.extend(fields(lists)?);
        if !settings.is_empty() {
            body.insert("auth_settings".into(), settings.into());
        }
        if deployment_config.is_some() && body.contains_key("deployment_config") {
            return Err(Error::argument("clear", "`deployment_config` is set and cleared at once"));
        }
        if body.keys().all(|name| name == "override_existing") && deployment_config.is_none() {
            return Err(Error::argument("", "nothing to change: give a field besides `id`"));
        }
        let deployment = Resource {
            path: PATH,
            named: Some(("id", &id)),
            version: |shown| picked(shown, &["deployment_config"]),
        };
        let mut stored = None;
        if deployment_config.is_some() || body.contains_key("deployment_config") {
            stored = Some(deployment.read(call).await?);
        }
        if let Some(patch) = deployment_config {
            let before = stored.as_ref().and_then(|it| it.get("deployment_config"));
            let before = before.unwrap_or(&Value::Null);
            let after = merged(before, patch, "deployment_config")?;
            mask::all_known(&after, "deployment_config").map_err(Error::Arguments)?;
            body.insert("deployment_config".into(), after);
        }
        body.insert("id".into(), id.clone().into());
        let answer = unwrapped(call.put(PATH, body.clone().into()).await?);
        let mut told = done(json!({ "id": id }), answer);
        if let Some(stored) = stored {
            let note = deployment.wrote(call, &stored, &body).await;
            told.extend(note.map(|note| ("note".to_owned(), note.into())));
        }
        Ok(told.into())
    }
}
