//! Exports of logs: drafted, started, run through their states, downloaded as JSON Lines.
//!
//! As Portkey does it: a window of time in either documented form (`created_at` with `gte` and `lte`,
//! or `time_of_generation_min` and `_max`), lists as comma strings, 50 000 rows at most, `PUT`
//! replaces the filters of a draft, fields that the workspace denies are refused. A started export
//! is `in_progress` for the first read after its start and `success` from the second on.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq;

use super::{
    analytics::Filter,
    answer::{Outcome, Refusal},
    call::{Call, Query},
    dates::Dates,
    log::{Entry, Log},
    logs::{self, Payload},
    resource::{Home, Hooks, Kind, List, Named, Paging, Resource, kept, taken},
    state::State,
    store::{Row, Store},
};

pub(super) const LOG_EXPORTS: Resource = Resource {
    table: "log_exports",
    title: "Export",
    object: "export",
    slug: None,
    named: Named::Uuid,
    home: Home::Workspace,
    dates: Dates::Iso,
    list: List {
        keys: ROW,
        object: Some("list"),
        paging: Paging::zero_based(None, usize::MAX),
        needs_workspace: true,
        filters: &[],
    },
    read: ROW,
    body: &[
        kept("filters", Kind::Object).required(),
        kept("requested_data", Kind::Array).required(),
        kept("description", Kind::Text),
        taken("workspace_id", Kind::Text),
    ],
    hooks: Hooks {
        create,
        created: told,
        update,
        delete: |_, _| Err(Refusal::not_found("Export")),
        derive: |_, _, _| None,
    },
};

const ROW: &[&str] = &[
    "id",
    "organisation_id",
    "filters",
    "requested_data",
    "status",
    "description",
    "created_at",
    "last_updated_at",
    "created_by",
    "workspace_id",
    "object",
];

const FIELDS: [&str; 20] = [
    "id",
    "trace_id",
    "created_at",
    "request",
    "response",
    "is_success",
    "ai_org",
    "ai_model",
    "req_units",
    "res_units",
    "total_units",
    "request_url",
    "cost",
    "cost_currency",
    "response_time",
    "response_status_code",
    "mode",
    "config",
    "prompt_slug",
    "metadata",
];

/// Filters besides the window of time, with the lists that come as comma strings.
const TEXTS: [&str; 8] = [
    "ai_model",
    "ai_org_model",
    "status_code",
    "virtual_keys",
    "configs",
    "trace_id",
    "prompt_slug",
    "workspace_slug",
];
const NUMBERS: [&str; 12] = [
    "total_units_min",
    "total_units_max",
    "cost_min",
    "cost_max",
    "prompt_token_min",
    "prompt_token_max",
    "completion_token_min",
    "completion_token_max",
    "weighted_feedback_min",
    "weighted_feedback_max",
    "page_size",
    "current_page",
];
const ROWS: usize = 50_000;

/// Where a workspace keeps the fields that its exports may not have.
pub(super) const DENIED: &str = "export_denied_fields";

fn create(call: &mut Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    row.fields.insert("status".to_owned(), "draft".into());
    row.fields.insert("created_by".to_owned(), call.caller.key_id.clone().into());
    row.fields.entry("description").or_insert_with(|| "".into());
    check(call, row)
}

/// `{id, total, object}`
fn told(_: &State, row: &Row) -> Value {
    json!({ "id": row.id, "total": row.fields.get("total"), "object": "export" })
}

fn update(call: &mut Call<'_>, row: &mut Row) -> Outcome {
    if row.text("status") != Some("draft") {
        return Err(Refusal::bad_request("only a draft can be changed"));
    }
    if !call.body.contains_key("filters") {
        return Err(Refusal::bad_request("\"filters\" is required"));
    }
    check(call, row)?;
    Ok(told(call.state, row).into())
}

