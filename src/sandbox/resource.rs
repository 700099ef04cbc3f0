//! What a collection of rows is: the facts that a resource's table entry holds.
//!
//! `crud.rs` serves list, create, read, update and delete from these facts; what is special about
//! a resource stands in its own file as functions that the entry names.

use serde_json::{Map, Value};

use super::{
    answer::{Outcome, Refusal},
    call::Call,
    dates::Dates,
    state::State,
    store::Row,
};

pub(super) struct Resource {
    /// Name of the table in the store.
    pub table: &'static str,
    /// For messages: `Config`.
    pub title: &'static str,
    /// Value of the `object` field.
    pub object: &'static str,
    /// Prefix of its slugs; absent for what has none.
    pub slug: Option<&'static str>,
    pub named: Named,
    pub home: Home,
    pub dates: Dates,
    pub list: List,
    /// Fields of one row, in order.
    pub read: &'static [&'static str],
    pub body: &'static [Field],
    pub hooks: Hooks,
}

/// By what a path may name a row.
pub(super) enum Named {
    Uuid,
    /// UUID or slug.
    Either,
}

/// Where a new row goes.
pub(super) enum Home {
    /// To a workspace: the key's, the body's `workspace_id`, or the default one.
    Workspace,
    /// To a workspace, which an organisation key has to name.
    NamedWorkspace,
    /// To the workspace where there is one, else to the organisation.
    Anywhere,
    /// To the organisation.
    Organisation,
}

pub(super) struct List {
    /// Fields of a row, in order.
    pub keys: &'static [&'static str],
    /// Value of the list's own `object` field, where it has one.
    pub object: Option<&'static str>,
    pub paging: Paging,
    /// An organisation key has to say which workspace.
    pub needs_workspace: bool,
    pub filters: &'static [(&'static str, Filter)],
}

/// Whether a row stays in the list, given the parameter's value (absent: empty).
pub(super) type Filter = fn(&Call<'_>, &Row, &str) -> Result<bool, Refusal>;

/// How a list is cut into pages.
pub(super) struct Paging {
    pub page: &'static str,
    pub size: &'static str,
    /// Number of the first page: 0 or 1.
    pub first: usize,
    /// Page size when none is asked for; absent where everything comes at once.
    pub default: Option<usize>,
    pub cap: usize,
}

impl Paging {
    pub const fn zero_based(default: Option<usize>, cap: usize) -> Self {
        Self { page: "current_page", size: "page_size", first: 0, default, cap }
    }
}

/// A field of the request body.
pub(super) struct Field {
    pub name: &'static str,
    pub kind: Kind,
    pub required: bool,
    /// Kept in the row under its own name; the others are for the hooks.
    pub kept: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Object,
    Array,
    Flag,
    Any,
}

/// A field that is kept as it is.
pub(super) const fn kept(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false, kept: true }
}

/// A field that only the hooks look at.
pub(super) const fn taken(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false, kept: false }
}

impl Field {
    /// The same field, without which nothing is created.
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// Refuses a value of the wrong kind; null is fine where a value is not required.
    pub fn check(&self, value: &Value) -> Result<(), Refusal> {
        let fits = match self.kind {
            Kind::Text => value.is_string(),
            Kind::Object => value.is_object(),
            Kind::Array => value.is_array(),
            Kind::Flag => value.is_boolean() || matches!(value.as_u64(), Some(0 | 1)),
            Kind::Any => true,
        };
        if fits || (value.is_null() && !self.required) {
            return Ok(());
        }
        let wanted = match self.kind {
            Kind::Text => "a string",
            Kind::Object => "an object",
            Kind::Array => "an array",
            Kind::Flag => "true, false, 0 or 1",
            Kind::Any => "given",
        };
        Err(Refusal::bad_request(format!("\"{}\" must be {wanted}", self.name)))
    }
}

/// What is special about a resource.
pub(super) struct Hooks {
    /// Completes a new row, whose kept fields are in place.
    pub create: fn(&mut Call<'_>, &mut Row) -> Result<(), Refusal>,
    /// What the creation answers.
    pub created: fn(&State, &Row) -> Value,
    /// Changes a row, whose kept fields are changed already, and says what to answer.
    pub update: fn(&mut Call<'_>, &mut Row) -> Outcome,
    /// Refuses a deletion, or clears away what hangs on the row.
    pub delete: fn(&mut Call<'_>, &Row) -> Outcome,
    /// A field that is computed on reading.
    pub derive: fn(&State, &Row, &str) -> Option<Value>,
}

impl Resource {
    /// The row as this resource's answers show it, with these fields.
    pub fn show(&self, state: &State, row: &Row, keys: &[&str]) -> Value {
        let text = |value: Option<&str>| value.map_or(Value::Null, Value::from);
        let field = |key: &str| match key {
            "id" => Value::from(&*row.id),
            "slug" => text(row.slug.as_deref()),
            "object" => Value::from(self.object),
            "organisation_id" => text(state.organisation_id(row)),
            "workspace_id" => text(row.workspace.as_deref()),
            "created_at" => Value::from(self.dates.write(row.created_at)),
            "last_updated_at" => Value::from(self.dates.write(row.updated_at)),
            _ => row.fields.get(key).cloned().unwrap_or_default(),
        };
        let value = |key: &str| (self.hooks.derive)(state, row, key).unwrap_or_else(|| field(key));
        Value::Object(keys.iter().map(|&key| (key.to_owned(), value(key))).collect())
    }
}

/// For resources that answer an update or a deletion with `{}`.
pub(super) fn nothing() -> Value {
    Value::Object(Map::new())
}

/// Matches when the parameter occurs in the name, whatever the case.
pub(super) fn search_name(_: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    let name = row.text("name").unwrap_or_default().to_lowercase();
    Ok(wanted.is_empty() || name.contains(&wanted.to_lowercase()))
}

/// A field of text that may not be empty or longer than Portkey takes.
pub(super) fn check_name(name: Option<&str>) -> Result<(), Refusal> {
    match name {
        Some(name) if name.trim().is_empty() => {
            Err(Refusal::bad_request("\"name\" is not allowed to be empty"))
        }
        Some(name) if name.chars().count() > 255 => {
            Err(Refusal::bad_request("\"name\" must be at most 255 characters long"))
        }
        _ => Ok(()),
    }
}
