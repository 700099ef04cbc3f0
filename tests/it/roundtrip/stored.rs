//! What the sandbox stores, without what changes with every write.

use portkey_admin_mcp::sandbox::Sandbox;
use serde_json::{Map, Value, json};

/// Fields that tell of a write or of the clock, in a row and in the documents of its fields.
const MOVING: &[&str] = &[
    "last_reset_at",
    "next_rotation_at",
    "next_usage_reset_at",
    "since_ms",
    "total",
    "updated_by",
    "version_id",
    "default_version",
];
/// Fields with limits in them.
const LIMITED: &[&str] = &["access", "global_workspace_access_settings", "usage_limits"];
/// Tables whose rows have a status that follows usage and expiry.
const SETTLED: &[&str] = &["api_keys", "virtual_keys"];
/// Fields of a version that are not its content.
const OF_VERSION: &[&str] = &["label_id", "name", "number", "status", "updated_by"];

/// Every table, with rows as they can be compared: `slug`, `workspace`, `fields`, `content` (the
/// newest version's), `labels` (by version).
#[derive(Clone, Debug, PartialEq)]
pub struct Stored(pub Value);

impl Stored {
    pub fn of(sandbox: &Sandbox) -> Self {
        let Value::Object(mut tables) = sandbox.stored() else { panic!("tables are an object") };
        for (table, rows) in &mut tables {
            rows.as_object_mut().unwrap().values_mut().for_each(|row| plain(table, row));
        }
        // Rows of this table are made anew by each write.
        if let Some(rows) = tables.get_mut("exclusions") {
            *rows = json!({ "all": { "fields": exclusions(rows) } });
        }
        Self(tables.into())
    }

    /// The id and the row of this name in the first organisation.
    pub fn find(&self, table: &str, name: &str) -> (&str, &Value) {
        let rows = self.0[table].as_object().unwrap().iter();
        let mut named = rows.filter(|(_, row)| {
            row["organisation"] == 0
                && ["name", "email", "trace_id", "description"]
                    .iter()
                    .any(|field| row["fields"][*field] == name)
        });
        let (id, row) = named.next().unwrap_or_else(|| panic!("no {name} in {table}"));
        (id, row)
    }

    pub fn id(&self, table: &str, name: &str) -> String {
        self.find(table, name).0.to_owned()
    }

    pub fn slug(&self, table: &str, name: &str) -> String {
        self.find(table, name).1["slug"].as_str().unwrap().to_owned()
    }
}

fn plain(table: &str, row: &mut Value) {
    let versions = row["versions"].take();
    let versions = versions.as_array().unwrap();
    if let Some(newest) = versions.last() {
        let mut content = newest["fields"].clone();
        content.as_object_mut().unwrap().retain(|name, _| !OF_VERSION.contains(&name.as_str()));
        let label =
            |it: &Value| Some((it["id"].as_str()?.to_owned(), it["fields"]["label_id"].clone()));
        let labels: Map<_, _> =
            versions.iter().filter_map(label).filter(|(_, label)| !label.is_null()).collect();
        row["content"] = content;
        row["labels"] = labels.into();
    }
    row.as_object_mut().unwrap().shift_remove("versions");
    let fields = row["fields"].as_object_mut().unwrap();
    if SETTLED.contains(&table) {
        fields.shift_remove("status");
    }
    fields.retain(|name, value| !goes(name, value));
    for (name, document) in fields {
        if LIMITED.contains(&name.as_str()) {
            settle(document);
        } else if let Some(document) = document.as_object_mut() {
            document.retain(|name, value| !goes(name, value));
        }
    }
}

/// A null says the same as nothing, in the fields and in the documents among them.
fn goes(name: &str, value: &Value) -> bool {
    value.is_null() || MOVING.contains(&name)
}

/// The same at any depth.
fn settle(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(settle),
        Value::Object(fields) => {
            fields.retain(|name, value| !goes(name, value));
            fields.values_mut().for_each(settle);
        }
        _ => {}
    }
}

fn exclusions(rows: &Value) -> Value {
    let mut fields = json!({ "input-guardrails": {}, "output-guardrails": {} });
    for row in rows.as_object().unwrap().values() {
        let [kind, workspace] =
            ["kind", "workspace_id"].map(|name| row["fields"][name].as_str().unwrap());
        fields[kind][workspace] = true.into();
    }
    fields
}
