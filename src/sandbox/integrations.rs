//! Integrations: credentials of AI providers, of one workspace or of the organisation.

use serde_json::{Map, Value, json};

use super::{
    answer::{Outcome, Refusal},
    call::Call,
    dates::Dates,
    ids,
    integration::{check_mappings, level, of_level, served, take_down},
    integration_workspaces,
    resource::{
        Home, Hooks, Kind, List, Named, Paging, Resource, kept, nothing, search_name, taken,
    },
    state::State,
    store::Row,
    virtual_keys::{self, mask},
};

pub(super) const INTEGRATIONS: Resource = Resource {
    table: "integrations",
    title: "Integration",
    object: "integration",
    slug: Some(""),
    named: Named::Either,
    home: Home::Anywhere,
    dates: Dates::Iso,
    list: List {
        keys: &[
            "id",
            "organisation_id",
            "ai_provider_id",
            "name",
            "status",
            "created_at",
            "last_updated_at",
            "slug",
            "description",
            "workspace_id",
            "type",
            "object",
        ],
        object: Some("list"),
        paging: Paging::zero_based(Some(100), 1_000),
        needs_workspace: false,
        filters: &[("type", of_level), ("workspace_id", for_workspace), ("search", search_name)],
    },
    read: &[
        "id",
        "organisation_id",
        "ai_provider_id",
        "name",
        "status",
        "created_at",
        "last_updated_at",
        "slug",
        "description",
        "object",
        "masked_key",
        "configurations",
        "global_workspace_access_settings",
        "allow_all_models",
        "workspace_count",
        "secret_mappings",
        "pricing_adjustments",
    ],
    body: &[
        kept("name", Kind::Text).required(),
        kept("ai_provider_id", Kind::Text).required(),
        kept("description", Kind::Text),
        kept("configurations", Kind::Object),
        kept("secret_mappings", Kind::Array),
        kept("pricing_adjustments", Kind::Object),
        taken("key", Kind::Text),
        taken("slug", Kind::Text),
        taken("type", Kind::Text),
        taken("workspace_id", Kind::Text),
        taken("create_default_provider", Kind::Flag),
        taken("default_provider_slug", Kind::Text),
    ],
    hooks: Hooks { create, created, update, delete, derive },
};

/// Fields of configurations that are shown masked, under another name.
const SECRET: [&str; 3] =
    ["aws_secret_access_key", "azure_entra_client_secret", "vertex_service_account_json"];

/// What the names of configurations begin with.
const PREFIXES: [&str; 10] = [
    "openai_",
    "azure_",
    "aws_",
    "vertex_",
    "workers_ai_account_id",
    "amzn_sagemaker_",
    "huggingface_base_url",
    "snowflake_account",
    "custom_host",
    "custom_headers",
];

fn for_workspace(call: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    let workspace = call.workspace(wanted)?;
    Ok(workspace.is_none_or(|workspace| integration_workspaces::serves(row, &workspace)))
}

fn create(call: &mut Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    row.slug = match call.text("slug") {
        Some(slug) => Some(slug.to_owned()),
        None => Some(ids::slug("", row.text("name").unwrap_or_default(), &row.id)),
    };
    let same = |other: &Row| other.organisation == row.organisation && other.slug == row.slug;
    if call.state.store.rows("integrations").iter().any(same) {
        return Err(Refusal::conflict("an integration of this slug exists already"));
    }
    describe(row);
    check(call, row)?;
    lock(row, call.text("key"));
    let makes = call.body.get("create_default_provider") != Some(&Value::Bool(false));
    if let Some(workspace) = row.workspace.clone().filter(|_| makes) {
        let slug = call.text("default_provider_slug").map(str::to_owned);
        provide(call, row, &workspace, slug)?;
    }
    Ok(())
}

/// The fields that every integration has besides those of the request.
pub(super) fn describe(row: &mut Row) {
    for (field, value) in [
        ("description", Value::Null),
        ("status", "active".into()),
        ("masked_key", Value::Null),
        ("configurations", json!({})),
        ("secret_mappings", json!([])),
        ("pricing_adjustments", Value::Null),
        ("global_workspace_access_settings", Value::Null),
        ("allow_all_models", true.into()),
        ("access", json!({})),
        ("models", json!({})),
    ] {
        row.fields.entry(field).or_insert(value);
    }
}

