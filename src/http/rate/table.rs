//! The buckets of this process: so many and no more, whoever comes.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{Key, Rate, Taken, bucket::Bucket};

/// How often at most full buckets are looked for: a look goes through all of them.
const SWEEP_EVERY: Duration = Duration::from_millis(100);

/// Buckets by key. Only full ones are ever forgotten, so that nobody gets a new one by making room
/// for itself; where there is no room, newcomers share their neighbours' bucket.
#[derive(Debug)]
pub struct Table {
    max: usize,
    buckets: Mutex<Buckets>,
}

#[derive(Debug, Default)]
struct Buckets {
    own: HashMap<Key, Bucket>,
    neighbours: HashMap<Key, Bucket>,
    swept: Option<Instant>,
}

impl Table {
    pub fn new(max: NonZeroUsize) -> Self {
        Self { max: max.get(), buckets: Mutex::default() }
    }

    pub fn take(&self, key: Key, rate: Rate) -> Taken {
        let now = Instant::now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.of(key, rate, now, self.max).take(rate, now)
    }

    /// How many are kept: own ones, and those of neighbours.
    #[cfg(test)]
    pub fn sizes(&self) -> (usize, usize) {
        let buckets = self.buckets.lock().unwrap();
        (buckets.own.len(), buckets.neighbours.len())
    }
}

impl Buckets {
    fn of(&mut self, key: Key, rate: Rate, now: Instant, max: usize) -> &mut Bucket {
        let has_room =
            |kept: &HashMap<Key, Bucket>, key| kept.len() < max || kept.contains_key(key);
        if !has_room(&self.own, &key) {
            self.sweep(now);
        }
        let fresh = || Bucket::new(rate, now);
        if has_room(&self.own, &key) {
            return self.own.entry(key).or_insert_with(fresh);
        }
        let mut shared = key.neighbours();
        if !has_room(&self.neighbours, &shared) {
            shared = Key::Others;
        }
        self.neighbours.entry(shared).or_insert_with(fresh)
    }

    fn sweep(&mut self, now: Instant) {
        if self.swept.is_some_and(|at| now.saturating_duration_since(at) < SWEEP_EVERY) {
            return;
        }
        self.swept = Some(now);
        self.own.retain(|_, bucket| !bucket.is_full(now));
        self.neighbours.retain(|_, bucket| !bucket.is_full(now));
    }
}
