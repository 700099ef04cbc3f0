//! Bad tokens counted by address, so that guessing at Clerk's expense ends soon.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use moka::sync::Cache;
use tokio::time::Instant;

use crate::subscriber::Subscriber;

/// Failures that an address has in [`WINDOW`].
const LIMIT: usize = 5;
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses that are remembered; what is forgotten is bounded by the limit for all.
const MAX_ADDRESSES: u64 = 10_000;

pub struct Failures(Cache<Subscriber, Arc<Mutex<Vec<Instant>>>>);

impl Failures {
    pub fn new() -> Self {
        Self(Cache::builder().max_capacity(MAX_ADDRESSES).time_to_idle(WINDOW).build())
    }

    /// How long an address has to wait, if it has failed too often.
    pub fn wait(&self, from: IpAddr, now: Instant) -> Option<Duration> {
        let times = self.0.get(&Subscriber::of(from))?;
        let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
        times.retain(|at| now.duration_since(*at) < WINDOW);
        let oldest = times.first().filter(|_| times.len() >= LIMIT)?;
        Some(WINDOW.saturating_sub(now.duration_since(*oldest)))
    }

    pub fn count(&self, from: IpAddr, now: Instant) {
        let times = self.0.get_with(Subscriber::of(from), Arc::default);
        let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
        times.retain(|at| now.duration_since(*at) < WINDOW);
        if times.len() < LIMIT {
            times.push(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_failed_too_often_waits() {
        let failures = Failures::new();
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        for second in 0..LIMIT as u64 {
            assert_eq!(failures.wait(address("2001:db8::1"), after(second)), None);
            failures.count(address(&format!("2001:db8::{second}")), after(second));
        }
        let wait = |from: &str, seconds| failures.wait(address(from), after(seconds));
        assert_eq!(wait("2001:db8::ffff:1", 5), Some(Duration::from_secs(55)));
        assert_eq!(wait("2001:db8:0:1::1", 5), None, "another network");
        assert_eq!(wait("192.0.2.1", 5), None);
        assert_eq!(wait("2001:db8::1", 60), None, "the first one no longer counts");
    }
}
