//! When the period of a budget began and when the next one begins, in UTC.
//!
//! A month begins on its first day and a week on Monday (facts.md, "Dates"); a period of days with
//! the budget. `next_usage_reset_at` that was given moves the boundary.

use jiff::{Span, Timestamp, ToSpan, civil::Weekday, tz::TimeZone};
use serde_json::{Map, Value};

pub(super) struct Period {
    /// Absent where the budget is for all time.
    pub start: Option<Timestamp>,
    pub next: Option<Timestamp>,
}

/// Periods that lie between a boundary and the present, at most.
const STEPS: usize = 10_000;

/// The period of a budget that was made at `since` in which `now` lies.
pub(super) fn period(limits: &Map<String, Value>, since: Timestamp, now: Timestamp) -> Period {
    let Some((span, boundary)) = boundary(limits, since, now) else {
        return Period { start: None, next: None };
    };
    let (mut start, mut next) = (later(boundary, -span), boundary);
    for _ in 0..STEPS {
        if next > now {
            break;
        }
        (start, next) = (next, later(next, span));
    }
    Period { start: Some(start), next: Some(next) }
}

/// How long a period is, and one time at which one begins.
fn boundary(
    limits: &Map<String, Value>,
    since: Timestamp,
    now: Timestamp,
) -> Option<(Span, Timestamp)> {
    let days = limits.get("periodic_reset_days").and_then(Value::as_i64);
    let form = limits.get("periodic_reset").and_then(Value::as_str);
    let given = limits.get("next_usage_reset_at").and_then(Value::as_str);
    let given: Option<Timestamp> = given.and_then(|text| text.parse().ok());
    let today = now.to_zoned(TimeZone::UTC).date();
    let midnight = |date: jiff::civil::Date| {
        date.to_zoned(TimeZone::UTC).map_or(now, |zoned| zoned.timestamp())
    };
    let (span, usual) = match (form, days) {
        (Some("weekly"), _) => {
            let days = i64::from(today.weekday().since(Weekday::Monday));
            (7.days(), midnight(today.checked_sub(days.days()).unwrap_or(today)))
        }
        (Some(_), _) => (1.month(), midnight(today.first_of_month())),
        (None, Some(days)) => (days.days(), since),
        (None, None) => return None,
    };
    Some((span, given.unwrap_or(usual)))
}

fn later(time: Timestamp, span: Span) -> Timestamp {
    let zoned = time.to_zoned(TimeZone::UTC).checked_add(span);
    zoned.map_or(time, |zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_period_begins_where_its_form_says() {
        let since: Timestamp = "2026-03-05T10:00:00Z".parse().unwrap();
        let now: Timestamp = "2026-03-31T12:00:00Z".parse().unwrap();
        let table = [
            (
                json!({ "periodic_reset": "monthly" }),
                "2026-03-01T00:00:00Z",
                "2026-04-01T00:00:00Z",
            ),
            (json!({ "periodic_reset": "weekly" }), "2026-03-30T00:00:00Z", "2026-04-06T00:00:00Z"),
            (json!({ "periodic_reset_days": 10 }), "2026-03-25T10:00:00Z", "2026-04-04T10:00:00Z"),
            (
                json!({ "periodic_reset_days": 10, "next_usage_reset_at": "2026-04-01T00:00:00Z" }),
                "2026-03-22T00:00:00Z",
                "2026-04-01T00:00:00Z",
            ),
            (
                json!({ "periodic_reset": "monthly", "next_usage_reset_at": "2026-03-15T00:00:00Z" }),
                "2026-03-15T00:00:00Z",
                "2026-04-15T00:00:00Z",
            ),
        ];
        for (limits, start, next) in table {
            let period = period(limits.as_object().unwrap(), since, now);
            let shown = [period.start, period.next].map(|time| time.unwrap().to_string());
            assert_eq!(shown, [start, next], "{limits}");
        }
        assert!(period(&Map::new(), since, now).start.is_none());
    }
}
