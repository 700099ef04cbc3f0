//! When a request is tried again: how long to wait, and how many retries all calls may cause.

use std::{num::NonZeroU32, time::Duration};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use http::HeaderMap;
use jiff::{Timestamp, fmt::rfc2822};
use tower::retry::budget::{Budget as _, TpsBudget};

use super::Settings;

/// Tries of one request, the first included.
const TRIES: usize = 3;
/// Retries that may always be made in a minute, so that a quiet server can retry at all.
const FLOOR_PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// Retries as a share of the requests of the last [`SHARE_WINDOW`].
const SHARE: f32 = 0.1;
const SHARE_WINDOW: Duration = Duration::from_secs(60);

/// Bounds what retries add to the load of a Portkey that is in trouble.
#[derive(Debug)]
pub(super) struct Budget {
    share: TpsBudget,
    floor: DefaultDirectRateLimiter,
}

impl Budget {
    pub(super) fn new() -> Self {
        let floor = RateLimiter::direct(Quota::per_minute(FLOOR_PER_MINUTE));
        Self { share: TpsBudget::new(SHARE_WINDOW, 0, SHARE), floor }
    }

    /// Notes a request that was not a retry.
    pub(super) fn deposit(&self) {
        self.share.deposit();
    }

    /// Whether one more retry may be made; if so it is counted.
    pub(super) fn withdraw(&self) -> bool {
        self.floor.check().is_ok() || self.share.withdraw()
    }
}

/// The waits between the tries of one request.
pub(super) fn delays(settings: &Settings) -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(settings.retry_delay)
        .with_max_delay(settings.retry_delay_max)
        .with_max_times(TRIES - 1)
        .with_jitter()
        .build()
}

/// What `Retry-After` asks for: seconds, or a date (RFC 9110 §10.2.3).
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Duration::try_from(date.duration_since(Timestamp::now())).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::RETRY_AFTER, value.parse().unwrap());
        retry_after(&headers)
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        assert_eq!(asked("7"), Some(Duration::from_secs(7)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        let soon = Timestamp::now() + Duration::from_secs(90);
        let date = soon.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let wait = asked(&date).unwrap();
        assert!((Duration::from_secs(80)..=Duration::from_secs(90)).contains(&wait), "{wait:?}");
        assert_eq!(asked("soon"), None);
        assert_eq!(asked("-1"), None);
    }

    #[test]
    fn waits_double_from_the_first_and_are_lengthened_at_random() {
        let waits: Vec<_> = delays(&Settings::default()).collect();
        let [first, second] = waits[..] else { panic!("{waits:?}") };
        assert!((0.5..1.0).contains(&first.as_secs_f32()), "{first:?}");
        assert!((1.0..2.0).contains(&second.as_secs_f32()), "{second:?}");
    }

    #[test]
    fn retries_are_ten_a_minute_and_a_tenth_of_the_requests() {
        let budget = Budget::new();
        for _ in 0..100 {
            budget.deposit();
        }
        let granted = (0..100).filter(|_| budget.withdraw()).count();
        assert_eq!(granted, 20);
    }
}
