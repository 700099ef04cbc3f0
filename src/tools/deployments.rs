//! Deployments: gateways that an organisation hosts itself, registered with Portkey.
//!
//! API: <https://github.com/Portkey-AI/openapi/pull/150>, not in the June description. Earlier
//! clients call it in `/v2`, the description of August in `/v1` (facts.md, "/v2 conflicts"). `PUT`
//! keeps what it is not given and adds to the lists of workspaces and subjects; only
//! `deployment_config` is replaced, and so is merged here.

mod update;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::shared::TextMap;
use crate::{
    portkey::Base,
    tool::{Effect, JsonObject, LIST, Tool, delete, fields, get, post, run},
};
use update::UpdateDeployment;

/// Portkey itself says where the family lives.
const BASE: Base = Base::Disputed { family: "/deployments" };

pub const TOOLS: &[Tool] = &[
    row(get::<ListDeployments>(
        "list_deployments",
        "/deployments",
        "List self-hosted gateway deployments, archived ones too unless status is given: id, slug,
         type, status, connection status, last sync. get_deployment shows one whole.",
    ))
    .lists(LIST)
    .scopes(&["deployments.list"])
    .intents(&[
        "which gateways do we host ourselves",
        "show hybrid deployments",
        "is our gateway connected",
        "find the id of a deployment",
    ]),
    row(post::<RegisterDeployment>(
        "register_deployment",
        "/deployments",
        "Register a self-hosted gateway. Returns its id and the credentials that the gateway signs
         in with, shown this one time: store them at once. update_deployment with rotate_auth makes
         new ones.",
    ))
    .read_back("list_deployments")
    .one_time(CREDENTIALS)
    .scopes(&["deployments.create"])
    .intents(&[
        "add a self-hosted gateway",
        "register a hybrid deployment",
        "credentials for a new gateway",
        "onboard a data plane",
    ]),
    row(get::<GetDeployment>(
        "get_deployment",
        "/deployments/{id}",
        "Get one deployment: gateway URLs, workspaces and JWT subjects that it serves, its
         configuration, sync times. Credentials are masked; whether it answers says ping_deployment.",
    ))
    .scopes(&["deployments.read"])
    .intents(&[
        "settings of a gateway deployment",
        "which workspaces does a deployment serve",
        "URL of our self-hosted gateway",
        "when did the gateway last sync",
    ]),
    row(run::<UpdateDeployment>(
        "update_deployment",
        Effect::Replaces,
        "Change a deployment; what is not given stays. Workspaces and subjects are added to the
         lists unless override_existing is true; deployment_config is merged (null deletes a key).
         rotate_auth makes the old credentials useless and returns new ones, shown this one time.",
    ))
    .document("deployment_config")
    .read_back("get_deployment")
    .one_time(CREDENTIALS)
    .scopes(&["deployments.read", "deployments.update"])
    .intents(&[
        "change the gateway URL",
        "rotate the credentials of a gateway",
        "let a workspace use a deployment",
        "make a deployment the default",
        "restore an archived deployment",
    ]),
    row(delete::<GetDeployment>(
        "archive_deployment",
        "/deployments/{id}",
        "Archive a deployment: its gateway loses access to Portkey. The record stays in
         list_deployments with status archived; update_deployment can make it active again.",
    ))
    .read_back("get_deployment")
    .scopes(&["deployments.delete"])
    .intents(&["remove a gateway deployment", "retire a data plane", "delete a deployment"]),
    row(get::<GetDeployment>(
        "ping_deployment",
        "/deployments/{id}/ping",
        "Check a deployment now, in both directions: Portkey to its gateway and the gateway to
         Portkey, with status, HTTP status, gateway version and error. Changes nothing.",
    ))
    .scopes(&["deployments.read"])
    .intents(&[
        "is the gateway reachable",
        "health of a deployment",
        "test the connection to our gateway",
        "gateway version",
    ]),
];

/// What Portkey shows when it makes them.
const CREDENTIALS: &[&str] = &["client_auth", "credentials"];

/// What holds for all of them.
const fn row(tool: Tool) -> Tool {
    tool.base(BASE).secrets(&["client_auth"]).enterprise()
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListDeployments {
    /// Organisation id; some keys need it.
    organisation_id: Option<String>,
    status: Option<Status>,
    r#type: Option<Kind>,
    /// Serving one of these workspaces: slugs, from list_workspaces.
    workspace_slug: Option<Vec<String>>,
    /// Part of the name.
    search: Option<String>,
    /// With all of these tags.
    tags: Option<TextMap>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Active,
    Archived,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Production,
    NonProduction,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct GetDeployment {
    /// Deployment id, from list_deployments.
    #[schemars(length(min = 1))]
    id: String,
    /// Organisation id; some keys need it.
    organisation_id: Option<String>,
}

/// As the API takes it; the model's form is [`RegisterArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(from = "RegisterArgs")]
pub struct RegisterDeployment {
    name: String,
    organisation_id: Option<String>,
    slug: Option<String>,
    r#type: Option<Kind>,
    is_default: Option<bool>,
    deployment_config: Option<JsonObject>,
    tags: Option<TextMap>,
    auth_settings: Option<JsonObject>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct RegisterArgs {
    #[schemars(length(min = 1))]
    name: String,
    /// Organisation id; some keys need it.
    organisation_id: Option<String>,
    /// Made from the name by default.
    #[schemars(length(min = 1, max = 50))]
    slug: Option<String>,
    r#type: Option<Kind>,
    /// Make it the organisation's default.
    is_default: Option<bool>,
    /// Settings of the gateway, free-form.
    deployment_config: Option<JsonObject>,
    tags: Option<TextMap>,
    #[serde(flatten)]
    auth: AuthSettings,
}

impl From<RegisterArgs> for RegisterDeployment {
    fn from(args: RegisterArgs) -> Self {
        let RegisterArgs {
            name,
            organisation_id,
            slug,
            r#type,
            is_default,
            deployment_config,
            tags,
            auth,
        } = args;
        let auth_settings = auth.given();
        Self {
            name,
            organisation_id,
            slug,
            r#type,
            is_default,
            deployment_config,
            tags,
            auth_settings,
        }
    }
}

/// Whom the gateway serves and where it is. Flags are sent as 0 and 1.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct AuthSettings {
    #[schemars(extend("format" = "uri"))]
    gateway_base_url: Option<String>,
    #[schemars(extend("format" = "uri"))]
    mcp_gateway_base_url: Option<String>,
    /// Whether it hosts the data service itself.
    #[serde(serialize_with = "as_number")]
    is_dataservice_hosted: Option<bool>,
    /// Whether the playground may use it.
    #[serde(serialize_with = "as_number")]
    is_playground_proxy_allowed: Option<bool>,
    /// Workspace slugs, from list_workspaces; an empty list means all.
    workspaces_allowed: Option<Vec<String>>,
    /// JWT subjects that may use it.
    jwt_subs_allowed: Option<Vec<String>>,
    /// Workspace slug of each JWT subject.
    jwt_sub_workspace_mapping: Option<TextMap>,
}

impl AuthSettings {
    /// As the API takes them; `None` where none is given.
    fn given(&self) -> Option<JsonObject> {
        fields(self).ok().filter(|fields| !fields.is_empty())
    }
}

#[expect(clippy::ref_option, reason = "serde gives the field by reference")]
fn as_number<S: Serializer>(flag: &Option<bool>, serializer: S) -> Result<S::Ok, S::Error> {
    flag.map(u8::from).serialize(serializer)
}
