//! One request on its way through a handler.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    access::Caller,
    answer::Refusal,
    resource::{Named, Resource},
    state::State,
    store::{Row, Staleness},
};

/// What holds a body that is a list and no object: no field of the API has this name.
pub(super) const ITEMS: &str = "[]";

pub(super) struct Call<'a> {
    pub state: &'a mut State,
    pub caller: &'a Caller,
    /// The path's variable segments, decoded, in order.
    pub params: Vec<String>,
    pub query: Query,
    pub body: Map<String, Value>,
    /// Length of the body as sent.
    pub bytes: usize,
    pub staleness: Option<Staleness>,
    pub now: Timestamp,
}

impl Call<'_> {
    /// The n-th variable segment of the path; empty where the route has fewer.
    pub fn param(&self, index: usize) -> &str {
        self.params.get(index).map_or("", String::as_str)
    }

    /// What the body holds one of or, as a list, several of.
    pub fn items(&self) -> Vec<Value> {
        match self.body.get(ITEMS) {
            Some(Value::Array(items)) => items.clone(),
            _ => vec![Value::Object(self.body.clone())],
        }
    }

    /// A text field of the body that is not empty.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.body.get(field)?.as_str().filter(|text| !text.is_empty())
    }

    /// The row that the path names: 404 when there is none in the caller's organisation, 403 when
    /// it lies in a workspace that the key does not see.
    pub fn row(&self, resource: &Resource) -> Result<&Row, Refusal> {
        let row = self.named(resource, self.param(0))?;
        match self.query.get("workspace_id").or_else(|| self.text("workspace_id")) {
            Some(wanted) if self.workspace(wanted)? != row.workspace => {
                Err(Refusal::not_found(resource.title))
            }
            _ => Ok(row),
        }
    }

    /// The row with this id or slug, by the same rules.
    pub fn named(&self, resource: &Resource, key: &str) -> Result<&Row, Refusal> {
        let rows = self.state.store.rows(resource.table).iter();
        let row = rows
            .filter(|row| row.organisation == self.caller.organisation)
            .find(|row| match resource.named {
                Named::Uuid => row.id == key,
                Named::Either => row.is(key),
            })
            .ok_or_else(|| Refusal::not_found(resource.title))?;
        if self.caller.sees(row) { Ok(row) } else { Err(hidden()) }
    }

    /// UUID of the workspace with this UUID or slug, which the caller must see; `None` for none.
    pub fn workspace(&self, key: &str) -> Result<Option<String>, Refusal> {
        if key.is_empty() {
            return Ok(None);
        }
        let found = self.state.store.find("workspaces", self.caller.organisation, key);
        let row = found.ok_or_else(|| Refusal::not_found("Workspace"))?;
        if self.caller.sees(row) { Ok(Some(row.id.clone())) } else { Err(hidden()) }
    }

    /// The workspace that a list is about: the key's own, else the one in the query, else all.
    pub fn listed_workspace(&self) -> Result<Option<String>, Refusal> {
        match &self.caller.workspace {
            Some(own) => Ok(Some(own.clone())),
            None => self.workspace(self.query.get("workspace_id").unwrap_or("")),
        }
    }

    /// The workspace that a new row goes to: the key's own, else the one in the body.
    pub fn target_workspace(&self) -> Result<Option<String>, Refusal> {
        let named = self.workspace(self.text("workspace_id").unwrap_or(""))?;
        Ok(self.caller.workspace.clone().or(named))
    }

    /// The organisation's default workspace.
    pub fn default_workspace(&self) -> Option<&Row> {
        let rows = self.state.store.rows("workspaces").iter();
        rows.filter(|row| row.organisation == self.caller.organisation)
            .find(|row| row.fields.get("is_default").and_then(Value::as_u64) == Some(1))
    }
}

fn hidden() -> Refusal {
    Refusal::forbidden("You do not have enough permissions to execute this request")
}

/// The query string, decoded.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub fn new(text: &str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    pub fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// The first value of this name that is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        values.into_iter().find(|value| !value.is_empty())
    }

    /// The value as a number, where there is one.
    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let number =
            text.parse().map_err(|_| Refusal::bad_request(format!("{name} must be a number")))?;
        Ok(Some(number))
    }

    /// The members of a comma list; `None` when it is absent.
    pub fn list(&self, name: &str) -> Option<Vec<&str>> {
        let items = self.get(name)?.split(',').map(str::trim);
        Some(items.filter(|item| !item.is_empty()).collect())
    }
}
