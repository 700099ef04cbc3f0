//! Policies: budgets and rates for all requests that fit their conditions.
//!
//! `DELETE` archives: the row stays and is shown when archived ones are asked for. Type, grouping and
//! target are fixed. Counters are computed from the log (`policies/usage.rs`).

mod matching;
mod usage;

use serde_json::{Value, json};

use super::{
    answer::{Answer, Outcome, Refusal},
    budget::{begin, check_reset, one_of, since},
    call::Call,
    crud,
    dates::Dates,
    period::period,
    resource::{Home, Hooks, Kind, List, Named, Paging, Resource, kept, nothing, taken},
    state::State,
    store::Row,
};
pub(super) use usage::{check_limits, entities, reset_entity};

const PAGING: Paging = Paging::zero_based(Some(100), 100);

pub(super) const USAGE_LIMITS: Resource = Resource {
    table: "usage_limits",
    title: "Policy",
    object: "policy_usage_limits",
    slug: None,
    named: Named::Uuid,
    home: Home::NamedWorkspace,
    dates: Dates::Iso,
    list: List {
        keys: USAGE_ROW,
        object: Some("list"),
        paging: PAGING,
        needs_workspace: false,
        filters: &[("status", of_status), ("type", of_type)],
    },
    read: USAGE_ROW,
    body: &[
        kept("name", Kind::Text),
        kept("description", Kind::Text),
        kept("conditions", Kind::Array).required(),
        kept("group_by", Kind::Array).required(),
        kept("type", Kind::Text).required(),
        kept("credit_limit", Kind::Any).required(),
        kept("alert_threshold", Kind::Any),
        kept("periodic_reset", Kind::Text),
        kept("periodic_reset_days", Kind::Any),
        kept("next_usage_reset_at", Kind::Text),
        taken("reset_usage_for_value", Kind::Text),
        taken("workspace_id", Kind::Text),
        taken("organisation_id", Kind::Text),
    ],
    hooks: Hooks {
        create,
        created: |_, row| made(row, "policy_usage_limits"),
        update,
        delete: |_, _| Ok(nothing().into()),
        derive,
    },
};

const USAGE_ROW: &[&str] = &[
    "id",
    "name",
    "description",
    "conditions",
    "group_by",
    "type",
    "credit_limit",
    "alert_threshold",
    "periodic_reset",
    "periodic_reset_days",
    "next_usage_reset_at",
    "last_reset_at",
    "status",
    "workspace_id",
    "organisation_id",
    "created_at",
    "last_updated_at",
    "object",
];

pub(super) const RATE_LIMITS: Resource = Resource {
    table: "rate_limits",
    title: "Policy",
    object: "policy_rate_limits",
    slug: None,
    named: Named::Uuid,
    home: Home::NamedWorkspace,
    dates: Dates::Iso,
    list: List {
        keys: RATE_ROW,
        object: Some("list"),
        paging: PAGING,
        needs_workspace: false,
        filters: &[
            ("status", of_status),
            ("type", of_type),
            ("unit", of_unit),
            ("target", of_target),
        ],
    },
    read: RATE_ROW,
    body: &[
        kept("name", Kind::Text),
        kept("conditions", Kind::Array).required(),
        kept("group_by", Kind::Array).required(),
        kept("type", Kind::Text).required(),
        kept("unit", Kind::Text).required(),
        kept("value", Kind::Any).required(),
        kept("target", Kind::Text),
        taken("workspace_id", Kind::Text),
        taken("organisation_id", Kind::Text),
    ],
    hooks: Hooks {
        create,
        created: |_, row| made(row, "policy_rate_limits"),
        update,
        delete: |_, _| Ok(nothing().into()),
        derive,
    },
};

const RATE_ROW: &[&str] = &[
    "id",
    "name",
    "conditions",
    "group_by",
    "type",
    "unit",
    "value",
    "target",
    "status",
    "workspace_id",
    "organisation_id",
    "created_at",
    "last_updated_at",
    "object",
];

fn of_status(_: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    let wanted = if wanted.is_empty() { "active" } else { wanted };
    Ok(row.text("status") == Some(wanted))
}

fn of_type(_: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    Ok(wanted.is_empty() || row.text("type") == Some(wanted))
}

fn of_unit(_: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    Ok(wanted.is_empty() || row.text("unit") == Some(wanted))
}

fn of_target(_: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    Ok(wanted.is_empty() || row.text("target") == Some(wanted))
}

/// The policy that the path names, of the status that is asked for: active where none is.
fn named<'a>(call: &'a Call<'_>, resource: &Resource) -> Result<&'a Row, Refusal> {
    let row = call.row(resource)?;
    let wanted = call.query.get("status").unwrap_or("active");
    if row.text("status") == Some(wanted) {
        Ok(row)
    } else {
        Err(Refusal::not_found(resource.title))
    }
}

/// `GET /policies/rate-limits/{id}`
pub(super) fn read_rate(call: &mut Call<'_>) -> Outcome {
    named(call, &RATE_LIMITS)?;
    crud::read(call, &RATE_LIMITS)
}

