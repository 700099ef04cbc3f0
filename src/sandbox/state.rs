//! Everything that a sandbox remembers.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{
    audit::Audit,
    ids,
    log::Log,
    seed::{self, Cast},
    store::{Row, Store},
};

/// The organisations, their rows and their log.
#[derive(Debug)]
pub(super) struct State {
    pub seed: u64,
    pub store: Store,
    pub audit: Audit,
    /// UUIDs of the organisations.
    pub organisations: Vec<String>,
    /// Where this sandbox is served, for links in answers.
    pub base_url: String,
    cast: Cast,
    end: Timestamp,
    started: Instant,
    made: u64,
    asked: u64,
    log: Option<Log>,
}

impl State {
    pub fn new(seed: u64, end: Timestamp, mut store: Store, base_url: String) -> Self {
        let cast = seed::fill(seed, end, &mut store);
        let organisations = cast.organisations.clone();
        let audit = seed::audit(&store, &organisations);
        let started = Instant::now();
        Self {
            seed,
            store,
            audit,
            organisations,
            base_url,
            cast,
            end,
            started,
            made: 0,
            asked: 0,
            log: None,
        }
    }

    /// The sandbox's clock: it starts where the generated log ends.
    pub fn now(&self) -> Timestamp {
        let elapsed: Duration = self.started.elapsed();
        self.end.checked_add(elapsed).unwrap_or(self.end)
    }

    /// A fresh id; the n-th id of a seed is always the same.
    pub fn fresh_id(&mut self) -> String {
        self.made += 1;
        ids::uuid(self.seed, &format!("made/{}", self.made))
    }

    /// The id of the request that is being answered.
    pub fn request_id(&mut self) -> String {
        self.asked += 1;
        ids::uuid(self.seed, &format!("asked/{}", self.asked))
    }

    /// The log, generated on first use: most processes never ask for analytics.
    pub fn log(&mut self) -> &mut Log {
        self.log_and_store().0
    }

    pub fn log_and_store(&mut self) -> (&mut Log, &Store) {
        let Self { log, store, seed, end, cast, .. } = self;
        (log.get_or_insert_with(|| Log::generate(*seed, *end, cast)), store)
    }

    pub fn organisation_id(&self, row: &Row) -> Option<&str> {
        self.organisations.get(row.organisation).map(String::as_str)
    }
}
