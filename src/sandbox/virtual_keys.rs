//! Virtual keys: a provider's key behind a slug. The key itself is never given back.

use serde_json::{Map, Value, json};

use super::{
    answer::{Outcome, Refusal},
    budget::{self, Mark},
    call::Call,
    configs::{document, uses_virtual_key},
    crud,
    dates::Dates,
    ids,
    resource::{Home, Hooks, Kind, List, Named, Paging, Resource, kept, nothing, taken},
    state::State,
    store::Row,
};

pub(super) const VIRTUAL_KEYS: Resource = Resource {
    table: "virtual_keys",
    title: "Virtual key",
    object: "virtual-key",
    slug: Some(""),
    named: Named::Either,
    home: Home::Workspace,
    dates: Dates::Iso,
    list: List {
        keys: ROW,
        object: Some("list"),
        paging: Paging::zero_based(Some(50), 1_000),
        needs_workspace: false,
        filters: &[],
    },
    read: ROW,
    body: &[
        kept("name", Kind::Text).required(),
        taken("provider", Kind::Text).required(),
        taken("key", Kind::Text),
        kept("note", Kind::Text),
        taken("usage_limits", Kind::Object),
        // An array in live answers, an object in the description.
        taken("rate_limits", Kind::Any),
        kept("expires_at", Kind::Text),
        kept("secret_mappings", Kind::Array),
        taken("deploymentConfig", Kind::Array),
        taken("workspace_id", Kind::Text),
    ],
    hooks: Hooks { create, created, update, delete, derive: budget::derive },
};

/// Units of rates that virtual keys and providers take.
pub(super) const UNITS: &[&str] = &["rpm", "rph", "rpd"];

/// `GET /virtual-keys`
pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    budget::settle(call, "virtual_keys", &Mark::VirtualKey);
    crud::list(call, &VIRTUAL_KEYS)
}

/// `GET /virtual-keys/{slug}`
pub(super) fn read(call: &mut Call<'_>) -> Outcome {
    budget::settle(call, "virtual_keys", &Mark::VirtualKey);
    crud::read(call, &VIRTUAL_KEYS)
}

const ROW: &[&str] = &[
    "id",
    "name",
    "note",
    "status",
    "usage_limits",
    "reset_usage",
    "created_at",
    "slug",
    "model_config",
    "rate_limits",
    "expires_at",
    "secret_mappings",
    "ai_provider_name",
    "masked_api_key",
    "key",
    "integration_id",
    "tags",
    "workspace_id",
    "object",
];

/// Fields of a provider that are no secret and are shown in `model_config`.
const PLAIN: &[&str] = &[
    "apiVersion",
    "resourceName",
    "deploymentName",
    "deploymentConfig",
    "awsRegion",
    "vertexProjectId",
    "vertexRegion",
    "workersAiAccountId",
];

fn create(call: &mut Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    let mapped =
        call.body.get("secret_mappings").and_then(Value::as_array).is_some_and(|m| !m.is_empty());
    let Some(provider) = call.text("provider").map(str::to_owned) else {
        return Err(Refusal::bad_request("\"provider\" is not allowed to be empty"));
    };
    if call.text("key").is_none() && !mapped {
        return Err(Refusal::bad_request("\"key\" is required"));
    }
    budget::keep(call, row, UNITS)?;
    let name = row.text("name").unwrap_or_default();
    let mark: String = row.id.chars().take(6).collect();
    row.slug = Some(format!("{}-{mark}", ids::words(name).chars().take(24).collect::<String>()));
    describe(row, &provider, call.text("key").unwrap_or_default());
    configure(call, row);
    Ok(())
}

/// The fields that every virtual key has besides those of the request.
pub(super) fn describe(row: &mut Row, provider: &str, key: &str) {
    for (field, value) in [
        ("status", Value::from("active")),
        ("note", Value::Null),
        ("usage_limits", Value::Null),
        ("reset_usage", 0.into()),
        ("model_config", json!({})),
        ("rate_limits", Value::Null),
        ("expires_at", Value::Null),
        ("secret_mappings", json!([])),
        ("ai_provider_name", provider.into()),
        ("masked_api_key", mask(key).into()),
        ("key", "".into()),
        ("integration_id", Value::Null),
        ("tags", json!([])),
    ] {
        row.fields.entry(field).or_insert(value);
    }
}

/// The first and the last letters of a key.
pub(super) fn mask(key: &str) -> String {
    let letters: Vec<char> = key.chars().collect();
    if letters.len() < 12 {
        return if letters.is_empty() { String::new() } else { "********".to_owned() };
    }
    let head: String = letters.iter().take(3).collect();
    let tail: String = letters.iter().skip(letters.len() - 3).collect();
    format!("{head}********{tail}")
}

fn configure(call: &Call<'_>, row: &mut Row) {
    let sent: Map<String, Value> = PLAIN
        .iter()
        .filter_map(|&field| Some((field.to_owned(), call.body.get(field)?.clone())))
        .collect();
    if let Some(config) = row.fields.get_mut("model_config").and_then(Value::as_object_mut) {
        config.extend(sent);
    }
}

fn created(_: &State, row: &Row) -> Value {
    json!({ "success": true, "data": { "slug": row.slug } })
}

fn update(call: &mut Call<'_>, row: &mut Row) -> Outcome {
    budget::keep(call, row, UNITS)?;
    if let Some(key) = call.text("key") {
        row.fields.insert("masked_api_key".to_owned(), mask(key).into());
    }
    configure(call, row);
    Ok(nothing().into())
}

pub(super) fn delete(call: &mut Call<'_>, row: &Row) -> Outcome {
    let slug = row.slug.as_deref().unwrap_or_default();
    let rows =
        |table| call.state.store.rows(table).iter().filter(|r| r.organisation == row.organisation);
    let config = rows("configs").find(|config| uses_virtual_key(&document(config), slug));
    let prompt = rows("prompts").find(|prompt| {
        prompt
            .versions
            .iter()
            .any(|v| v.fields.get("virtual_key").and_then(Value::as_str) == Some(slug))
    });
    if let Some(user) = config.or(prompt) {
        let name = user.slug.as_deref().unwrap_or_default();
        return Err(Refusal::conflict(format!("the virtual key is used by {name}")));
    }
    Ok(nothing().into())
}