/// Refuses what cannot be exported, and counts the rows.
fn check(call: &mut Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    let denied = denied(&call.state.store, row.workspace.as_deref());
    let wanted = row.fields.get("requested_data").and_then(Value::as_array);
    for field in wanted.into_iter().flatten() {
        let name = field.as_str().unwrap_or_default();
        if !FIELDS.contains(&name) {
            return Err(Refusal::bad_request(format!("\"requested_data\" does not know {field}")));
        }
        if denied.iter().any(|denied| denied == name) {
            return Err(Refusal::forbidden(format!("{name} may not be exported (deniedFields)")));
        }
    }
    let (log, store) = call.state.log_and_store();
    let total = rows(log, store, row)?.len();
    row.fields.insert("total".to_owned(), total.into());
    Ok(())
}

fn denied(store: &Store, workspace: Option<&str>) -> Vec<String> {
    let mut rows = store.rows("workspaces").iter();
    let row = rows.find(|row| Some(&*row.id) == workspace);
    let names = row.and_then(|row| row.fields.get(DENIED)?.as_array());
    names.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

/// `GET /logs/exports/field-restrictions`
pub(super) fn restrictions(call: &mut Call<'_>) -> Outcome {
    let workspace = call
        .listed_workspace()?
        .ok_or_else(|| Refusal::bad_request("\"workspace_id\" is required"))?;
    let denied = denied(&call.state.store, Some(&workspace));
    Ok(json!({ "deniedFields": denied }).into())
}

/// The logs of an export, in order of time.
fn rows<'a>(log: &'a Log, store: &Store, row: &Row) -> Result<Vec<&'a Entry>, Refusal> {
    let filters = row.fields.get("filters").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut pairs = Vec::new();
    for (name, value) in &filters {
        let wrong = |what: &str| Refusal::bad_request(format!("\"filters.{name}\" must be {what}"));
        let text = match name.as_str() {
            "time_of_generation_min" | "time_of_generation_max" | "created_at" => continue,
            "metadata" if value.is_object() => value.to_string(),
            "metadata" => return Err(wrong("an object")),
            text if TEXTS.contains(&text) => {
                value.as_str().ok_or_else(|| wrong("a string"))?.to_owned()
            }
            number if NUMBERS.contains(&number) => {
                value.as_f64().ok_or_else(|| wrong("a number"))?.to_string()
            }
            _ => return Err(wrong("a filter that there is")),
        };
        pairs.push((name.clone(), text));
    }
    let query = Query::of(pairs);
    let slug = query.get("workspace_slug");
    let own = row.workspace.clone().unwrap_or_default();
    let workspace = match slug {
        Some(slug) => {
            let found = store.find("workspaces", row.organisation, slug);
            let found = found.ok_or_else(|| Refusal::not_found("Workspace"))?;
            found.id.clone()
        }
        None => own,
    };
    let filter = Filter::of(&query, log, &[workspace])?;
    let models = query.list("ai_model");
    let size: usize = query.number("page_size")?.unwrap_or(ROWS);
    if size > ROWS {
        return Err(Refusal::bad_request("\"filters.page_size\" must be at most 50000"));
    }
    let page: usize = query.number("current_page")?.unwrap_or_default();
    let (min, max) = window(&filters)?;
    // What is logged after the start is not in the file.
    let started = row.fields.get("started").and_then(Value::as_i64).unwrap_or(i64::MAX);
    let fitting = log.between(min, max.min(started)).iter().filter(|entry| {
        let model = log.text(entry.model);
        filter.fits(log, entry) && models.as_ref().is_none_or(|names| names.contains(&model))
    });
    Ok(fitting.skip(page.saturating_mul(size)).take(size).collect())
}

/// From when to when, in milliseconds, in either form.
fn window(filters: &Map<String, Value>) -> Result<(i64, i64), Refusal> {
    let time = |value: Option<&Value>, name: &str, open: i64| match value {
        None | Some(Value::Null) => Ok(open),
        Some(value) => {
            let time: Option<Timestamp> = value.as_str().and_then(|text| text.parse().ok());
            time.map(Timestamp::as_millisecond).ok_or_else(|| {
                Refusal::bad_request(format!("\"filters.{name}\" must be an ISO 8601 time"))
            })
        }
    };
    let of = |name: &str| filters.get("created_at").and_then(|window| window.get(name));
    let min = filters.get("time_of_generation_min").or_else(|| of("gte"));
    let max = filters.get("time_of_generation_max").or_else(|| of("lte"));
    Ok((
        time(min, "time_of_generation_min", i64::MIN)?,
        time(max, "time_of_generation_max", i64::MAX)?,
    ))
}

