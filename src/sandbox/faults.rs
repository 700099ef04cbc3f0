//! What can be made to go wrong, for tests and demonstrations.
//!
//! A fault is planned for the next so many requests of a method (or any) whose path begins with a
//! prefix; the first plan that fits is used up first. Paths are those of the API, without version.

use std::{
    str::FromStr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use http::Method;
use thiserror::Error;

use super::store::Staleness;

/// One way for a request to go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429 with code AB06; `Retry-After` in whole seconds where given.
    RateLimited { retry_after: Option<u64> },
    /// This status, not carried out: 500 with code AB04, others with a plain-text body.
    Status(u16),
    /// Carried out and answered, but only after this time.
    Slow(Duration),
    /// Carried out; the answer breaks off in the middle of its body.
    Truncated,
    /// Not carried out: the connection is closed without an answer.
    Reset,
    /// Carried out, but the connection is closed without an answer.
    Lost,
    /// Not carried out and never answered.
    Hang,
    /// Not carried out: status 200 with an HTML page, as a proxy in between answers.
    Html,
    /// Carried out and answered 200 with no body.
    Empty,
}

/// A fault and the requests that meet it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Absent for any method.
    pub method: Option<Method>,
    /// Beginning of the path, without version.
    pub path: String,
    /// How many requests meet it.
    pub times: u32,
    pub fault: Fault,
}

/// The plans in force, and how stale reads are.
#[derive(Debug, Default)]
pub struct Faults {
    plans: Mutex<Vec<Planned>>,
    staleness: Mutex<Option<Staleness>>,
}

impl Faults {
    pub(super) fn new(plans: Vec<Planned>) -> Self {
        Self { plans: Mutex::new(plans), staleness: Mutex::new(None) }
    }

    /// Lets the next `times` requests of `method` (`None`: any) under `path` meet `fault`.
    pub fn inject(&self, method: Option<Method>, path: &str, times: u32, fault: Fault) {
        self.plan(Planned { method, path: path.to_owned(), times, fault });
    }

    pub fn plan(&self, planned: Planned) {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner).push(planned);
    }

    /// Drops every plan that is left and makes reads fresh.
    pub fn clear(&self) {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.stale(None);
    }

    /// How many requests are still to meet a fault.
    pub fn left(&self) -> u32 {
        self.plans
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .map(|plan| plan.times)
            .sum()
    }

    /// From now on, after an update, the first `reads` reads of that row show it as it was.
    pub fn stale_for_reads(&self, reads: u32) {
        self.stale(Some(Staleness::Reads(reads)));
    }

    /// From now on, reads show an updated row as it was for this long.
    pub fn stale_for(&self, time: Duration) {
        self.stale(Some(Staleness::For(time)));
    }

    /// From now on, updates are seen at once.
    pub fn fresh(&self) {
        self.stale(None);
    }

    fn stale(&self, staleness: Option<Staleness>) {
        *self.staleness.lock().unwrap_or_else(PoisonError::into_inner) = staleness;
    }

    pub(super) fn staleness(&self) -> Option<Staleness> {
        *self.staleness.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(&self, method: &Method, path: &str) -> Option<Fault> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |plan: &Planned| {
            plan.method.as_ref().is_none_or(|wanted| wanted == method)
                && path.starts_with(&plan.path)
                && plan.times > 0
        };
        let plan = plans.iter_mut().find(|plan| fits(plan))?;
        plan.times -= 1;
        let fault = plan.fault;
        plans.retain(|plan| plan.times > 0);
        Some(fault)
    }
}

/// A planned fault that cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "`{0}` is no fault: write TIMES METHOD PATH FAULT, such as `2 GET /configs 429:3`; METHOD `*` is \
     any; FAULT is a status from 400 to 599, `429:SECONDS`, `slow:MILLISECONDS`, `truncated`, `reset`, \
     `lost`, `hang`, `html` or `empty`"
)]
pub struct ParseFaultError(String);

impl FromStr for Planned {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| ParseFaultError(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Planned> {
    let mut words = text.split_whitespace();
    let times = words.next()?.parse().ok()?;
    let method = match words.next()? {
        "*" => None,
        name => Some(Method::from_bytes(name.as_bytes()).ok()?),
    };
    let path = words.next().filter(|path| path.starts_with('/'))?.to_owned();
    let fault = match words.next()? {
        "truncated" => Fault::Truncated,
        "reset" => Fault::Reset,
        "lost" => Fault::Lost,
        "hang" => Fault::Hang,
        "html" => Fault::Html,
        "empty" => Fault::Empty,
        "429" => Fault::RateLimited { retry_after: None },
        other => match other.split_once(':') {
            Some(("429", seconds)) => {
                Fault::RateLimited { retry_after: Some(seconds.parse().ok()?) }
            }
            Some(("slow", time)) => Fault::Slow(Duration::from_millis(time.parse().ok()?)),
            Some(_) => return None,
            None => Fault::Status(other.parse().ok().filter(|status| (400..600).contains(status))?),
        },
    };
    words.next().is_none().then_some(Planned { method, path, times, fault })
}
