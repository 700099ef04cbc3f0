//! `known.toml`: where the description is known not to be what the live service does.

use serde::Deserialize;

use super::divergence::{Divergence, Problem, Side};

pub const KNOWN: &str = include_str!("known.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    known: Vec<Entry>,
}

/// Divergences of one kind that have one reason.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    why: String,
    side: Side,
    problem: Problem,
    /// `METHOD /path PLACE`; a `*` stands for any text.
    at: Vec<String>,
}

impl Known {
    /// From TOML.
    pub fn new(text: &str) -> Self {
        let known: Self = toml::from_str(text).unwrap();
        for entry in &known.known {
            assert!(entry.why.split_whitespace().count() > 3, "`{}` is no reason", entry.why);
        }
        known
    }

    pub fn explains(&self, line: &str, found: &Divergence) -> bool {
        self.known.iter().any(|entry| entry.at.iter().any(|at| entry.is_at(at, line, found)))
    }

    /// Places where nothing is found any more.
    pub fn stale<'f>(
        &self,
        found: impl Iterator<Item = (&'f str, &'f Divergence)> + Clone,
    ) -> Vec<String> {
        let places = self.known.iter().flat_map(|entry| entry.at.iter().map(move |at| (entry, at)));
        places
            .filter(|(entry, at)| !found.clone().any(|(line, it)| entry.is_at(at, line, it)))
            .map(|(entry, at)| format!("{at}: {:?} in the {:?}", entry.problem, entry.side))
            .collect()
    }
}

impl Entry {
    fn is_at(&self, at: &str, line: &str, found: &Divergence) -> bool {
        (self.side, self.problem) == (found.side, found.problem)
            && fits(at, &format!("{line} {}", found.at))
    }
}

/// Whether `text` is as `pattern` says, with any text for each `*`.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((before, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(before) else { return false };
    let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    ends.any(|at| fits(rest, &text[at..]))
}
