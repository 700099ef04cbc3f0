//! A token bucket of this process.

use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, MonotonicClock},
    middleware::StateInformationMiddleware,
    state::{InMemoryState, NotKeyed},
};

use super::Taken;

const MINUTE: Duration = Duration::from_secs(60);
/// Longest time from empty to full: governor counts nanoseconds in 64 bits.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// So many at once, and one more every interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub burst: NonZeroU32,
    /// Never zero.
    interval: Duration,
}

impl Rate {
    /// `burst` at once, and `refill` in every `window`, evenly.
    pub fn new(burst: NonZeroU32, refill: NonZeroU32, window: Duration) -> Self {
        let interval = window / refill.get();
        Self { burst, interval: interval.clamp(Duration::from_nanos(1), CENTURY / burst.get()) }
    }

    pub fn per_minute(number: NonZeroU32) -> Self {
        Self::new(number, number, MINUTE)
    }

    pub fn interval(self) -> Duration {
        self.interval
    }

    /// Time from empty to full.
    pub fn window(self) -> Duration {
        self.interval.saturating_mul(self.burst.get())
    }
}

/// Counts for one key.
#[derive(Debug)]
pub struct Bucket {
    /// What it counts by.
    rate: Rate,
    limiter: Counter,
    /// From here on it is as good as a new one.
    full_at: Instant,
}

type Counter = RateLimiter<NotKeyed, InMemoryState, MonotonicClock, StateInformationMiddleware>;

impl Bucket {
    pub fn new(rate: Rate, now: Instant) -> Self {
        // Only an interval of zero is refused, which a rate has not.
        let quota = Quota::with_period(rate.interval).unwrap_or(Quota::per_minute(rate.burst));
        let limiter = RateLimiter::direct_with_clock(quota.allow_burst(rate.burst), MonotonicClock);
        Self { rate, limiter: limiter.with_middleware(), full_at: now }
    }

    pub fn is_full(&self, now: Instant) -> bool {
        self.full_at <= now
    }

    pub fn take(&mut self, rate: Rate, now: Instant) -> Taken {
        if rate != self.rate {
            self.change(rate, now);
        }
        let (wait, left) = match self.limiter.check() {
            Ok(state) => {
                let left = state.remaining_burst_capacity();
                // Rounded up: what is left is whole tokens.
                self.full_at = now + rate.interval.saturating_mul(rate.burst.get() - left);
                (None, left)
            }
            Err(until) => (Some(until.wait_time_from(MonotonicClock.now())), 0),
        };
        Taken { wait, left, full_in: self.full_at.saturating_duration_since(now) }
    }

    /// Goes on at another rate: a principal's rules have changed, or another of its tokens falls
    /// under another rule. As in Redis the time to full stays as it is, so that nobody gets a new
    /// bucket by going to and fro.
    fn change(&mut self, rate: Rate, now: Instant) {
        let full_in = self.full_at.saturating_duration_since(now).min(rate.window());
        let used = full_in.as_nanos().div_ceil(rate.interval.as_nanos());
        let used = u32::try_from(used).unwrap_or(u32::MAX).min(rate.burst.get());
        *self = Self { full_at: now + full_in, ..Self::new(rate, now) };
        if let Some(used) = NonZeroU32::new(used) {
            // No more than fit into a new one, so that it cannot be refused.
            let _ = self.limiter.check_n(used);
        }
    }
}
