//! Whom a bucket counts for.

use std::{fmt, net::IpAddr};

use crate::{auth::PrincipalId, subscriber::Subscriber};

/// One bucket's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    Subscriber(Subscriber),
    /// A /16 of IPv4.
    V4Neighbours([u8; 2]),
    /// A /32 of IPv6.
    V6Neighbours([u8; 4]),
    Principal(PrincipalId),
    /// All for whom there is no room.
    Others,
}

impl Key {
    pub fn of(address: IpAddr) -> Self {
        Self::Subscriber(Subscriber::of(address))
    }

    /// Whom it shares a bucket with when there is no room for its own.
    pub fn neighbours(self) -> Self {
        match self {
            Self::Subscriber(Subscriber::V4([a, b, ..])) => Self::V4Neighbours([a, b]),
            Self::Subscriber(Subscriber::V6([a, b, c, d, ..])) => Self::V6Neighbours([a, b, c, d]),
            _ => Self::Others,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: &[u8] = match self {
            Self::Subscriber(Subscriber::V4([a, b, c, d])) => return write!(f, "{a}.{b}.{c}.{d}"),
            Self::V4Neighbours([a, b]) => return write!(f, "{a}.{b}/16"),
            Self::Principal(id) => return write!(f, "{id}"),
            Self::Others => return f.write_str("others"),
            Self::Subscriber(Subscriber::V6(bytes)) => bytes,
            Self::V6Neighbours(bytes) => bytes,
        };
        for (at, pair) in bytes.chunks(2).enumerate() {
            let colon = if at > 0 { ":" } else { "" };
            let group = pair.iter().fold(0, |group: u16, byte| group << 8 | u16::from(*byte));
            write!(f, "{colon}{group:x}")?;
        }
        write!(f, "::/{}", bytes.len() * 8)
    }
}
