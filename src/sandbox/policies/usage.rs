//! Counters of budgets, computed from the log since the last reset; and what the gateway refuses.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{RATE_LIMITS, USAGE_LIMITS, matching::Matcher, named, nothing};
use crate::sandbox::{
    answer::{Outcome, Refusal},
    budget::{counted, since},
    call::Call,
    crud::Page,
    ids,
    log::Run,
    period::period,
    resource::Paging,
    store::Row,
};

/// When counters were set to zero: value key and milliseconds since 1970.
const RESETS: &str = "resets";
const PAGING: Paging = Paging::zero_based(Some(100), 100);

/// Notes that one counter begins anew.
pub(super) fn reset(row: &mut Row, value_key: &str, now: Timestamp) {
    let resets = row.fields.entry(RESETS).or_insert_with(|| json!({}));
    if let Some(resets) = resets.as_object_mut() {
        resets.insert(value_key.to_owned(), now.as_millisecond().into());
    }
}

/// Usage by value key. A key that the log knows and that used nothing since the reset has zero.
fn usage(call: &mut Call<'_>, row: &Row) -> BTreeMap<String, f64> {
    let now = call.now;
    let (log, store) = call.state.log_and_store();
    let matcher = Matcher::new(row, log, store);
    let kind = row.text("type").unwrap_or("cost");
    let start = period(&row.fields, since(row), now).start.map_or(0, Timestamp::as_millisecond);
    let resets = row.fields.get(RESETS);
    let mut usage = BTreeMap::new();
    for entry in log.between(i64::MIN, now.as_millisecond()) {
        let Some(key) = matcher.group(entry) else { continue };
        let own = resets.and_then(|it| it.get(&key)).and_then(Value::as_i64).unwrap_or(0);
        let counts = entry.at >= start && entry.at > own;
        *usage.entry(key).or_insert(0.0) += if counts { counted(kind, entry) } else { 0.0 };
    }
    usage
}

fn limit(row: &Row) -> f64 {
    row.fields.get("credit_limit").and_then(Value::as_f64).unwrap_or(f64::MAX)
}

fn status(row: &Row, used: f64) -> &'static str {
    if used >= limit(row) { "exhausted" } else { "active" }
}

/// `value_key_usage_map` of a policy.
pub(super) fn map(call: &mut Call<'_>, row: &Row) -> Value {
    let alert = row.fields.get("alert_threshold").and_then(Value::as_f64).unwrap_or(f64::MAX);
    let usage = usage(call, row).into_iter().map(|(key, used)| {
        let told = json!({
            "current_usage": number(used),
            "status": status(row, used),
            "is_threshold_alerts_sent": used >= alert,
            "is_exhausted_alerts_sent": used >= limit(row),
        });
        (key, told)
    });
    Value::Object(usage.collect::<Map<_, _>>())
}

/// Whole where it is, and without what adding up cents leaves behind.
fn number(used: f64) -> Value {
    let cents = (used * 100.0).round();
    #[expect(clippy::cast_possible_truncation, reason = "a sum of counts far below 2^53")]
    let whole = cents as i64;
    if whole % 100 == 0 { (whole / 100).into() } else { (cents / 100.0).into() }
}

fn entity_id(row: &Row, value_key: &str) -> String {
    ids::uuid(0, &format!("{}/{value_key}", row.id))
}

/// `GET /policies/usage-limits/{id}/entities`; `status` is that of the counter.
pub(in super::super) fn entities(call: &mut Call<'_>) -> Outcome {
    let row = active(call)?;
    let page = Page::of(&PAGING, &call.query)?;
    let usage = usage(call, &row);
    let wanted = call.query.get("status");
    let search = call.query.get("search").unwrap_or_default();
    let rows: Vec<Value> = usage
        .into_iter()
        .filter(|(key, used)| {
            key.contains(search) && wanted.is_none_or(|wanted| wanted == status(&row, *used))
        })
        .map(|(key, used)| {
            json!({ "id": entity_id(&row, &key), "value_key": key, "current_usage": number(used) })
        })
        .collect();
    let total = rows.len();
    let data: Vec<Value> = page.cut(rows.into_iter()).collect();
    Ok(json!({ "object": "list", "total": total, "data": data }).into())
}

/// The active policy that the path names; here `status` in the query is of something else.
fn active(call: &Call<'_>) -> Result<Row, Refusal> {
    let row = call.row(&USAGE_LIMITS)?;
    if row.text("status") == Some("active") {
        Ok(row.clone())
    } else {
        Err(Refusal::not_found(USAGE_LIMITS.title))
    }
}

/// `PUT /policies/usage-limits/{id}/entities/{entity}/reset`
pub(in super::super) fn reset_entity(call: &mut Call<'_>) -> Outcome {
    let mut row = named(call, &USAGE_LIMITS)?.clone();
    let wanted = call.param(1).to_owned();
    let keys = usage(call, &row);
    let key = keys.keys().find(|key| entity_id(&row, key) == wanted);
    let key = key.ok_or_else(|| Refusal::not_found("Entity"))?;
    reset(&mut row, key, call.now);
    call.state.store.replace(USAGE_LIMITS.table, row, key.len(), call.staleness)?;
    Ok(nothing().into())
}

/// Refuses a request that a policy has no more room for: 412 for a budget that is used up, 429 for a
/// rate.
pub(in super::super) fn check_limits(call: &mut Call<'_>, run: &Run) -> Result<(), Refusal> {
    let policies = |call: &Call<'_>, table: &str| -> Vec<Row> {
        let rows = call.state.store.rows(table).iter();
        rows.filter(|row| row.text("status") == Some("active"))
            .filter(|row| row.workspace.as_deref() == Some(&run.workspace))
            .cloned()
            .collect()
    };
    let (budgets, rates) = (policies(call, USAGE_LIMITS.table), policies(call, RATE_LIMITS.table));
    for row in budgets {
        let Some(key) = group(call, &row, run) else { continue };
        let used = usage(call, &row).get(&key).copied().unwrap_or(0.0);
        if used >= limit(&row) {
            return Err(Refusal::gateway(412, format!("the budget of {key} is used up")));
        }
    }
    for row in rates {
        let Some(key) = group(call, &row, run) else { continue };
        let window = match row.text("unit") {
            Some("rpm") => 60_000,
            Some("rph") => 3_600_000,
            Some("rpd") => 86_400_000,
            _ => 604_800_000,
        };
        let now = call.now.as_millisecond();
        let (log, store) = call.state.log_and_store();
        let matcher = Matcher::new(&row, log, store);
        let kind = row.text("type").unwrap_or("requests");
        let entries = log.between(now - window, now).iter();
        let used: f64 = entries
            .filter(|entry| matcher.group(entry).as_ref() == Some(&key))
            .map(|entry| counted(kind, entry))
            .sum();
        let value = row.fields.get("value").and_then(Value::as_f64).unwrap_or(f64::MAX);
        if used >= value {
            return Err(Refusal::gateway(429, format!("the rate limit of {key} is reached")));
        }
    }
    Ok(())
}

/// What a request that has not been made yet would count under.
fn group(call: &mut Call<'_>, row: &Row, run: &Run) -> Option<String> {
    let (log, store) = call.state.log_and_store();
    Matcher::new(row, log, store).group_run(run)
}
