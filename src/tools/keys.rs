//! Keys: Portkey's own API keys, and virtual keys, which hold a provider's key behind a slug.
//!
//! API: <https://portkey.ai/docs/api-reference/admin-api/control-plane/api-keys> and `…/virtual-keys`.
//! Which scope an API key's operation needs depends on the kind of that key (operations.json). `PUT`
//! keeps the fields that it is not given; documents in it are sent whole (`shared/change.rs`).

mod api_key;
mod defaults;
mod rotation;
mod virtual_key;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shared::Paging;
use crate::tool::{Effect, PAGES, Tool, delete, get, post, run};
use api_key::{ApiKey, CreateApiKey, RotateApiKey, UpdateApiKey};
use virtual_key::{CreateVirtualKey, UpdateVirtualKey, VirtualKey};

pub const TOOLS: &[Tool] = &[
    get::<InWorkspace>(
        "list_virtual_keys",
        "/virtual-keys",
        "List virtual keys: slug, name, provider, masked key, status, limits, workspace. The older
         form of providers; list_providers shows what comes from integrations.",
    )
    .lists(PAGES)
    .secrets(&["key"])
    .scopes(&["virtual_keys.list"])
    .intents(&[
        "show all virtual keys",
        "find the slug of a virtual key",
        "which virtual keys are exhausted",
        "virtual keys of a workspace",
    ]),
    post::<CreateVirtualKey>(
        "create_virtual_key",
        "/virtual-keys",
        "Store a provider's key as a virtual key. The key is never shown again. Returns the slug.",
    )
    .read_back("list_virtual_keys")
    .scopes(&["virtual_keys.create"])
    .intents(&[
        "store an OpenAI key",
        "add a provider key",
        "make a virtual key",
        "put a key from the vault behind a slug",
    ]),
    get::<VirtualKey>(
        "get_virtual_key",
        "/virtual-keys/{slug}",
        "Get one virtual key whole: settings, status, limits, next reset, expiry; key masked.",
    )
    .secrets(&["key"])
    .scopes(&["virtual_keys.read"])
    .intents(&[
        "show a virtual key",
        "what is the budget of this virtual key",
        "which provider is behind a virtual key",
    ]),
    run::<UpdateVirtualKey>(
        "update_virtual_key",
        Effect::Replaces,
        "Change a virtual key at once for all who use its slug; what is not given stays,
         usage_limits are merged, lists replaced.",
    )
    .read_back("get_virtual_key")
    .scopes(&["virtual_keys.read", "virtual_keys.update"])
    .intents(&[
        "replace the provider key of a virtual key",
        "raise the budget of a virtual key",
        "rename a virtual key",
        "change Azure deployments of a virtual key",
    ]),
    delete::<VirtualKey>(
        "delete_virtual_key",
        "/virtual-keys/{slug}",
        "Delete a virtual key and the stored provider key for good. Requests, configs and prompts
         that name its slug fail.",
    )
    .read_back("list_virtual_keys")
    .scopes(&["virtual_keys.delete"])
    .intents(&["remove a virtual key", "delete a provider key", "clean up unused virtual keys"]),
    post::<CreateApiKey>(
        "create_api_key",
        "/api-keys/{type}/{sub_type}",
        "Make an API key for an organisation's service, or for a service or user of a workspace. The
         answer holds the key this one time.",
    )
    .one_time(&["key"])
    .read_back("list_api_keys")
    .any_scope(&[
        "organisation_service_api_keys.create",
        "workspace_service_api_keys.create",
        "workspace_user_api_keys.create",
    ])
    .intents(&[
        "make an API key for a service",
        "give a user an API key",
        "issue a key with a budget",
        "new admin key for the organisation",
        "key that expires",
    ]),
    get::<InWorkspace>(
        "list_api_keys",
        "/api-keys",
        "List API keys, masked: id, name, type, owner, workspace, status, scopes, limits, expiry.
         Only those kinds for which the caller has the scope.",
    )
    .lists(PAGES)
    .secrets(&["key"])
    .any_scope(&[
        "organisation_service_api_keys.list",
        "workspace_service_api_keys.list",
        "workspace_user_api_keys.list",
    ])
    .intents(&[
        "show all API keys",
        "which keys expire soon",
        "API keys of a workspace",
        "whose key is this",
        "keys without a budget",
    ]),
    get::<ApiKey>(
        "get_api_key",
        "/api-keys/{id}",
        "Get one API key, masked: scopes, limits, status, next reset, defaults, expiry, rotation
         policy.",
    )
    .secrets(&["key"])
    .any_scope(&[
        "organisation_service_api_keys.read",
        "workspace_service_api_keys.read",
        "workspace_user_api_keys.read",
    ])
    .intents(&[
        "what may this API key do",
        "budget of an API key",
        "when does this API key expire",
        "when is this key rotated",
    ]),
    run::<UpdateApiKey>(
        "update_api_key",
        Effect::Replaces,
        "Change an API key at once: what is not given stays; documents are merged, lists replaced. A
         new secret: rotate_api_key.",
    )
    .read_back("get_api_key")
    .any_scope(&[
        "organisation_service_api_keys.read",
        "workspace_service_api_keys.read",
        "workspace_user_api_keys.read",
        "organisation_service_api_keys.update",
        "workspace_service_api_keys.update",
        "workspace_user_api_keys.update",
    ])
    .intents(&[
        "raise the budget of an API key",
        "change the scopes of a key",
        "pin a config to an API key",
        "rotate a key every month",
        "set an expiry on a key",
        "reset the usage of an API key",
    ]),
    delete::<ApiKey>(
        "delete_api_key",
        "/api-keys/{id}",
        "Revoke an API key for good: requests with it fail from now on. To replace a key without a
         break use rotate_api_key.",
    )
    .read_back("list_api_keys")
    .any_scope(&[
        "organisation_service_api_keys.delete",
        "workspace_service_api_keys.delete",
        "workspace_user_api_keys.delete",
    ])
    .intents(&["revoke an API key", "a key has leaked", "remove the keys of somebody who left"]),
    post::<RotateApiKey>(
        "rotate_api_key",
        "/api-keys/{id}/rotate",
        "Give an API key a new secret, shown this one time. The old one works until
         key_transition_expires_at, then fails; refused while an earlier rotation is in
         transition.",
    )
    .effect(Effect::Destroys)
    .one_time(&["key"])
    .read_back("get_api_key")
    .any_scope(&[
        "organisation_service_api_keys.rotate",
        "workspace_service_api_keys.rotate",
        "workspace_user_api_keys.rotate",
    ])
    .intents(&["rotate an API key", "replace a key without downtime", "new secret for a key"]),
];

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct InWorkspace {
    /// From list_workspaces.
    workspace_id: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}
