//! References to secrets in external managers; of the whole organisation, for all workspaces or some.

use serde_json::{Map, Value, json};

use super::{
    answer::{Outcome, Refusal},
    call::Call,
    dates::Dates,
    ids,
    resource::{
        Home, Hooks, Kind, List, Named, Paging, Resource, kept, nothing, search_name, taken,
    },
    state::State,
    store::Row,
    virtual_keys::mask,
};

pub(super) const SECRET_REFERENCES: Resource = Resource {
    table: "secret_references",
    title: "Secret reference",
    object: "secret-reference",
    slug: Some(""),
    named: Named::Either,
    home: Home::Organisation,
    dates: Dates::Iso,
    list: List {
        keys: &[
            "id",
            "name",
            "slug",
            "manager_type",
            "status",
            "created_at",
            "last_updated_at",
            "object",
        ],
        object: Some("list"),
        paging: Paging::zero_based(Some(20), 100),
        needs_workspace: false,
        filters: &[
            ("manager_type", of_manager),
            ("tags", tagged),
            ("search", search_name),
            ("workspace_id", permitted),
        ],
    },
    read: &[
        "id",
        "organisation_id",
        "name",
        "slug",
        "description",
        "manager_type",
        "secret_path",
        "secret_key",
        "allow_all_workspaces",
        "tags",
        "status",
        "created_by",
        "created_at",
        "last_updated_at",
        "auth_config",
        "object",
    ],
    body: &[
        kept("name", Kind::Text).required(),
        kept("description", Kind::Text),
        taken("slug", Kind::Text),
        kept("manager_type", Kind::Text).required(),
        taken("auth_config", Kind::Object).required(),
        kept("secret_path", Kind::Text).required(),
        kept("secret_key", Kind::Text),
        taken("allow_all_workspaces", Kind::Flag),
        taken("allowed_workspaces", Kind::Array),
        kept("tags", Kind::Object),
        taken("organisation_id", Kind::Text),
    ],
    hooks: Hooks { create, created, update, delete, derive },
};

/// Fields of a sign-in that are masked on reading.
const SECRET: &[&str] = &[
    "aws_access_key_id",
    "aws_secret_access_key",
    "azure_entra_client_secret",
    "vault_token",
    "vault_secret_id",
];

fn of_manager(_: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    Ok(wanted.is_empty() || row.text("manager_type") == Some(wanted))
}

/// `tags` is JSON text; every tag has to be there.
fn tagged(_: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    if wanted.is_empty() {
        return Ok(true);
    }
    let wanted: Map<String, Value> = serde_json::from_str(wanted)
        .map_err(|_| Refusal::bad_request("\"tags\" must be a JSON object"))?;
    let tags = row.fields.get("tags");
    Ok(wanted.iter().all(|(name, value)| tags.and_then(|tags| tags.get(name)) == Some(value)))
}

/// Whether the workspace of the key may use it.
fn permitted(call: &Call<'_>, row: &Row, _: &str) -> Result<bool, Refusal> {
    let Some(own) = &call.caller.workspace else { return Ok(true) };
    let allowed = row.fields.get("allowed_workspaces").and_then(Value::as_array);
    Ok(allowed.is_none_or(|allowed| allowed.iter().any(|id| id == own)))
}

fn create(call: &mut Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    let foreign =
        call.text("organisation_id").is_some_and(|id| call.state.organisation_id(row) != Some(id));
    if foreign {
        return Err(Refusal::bad_request("\"organisation_id\" is not the key's"));
    }
    row.slug = call.text("slug").map(str::to_owned).or_else(|| row.slug.take());
    let slug = row.slug.as_deref().unwrap_or_default();
    if call.state.store.find("secret_references", row.organisation, slug).is_some() {
        return Err(Refusal::bad_request(format!("a secret reference {slug} exists already")));
    }
    describe(row, &call.caller.key_id);
    sign_in(call, row)?;
    share(call, row)
}

/// The fields that every reference has besides those of the request.
pub(super) fn describe(row: &mut Row, by: &str) {
    for (field, value) in [
        ("description", Value::Null),
        ("secret_key", Value::Null),
        ("tags", Value::Null),
        ("allow_all_workspaces", true.into()),
        ("status", "ACTIVE".into()),
        ("created_by", by.into()),
    ] {
        row.fields.entry(field).or_insert(value);
    }
}

