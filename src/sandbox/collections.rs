//! Prompt collections, which nest and belong to a workspace.

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

pub(super) const COLLECTIONS: Resource = Resource {
    table: "collections",
    title: "Collection",
    object: "collection",
    slug: Some("pl-"),
    named: Named::Either,
    home: Home::NamedWorkspace,
    dates: Dates::Iso,
    list: List {
        keys: &[
            "id",
            "name",
            "workspace_id",
            "slug",
            "parent_collection_id",
            "is_default",
            "status",
            "created_at",
            "last_updated_at",
            "collection_details",
        ],
        object: None,
        paging: Paging::zero_based(Some(100), 1_000),
        needs_workspace: true,
        filters: &[("search", search_name)],
    },
    read: &[
        "id",
        "name",
        "workspace_id",
        "slug",
        "parent_collection_id",
        "is_default",
        "status",
        "created_at",
        "last_updated_at",
        "child_collections",
    ],
    body: &[
        kept("name", Kind::Text).required(),
        taken("workspace_id", Kind::Text),
        taken("parent_collection_id", Kind::Text),
    ],
    hooks: Hooks { create, created, update, delete, derive },
};

/// A filter by the collection that a row is in.
pub(super) fn in_collection(call: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    if wanted.is_empty() {
        return Ok(true);
    }
    let collection = call.named(&COLLECTIONS, wanted)?;
    Ok(row.text("collection_id") == Some(&collection.id))
}

fn create(call: &mut Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    let parent = match call.text("parent_collection_id") {
        Some(parent) => {
            let parent = call.named(&COLLECTIONS, parent)?;
            if row.workspace.is_some() && row.workspace != parent.workspace {
                return Err(Refusal::bad_request(
                    "the parent collection lies in another workspace",
                ));
            }
            row.workspace.clone_from(&parent.workspace);
            Value::from(&*parent.id)
        }
        None => Value::Null,
    };
    row.fields.insert("parent_collection_id".to_owned(), parent);
    row.fields.insert("is_default".to_owned(), false.into());
    row.fields.insert("status".to_owned(), "active".into());
    unique(call, row)
}

fn created(_: &State, row: &Row) -> Value {
    json!({ "id": row.id, "slug": row.slug })
}

fn update(call: &mut Call<'_>, row: &mut Row) -> Outcome {
    unique(call, row)?;
    Ok(nothing().into())
}

fn unique(call: &Call<'_>, row: &Row) -> Result<(), Refusal> {
    let parent = |row: &Row| row.text("parent_collection_id").map(str::to_owned);
    let taken = call.state.store.rows("collections").iter().any(|other| {
        other.id != row.id
            && other.organisation == row.organisation
            && other.workspace == row.workspace
            && parent(other) == parent(row)
            && other.text("name") == row.text("name")
    });
    if taken { Err(Refusal::conflict("a collection of this name exists already")) } else { Ok(()) }
}

fn delete(call: &mut Call<'_>, row: &Row) -> Outcome {
    if row.fields.get("is_default") == Some(&Value::Bool(true)) {
        // The description of the API answers 404 for the default collection.
        return Err(Refusal::not_found("Collection"));
    }
    let children = children(call.state, row).count();
    let prompts = prompts(call.state, row).count();
    let partials = call.state.store.rows("partials").iter();
    let partials = partials.filter(|other| other.text("collection_id") == Some(&row.id)).count();
    if children + prompts + partials > 0 {
        let what = format!(
            "the collection holds {prompts} prompts, {partials} partials and {children} collections"
        );
        return Err(Refusal::conflict(what));
    }
    Ok(nothing().into())
}

fn derive(state: &State, row: &Row, key: &str) -> Option<Value> {
    match key {
        "collection_details" => Some(details(state, row)),
        "child_collections" => Some(Value::Array(
            children(state, row)
                .map(|child| {
                    json!({
                        "id": child.id,
                        "name": child.text("name"),
                        "last_updated_at": Dates::Iso.write(child.updated_at),
                        "collection_details": details(state, child),
                    })
                })
                .collect(),
        )),
        _ => None,
    }
}

fn details(state: &State, row: &Row) -> Value {
    let latest = |times: &mut dyn Iterator<Item = jiff::Timestamp>| {
        times.max().map(|at| Dates::Iso.write(at))
    };
    json!({
        "child_collections_count": children(state, row).count(),
        "prompts_count": prompts(state, row).count(),
        "child_collections_last_updated_at": latest(&mut children(state, row).map(|row| row.updated_at)),
        "prompts_last_updated_at": latest(&mut prompts(state, row).map(|row| row.updated_at)),
    })
}

fn children<'a>(state: &'a State, row: &'a Row) -> impl Iterator<Item = &'a Row> {
    let rows = state.store.rows("collections").iter();
    rows.filter(|other| other.text("parent_collection_id") == Some(&row.id))
}

fn prompts<'a>(state: &'a State, row: &'a Row) -> impl Iterator<Item = &'a Row> {
    state.store.rows("prompts").iter().filter(|other| other.text("collection_id") == Some(&row.id))
}