/// `GET /logs/exports/{id}`
pub(super) fn read(call: &mut Call<'_>) -> Outcome {
    let row = call.row(&LOG_EXPORTS)?;
    let shown = LOG_EXPORTS.show(call.state, row.seen(), ROW);
    if row.text("status") == Some("in_progress") {
        let id = row.id.clone();
        set_status(call, &id, "success");
    }
    Ok(shown.into())
}

/// `POST /logs/exports/{id}/start`
pub(super) fn start(call: &mut Call<'_>) -> Outcome {
    let row = call.row(&LOG_EXPORTS)?;
    if row.text("status") != Some("draft") {
        return Err(Refusal::conflict("the export was started already"));
    }
    let (id, now) = (row.id.clone(), call.now.as_millisecond());
    set_status(call, &id, "in_progress");
    for row in call.state.store.rows_mut("log_exports").filter(|row| row.id == id) {
        row.fields.insert("started".to_owned(), now.into());
    }
    Ok(json!({ "message": "Log export started", "object": "export" }).into())
}

/// `POST /logs/exports/{id}/cancel`
pub(super) fn cancel(call: &mut Call<'_>) -> Outcome {
    let row = call.row(&LOG_EXPORTS)?;
    if row.text("status") != Some("in_progress") {
        return Err(Refusal::conflict("only a running export can be stopped"));
    }
    let id = row.id.clone();
    set_status(call, &id, "stopped");
    Ok(json!({ "message": "Log export stopped", "object": "export" }).into())
}

fn set_status(call: &mut Call<'_>, id: &str, status: &str) {
    let now = call.now;
    for row in call.state.store.rows_mut("log_exports").filter(|row| row.id == id) {
        row.fields.insert("status".to_owned(), status.into());
        row.updated_at = now;
    }
}

/// `GET /logs/exports/{id}/download`: a link that works without a key.
pub(super) fn download(call: &mut Call<'_>) -> Outcome {
    let row = call.row(&LOG_EXPORTS)?;
    if row.text("status") != Some("success") {
        return Err(Refusal::bad_request("the export has not succeeded yet"));
    }
    let id = row.id.clone();
    let random: [u8; 16] = rand::random();
    let signature: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    for row in call.state.store.rows_mut("log_exports").filter(|row| row.id == id) {
        row.fields.insert("signature".to_owned(), signature.clone().into());
    }
    let url = format!("{}/exports/{id}.jsonl?signature={signature}", call.state.base_url);
    Ok(json!({ "signed_url": url }).into())
}

/// What such a link gives: one JSON object a line.
pub(super) fn file(state: &mut State, path: &str, query: &str) -> Option<String> {
    let id = path.strip_prefix("/v1/exports/")?.strip_suffix(".jsonl")?;
    let query = Query::new(query);
    let sent = query.get("signature")?;
    let (log, store) = state.log_and_store();
    let row = store.rows("log_exports").iter().find(|row| row.id == id)?;
    let signature = row.text("signature")?;
    if !bool::from(signature.as_bytes().ct_eq(sent.as_bytes())) {
        return None;
    }
    let fields = row.fields.get("requested_data").and_then(Value::as_array)?;
    let fields: Vec<&str> = fields.iter().filter_map(Value::as_str).collect();
    let mut text = String::new();
    for entry in rows(log, store, row).ok()? {
        let mut metrics = logs::metrics(log, entry);
        if fields.contains(&"request") || fields.contains(&"response") {
            let Payload { request, response } = logs::payload(log, store, entry);
            metrics.insert("request".to_owned(), request);
            metrics.insert("response".to_owned(), response);
        }
        let line: Map<String, Value> = fields
            .iter()
            .map(|field| ((*field).to_owned(), metrics.get(*field).cloned().unwrap_or_default()))
            .collect();
        text.push_str(&Value::Object(line).to_string());
        text.push('\n');
    }
    Some(text)
}