/// Merges the sign-in of the request into the stored one; null takes a field away.
fn sign_in(call: &Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    let Some(sent) = call.body.get("auth_config").and_then(Value::as_object) else { return Ok(()) };
    let manager = row.text("manager_type").unwrap_or_default();
    let (prefix, kind) = match manager {
        "aws_sm" => ("aws_", "aws_auth_type"),
        "azure_kv" => ("azure_", "azure_auth_mode"),
        "hashicorp_vault" => ("vault_", "vault_auth_type"),
        _ => {
            return Err(Refusal::bad_request(
                "\"manager_type\" must be aws_sm, azure_kv or hashicorp_vault",
            ));
        }
    };
    if let Some(other) = sent.keys().find(|name| !name.starts_with(prefix)) {
        return Err(Refusal::bad_request(format!(
            "\"auth_config.{other}\" is not allowed for {manager}"
        )));
    }
    let merged = row.fields.entry("auth_config").or_insert_with(|| json!({}));
    if let Some(merged) = merged.as_object_mut() {
        merged.extend(sent.clone());
        merged.retain(|_, value| !value.is_null());
        if !merged.contains_key(kind) {
            return Err(Refusal::bad_request(format!("\"auth_config.{kind}\" is required")));
        }
    }
    Ok(())
}

/// Which workspaces may use it.
fn share(call: &Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    let all = call.body.get("allow_all_workspaces").and_then(Value::as_bool);
    let Some(named) = call.body.get("allowed_workspaces").and_then(Value::as_array) else {
        if let Some(all) = all {
            row.fields.insert("allow_all_workspaces".to_owned(), all.into());
        }
        if all == Some(true) {
            row.fields.shift_remove("allowed_workspaces");
        }
        return Ok(());
    };
    if all == Some(true) {
        let why = "\"allowed_workspaces\" and \"allow_all_workspaces\" exclude each other";
        return Err(Refusal::bad_request(why));
    }
    let mut ids = Vec::new();
    for key in named {
        let key = key.as_str().unwrap_or_default();
        let found = call.state.store.find("workspaces", row.organisation, key);
        let found =
            found.ok_or_else(|| Refusal::bad_request(format!("there is no workspace {key}")))?;
        ids.push(Value::from(&*found.id));
    }
    row.fields.insert("allow_all_workspaces".to_owned(), false.into());
    row.fields.insert("allowed_workspaces".to_owned(), ids.into());
    Ok(())
}

fn created(_: &State, row: &Row) -> Value {
    json!({ "id": row.id, "slug": row.slug, "object": "secret-reference" })
}

fn update(call: &mut Call<'_>, row: &mut Row) -> Outcome {
    let known =
        |name: &String| SECRET_REFERENCES.body.iter().any(|field| field.name == name.as_str());
    if !call.body.keys().any(known) {
        return Err(Refusal::bad_request("no valid fields to update"));
    }
    sign_in(call, row)?;
    share(call, row)?;
    Ok(nothing().into())
}

/// Whoever uses one names it in `secret_mappings`; the description of the API answers 400 then.
fn delete(call: &mut Call<'_>, row: &Row) -> Outcome {
    let uses = |other: &Row| {
        let mappings = other.fields.get("secret_mappings").and_then(Value::as_array);
        other.organisation == row.organisation
            && mappings.into_iter().flatten().any(|mapping| {
                mapping
                    .get("secret_reference_id")
                    .and_then(Value::as_str)
                    .is_some_and(|key| row.is(key))
            })
    };
    let user = ["integrations", "mcp_integrations", "virtual_keys"]
        .iter()
        .flat_map(|table| call.state.store.rows(table))
        .find(|other| uses(other));
    if let Some(user) = user {
        let name = ids::words(user.text("name").unwrap_or_default());
        return Err(Refusal::bad_request(format!("the secret reference is used by {name}")));
    }
    Ok(nothing().into())
}

fn derive(_: &State, row: &Row, key: &str) -> Option<Value> {
    if key != "auth_config" {
        return None;
    }
    let mut config = row.fields.get(key)?.clone();
    for (name, value) in config.as_object_mut()? {
        if let (true, Some(secret)) = (SECRET.contains(&name.as_str()), value.as_str()) {
            *value = mask(secret).into();
        }
    }
    Some(config)
}
