//! Token buckets in Redis, for all instances at once.
//!
//! A bucket is one number: the time at which it will be full again, by Redis' own clock. One script
//! reads and moves it, so that two instances never take the same token. It expires when it is full.

use std::time::Duration;

use redis::Script;

use super::{Key, Rate, SharedBuckets, Taken};
use crate::redis::{NoRedis, Redis};

/// KEYS: the bucket. ARGV: microseconds a token, tokens at most.
/// Gives whether to wait, then the microseconds to wait, the tokens left, the microseconds to full.
const TAKE: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local step, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = tonumber(redis.call('GET', KEYS[1]) or '') or now
if full < now then full = now end
-- Written at a rate that has since been changed.
if full > now + step * burst then full = now + step * burst end
local missing = full + step - now
local wait = missing - step * burst
if wait > 0 then
  return {1, math.ceil(wait), 0, math.ceil(full - now)}
end
redis.call('SET', KEYS[1], string.format('%.3f', full + step), 'PX', math.ceil(missing / 1000))
return {0, 0, math.floor((step * burst - missing) / step + 0.000001), math.ceil(missing)}
";

/// The buckets of all instances.
#[derive(Debug)]
pub struct Shared {
    redis: Redis,
    prefix: String,
    script: Script,
}

impl Shared {
    pub fn new(settings: &SharedBuckets) -> Result<Self, NoRedis> {
        let without = "each instance limits rates by its own count until it is back";
        let redis = Redis::new(&settings.redis, without)?;
        Ok(Self { redis, prefix: settings.key_prefix.clone(), script: Script::new(TAKE) })
    }

    pub fn is_gone(&self) -> bool {
        self.redis.is_gone()
    }

    /// Takes a token; `None` where Redis does not answer.
    pub async fn take(&self, policy: &str, key: Key, rate: Rate) -> Option<Taken> {
        let mut script = self.script.key(format!("{}:{policy}:{key}", self.prefix));
        script.arg(rate.interval().as_secs_f64() * 1e6).arg(rate.burst.get());
        let taken: (u8, u64, u32, u64) =
            self.redis.run(async |connection| script.invoke_async(connection).await).await?;
        let (waits, wait, left, full_in) = taken;
        Some(Taken {
            wait: (waits == 1).then(|| Duration::from_micros(wait)),
            left,
            full_in: Duration::from_micros(full_in),
        })
    }
}
