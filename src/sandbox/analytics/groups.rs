//! The groups, one entry for each thing that requests can be grouped by.
//!
//! The shape of the groups with `columns` is not documented; here a row has what it is about under
//! the name of the dimension, `requests` and the columns asked for, and the list has its `total`
//! only with `include_total=true`. Requests without a value (no config, no prompt) are in no row.

use std::{cmp::Ordering, collections::BTreeMap};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    Selection,
    graphs::with,
    tally::{Tally, average, percent},
};
use crate::sandbox::{answer::Refusal, call::Query, dates::Dates, log::Entry};

pub(super) struct Dimension {
    /// The path after `/analytics/groups/`.
    pub name: &'static str,
    /// The field of a row that says what it is about.
    pub field: &'static str,
    pub key: fn(&Entry) -> Option<i64>,
    pub shape: Shape,
}

/// Which figures a row has.
pub(super) enum Shape {
    /// Requests and cost, as strings.
    Users,
    /// Requests, as a string.
    Models,
    /// The columns asked for.
    Columns,
}

const fn dimension(
    name: &'static str,
    field: &'static str,
    key: fn(&Entry) -> Option<i64>,
) -> Dimension {
    Dimension { name, field, key, shape: Shape::Columns }
}

pub(super) const DIMENSIONS: &[Dimension] = &[
    Dimension { shape: Shape::Users, ..dimension("users", "user", |entry| entry.user.key()) },
    Dimension {
        shape: Shape::Models,
        ..dimension("ai-models", "ai_model", |entry| entry.model.key())
    },
    dimension("provider", "provider", |entry| entry.provider.key()),
    dimension("ai_service", "ai_service", |entry| entry.provider.key()),
    dimension("model", "model", |entry| entry.model.key()),
    dimension("status_code", "status_code", |entry| Some(i64::from(entry.status))),
    dimension("api_key", "api_key", |entry| entry.api_key.key()),
    dimension("config", "config", |entry| entry.config.key()),
    dimension("prompt", "prompt", |entry| entry.prompt.key()),
    dimension("workspace", "workspace", |entry| entry.workspace.key()),
    dimension("workspaces", "workspace", |entry| entry.workspace.key()),
];

type Column = fn(&Tally) -> Value;

const COLUMNS: &[(&str, Column)] = &[
    ("requests", |t| t.requests.into()),
    ("cost", |t| t.cost_cents.into()),
    ("total_tokens", |t| t.tokens().into()),
    ("avg_tokens", |t| average(t.tokens(), t.requests).into()),
    ("avg_input_tokens", |t| average(t.prompt_tokens, t.requests).into()),
    ("avg_output_tokens", |t| average(t.completion_tokens, t.requests).into()),
    ("avg_latency", |t| t.latency().into()),
    ("p95_latency", |t| t.percentiles([95]).first().copied().into()),
    ("p99_latency", |t| t.percentiles([99]).first().copied().into()),
    ("success_rate", |t| percent(t.requests - t.failures(), t.requests).into()),
    ("error_count", |t| t.failures().into()),
    ("cache_hit_rate", |t| percent(t.hits(), t.requests).into()),
    ("last_seen", |t| time(t.last_ms)),
    ("first_seen", |t| time(t.first_ms)),
];

fn time(at: i64) -> Value {
    Timestamp::from_millisecond(at).map_or(Value::Null, |at| Dates::Iso.write(at).into())
}

/// The parameters of a group.
pub(super) struct Wanted {
    columns: Vec<&'static (&'static str, Column)>,
    order_by: Column,
    ascending: bool,
    pub include_total: bool,
}

impl Wanted {
    pub fn of(query: &Query) -> Result<Self, Refusal> {
        let column = |parameter: &str, name: &str| {
            let known = COLUMNS.iter().find(|(known, _)| *known == name);
            known.ok_or_else(|| {
                Refusal::bad_request(format!("\"{parameter}\" does not know {name}"))
            })
        };
        let names = query.list("columns").unwrap_or_else(|| vec!["cost"]);
        let names = names.into_iter().filter(|name| *name != "requests");
        let columns = names.map(|name| column("columns", name)).collect::<Result<Vec<_>, _>>()?;
        let (_, order_by) = column("order_by", query.get("order_by").unwrap_or("requests"))?;
        let ascending = match query.get("order_by_type").unwrap_or("desc") {
            "asc" => true,
            "desc" => false,
            _ => return Err(Refusal::bad_request("\"order_by_type\" must be asc or desc")),
        };
        let include_total = query.get("include_total") == Some("true");
        Ok(Self { columns, order_by: *order_by, ascending, include_total })
    }

    /// Puts rows into the order asked for; equal ones stay in the order of their requests.
    pub fn sort(&self, rows: &mut [(i64, Tally)]) {
        let value = |tally: &Tally| (self.order_by)(tally);
        let compare = |a: &Value, b: &Value| match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => a.as_str().cmp(&b.as_str()),
        };
        rows.sort_by(|(_, a), (_, b)| {
            let order: Ordering = compare(&value(a), &value(b));
            if self.ascending { order } else { order.reverse() }
        });
    }
}

/// The groups, those with most requests first.
pub(super) fn rows(
    selection: &Selection<'_>,
    key: &dyn Fn(&Entry) -> Option<i64>,
) -> Vec<(i64, Tally)> {
    let mut tallies: BTreeMap<i64, Tally> = BTreeMap::new();
    for entry in &selection.entries {
        if let Some(key) = key(entry) {
            tallies.entry(key).or_default().add(entry);
        }
    }
    let mut rows: Vec<(i64, Tally)> = tallies.into_iter().collect();
    rows.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.requests));
    rows
}

pub(super) fn row(dimension: &Dimension, label: Value, tally: &Tally, wanted: &Wanted) -> Value {
    let figures = match dimension.shape {
        Shape::Users => {
            json!({ "requests": tally.requests.to_string(), "cost": tally.cost_cents.to_string() })
        }
        Shape::Models => json!({ "requests": tally.requests.to_string() }),
        Shape::Columns => {
            let mut figures = Map::new();
            figures.insert("requests".to_owned(), tally.requests.into());
            figures.extend(
                wanted.columns.iter().map(|(name, column)| ((*name).to_owned(), column(tally))),
            );
            Value::Object(figures)
        }
    };
    closed(with(dimension.field, label, figures))
}

pub(super) fn metadata_row(value: &str, tally: &Tally) -> Value {
    let figures = json!({
        "requests": tally.requests,
        "cost": tally.cost_cents,
        "avg_tokens": average(tally.tokens(), tally.requests),
        "avg_weighted_feedback": tally.weighted_feedback(),
        "requests_with_feedback": tally.feedbacks,
        "last_seen": time(tally.last_ms),
    });
    closed(with("metadata_value", value.into(), figures))
}

fn closed(mut row: Value) -> Value {
    if let Some(fields) = row.as_object_mut() {
        fields.insert("object".to_owned(), "analytics-group".into());
    }
    row
}
