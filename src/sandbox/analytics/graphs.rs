//! The graphs, one entry each: what its summary and its points hold.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    Selection,
    tally::{Tally, average, percent},
};
use crate::sandbox::{dates::Dates, log::Entry};

pub(super) struct Graph {
    /// The path after `/analytics/graphs/`.
    pub name: &'static str,
    pub summary: fn(&Tally) -> Value,
    pub points: Points,
}

/// The figures of a bucket, given its own sums and those of all buckets up to it.
pub(super) type Point = fn(&Tally, &Running) -> Value;

pub(super) enum Points {
    /// One point for every bucket of time, empty ones included.
    Time(Point),
    /// One point for every value of something.
    By(By),
}

pub(super) struct By {
    field: &'static str,
    key: fn(&Entry) -> Option<i64>,
    /// Whether the key stands for a text.
    named: bool,
    figures: fn(&Tally) -> Value,
}

/// What hits have saved up to a bucket, in cents.
#[derive(Default)]
pub(super) struct Running {
    simple_saved_cents: u64,
    semantic_saved_cents: u64,
}

pub(super) const GRAPHS: &[Graph] = &[
    Graph { name: "requests", summary: requests, points: Points::Time(|t, _| requests(t)) },
    Graph { name: "cost", summary: cost, points: Points::Time(|t, _| cost(t)) },
    Graph { name: "latency", summary: latency, points: Points::Time(|t, _| latency(t)) },
    Graph { name: "tokens", summary: tokens, points: Points::Time(|t, _| tokens(t)) },
    Graph { name: "users", summary: users, points: Points::Time(|t, _| users(t)) },
    Graph {
        name: "users/requests",
        summary: |t| json!({ "total": t.requests, "unique": t.users.len(), "avg": per_user(t) }),
        points: Points::Time(|t, _| json!({ "avg": per_user(t) })),
    },
    Graph { name: "errors", summary: errors, points: Points::Time(|t, _| errors(t)) },
    Graph { name: "errors/rate", summary: error_rate, points: Points::Time(|t, _| error_rate(t)) },
    Graph {
        name: "errors/stacks",
        summary: errors,
        points: Points::Time(|t, _| json!({ "stats": stack(t) })),
    },
    Graph {
        name: "errors/status-codes",
        summary: |t| json!({ "total_errors": t.failures(), "unique_error_codes": t.errors.len() }),
        points: Points::By(By {
            field: "status_code",
            key: |entry| entry.failed().then_some(i64::from(entry.status)),
            named: false,
            figures: |t| json!({ "count": t.requests }),
        }),
    },
    Graph {
        name: "requests/rescued",
        summary: |t| json!({ "retry": t.retried.values().sum::<u64>(), "fallback": t.fell_back }),
        points: Points::Time(|t, _| json!({ "retry": retries(t), "fallback": t.fell_back })),
    },
    Graph {
        name: "cache/hit-rate",
        summary: |t| json!({ "total": t.hits(), "rate": percent(t.hits(), t.requests) }),
        points: Points::Time(hit_rate),
    },
    Graph {
        name: "cache/latency",
        summary: |_| json!({}),
        points: Points::Time(|t, _| json!({ "avg": t.hit_latency() })),
    },
    Graph { name: "feedbacks", summary: feedbacks, points: Points::Time(|t, _| feedbacks(t)) },
    Graph {
        name: "feedbacks/scores",
        summary: feedbacks,
        points: Points::By(By {
            field: "score",
            key: |entry| entry.feedback.map(|feedback| i64::from(feedback.value)),
            named: false,
            figures: feedbacks,
        }),
    },
    Graph {
        name: "feedbacks/weighted",
        summary: weighted,
        points: Points::Time(|t, _| weighted(t)),
    },
    Graph {
        name: "feedbacks/ai-models",
        summary: |_| json!({}),
        points: Points::By(By {
            field: "ai_model",
            key: |entry| entry.feedback.and_then(|_| entry.model.key()),
            named: true,
            figures: |t| json!({ "total": t.feedbacks, "avg_weighted_feedback": t.weighted_feedback() }),
        }),
    },
];

fn requests(t: &Tally) -> Value {
    json!({ "total": t.requests })
}

fn cost(t: &Tally) -> Value {
    json!({ "total": t.cost_cents, "avg": average(t.cost_cents, t.requests) })
}

