//! Secret references: keys that stay in an external secret manager and that Portkey reads there.
//!
//! API: <https://portkey.ai/docs/api-reference/admin-api/control-plane/secret-references>. `PUT` is
//! partial: the official description says that it merges `auth_config` with the stored one itself,
//! and that `allowed_workspaces` and `tags` replace theirs.

mod auth;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shared::{Paging, TextMap};
use crate::tool::{PAGES, Result, Tool, delete, get, post, put};
use auth::{AuthConfig, AuthPatch, with_auth_type};

pub const TOOLS: &[Tool] = &[
    post::<CreateSecretReference>(
        "create_secret_reference",
        "/secret-references",
        "Register a secret that stays in AWS Secrets Manager, Azure Key Vault or HashiCorp Vault,
         for integrations and virtual keys to use. Returns id and slug.",
    )
    .enterprise()
    .read_back("list_secret_references")
    .scopes(&["secret_references.create"])
    .intents(&[
        "keep provider keys in AWS Secrets Manager",
        "use a key from Azure Key Vault",
        "connect HashiCorp Vault",
        "store no secrets in Portkey",
        "add a secret reference",
    ]),
    get::<ListSecretReferences>(
        "list_secret_references",
        "/secret-references",
        "List secret references: id, slug, name, manager, status. get_secret_reference shows one
         whole.",
    )
    .lists(PAGES)
    .enterprise()
    .scopes(&["secret_references.list"])
    .intents(&[
        "which secrets are in a vault",
        "show all secret references",
        "find a secret reference by tag",
        "secrets in HashiCorp Vault",
    ]),
    get::<SecretReferenceId>(
        "get_secret_reference",
        "/secret-references/{id}",
        "Get one secret reference: manager, path and key of the secret, tags, auth_type. The secret
         itself is never shown.",
    )
    .reads(with_auth_type)
    .shows(&["secret_key"])
    .enterprise()
    .scopes(&["secret_references.read"])
    .intents(&[
        "where does this secret come from",
        "show the path of a secret",
        "how does Portkey sign in to our vault",
    ]),
    put::<UpdateSecretReference>(
        "update_secret_reference",
        "/secret-references/{id}",
        "Change a secret reference; what is left out stays. auth_config is merged with the stored
         one, tags and allowed_workspaces replace theirs. Applies at once: a wrong path or sign-in
         breaks requests.",
    )
    .replayable()
    .enterprise()
    .read_back("get_secret_reference")
    .scopes(&["secret_references.update"])
    .intents(&[
        "change the path of a secret",
        "renew the credentials for our vault",
        "limit a secret to some workspaces",
        "tag a secret reference",
    ]),
    delete::<SecretReferenceId>(
        "delete_secret_reference",
        "/secret-references/{id}",
        "Delete a secret reference for good; the secret stays in its manager. Refused with 400 while
         an integration or virtual key uses it.",
    )
    .enterprise()
    .read_back("list_secret_references")
    .scopes(&["secret_references.delete"])
    .intents(&[
        "remove a secret reference",
        "disconnect a secret from Portkey",
        "clean up unused secret references",
    ]),
];

#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Manager {
    AwsSm,
    AzureKv,
    HashicorpVault,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListSecretReferences {
    manager_type: Option<Manager>,
    /// Only those with these tags.
    tags: Option<TextMap>,
    #[schemars(length(min = 1, max = 255))]
    search: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct SecretReferenceId {
    /// From list_secret_references.
    #[schemars(length(min = 1))]
    id: String,
}

/// The model's form is [`CreateSecretReferenceArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "CreateSecretReferenceArgs")]
pub struct CreateSecretReference(CreateSecretReferenceArgs);

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct CreateSecretReferenceArgs {
    #[schemars(length(min = 1, max = 255))]
    name: String,
    manager_type: Manager,
    auth_config: AuthConfig,
    /// Path, name or ARN in its manager.
    #[schemars(length(min = 1, max = 1024))]
    secret_path: String,
    /// Of a secret with several.
    #[schemars(length(max = 255))]
    secret_key: Option<String>,
    #[schemars(length(max = 255), extend("pattern" = "^[a-zA-Z0-9_-]+$"))]
    slug: Option<String>,
    #[schemars(length(max = 1024))]
    description: Option<String>,
    allow_all_workspaces: Option<bool>,
    /// From list_workspaces.
    #[schemars(length(min = 1))]
    allowed_workspaces: Option<Vec<String>>,
    tags: Option<TextMap>,
    #[schemars(extend("format" = "uuid"))]
    organisation_id: Option<String>,
}

impl TryFrom<CreateSecretReferenceArgs> for CreateSecretReference {
    type Error = String;

    fn try_from(mut args: CreateSecretReferenceArgs) -> Result<Self, String> {
        args.auth_config.check(args.manager_type)?;
        exclusive(args.allow_all_workspaces, args.allowed_workspaces.as_ref())?;
        if args.allowed_workspaces.is_some() {
            // The API's default is true, which it refuses beside a list.
            args.allow_all_workspaces = Some(false);
        }
        Ok(Self(args))
    }
}

/// The model's form is [`UpdateSecretReferenceArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "UpdateSecretReferenceArgs")]
pub struct UpdateSecretReference(UpdateSecretReferenceArgs);

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct UpdateSecretReferenceArgs {
    /// From list_secret_references.
    #[schemars(length(min = 1))]
    id: String,
    #[schemars(length(min = 1, max = 255))]
    name: Option<String>,
    /// Only what changes; fields as in create_secret_reference.
    auth_config: Option<AuthPatch>,
    #[schemars(length(min = 1, max = 1024))]
    secret_path: Option<String>,
    #[schemars(length(max = 255))]
    secret_key: Option<String>,
    #[schemars(length(max = 1024))]
    description: Option<String>,
    /// True forgets allowed_workspaces.
    allow_all_workspaces: Option<bool>,
    #[schemars(length(min = 1))]
    allowed_workspaces: Option<Vec<String>>,
    tags: Option<TextMap>,
    clear: Option<Vec<Clearable>>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Clearable {
    Description,
    SecretKey,
    Tags,
}

impl TryFrom<UpdateSecretReferenceArgs> for UpdateSecretReference {
    type Error = String;

    fn try_from(args: UpdateSecretReferenceArgs) -> Result<Self, String> {
        exclusive(args.allow_all_workspaces, args.allowed_workspaces.as_ref())?;
        let UpdateSecretReferenceArgs {
            id: _,
            name,
            auth_config,
            secret_path,
            secret_key,
            description,
            allow_all_workspaces,
            allowed_workspaces,
            tags,
            clear,
        } = &args;
        let given = [
            name.is_some(),
            auth_config.as_ref().is_some_and(|it| !it.is_empty()),
            secret_path.is_some(),
            secret_key.is_some(),
            description.is_some(),
            allow_all_workspaces.is_some(),
            allowed_workspaces.is_some(),
            tags.is_some(),
            clear.as_ref().is_some_and(|names| !names.is_empty()),
        ];
        if !given.contains(&true) {
            return Err("nothing to change: give a field besides `id`".into());
        }
        auth_config.as_ref().map_or(Ok(()), AuthPatch::check)?;
        Ok(Self(args))
    }
}

fn exclusive(all: Option<bool>, some: Option<&Vec<String>>) -> Result<(), String> {
    if all == Some(true) && some.is_some() {
        return Err(
            "`allowed_workspaces` and `allow_all_workspaces` true exclude each other".into()
        );
    }
    Ok(())
}
