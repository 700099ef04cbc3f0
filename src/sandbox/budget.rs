//! Limits of one API key, virtual key or provider: what is refused, and how much is used.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    answer::Refusal, call::Call, dates::Dates, log::Entry, period::period, state::State, store::Row,
};

/// What the usage of a row is counted by in the log.
pub(super) enum Mark {
    /// Its UUID.
    ApiKey,
    /// Its slug.
    VirtualKey,
}

/// When usage was set to zero, in milliseconds since 1970.
const RESET: &str = "reset_ms";
/// When limits came into force, likewise.
const SINCE: &str = "since_ms";

/// Checks limits and puts them into the row in the form in which they are stored: null clears, one
/// rate is a list of one.
pub(super) fn keep(call: &Call<'_>, row: &mut Row, units: &[&str]) -> Result<(), Refusal> {
    if let Some(limits) = call.body.get("usage_limits") {
        check_usage(limits)?;
        row.fields.insert("usage_limits".to_owned(), limits.clone());
        begin(row, call.now);
    }
    if let Some(rates) = call.body.get("rate_limits") {
        let rates = match rates {
            Value::Object(_) => json!([rates]),
            other => other.clone(),
        };
        check_rates(&rates, units)?;
        row.fields.insert("rate_limits".to_owned(), rates);
    }
    if call.body.get("reset_usage").and_then(Value::as_bool) == Some(true) {
        row.fields.insert(RESET.to_owned(), call.now.as_millisecond().into());
    }
    Ok(())
}

fn wrong(what: &str) -> Refusal {
    Refusal::bad_request(what)
}

fn check_usage(limits: &Value) -> Result<(), Refusal> {
    let limits = match limits {
        Value::Null => return Ok(()),
        Value::Object(limits) => limits,
        _ => return Err(wrong("\"usage_limits\" must be an object")),
    };
    for field in ["credit_limit", "alert_threshold"] {
        let low =
            limits.get(field).is_some_and(|v| !v.is_null() && v.as_f64().is_none_or(|v| v < 1.0));
        if low {
            return Err(wrong(&format!("\"usage_limits.{field}\" must be at least 1")));
        }
    }
    one_of(limits, "type", &["cost", "tokens"])?;
    check_reset(limits)
}

/// The reset of a budget, which a policy has in the same form.
pub(super) fn check_reset(limits: &Map<String, Value>) -> Result<(), Refusal> {
    one_of(limits, "periodic_reset", &["monthly", "weekly"])?;
    let given = |field: &str| limits.get(field).filter(|value| !value.is_null());
    if let Some(days) = given("periodic_reset_days") {
        if !days.as_u64().is_some_and(|days| (1..=365).contains(&days)) {
            return Err(wrong("\"periodic_reset_days\" must be from 1 to 365"));
        }
        if given("periodic_reset").is_some() {
            return Err(wrong("\"periodic_reset\" and \"periodic_reset_days\" exclude each other"));
        }
    }
    Ok(())
}

pub(super) fn one_of(
    fields: &Map<String, Value>,
    field: &str,
    allowed: &[&str],
) -> Result<(), Refusal> {
    match fields.get(field) {
        None | Some(Value::Null) => Ok(()),
        Some(value) if value.as_str().is_some_and(|text| allowed.contains(&text)) => Ok(()),
        Some(_) => Err(wrong(&format!("\"{field}\" must be one of {}", allowed.join(", ")))),
    }
}

fn check_rates(rates: &Value, units: &[&str]) -> Result<(), Refusal> {
    let rates = match rates {
        Value::Null => return Ok(()),
        Value::Array(rates) => rates,
        _ => return Err(wrong("\"rate_limits\" must be an array")),
    };
    for rate in rates {
        let Some(fields) = rate.as_object() else {
            return Err(wrong("\"rate_limits\" must hold objects"));
        };
        one_of(fields, "type", &["requests", "tokens"])?;
        one_of(fields, "unit", units)?;
        if fields.get("value").and_then(Value::as_u64).is_none() {
            return Err(wrong("\"rate_limits.value\" must be a number"));
        }
    }
    Ok(())
}

/// A field of these that is computed on reading.
pub(super) fn derive(state: &State, row: &Row, key: &str) -> Option<Value> {
    match key {
        "usage_limits" => {
            let mut limits = row.fields.get("usage_limits")?.as_object()?.clone();
            let next = period(&limits, since(row), state.now()).next;
            if let Some(next) = next {
                limits.insert("next_usage_reset_at".to_owned(), Dates::Iso.write(next).into());
            }
            Some(limits.into())
        }
        "reset_usage" => Some(0.into()),
        _ => None,
    }
}

/// What a request counts in a budget of this type; cost in dollars.
pub(super) fn counted(kind: &str, entry: &Entry) -> f64 {
    match kind {
        "tokens" => f64::from(entry.tokens()),
        "requests" => 1.0,
        _ => f64::from(entry.cost_cents) / 100.0,
    }
}

/// Brings the status of every row of a table up to what the log and the clock say.
pub(super) fn settle(call: &mut Call<'_>, table: &'static str, mark: &Mark) {
    let now = call.now;
    let (log, store) = call.state.log_and_store();
    let mut used: HashMap<String, f64> = HashMap::new();
    for row in store.rows(table) {
        let limits = row.fields.get("usage_limits").and_then(Value::as_object);
        let name = match mark {
            Mark::ApiKey => Some(&*row.id),
            Mark::VirtualKey => row.slug.as_deref(),
        };
        let (Some(limits), Some(symbol)) = (limits, name.and_then(|name| log.find(name))) else {
            continue;
        };
        let start = period(limits, since(row), now).start.map_or(0, Timestamp::as_millisecond);
        let reset = row.fields.get(RESET).and_then(Value::as_i64).unwrap_or(0);
        let kind = limits.get("type").and_then(Value::as_str).unwrap_or("cost");
        let of_row = |entry: &&Entry| match mark {
            Mark::ApiKey => entry.api_key == symbol,
            Mark::VirtualKey => entry.virtual_key == symbol,
        };
        let entries = log.between(start.max(reset), now.as_millisecond()).iter().filter(of_row);
        used.insert(row.id.clone(), entries.map(|entry| counted(kind, entry)).sum());
    }
    for row in call.state.store.rows_mut(table) {
        let status = status(row, used.get(&row.id).copied().unwrap_or(0.0), now);
        row.fields.insert("status".to_owned(), status.into());
    }
}

/// When the limits of a row came into force.
pub(super) fn since(row: &Row) -> Timestamp {
    let set = row.fields.get(SINCE).and_then(Value::as_i64);
    set.and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(row.created_at)
}

/// Notes that limits come into force now.
pub(super) fn begin(row: &mut Row, now: Timestamp) {
    row.fields.insert(SINCE.to_owned(), now.as_millisecond().into());
}

fn status(row: &Row, used: f64, now: Timestamp) -> &'static str {
    let expires = row.text("expires_at").and_then(|text| text.parse::<Timestamp>().ok());
    let limit = row.fields.get("usage_limits").and_then(|limits| limits.get("credit_limit"));
    if expires.is_some_and(|expires| expires <= now) {
        "expired"
    } else if limit.and_then(Value::as_f64).is_some_and(|limit| used >= limit) {
        "exhausted"
    } else {
        "active"
    }
}