fn latency(t: &Tally) -> Value {
    let [p50, p90, p99] = t.percentiles([50, 90, 99]);
    json!({ "avg": t.latency(), "p50": p50, "p90": p90, "p99": p99 })
}

fn tokens(t: &Tally) -> Value {
    json!({ "total": t.tokens(), "avg": average(t.tokens(), t.requests) })
}

fn users(t: &Tally) -> Value {
    json!({ "total": t.users.len() })
}

fn per_user(t: &Tally) -> u64 {
    average(t.requests, t.users.len() as u64)
}

fn errors(t: &Tally) -> Value {
    json!({ "total": t.failures() })
}

fn error_rate(t: &Tally) -> Value {
    json!({ "rate": percent(t.failures(), t.requests) })
}

fn stack(t: &Tally) -> Vec<Value> {
    t.errors
        .iter()
        .map(|(code, count)| json!({ "response_status_code": code, "count": count }))
        .collect()
}

fn retries(t: &Tally) -> Vec<Value> {
    t.retried
        .iter()
        .map(|(times, count)| json!({ "retry_success_count": times, "count": count }))
        .collect()
}

fn hit_rate(t: &Tally, running: &Running) -> Value {
    json!({
        "simple_hits": t.simple_hits,
        "semantic_hits": t.semantic_hits,
        "rate": percent(t.hits(), t.requests),
        "cumulative_simple_cache_savings": running.simple_saved_cents,
        "cumulative_semantic_cache_savings": running.semantic_saved_cents,
    })
}

fn feedbacks(t: &Tally) -> Value {
    json!({ "total": t.feedbacks })
}

fn weighted(t: &Tally) -> Value {
    json!({ "avg": t.weighted_feedback() })
}

pub(super) fn cache_summary(t: &Tally) -> Value {
    let (hit, miss) = (t.hit_latency(), t.miss_latency());
    let speedup = if t.hits() == 0 { 0 } else { percent(miss.saturating_sub(hit), miss) };
    json!({
        "hits": t.hits(),
        "avg_latency": hit,
        "total_requests": t.requests,
        "cache_speedup": speedup,
    })
}

/// Ten minutes for up to six hours, an hour for up to three days, else a day; in UTC.
fn bucket_ms(asked_ms: i64) -> i64 {
    const HOUR_MS: i64 = 3_600_000;
    if asked_ms <= 6 * HOUR_MS {
        HOUR_MS / 6
    } else if asked_ms <= 72 * HOUR_MS {
        HOUR_MS
    } else {
        24 * HOUR_MS
    }
}

pub(super) fn over_time(selection: &Selection<'_>, point: Point) -> Vec<Value> {
    let step = bucket_ms(selection.asked_ms);
    let mut entries = selection.entries.iter().peekable();
    let mut running = Running::default();
    let mut points = Vec::new();
    let mut start = selection.min.div_euclid(step) * step;
    while start <= selection.max {
        let mut tally = Tally::default();
        while let Some(entry) = entries.next_if(|entry| entry.at < start + step) {
            tally.add(entry);
        }
        running.simple_saved_cents += tally.simple_saved_cents;
        running.semantic_saved_cents += tally.semantic_saved_cents;
        let at = Timestamp::from_millisecond(start).unwrap_or_default();
        points.push(with("timestamp", Dates::Iso.write(at).into(), point(&tally, &running)));
        start += step;
    }
    points
}

pub(super) fn by(selection: &Selection<'_>, by: &By) -> Vec<Value> {
    let mut tallies: BTreeMap<i64, Tally> = BTreeMap::new();
    for entry in &selection.entries {
        if let Some(key) = (by.key)(entry) {
            tallies.entry(key).or_default().add(entry);
        }
    }
    let point = |(key, tally): (&i64, &Tally)| {
        let key = if by.named { selection.log.label(*key).into() } else { Value::from(*key) };
        with(by.field, key, (by.figures)(tally))
    };
    tallies.iter().map(point).collect()
}

/// The figures with what they are of in front.
pub(super) fn with(field: &str, value: Value, figures: Value) -> Value {
    let mut fields = Map::new();
    fields.insert(field.to_owned(), value);
    if let Value::Object(figures) = figures {
        fields.extend(figures);
    }
    Value::Object(fields)
}
