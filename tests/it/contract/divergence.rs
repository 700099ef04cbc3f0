//! Where a request or an answer is not as described.

use std::{collections::BTreeMap, fmt};

use jsonschema::{
    ValidationError, Validator,
    error::ValidationErrorKind,
    paths::{Location, LocationSegment},
};
use serde::Deserialize;
use serde_json::Value;

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    Request,
    Answer,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum Problem {
    Unknown,
    Missing,
    /// Described, and no tool can send it.
    Unused,
    /// Null where the description has no null.
    Null,
    Type,
    /// Of an enum or in other bounds.
    Value,
    Status,
    /// There is none, or none is described.
    Body,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Divergence {
    pub side: Side,
    pub problem: Problem,
    /// A JSON pointer with `*` for indexes (`/` for all of the body), `?name` in a query, `{name}` in
    /// a path, or a status.
    pub at: String,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { side, problem, at } = self;
        write!(f, "{at}: {problem:?} in the {side:?}")
    }
}

/// All that a schema finds wrong with a value at `root`, each in words.
pub fn of_value(
    side: Side,
    root: &str,
    schema: &Validator,
    value: &Value,
) -> Vec<(Divergence, String)> {
    let errors: Vec<_> = schema.iter_errors(value).collect();
    let mut found = BTreeMap::new();
    for error in told_apart(&errors) {
        let at = format!("{root}{}", pointer(error.instance_path()));
        let (problem, fields) = match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                (Problem::Unknown, unexpected.clone())
            }
            ValidationErrorKind::Required { property } => {
                (Problem::Missing, vec![property.as_str().unwrap().to_owned()])
            }
            _ if error.instance().is_null() => (Problem::Null, vec![]),
            ValidationErrorKind::Type { .. } => (Problem::Type, vec![]),
            _ => (Problem::Value, vec![]),
        };
        let places: Vec<_> = match &fields[..] {
            [] if at.is_empty() => vec!["/".to_owned()],
            [] => vec![at],
            fields => fields.iter().map(|field| format!("{at}/{field}")).collect(),
        };
        let places = places.into_iter().map(|at| Divergence { side, problem, at });
        found.extend(places.map(|it| (it, short(&error.to_string()))));
    }
    found.into_iter().collect()
}

/// The errors, those of the likeliest branch in place of a union's.
fn told_apart<'e>(errors: &'e [ValidationError<'e>]) -> Vec<&'e ValidationError<'e>> {
    let unions: Vec<_> = errors.iter().filter(|error| branches(error).is_some()).collect();
    let mut all = Vec::new();
    for error in errors {
        // What a failed union has evaluated is not known, so that all looks unknown.
        let is_of_union = unions.iter().any(|it| it.instance_path() == error.instance_path());
        let is_unknown = matches!(error.kind(), ValidationErrorKind::UnevaluatedProperties { .. });
        if is_unknown && is_of_union {
            continue;
        }
        let Some(branches) = branches(error) else {
            all.push(error);
            continue;
        };
        let branches = branches.iter().map(|branch| told_apart(branch));
        let is_wrong_type = |it: &&ValidationError<'_>| {
            matches!(it.kind(), ValidationErrorKind::Type { .. })
                && it.instance_path() == error.instance_path()
        };
        let likely = branches.filter(|branch| !branch.iter().any(is_wrong_type));
        match likely.min_by_key(Vec::len) {
            Some(branch) => all.extend(branch),
            None => all.push(error),
        }
    }
    all
}

fn branches<'e>(error: &'e ValidationError<'e>) -> Option<&'e Vec<Vec<ValidationError<'static>>>> {
    match error.kind() {
        ValidationErrorKind::AnyOf { context } => Some(context),
        _ => None,
    }
}

fn pointer(path: &Location) -> String {
    path.segments()
        .map(|segment| match segment {
            LocationSegment::Property(name) => format!("/{name}"),
            LocationSegment::Index(_) => "/*".to_owned(),
        })
        .collect()
}

fn short(text: &str) -> String {
    const LETTERS: usize = 160;
    match text.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
