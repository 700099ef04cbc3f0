//! List, create, read, update and delete, the same for every resource.

use serde_json::{Map, Value};

use super::{
    answer::{Outcome, Refusal},
    call::{Call, Query},
    ids,
    resource::{Home, Paging, Resource, check_name},
    store::Row,
};

pub(super) fn list(call: &Call<'_>, resource: &Resource) -> Outcome {
    let workspace = call.listed_workspace()?;
    if resource.list.needs_workspace && workspace.is_none() {
        return Err(Refusal::bad_request("\"workspace_id\" is required"));
    }
    let mut rows = Vec::new();
    for row in call.state.store.rows(resource.table) {
        let elsewhere = matches!((&workspace, &row.workspace), (Some(a), Some(b)) if a != b);
        if !call.caller.sees(row) || elsewhere {
            continue;
        }
        let row = row.seen();
        let mut fits = true;
        for (name, filter) in resource.list.filters {
            fits &= filter(call, row, call.query.get(name).unwrap_or(""))?;
        }
        if fits {
            rows.push(row);
        }
    }
    let total = rows.len();
    let page = Page::of(&resource.list.paging, &call.query)?;
    let rows =
        page.cut(rows.into_iter()).map(|row| resource.show(call.state, row, resource.list.keys));
    let data: Vec<Value> = rows.collect();
    let mut answer = Map::new();
    if let Some(object) = resource.list.object {
        answer.insert("object".to_owned(), object.into());
    }
    answer.insert("total".to_owned(), total.into());
    answer.insert("data".to_owned(), data.into());
    Ok(Value::Object(answer).into())
}

pub(super) fn read(call: &Call<'_>, resource: &Resource) -> Outcome {
    let row = call.row(resource)?.seen();
    Ok(resource.show(call.state, row, resource.read).into())
}

pub(super) fn create(call: &mut Call<'_>, resource: &'static Resource) -> Outcome {
    for field in resource.body {
        match call.body.get(field.name) {
            Some(value) => field.check(value)?,
            None if field.required => {
                return Err(Refusal::bad_request(format!("\"{}\" is required", field.name)));
            }
            None => {}
        }
    }
    check_name(call.body.get("name").and_then(Value::as_str))?;
    let mut row = Row::new(call.state.fresh_id(), call.caller.organisation, call.now);
    row.workspace = match resource.home {
        Home::Organisation => None,
        Home::Anywhere | Home::NamedWorkspace => call.target_workspace()?,
        Home::Workspace => {
            let default = || call.default_workspace().map(|row| row.id.clone());
            call.target_workspace()?.or_else(default)
        }
    };
    keep(call, resource, &mut row);
    let name = row.text("name").unwrap_or_default();
    row.slug = resource.slug.map(|prefix| ids::slug(prefix, name, &row.id));
    (resource.hooks.create)(call, &mut row)?;
    if matches!(resource.home, Home::NamedWorkspace) && row.workspace.is_none() {
        return Err(Refusal::bad_request("\"workspace_id\" is required"));
    }
    let answer = (resource.hooks.created)(call.state, &row);
    call.state.store.insert(resource.table, row, call.bytes)?;
    Ok(answer.into())
}

pub(super) fn update(call: &mut Call<'_>, resource: &'static Resource) -> Outcome {
    let mut row = call.row(resource)?.clone();
    for field in resource.body {
        if let Some(value) = call.body.get(field.name) {
            field.check(value)?;
        }
    }
    check_name(call.body.get("name").and_then(Value::as_str))?;
    keep(call, resource, &mut row);
    row.updated_at = call.now;
    let answer = (resource.hooks.update)(call, &mut row)?;
    call.state.store.replace(resource.table, row, call.bytes, call.staleness)?;
    Ok(answer)
}

pub(super) fn delete(call: &mut Call<'_>, resource: &'static Resource) -> Outcome {
    let row = call.row(resource)?.clone();
    let answer = (resource.hooks.delete)(call, &row)?;
    call.state.store.remove(resource.table, &row.id);
    Ok(answer)
}

fn keep(call: &Call<'_>, resource: &Resource, row: &mut Row) {
    for field in resource.body.iter().filter(|field| field.kept) {
        if let Some(value) = call.body.get(field.name) {
            row.fields.insert(field.name.to_owned(), value.clone());
        }
    }
}

/// Which part of a list is wanted.
pub(super) struct Page {
    skip: usize,
    take: usize,
}

impl Page {
    pub fn of(paging: &Paging, query: &Query) -> Result<Self, Refusal> {
        let page: usize = query.number(paging.page)?.unwrap_or(paging.first);
        let size: Option<usize> = query.number(paging.size)?.or(paging.default);
        let wrong =
            |name: &str, what: &str| Refusal::bad_request(format!("\"{name}\" must be {what}"));
        if page < paging.first {
            return Err(wrong(paging.page, &format!("greater than or equal to {}", paging.first)));
        }
        match size {
            Some(0) => Err(wrong(paging.size, "greater than or equal to 1")),
            Some(size) if size > paging.cap => {
                Err(wrong(paging.size, &format!("less than or equal to {}", paging.cap)))
            }
            Some(size) => Ok(Self { skip: (page - paging.first).saturating_mul(size), take: size }),
            // Without a size there is one page.
            None => Ok(Self {
                skip: if page > paging.first { usize::MAX } else { 0 },
                take: usize::MAX,
            }),
        }
    }

    pub fn cut<T>(&self, items: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        items.skip(self.skip).take(self.take)
    }
}
