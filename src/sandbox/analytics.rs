//! The analytics routes: every figure is computed from the log when it is asked for.
//!
//! Costs are US cents, latencies milliseconds, rates percent, all whole numbers as the API's
//! description types them. A key of an organisation that names no workspace gets the default one;
//! only the groups by workspace span all of them.

mod filter;
mod graphs;
mod groups;
mod tally;

use serde_json::{Value, json};

pub(super) use self::filter::Filter;
use self::{
    graphs::{GRAPHS, Points},
    groups::{Dimension, Shape},
    tally::Tally,
};
use super::{
    answer::{Answer, Outcome, Refusal},
    call::Call,
    crud::Page,
    log::{Entry, Log},
    resource::Paging,
    store::Store,
};

/// `GET /analytics/graphs/…`
pub(super) fn graph(call: &mut Call<'_>) -> Outcome {
    let name = call.params.join("/");
    let Some(graph) = GRAPHS.iter().find(|graph| graph.name == name) else {
        return Err(Refusal::no_route("GET", &format!("/v1/analytics/graphs/{name}")));
    };
    with_entries(call, Span::One, |selection| {
        let data_points = match &graph.points {
            Points::Time(point) => graphs::over_time(selection, *point),
            Points::By(by) => graphs::by(selection, by),
        };
        let summary = (graph.summary)(&selection.tally());
        Ok(json!({ "summary": summary, "data_points": data_points, "object": "analytics-graph" })
            .into())
    })
}

/// `GET /analytics/summary/cache`
pub(super) fn cache_summary(call: &mut Call<'_>) -> Outcome {
    with_entries(call, Span::One, |selection| {
        let summary = graphs::cache_summary(&selection.tally());
        Ok(json!({ "summary": summary, "object": "analytics-summary" }).into())
    })
}

/// `GET /analytics/groups/metadata/{key}`
pub(super) fn metadata_group(call: &mut Call<'_>) -> Outcome {
    let name = call.param(0).to_owned();
    let page = page(call)?;
    with_entries(call, Span::One, |selection| {
        let key = |entry: &Entry| selection.log.metadata_value(entry, &name)?.key();
        let rows = groups::rows(selection, &key);
        let rows = rows
            .into_iter()
            .map(|(key, tally)| groups::metadata_row(selection.log.label(key), &tally));
        Ok(list(rows.collect(), &page, true))
    })
}

/// `GET /analytics/groups/{dimension}`
pub(super) fn group(call: &mut Call<'_>) -> Outcome {
    let Some(dimension) =
        groups::DIMENSIONS.iter().find(|dimension| dimension.name == call.param(0))
    else {
        return Err(Refusal::bad_request(format!("there is no group by {}", call.param(0))));
    };
    let page = page(call)?;
    let wanted = groups::Wanted::of(&call.query)?;
    let span = if dimension.field == "workspace" { Span::All } else { Span::One };
    with_entries(call, span, |selection| {
        let mut rows = groups::rows(selection, &|entry| (dimension.key)(entry));
        wanted.sort(&mut rows);
        let total = wanted.include_total || !matches!(dimension.shape, Shape::Columns);
        let row = |(key, tally): &(i64, Tally)| {
            let label = label(selection, dimension, *key);
            groups::row(dimension, label, tally, &wanted)
        };
        Ok(list(rows.iter().map(row).collect(), &page, total))
    })
}

fn label(selection: &Selection<'_>, dimension: &Dimension, key: i64) -> Value {
    match dimension.field {
        "status_code" => key.into(),
        "workspace" => {
            let id = selection.log.label(key);
            let row = selection.store.rows("workspaces").iter().find(|row| row.id == id);
            row.and_then(|row| row.slug.as_deref()).unwrap_or(id).into()
        }
        _ => selection.log.label(key).into(),
    }
}

fn page(call: &Call<'_>) -> Result<Page, Refusal> {
    Page::of(&Paging::zero_based(Some(100), 1_000), &call.query)
}

fn list(rows: Vec<Value>, page: &Page, with_total: bool) -> Answer {
    let total = rows.len();
    let data: Vec<Value> = page.cut(rows.into_iter()).collect();
    let answer = if with_total {
        json!({ "object": "list", "total": total, "data": data })
    } else {
        json!({ "object": "list", "data": data })
    };
    answer.into()
}

/// Over which workspaces a figure goes when an organisation's key names none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Span {
    One,
    All,
}

/// The entries that a request is about.
struct Selection<'a> {
    log: &'a Log,
    store: &'a Store,
    entries: Vec<&'a Entry>,
    /// From when to when, in milliseconds, cut to what the log holds.
    min: i64,
    max: i64,
    /// Length asked for, which decides the size of a bucket.
    asked_ms: i64,
}

impl Selection<'_> {
    fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        self.entries.iter().for_each(|entry| tally.add(entry));
        tally
    }
}

fn with_entries(
    call: &mut Call<'_>,
    span: Span,
    answer: impl FnOnce(&Selection<'_>) -> Outcome,
) -> Outcome {
    let (min, max) = (
        filter::time(&call.query, "time_of_generation_min")?,
        filter::time(&call.query, "time_of_generation_max")?,
    );
    if min > max {
        return Err(Refusal::bad_request(
            "time_of_generation_min must not be later than time_of_generation_max",
        ));
    }
    let workspaces = workspaces(call, span)?;
    let now = call.now.as_millisecond();
    let (log, store) = call.state.log_and_store();
    let filter = Filter::of(&call.query, log, &workspaces)?;
    let entries: Vec<&Entry> =
        log.between(min, max).iter().filter(|entry| filter.fits(log, entry)).collect();
    let first = log.first().unwrap_or(now);
    let selection = Selection {
        log,
        store,
        entries,
        min: min.max(first),
        max: max.min(now),
        asked_ms: max - min,
    };
    answer(&selection)
}

/// UUIDs of the workspaces that the request is about.
fn workspaces(call: &Call<'_>, span: Span) -> Result<Vec<String>, Refusal> {
    if let Some(own) = &call.caller.workspace {
        // A workspace key is always about its own.
        return Ok(vec![own.clone()]);
    }
    if let Some(named) = call.workspace(call.query.get("workspace_slug").unwrap_or(""))? {
        return Ok(vec![named]);
    }
    if span == Span::One {
        return Ok(call.default_workspace().map(|row| row.id.clone()).into_iter().collect());
    }
    let rows = call.state.store.rows("workspaces").iter();
    Ok(rows.filter(|row| call.caller.sees(row)).map(|row| row.id.clone()).collect())
}
