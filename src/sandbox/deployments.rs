//! Deployments: gateways that an organisation hosts itself. Served in `/v2`.
//!
//! Making one and rotating its credentials shows them once; deleting archives. Not in the June
//! description: the shapes are those that other clients have recorded.

use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Outcome, Refusal},
    call::Call,
    dates::Dates,
    ids,
    resource::{Home, Hooks, Kind, List, Named, Paging, Resource, kept, search_name, taken},
    state::State,
    store::Row,
};

pub(super) const DEPLOYMENTS: Resource = Resource {
    table: "deployments",
    title: "Deployment",
    object: "deployment",
    slug: Some("dp-"),
    named: Named::Either,
    home: Home::Organisation,
    dates: Dates::Iso,
    list: List {
        keys: ROW,
        object: Some("list"),
        paging: Paging::zero_based(None, 1_000),
        needs_workspace: false,
        filters: &[
            ("search", search_name),
            ("status", status),
            ("type", kind),
            ("workspace_slug", serving),
            ("tags", tagged),
        ],
    },
    read: &[
        "id",
        "name",
        "slug",
        "type",
        "status",
        "is_default",
        "connection_status",
        "tags",
        "created_by",
        "created_at",
        "last_updated_at",
        "last_synced_at",
        "last_resynced_at",
        "object",
        "credentials",
        "client_auth",
        "deployment_config",
        "auth_settings",
        "workspaces",
    ],
    body: &[
        kept("name", Kind::Text).required(),
        kept("type", Kind::Text),
        kept("status", Kind::Text),
        kept("tags", Kind::Object),
        kept("deployment_config", Kind::Object),
        taken("slug", Kind::Text),
        taken("organisation_id", Kind::Text),
        taken("is_default", Kind::Flag),
        taken("rotate_auth", Kind::Flag),
        taken("override_existing", Kind::Flag),
        taken("auth_settings", Kind::Object),
    ],
    hooks: Hooks { create, created, update, delete, derive },
};

const ROW: &[&str] = &[
    "id",
    "name",
    "slug",
    "type",
    "status",
    "is_default",
    "connection_status",
    "tags",
    "created_by",
    "created_at",
    "last_updated_at",
    "last_synced_at",
    "last_resynced_at",
    "object",
];

fn status(_: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    Ok(wanted.is_empty() || row.text("status") == Some(wanted))
}

fn kind(_: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    Ok(wanted.is_empty() || row.text("type") == Some(wanted))
}

fn serving(_: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    let allowed = list(settings(row), "workspaces_allowed");
    Ok(wanted.is_empty()
        || allowed.is_empty()
        || wanted.split(',').any(|slug| allowed.iter().any(|it| it == slug.trim())))
}

fn tagged(_: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    if wanted.is_empty() {
        return Ok(true);
    }
    let wanted: Map<String, Value> = serde_json::from_str(wanted)
        .map_err(|_| Refusal::bad_request("\"tags\" must be a JSON object"))?;
    let tags = row.fields.get("tags");
    Ok(wanted.iter().all(|(name, value)| tags.and_then(|tags| tags.get(name)) == Some(value)))
}

fn settings(row: &Row) -> Option<&Map<String, Value>> {
    row.fields.get("auth_settings")?.as_object()
}

