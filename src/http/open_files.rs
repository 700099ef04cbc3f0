//! How many files the process may hold open: each connection is one (getrlimit(2), `RLIMIT_NOFILE`).

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are no connections of clients: those to Portkey and Redis, logs, TLS files. An eighth
/// of all where that is more.
const OTHERS: usize = 256;

/// Raises the limit as far as the process may, and gives how many connections have room in it.
pub fn room() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = current != maximum
        && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    // Where no limit is, macOS still has one.
    let limit = if raised { maximum } else { current };
    let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    connections(limit)
}

fn connections(limit: usize) -> usize {
    // One at least: what a process with fewer files does is its own trouble.
    limit.saturating_sub(OTHERS.max(limit / 8)).max(1)
}