/// `GET /policies/usage-limits/{id}`, with the usage of each group where it is asked for.
pub(super) fn read_usage(call: &mut Call<'_>) -> Outcome {
    let row = named(call, &USAGE_LIMITS)?.clone();
    let mut answer = match crud::read(call, &USAGE_LIMITS)? {
        Answer::Json(answer) => answer,
        Answer::Empty => json!({}),
    };
    if call.query.get("include_usage") == Some("true")
        && let Some(fields) = answer.as_object_mut()
    {
        fields.insert("value_key_usage_map".to_owned(), usage::map(call, &row));
    }
    Ok(answer.into())
}

/// `PUT /policies/…/{id}`
pub(super) fn change_rate(call: &mut Call<'_>) -> Outcome {
    named(call, &RATE_LIMITS)?;
    crud::update(call, &RATE_LIMITS)
}

/// `PUT /policies/…/{id}`
pub(super) fn change_usage(call: &mut Call<'_>) -> Outcome {
    named(call, &USAGE_LIMITS)?;
    crud::update(call, &USAGE_LIMITS)
}

/// `DELETE /policies/…/{id}`
pub(super) fn archive_rate(call: &mut Call<'_>) -> Outcome {
    archive(call, &RATE_LIMITS)
}

/// `DELETE /policies/…/{id}`
pub(super) fn archive_usage(call: &mut Call<'_>) -> Outcome {
    archive(call, &USAGE_LIMITS)
}

fn archive(call: &mut Call<'_>, resource: &Resource) -> Outcome {
    let mut row = named(call, resource)?.clone();
    row.fields.insert("status".to_owned(), "archived".into());
    row.updated_at = call.now;
    call.state.store.replace(resource.table, row, 0, call.staleness)?;
    Ok(nothing().into())
}

fn create(_: &mut Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    describe(row);
    check(row)
}

/// The fields that every policy has besides those of the request.
pub(super) fn describe(row: &mut Row) {
    row.fields.insert("status".to_owned(), "active".into());
    if row.fields.contains_key("unit") {
        row.fields.entry("target").or_insert_with(|| "llm".into());
    }
}

fn made(row: &Row, object: &str) -> Value {
    json!({ "id": row.id, "object": object })
}

fn update(call: &mut Call<'_>, row: &mut Row) -> Outcome {
    if let Some(fixed) =
        ["type", "group_by", "target"].iter().find(|it| call.body.contains_key(**it))
    {
        return Err(Refusal::bad_request(format!("\"{fixed}\" is not allowed")));
    }
    if call.body.get("name").is_some_and(Value::is_null) {
        return Err(Refusal::bad_request("\"name\" must be a string"));
    }
    if ["periodic_reset", "periodic_reset_days"].iter().any(|it| call.body.contains_key(*it)) {
        begin(row, call.now);
        if !call.body.contains_key("next_usage_reset_at") {
            row.fields.shift_remove("next_usage_reset_at");
        }
    }
    check(row)?;
    if let Some(value) = call.text("reset_usage_for_value") {
        usage::reset(row, value, call.now);
    }
    Ok(nothing().into())
}

fn check(row: &Row) -> Result<(), Refusal> {
    let wrong = |what: &str| Refusal::bad_request(what);
    let list = |field: &str| row.fields.get(field).and_then(Value::as_array);
    let keyed = |item: &Value| item.get("key").is_some_and(|key| key.as_str() != Some(""));
    for field in ["conditions", "group_by"] {
        if !list(field).is_some_and(|items| !items.is_empty() && items.iter().all(keyed)) {
            return Err(wrong(&format!("\"{field}\" must have at least one object with a key")));
        }
    }
    let valued = |item: &Value| item.get("value").is_some_and(|it| it.is_string() || it.is_array());
    if !list("conditions").is_some_and(|items| items.iter().all(valued)) {
        return Err(wrong("\"conditions.value\" must be a string or a list"));
    }
    let fields = &row.fields;
    let number = |field: &str| fields.get(field).and_then(Value::as_f64);
    if fields.contains_key("unit") {
        one_of(fields, "type", &["requests", "tokens"])?;
        one_of(fields, "unit", &["rpm", "rph", "rpd", "rpw"])?;
        one_of(fields, "target", &["llm", "mcp_tools"])?;
        return match number("value") {
            Some(value) if value >= 0.0 => Ok(()),
            _ => Err(wrong("\"value\" must be a number of 0 or more")),
        };
    }
    one_of(fields, "type", &["cost", "tokens", "requests"])?;
    check_reset(fields)?;
    match (number("credit_limit"), number("alert_threshold")) {
        (None, _) => Err(wrong("\"credit_limit\" must be a number")),
        (Some(limit), Some(alert)) if alert >= limit => {
            Err(wrong("\"alert_threshold\" must be less than \"credit_limit\""))
        }
        _ => Ok(()),
    }
}

fn derive(state: &State, row: &Row, key: &str) -> Option<Value> {
    let time = |time: Option<jiff::Timestamp>| {
        time.map_or(Value::Null, |time| Dates::Iso.write(time).into())
    };
    let period = || period(&row.fields, since(row), state.now());
    match key {
        "next_usage_reset_at" => Some(time(period().next)),
        "last_reset_at" => Some(time(period().start)),
        _ => None,
    }
}
