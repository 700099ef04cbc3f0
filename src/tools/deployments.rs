//! Deployments: gateways that an organisation hosts itself, registered with Portkey.
//!
//! API: <https://github.com/Portkey-AI/openapi/pull/150>, not in the June description. Earlier
//! clients call it in `/v2`, the description of August in `/v1` (facts.md, "/v2 conflicts"). `PUT`
//! keeps what it is not given and adds to the lists of workspaces and subjects; only
//! `deployment_config` is replaced, and so is merged here.

mod update;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::shared::{HiddenPaging, Status, TextMap};
use crate::{
    portkey::Base,
    tool::{Effect, JsonObject, Tool, WHOLE, delete, fields, get, post, run},
};
use update::UpdateDeployment;

/// Portkey itself says where the family lives.
const BASE: Base = Base::Disputed { family: "/deployments" };

pub const TOOLS: &[Tool] = &[
    row(get::<ListDeployments>(
        "list_deployments",
        "/deployments",
        "List self-hosted gateway deployments, archived ones too unless status is given.
         get_deployment shows one whole.",
    ))
    .lists(WHOLE)
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
        "Register a self-hosted gateway. Returns its id and the credentials that it signs in with,
         shown this one time.",
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
        "Get one deployment whole, credentials masked. Whether it answers: ping_deployment.",
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
        "Change a deployment; what is not given stays. Lists are added to unless override_existing
         is true; deployment_config is merged (null deletes a key). rotate_auth returns new
         credentials, shown once.",
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
        "Archive a deployment: its gateway loses access to Portkey. update_deployment can make it
         active again.",
    ))
    .read_back("get_deployment")
    .scopes(&["deployments.delete"])
    .intents(&["remove a gateway deployment", "retire a data plane", "delete a deployment"]),
    row(get::<GetDeployment>(
        "ping_deployment",
        "/deployments/{id}/ping",
        "Check a deployment now, in both directions: status, HTTP status, gateway version, error.
         Changes nothing.",
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
    /// Some keys need it.
    organisation_id: Option<String>,
    status: Option<Status>,
    r#type: Option<Kind>,
    /// Serving one of these.
    workspace_slug: Option<Vec<String>>,
    search: Option<String>,
    /// With all of these tags.
    tags: Option<TextMap>,
    #[serde(flatten)]
    paging: HiddenPaging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Production,
    NonProduction,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct GetDeployment {
    /// From list_deployments.
    #[schemars(length(min = 1))]
    id: String,
    /// Some keys need it.
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
    /// Some keys need it.
    organisation_id: Option<String>,
    #[schemars(length(min = 1, max = 50))]
    slug: Option<String>,
    r#type: Option<Kind>,
    is_default: Option<bool>,
    /// Free-form.
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
    #[serde(serialize_with = "as_number")]
    is_dataservice_hosted: Option<bool>,
    #[serde(serialize_with = "as_number")]
    is_playground_proxy_allowed: Option<bool>,
    /// Slugs; an empty list means all.
    workspaces_allowed: Option<Vec<String>>,
    jwt_subs_allowed: Option<Vec<String>>,
    /// Workspace slug by subject.
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
