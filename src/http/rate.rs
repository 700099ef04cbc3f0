//! How many requests may come: by address before anything is read, by principal once it is known,
//! and fewer of the tools that destroy.
//!
//! Each is a token bucket: so many at once, refilled evenly. The buckets are this process's own, or
//! in Redis those of all instances; while Redis is gone, each process counts for itself.

mod bucket;
mod key;
mod quota;
mod shared;
mod table;
#[cfg(test)]
mod tests;

use std::{
    net::IpAddr,
    num::{NonZeroU32, NonZeroUsize},
    time::Duration,
};

pub use self::{
    bucket::Rate,
    quota::{Limited, Quota},
};
use self::{key::Key, shared::Shared, table::Table};
use crate::{
    auth::PrincipalId,
    redis::{self, NoRedis},
};

/// The section `[rate_limit]`; units, defaults and variables stand in `config/default.toml`.
#[derive(Clone, Debug)]
pub struct Settings {
    pub address: Rate,
    pub principal: Rate,
    pub destructive: Rate,
    /// Most buckets of each kind that this process keeps.
    pub max_buckets: NonZeroUsize,
    /// Where instances share their buckets; absent: each has its own.
    pub shared: Option<SharedBuckets>,
}

/// The buckets that all instances take from.
#[derive(Clone, Debug)]
pub struct SharedBuckets {
    pub redis: redis::Settings,
    pub key_prefix: String,
}

/// Counts requests and refuses those that are too many.
#[derive(Debug)]
pub struct Limiter(Option<Inner>);

#[derive(Debug)]
struct Inner {
    address: Policy,
    principal: Policy,
    destructive: Policy,
    shared: Option<Shared>,
}

/// One kind of limit.
#[derive(Debug)]
struct Policy {
    name: &'static str,
    rate: Rate,
    own: Table,
}

impl Limiter {
    /// Without settings nothing is limited.
    pub fn new(settings: Option<&Settings>) -> Result<Self, NoRedis> {
        let Some(settings) = settings else { return Ok(Self(None)) };
        let policy = |name, rate| Policy { name, rate, own: Table::new(settings.max_buckets) };
        Ok(Self(Some(Inner {
            address: policy("address", settings.address),
            principal: policy("principal", settings.principal),
            destructive: policy("destructive", settings.destructive),
            shared: settings.shared.as_ref().map(Shared::new).transpose()?,
        })))
    }

    /// Whether this process counts by itself although it should share its count.
    pub fn is_alone(&self) -> bool {
        let shared = self.0.as_ref().and_then(|inner| inner.shared.as_ref());
        shared.is_some_and(Shared::is_gone)
    }

    /// Counts a request from `address`; an IPv6 address by its /64.
    pub async fn address(&self, address: IpAddr) -> Result<Quota, Limited> {
        let Some(inner) = &self.0 else { return Ok(Quota::Unlimited) };
        inner.take(&inner.address, Key::of(address), inner.address.rate).await
    }

    /// Counts a request of a principal; `rate` is its own, in requests a minute.
    pub async fn principal(
        &self,
        id: &PrincipalId,
        rate: Option<NonZeroU32>,
    ) -> Result<Quota, Limited> {
        let Some(inner) = &self.0 else { return Ok(Quota::Unlimited) };
        let rate = rate.map_or(inner.principal.rate, Rate::per_minute);
        inner.take(&inner.principal, Key::Principal(*id), rate).await
    }

    /// Counts a call of a tool that destroys, besides [`Self::principal`].
    pub async fn destructive(&self, id: &PrincipalId) -> Result<Quota, Limited> {
        let Some(inner) = &self.0 else { return Ok(Quota::Unlimited) };
        inner.take(&inner.destructive, Key::Principal(*id), inner.destructive.rate).await
    }
}

impl Inner {
    async fn take(&self, policy: &Policy, key: Key, rate: Rate) -> Result<Quota, Limited> {
        let shared = match &self.shared {
            // Boxed: a future of Redis would make that of every request large.
            Some(shared) => Box::pin(shared.take(policy.name, key, rate)).await,
            None => None,
        };
        let taken = shared.unwrap_or_else(|| policy.own.take(key, rate));
        quota::told(policy.name, rate, taken)
    }
}

/// What was found in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Taken {
    /// How long to wait until there is one again; absent: there was one.
    wait: Option<Duration>,
    left: u32,
    /// Until the bucket is full.
    full_in: Duration,
}