fn list(settings: Option<&Map<String, Value>>, name: &str) -> Vec<String> {
    let items = settings.and_then(|settings| settings.get(name)?.as_array());
    items.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn create(call: &mut Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    if call.caller.workspace.is_some() {
        return Err(Refusal::forbidden("a workspace API key cannot register deployments"));
    }
    if let Some(slug) = call.text("slug") {
        row.slug = Some(ids::words(slug));
    }
    let taken = call.state.store.rows("deployments").iter().any(|other| {
        other.organisation == row.organisation
            && (other.slug == row.slug || other.text("name") == row.text("name"))
    });
    if taken {
        return Err(Refusal::conflict("a deployment of this name or slug exists already"));
    }
    describe(row, &call.caller.key_id);
    apply(call, row)?;
    let mark = call.state.fresh_id();
    sign(row, &mark);
    Ok(())
}

/// The fields that every deployment has besides those of the request.
pub(super) fn describe(row: &mut Row, by: &str) {
    for (field, value) in [
        ("type", Value::from("production")),
        ("status", "active".into()),
        ("is_default", 0.into()),
        ("connection_status", "unknown".into()),
        ("tags", Value::Null),
        ("created_by", by.into()),
        ("last_synced_at", Value::Null),
        ("last_resynced_at", Value::Null),
        ("deployment_config", Value::Null),
        (
            "auth_settings",
            json!({
                "is_dataservice_hosted": 0, "is_playground_proxy_allowed": 0,
                "disable_portkey_gateway": 0, "workspaces_allowed": [], "jwt_subs_allowed": [],
                "jwt_sub_workspace_mapping": {}, "allow_all_workspaces": 1,
            }),
        ),
    ] {
        row.fields.entry(field).or_insert(value);
    }
}

/// Makes the credentials of a gateway.
pub(super) fn sign(row: &mut Row, mark: &str) {
    let secret = mark.replace('-', "");
    row.fields.insert("client_auth".to_owned(), format!("client-auth-{secret}").into());
    let password: String = secret.chars().rev().collect();
    let user = format!("gateway-{}", row.id.chars().take(8).collect::<String>());
    row.fields.insert("credentials".to_owned(), json!({ "username": user, "password": password }));
}

fn created(state: &State, row: &Row) -> Value {
    json!({
        "id": row.id,
        "client_auth": row.fields.get("client_auth"),
        "credentials": row.fields.get("credentials"),
        "organisation_id": state.organisation_id(row),
        "object": "deployment",
    })
}

fn update(call: &mut Call<'_>, row: &mut Row) -> Outcome {
    apply(call, row)?;
    if call.body.get("rotate_auth") != Some(&Value::Bool(true)) {
        return Ok(json!({}).into());
    }
    let mark = call.state.fresh_id();
    sign(row, &mark);
    Ok(created(call.state, row).into())
}

fn apply(call: &mut Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    for (field, known) in
        [("type", ["production", "non_production"]), ("status", ["active", "archived"])]
    {
        if !known.contains(&row.text(field).unwrap_or_default()) {
            let known = known.join(", ");
            return Err(Refusal::bad_request(format!("\"{field}\" must be one of [{known}]")));
        }
    }
    let is_default = match call.body.get("is_default") {
        Some(Value::Bool(flag)) => Some(*flag),
        Some(other) => other.as_u64().map(|number| number == 1),
        None => None,
    };
    if let Some(is_default) = is_default {
        row.fields.insert("is_default".to_owned(), u8::from(is_default).into());
    }
    if is_default == Some(true) {
        let organisation = row.organisation;
        for other in call.state.store.rows_mut("deployments") {
            if other.organisation == organisation && other.id != row.id {
                other.fields.insert("is_default".to_owned(), 0.into());
            }
        }
    }
    allow(call, row)
}

/// Lays the settings over the stored ones: lists grow unless they are to be overridden.
fn allow(call: &Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    let Some(Value::Object(sent)) = call.body.get("auth_settings") else { return Ok(()) };
    let mut workspaces = list(Some(sent), "workspaces_allowed");
    let mut subjects = list(Some(sent), "jwt_subs_allowed");
    for (subject, workspace) in
        sent.get("jwt_sub_workspace_mapping").and_then(Value::as_object).into_iter().flatten()
    {
        subjects.push(subject.clone());
        workspaces.extend(workspace.as_str().map(str::to_owned));
    }
    let known = call.state.store.rows("workspaces");
    if let Some(unknown) = workspaces.iter().find(|slug| {
        !known.iter().any(|it| {
            it.organisation == row.organisation && it.slug.as_deref() == Some(slug.as_str())
        })
    }) {
        return Err(Refusal::bad_request(format!("there is no workspace {unknown}")));
    }
    let overrides = call.body.get("override_existing") == Some(&Value::Bool(true));
    let Some(stored) = row.fields.get_mut("auth_settings").and_then(Value::as_object_mut) else {
        return Ok(());
    };
    for (name, given, removed) in [
        ("workspaces_allowed", workspaces, "remove_workspaces_allowed"),
        ("jwt_subs_allowed", subjects, "remove_subs_allowed"),
    ] {
        let mut all = if overrides && sent.contains_key(name) {
            Vec::new()
        } else {
            list(Some(stored), name)
        };
        for one in given {
            if !all.contains(&one) {
                all.push(one);
            }
        }
        let gone = list(Some(sent), removed);
        all.retain(|one| !gone.contains(one));
        stored.insert(name.to_owned(), all.into());
    }
    for (name, value) in sent {
        match (name.as_str(), value) {
            (
                "workspaces_allowed"
                | "jwt_subs_allowed"
                | "remove_workspaces_allowed"
                | "remove_subs_allowed",
                _,
            ) => {}
            (_, Value::Bool(flag)) => {
                stored.insert(name.clone(), u8::from(*flag).into());
            }
            _ => {
                stored.insert(name.clone(), value.clone());
            }
        }
    }
    Ok(())
}

/// Never asked: deletion archives.
fn delete(_: &mut Call<'_>, _: &Row) -> Outcome {
    Ok(Answer::Empty)
}

/// `DELETE /deployments/{id}`: the row stays.
pub(super) fn archive(call: &mut Call<'_>) -> Outcome {
    let mut row = call.row(&DEPLOYMENTS)?.clone();
    row.fields.insert("status".to_owned(), "archived".into());
    row.fields.insert("is_default".to_owned(), 0.into());
    row.fields.insert("connection_status".to_owned(), "unknown".into());
    row.updated_at = call.now;
    call.state.store.replace("deployments", row, 0, call.staleness)?;
    Ok(Answer::Empty)
}

/// `GET /deployments/{id}/ping`: whether the gateway answers, and reaches Portkey.
pub(super) fn ping(call: &mut Call<'_>) -> Outcome {
    let row = call.row(&DEPLOYMENTS)?;
    let url = settings(row).and_then(|settings| settings.get("gateway_base_url")?.as_str());
    let Some(url) = url else {
        return Err(Refusal::bad_request("the deployment has no gateway_base_url"));
    };
    let answers = row.text("status") == Some("active");
    let (state, outbound, inbound) = if answers {
        let outbound = json!({ "status": "healthy", "status_code": 200, "version": "1.15.8" });
        ("healthy", outbound, json!({ "status": "healthy" }))
    } else {
        let error = "the deployment is archived";
        let unhealthy = json!({ "status": "unhealthy", "error": error });
        ("unhealthy", unhealthy.clone(), unhealthy)
    };
    Ok(json!({
        "status": state, "gateway_base_url": url, "outbound": outbound, "inbound": inbound,
        "object": "deployment-ping",
    })
    .into())
}

fn derive(state: &State, row: &Row, key: &str) -> Option<Value> {
    match key {
        "client_auth" => Some("client-auth-********".into()),
        "credentials" => {
            let user = row.fields.get("credentials").and_then(|it| it.get("username"));
            Some(json!({ "username": user, "password": "********" }))
        }
        "workspaces" => {
            let allowed = list(settings(row), "workspaces_allowed");
            let rows = state.store.rows("workspaces").iter();
            let served = rows.filter(|it| {
                it.organisation == row.organisation
                    && it.slug.as_ref().is_some_and(|slug| allowed.contains(slug))
            });
            Some(served.map(|it| json!({ "id": it.id, "slug": it.slug })).collect())
        }
        _ => None,
    }
}
