//! The seeded audit trail: what made the seeded rows, by the people who may.

use serde_json::{Value, json};

use crate::sandbox::{
    audit::{Audit, Write},
    dates::Dates,
    store::{Row, Store},
};

/// Table, path of the API, what it is called in scopes.
const TABLES: [(&str, &str, &str); 5] = [
    ("workspaces", "/v1/admin/workspaces", "workspaces"),
    ("virtual_keys", "/v1/virtual-keys", "virtual_keys"),
    ("configs", "/v1/configs", "configs"),
    ("prompts", "/v1/prompts", "prompts"),
    ("secret_references", "/v1/secret-references", "secret_references"),
];

/// A creation for each row, and an update for each later version of a config.
pub(in crate::sandbox) fn audit(store: &Store, organisations: &[String]) -> Audit {
    let mut writes = Vec::new();
    for (table, path, family) in TABLES {
        for row in store.rows(table) {
            let body = json!({ "name": row.text("name"), "workspace_id": row.workspace });
            writes.push((
                row.created_at,
                "POST",
                path.to_owned(),
                format!("{family}.create"),
                body,
                row,
            ));
            let later = if table == "configs" { row.versions.get(1..) } else { None };
            for version in later.into_iter().flatten() {
                let uri = format!("{path}/{}", row.slug.as_deref().unwrap_or_default());
                let body = json!({ "config": version.fields.get("config") });
                writes.push((
                    version.created_at,
                    "PUT",
                    uri,
                    format!("{family}.update"),
                    body,
                    row,
                ));
            }
        }
    }
    writes.sort_by_key(|(at, ..)| *at);
    let mut audit = Audit::default();
    for (number, (at, method, uri, scope, body, row)) in writes.iter().enumerate() {
        let people: Vec<&Row> = managers(store, row.organisation).collect();
        let person = people.get(number % people.len().max(1)).map_or("", |person| &person.id);
        audit.note(&Write {
            timestamp: Dates::Iso.write(*at),
            method,
            uri,
            query: "",
            request_id: &row.id,
            body,
            user_id: person,
            user_type: "user",
            organisation_id: organisations.get(row.organisation).map_or("", String::as_str),
            workspace_id: row.workspace.as_deref(),
            status: 200,
            scope,
        });
    }
    audit
}

fn managers(store: &Store, organisation: usize) -> impl Iterator<Item = &Row> {
    let people = store.rows("users").iter().filter(move |row| row.organisation == organisation);
    people.filter(|row| row.fields.get("role") != Some(&Value::from("member")))
}
