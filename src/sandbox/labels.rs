//! Labels, which name a version of a prompt; of one workspace or of the whole organisation.

use serde_json::{Value, json};

use super::{
    answer::{Outcome, Refusal},
    call::Call,
    dates::Dates,
    resource::{
        Home, Hooks, Kind, List, Named, Paging, Resource, kept, nothing, search_name, taken,
    },
    state::State,
    store::Row,
};

pub(super) const LABELS: Resource = Resource {
    table: "labels",
    title: "Label",
    object: "label",
    slug: None,
    named: Named::Uuid,
    home: Home::Anywhere,
    dates: Dates::Iso,
    list: List {
        keys: ROW,
        object: None,
        paging: Paging::zero_based(Some(100), 1_000),
        needs_workspace: false,
        filters: &[("search", search_name), ("organisation_id", in_organisation)],
    },
    read: ROW,
    body: &[
        kept("name", Kind::Text).required(),
        kept("description", Kind::Text),
        kept("color_code", Kind::Text),
        taken("organisation_id", Kind::Text),
        taken("workspace_id", Kind::Text),
    ],
    hooks: Hooks { create, created, update, delete, derive },
};

const ROW: &[&str] = &[
    "id",
    "name",
    "description",
    "color_code",
    "organisation_id",
    "workspace_id",
    "is_universal",
    "created_at",
    "last_updated_at",
    "status",
];

fn in_organisation(call: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    Ok(wanted.is_empty() || call.state.organisation_id(row) == Some(wanted))
}

fn create(call: &mut Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    let foreign =
        call.text("organisation_id").is_some_and(|id| call.state.organisation_id(row) != Some(id));
    if foreign {
        return Err(Refusal::not_found("Organisation"));
    }
    row.fields.insert("status".to_owned(), "active".into());
    check(call, row)
}

fn created(_: &State, row: &Row) -> Value {
    json!({ "id": row.id })
}

fn update(call: &mut Call<'_>, row: &mut Row) -> Outcome {
    check(call, row)?;
    Ok(nothing().into())
}

fn delete(call: &mut Call<'_>, row: &Row) -> Outcome {
    for prompt in call.state.store.rows_mut("prompts") {
        for version in &mut prompt.versions {
            if version.fields.get("label_id").and_then(Value::as_str) == Some(&row.id) {
                version.fields.insert("label_id".to_owned(), Value::Null);
            }
        }
    }
    Ok(nothing().into())
}

fn derive(_: &State, row: &Row, key: &str) -> Option<Value> {
    (key == "is_universal").then(|| row.workspace.is_none().into())
}

fn check(call: &Call<'_>, row: &Row) -> Result<(), Refusal> {
    let name = row.text("name").unwrap_or_default();
    let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter));
    let reserved =
        matches!(name, "latest" | "default") || name.chars().all(|letter| letter.is_ascii_digit());
    if !plain || reserved {
        let rule =
            "\"name\" may have letters, digits, _ and -, and is not latest, default or a number";
        return Err(Refusal::bad_request(rule));
    }
    let taken = call.state.store.rows("labels").iter().any(|other| {
        other.id != row.id
            && other.organisation == row.organisation
            && (other.workspace.is_none()
                || row.workspace.is_none()
                || other.workspace == row.workspace)
            && other.text("name") == Some(name)
    });
    if taken { Err(Refusal::conflict("a label of this name exists already")) } else { Ok(()) }
}
