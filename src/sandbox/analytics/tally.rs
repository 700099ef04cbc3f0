//! Sums over entries, from which graphs and groups alike take their figures.

use std::collections::{BTreeMap, BTreeSet};

use crate::sandbox::log::{Cache, Entry, Symbol};

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub requests: u64,
    pub cost_cents: u64,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    latency_ms: u64,
    latencies: Vec<u32>,
    pub errors: BTreeMap<u16, u64>,
    pub users: BTreeSet<Symbol>,
    pub simple_hits: u64,
    pub semantic_hits: u64,
    pub simple_saved_cents: u64,
    pub semantic_saved_cents: u64,
    hit_latency_ms: u64,
    pub feedbacks: u64,
    /// Value times weight of all feedback, in hundredths.
    weighted: i64,
    /// Requests that succeeded after so many retries.
    pub retried: BTreeMap<u8, u64>,
    pub fell_back: u64,
    pub first_ms: i64,
    pub last_ms: i64,
}

impl Tally {
    pub fn add(&mut self, entry: &Entry) {
        if self.requests == 0 {
            self.first_ms = entry.at;
        }
        self.last_ms = self.last_ms.max(entry.at);
        self.requests += 1;
        self.cost_cents += u64::from(entry.cost_cents);
        self.prompt_tokens += u64::from(entry.prompt_tokens);
        self.completion_tokens += u64::from(entry.completion_tokens);
        self.latency_ms += u64::from(entry.latency_ms);
        self.latencies.push(entry.latency_ms);
        if entry.user != Symbol::NONE {
            self.users.insert(entry.user);
        }
        match entry.cache {
            Cache::Miss => {}
            Cache::Simple => {
                self.simple_hits += 1;
                self.simple_saved_cents += u64::from(entry.saved_cents);
                self.hit_latency_ms += u64::from(entry.latency_ms);
            }
            Cache::Semantic => {
                self.semantic_hits += 1;
                self.semantic_saved_cents += u64::from(entry.saved_cents);
                self.hit_latency_ms += u64::from(entry.latency_ms);
            }
        }
        if let Some(feedback) = entry.feedback {
            self.feedbacks += 1;
            self.weighted += i64::from(feedback.hundredths());
        }
        if entry.failed() {
            *self.errors.entry(entry.status).or_default() += 1;
        } else if entry.fell_back {
            self.fell_back += 1;
        } else if entry.retries > 0 {
            *self.retried.entry(entry.retries).or_default() += 1;
        }
    }

    pub fn tokens(&self) -> u64 {
        self.prompt_tokens + self.completion_tokens
    }

    pub fn failures(&self) -> u64 {
        self.errors.values().sum()
    }

    pub fn hits(&self) -> u64 {
        self.simple_hits + self.semantic_hits
    }

    /// Milliseconds of a cache hit, on average.
    pub fn hit_latency(&self) -> u64 {
        average(self.hit_latency_ms, self.hits())
    }

    /// Milliseconds of all others, on average.
    pub fn miss_latency(&self) -> u64 {
        average(self.latency_ms - self.hit_latency_ms, self.requests - self.hits())
    }

    /// Milliseconds, on average.
    pub fn latency(&self) -> u64 {
        average(self.latency_ms, self.requests)
    }

    /// The latencies below which these percentages of the requests stay.
    pub fn percentiles<const N: usize>(&self, percents: [usize; N]) -> [u32; N] {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        percents.map(|percent| {
            let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
            sorted.get(rank).copied().unwrap_or_default()
        })
    }

    /// Value times weight, on average over the feedback given.
    pub fn weighted_feedback(&self) -> i64 {
        let hundreds = 100 * i64::try_from(self.feedbacks).unwrap_or(i64::MAX / 200);
        (2 * self.weighted + hundreds).checked_div_euclid(2 * hundreds).unwrap_or_default()
    }
}

/// The nearest whole number to one over another; zero where there is nothing to divide by.
pub(super) fn average(of: u64, by: u64) -> u64 {
    (of + by / 2).checked_div(by).unwrap_or_default()
}

pub(super) fn percent(of: u64, by: u64) -> u64 {
    average(100 * of, by)
}