/// Keeps of a key what is shown of it.
pub(super) fn lock(row: &mut Row, key: Option<&str>) {
    if let Some(key) = key {
        row.fields.insert("masked_key".to_owned(), mask(key).into());
    }
}

/// Makes a provider of the integration in a workspace.
pub(super) fn provide(
    call: &mut Call<'_>,
    integration: &Row,
    workspace: &str,
    slug: Option<String>,
) -> Result<(), Refusal> {
    let slug = slug.or_else(|| integration.slug.clone()).unwrap_or_default();
    let taken = call.state.store.rows("virtual_keys").iter().any(|other| {
        other.workspace.as_deref() == Some(workspace) && other.slug.as_ref() == Some(&slug)
    });
    if taken {
        return Err(Refusal::bad_request(format!("a provider {slug} exists already")));
    }
    let mut row = Row::new(call.state.fresh_id(), integration.organisation, call.now);
    row.slug = Some(slug);
    row.workspace = Some(workspace.to_owned());
    row.fields.insert("name".to_owned(), json!(integration.text("name")));
    row.fields.insert("integration_id".to_owned(), integration.id.clone().into());
    virtual_keys::describe(&mut row, integration.text("ai_provider_id").unwrap_or_default(), "");
    call.state.store.insert("virtual_keys", row, 0)
}

fn check(call: &Call<'_>, row: &Row) -> Result<(), Refusal> {
    let configurations = row.fields.get("configurations").and_then(Value::as_object);
    for name in configurations.into_iter().flat_map(Map::keys) {
        if !PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
            return Err(Refusal::bad_request(format!("\"configurations.{name}\" is not allowed")));
        }
    }
    let given = |name: &str| configurations.is_some_and(|it| it.contains_key(name));
    let mapped = |name: &str| {
        let mappings = row.fields.get("secret_mappings").and_then(Value::as_array);
        let field = format!("configurations.{name}");
        let mut fields = mappings.into_iter().flatten().filter_map(|it| it.get("target_field"));
        fields.any(|it| it == &Value::from(&*field))
    };
    let needed: &[&str] = match row.text("ai_provider_id").unwrap_or_default() {
        "bedrock" | "sagemaker" => &["aws_auth_type", "aws_region"],
        "vertex-ai" => &["vertex_auth_type", "vertex_region"],
        "azure-openai" => &["azure_auth_mode", "azure_resource_name", "azure_deployment_config"],
        "azure-ai" => &["azure_auth_mode", "azure_foundry_url"],
        _ => &[],
    };
    if let Some(missing) = needed.iter().find(|name| !given(name) && !mapped(name)) {
        return Err(Refusal::bad_request(format!("\"configurations.{missing}\" is required")));
    }
    check_mappings(call, row, &["key", "configurations."])
}

fn created(_: &State, row: &Row) -> Value {
    json!({ "id": row.id, "slug": row.slug })
}

fn update(call: &mut Call<'_>, row: &mut Row) -> Outcome {
    check(call, row)?;
    lock(row, call.text("key"));
    Ok(nothing().into())
}

/// Takes the providers down that are made from it.
fn delete(call: &mut Call<'_>, row: &Row) -> Outcome {
    take_down(call, "virtual_keys", "integration_id", row);
    Ok(nothing().into())
}

fn derive(state: &State, row: &Row, key: &str) -> Option<Value> {
    match key {
        "type" => Some(level(row).into()),
        "workspace_count" => Some(served(state, row, integration_workspaces::serves).into()),
        "configurations" => {
            let mut shown = Map::new();
            for (name, value) in row.fields.get("configurations")?.as_object()? {
                if SECRET.contains(&name.as_str()) {
                    let text = value.as_str().map_or_else(|| "********".to_owned(), mask);
                    shown.insert(format!("masked_{name}"), text.into());
                } else {
                    shown.insert(name.clone(), value.clone());
                }
            }
            Some(shown.into())
        }
        _ => None,
    }
}
