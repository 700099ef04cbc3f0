//! Who is connected: so many at most, and so many from one address.
//!
//! A connection costs memory and a file of the process before it says anything, so those beyond are
//! closed at once. A trusted proxy brings everybody's, and is not held to an address's share.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::client_ip::TrustProxy;
use crate::subscriber::Subscriber;

/// How often at most a refusal is logged.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// How many connections there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    pub in_all: usize,
    /// An IPv6 address counts by its /64.
    pub of_one_address: usize,
}

/// Counts connections.
#[derive(Debug)]
pub struct Connections {
    most: Most,
    trust_proxy: TrustProxy,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    /// Never zero: who has left is forgotten.
    by_address: HashMap<Subscriber, usize>,
    told: Option<Instant>,
}

/// One connection's place, free again when it is dropped.
#[derive(Debug)]
pub struct Place {
    connections: Arc<Connections>,
    counted_for: Option<Subscriber>,
}

impl Connections {
    pub fn new(most: Most, trust_proxy: TrustProxy) -> Self {
        Self { most, trust_proxy, counts: Mutex::default() }
    }

    /// A place for a connection from `peer`, if there is one.
    pub fn place(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let counted_for = (!self.trust_proxy.is_proxy(peer)).then(|| Subscriber::of(peer));
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let own = counted_for.and_then(|it| counts.by_address.get(&it)).copied().unwrap_or(0);
        let why = if counts.all >= self.most.in_all {
            "connections are refused: there are as many as MCP_MAX_CONNECTIONS"
        } else if own >= self.most.of_one_address {
            "connections are refused: one address has as many as MCP_MAX_CONNECTIONS_PER_ADDRESS; \
             if it is a proxy's, MCP_TRUST_PROXY has to say so"
        } else {
            counts.all += 1;
            if let Some(address) = counted_for {
                counts.by_address.insert(address, own + 1);
            }
            return Some(Place { connections: Arc::clone(self), counted_for });
        };
        let now = Instant::now();
        if counts.told.is_none_or(|at| now.saturating_duration_since(at) >= TELL_EVERY) {
            counts.told = Some(now);
            tracing::warn!(%peer, connected = counts.all, why);
        }
        None
    }

    /// How many there are, and from how many addresses that are counted.
    #[cfg(test)]
    fn sizes(&self) -> (usize, usize) {
        let counts = self.counts.lock().unwrap();
        (counts.all, counts.by_address.len())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.connections.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all = counts.all.saturating_sub(1);
        let Some(Entry::Occupied(mut own)) =
            self.counted_for.map(|address| counts.by_address.entry(address))
        else {
            return;
        };
        *own.get_mut() -= 1;
        if *own.get() == 0 {
            own.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(trust_proxy: &str) -> Arc<Connections> {
        let trust_proxy = TrustProxy::parse(&[trust_proxy.to_owned()]).unwrap();
        Arc::new(Connections::new(Most { in_all: 5, of_one_address: 2 }, trust_proxy))
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_its_share_and_all_have_theirs() {
        let connections = connections("none");
        let mut places = Vec::new();
        for (peer, expected) in [
            ("192.0.2.1", true),
            ("::ffff:192.0.2.1", true),
            ("192.0.2.1", false),
            ("2001:db8::1", true),
            ("2001:db8::ffff:1", true),
            ("2001:db8::2", false),
            ("192.0.2.2", true),
            ("192.0.2.3", false),
        ] {
            let place = connections.place(address(peer));
            assert_eq!(place.is_some(), expected, "{peer}");
            places.extend(place);
        }
        assert_eq!(connections.sizes(), (5, 3));
        places.remove(0);
        assert!(connections.place(address("192.0.2.3")).is_some());
        places.clear();
        assert_eq!(connections.sizes(), (0, 0), "who has left is forgotten");
    }

    #[test]
    fn a_trusted_proxy_is_held_to_the_whole_alone() {
        for (trust_proxy, proxy, held) in [
            ("1", "192.0.2.1", false),
            ("192.0.2.0/24", "192.0.2.1", false),
            ("192.0.2.0/24", "198.51.100.1", true),
            ("loopback", "::1", false),
            ("fly", "172.16.0.1", false),
            ("fly", "192.0.2.1", true),
            ("none", "127.0.0.1", true),
        ] {
            let connections = connections(trust_proxy);
            let places: Vec<_> = (0..9).filter_map(|_| connections.place(address(proxy))).collect();
            assert_eq!(places.len(), if held { 2 } else { 5 }, "{trust_proxy}, {proxy}");
        }
    }
}
