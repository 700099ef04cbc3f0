//! Holds one request and its answer to the operation that they are of.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use portkey_admin_mcp::sandbox::Received;
use serde_json::Value;
use url::form_urlencoded;

use super::{
    description::{Operation, Parameter},
    divergence::{Divergence, Problem, Side, of_value},
};

/// A divergence, and what is wrong in words.
pub type Found = (Divergence, String);

pub fn divergences(operation: &Operation, exchange: &Received) -> Vec<Found> {
    let mut all = path(operation, &exchange.path);
    all.extend(query(operation, &exchange.query));
    all.extend(body(operation, exchange));
    all.extend(answered(operation, exchange));
    all
}

/// What the description offers in a query or at the top of a body and none of the requests has.
pub fn unused<'e>(
    operation: &Operation,
    exchanges: impl Iterator<Item = &'e Received>,
) -> Vec<Divergence> {
    let offered = operation.parameters.iter().filter(|it| it.place == "query");
    let mut unused: BTreeSet<_> = offered.map(|it| format!("?{}", it.name)).collect();
    let fields = operation.body.iter().flat_map(|body| &body.names);
    unused.extend(fields.map(|name| format!("/{name}")));
    for exchange in exchanges {
        for (name, _) in form_urlencoded::parse(exchange.query.as_bytes()) {
            unused.remove(&format!("?{name}"));
        }
        let body = exchange.json();
        let rows = body.as_array().map_or(std::slice::from_ref(&body), Vec::as_slice);
        for (name, _) in rows.iter().filter_map(Value::as_object).flatten() {
            unused.remove(&format!("/{name}"));
        }
    }
    let divergence = |at| Divergence { side: Side::Request, problem: Problem::Unused, at };
    unused.into_iter().map(divergence).collect()
}

fn found(side: Side, at: &str, problem: Problem) -> Found {
    (Divergence { side, problem, at: at.to_owned() }, String::new())
}

fn path(operation: &Operation, sent: &str) -> Vec<Found> {
    // The version stands before it, unless it is public.
    let versions = ["/v1/", "/v2/"];
    let versioned = versions.iter().any(|version| sent.starts_with(version));
    let sent = sent.split('/').skip(if versioned { 2 } else { 1 });
    let described = operation.path.split('/').skip(1);
    let fields = described.zip(sent).filter_map(|(part, value)| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        Some((name, percent_decode_str(value).decode_utf8_lossy().into_owned()))
    });
    fields
        .flat_map(|(name, value)| {
            let at = format!("{{{name}}}");
            match operation.parameter("path", name) {
                Some(parameter) => parameter.divergences(&at, &value),
                None => vec![found(Side::Request, &at, Problem::Unknown)],
            }
        })
        .collect()
}

fn query(operation: &Operation, sent: &str) -> Vec<Found> {
    let mut all = Vec::new();
    let mut given = BTreeSet::new();
    for (name, value) in form_urlencoded::parse(sent.as_bytes()) {
        let at = format!("?{name}");
        match operation.parameter("query", &name) {
            Some(parameter) => all.extend(parameter.divergences(&at, &value)),
            None => all.push(found(Side::Request, &at, Problem::Unknown)),
        }
        given.insert(name.into_owned());
    }
    let missing = operation
        .parameters
        .iter()
        .filter(|it| it.place == "query" && it.required && !given.contains(&it.name));
    all.extend(missing.map(|it| found(Side::Request, &format!("?{}", it.name), Problem::Missing)));
    all
}

fn body(operation: &Operation, exchange: &Received) -> Vec<Found> {
    let none = exchange.body.is_empty();
    let sent = if none { Value::Null } else { serde_json::from_slice(&exchange.body).unwrap() };
    match (&operation.body, &sent) {
        (None, Value::Null) => vec![],
        // A POST or PUT that has nothing to say sends an empty one.
        (None, Value::Object(fields)) => {
            let at = |name| found(Side::Request, &format!("/{name}"), Problem::Unknown);
            fields.keys().map(at).collect()
        }
        (Some(body), Value::Null) if !body.required => vec![],
        (None, _) | (Some(_), Value::Null) => vec![found(Side::Request, "/", Problem::Body)],
        (Some(body), _) => of_value(Side::Request, "", &body.schema, &sent),
    }
}

/// What is wrong with the answer alone.
pub fn answered(operation: &Operation, exchange: &Received) -> Vec<Found> {
    let answer = exchange.answer.as_ref().unwrap_or_else(|| panic!("no answer to {exchange:?}"));
    let status = answer.status.to_string();
    match operation.answers.get(&status).or_else(|| operation.answers.get("default")) {
        None => vec![found(Side::Answer, &status, Problem::Status)],
        Some(None) => vec![],
        Some(Some(_)) if answer.body.is_empty() => {
            vec![found(Side::Answer, &status, Problem::Body)]
        }
        Some(Some(schema)) => {
            let body = serde_json::from_slice(&answer.body).unwrap();
            of_value(Side::Answer, "", schema, &body)
        }
    }
}

impl Operation {
    fn parameter(&self, place: &str, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|it| it.place == place && it.name == name)
    }
}

impl Parameter {
    /// A value in a URL is text: it fits when one of the things that it may stand for does.
    fn divergences(&self, at: &str, text: &str) -> Vec<Found> {
        let as_json = serde_json::from_str::<Value>(text).ok();
        let as_list = text.split(',').map(Value::from).collect();
        let readings = [Some(Value::from(text)), as_json, Some(as_list)];
        let fits = readings.iter().flatten().any(|value| self.schema.is_valid(value));
        if fits {
            return vec![];
        }
        let numeric = readings.iter().flatten().find(|value| value.is_number());
        let value = numeric.cloned().unwrap_or_else(|| text.into());
        of_value(Side::Request, at, &self.schema, &value)
    }
}
