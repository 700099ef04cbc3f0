//! A circuit breaker: after failures in a row nobody is asked for a while, then one may try.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Failures in a row that open it.
const LIMIT: u32 = 5;

pub struct Breaker {
    pause: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: u32,
    /// Nobody may ask before.
    until: Option<Instant>,
}

impl Breaker {
    pub fn new(pause: Duration) -> Self {
        Self { pause, state: Mutex::default() }
    }

    /// Whether somebody else may ask, for whom the one try after a pause is not meant; else how long
    /// not.
    pub fn pass(&self, now: Instant) -> Result<(), Duration> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.until.filter(|until| now < *until).map_or(Ok(()), |until| Err(until - now))
    }

    /// Whether to ask; else how long not. Who asks after a pause is the only one: the others wait
    /// for another pause, or for its success.
    pub fn admit(&self, now: Instant) -> Result<(), Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.until {
            Some(until) if now < until => Err(until - now),
            Some(_) => {
                state.until = Some(now + self.pause);
                Ok(())
            }
            None => Ok(()),
        }
    }

    pub fn succeeded(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    pub fn failed(&self, now: Instant) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures = state.failures.saturating_add(1);
        if state.failures >= LIMIT {
            state.until = Some(now + self.pause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_failures_in_a_row_one_caller_tries_for_all() {
        let pause = Duration::from_secs(10);
        let breaker = Breaker::new(pause);
        let start = Instant::now();
        for _ in 0..LIMIT {
            assert_eq!(breaker.admit(start), Ok(()));
            breaker.failed(start);
        }
        assert_eq!(breaker.admit(start), Err(pause));
        let later = start + pause;
        assert_eq!(breaker.pass(start), Err(pause));
        assert_eq!(breaker.pass(later), Ok(()), "and leaves the try");
        assert_eq!(breaker.admit(later), Ok(()), "one tries");
        assert_eq!(breaker.admit(later), Err(pause), "and the others do not");
        breaker.succeeded();
        assert_eq!(breaker.admit(later), Ok(()));
        breaker.failed(later);
        assert_eq!(breaker.admit(later), Ok(()), "one failure is none in a row");
    }
}
