//! Whom an address stands for: the one who has it, with all that it may number as it likes.
//!
//! RFC 6177: a site has at least a /64 of IPv6. An IPv4 address inside IPv6 is unwrapped (RFC 4291
//! section 2.5.5.2).

use std::net::IpAddr;

/// What is counted as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subscriber {
    V4([u8; 4]),
    /// A /64.
    V6([u8; 8]),
}

impl Subscriber {
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.octets()),
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, g, h, ..] = address.octets();
                Self::V6([a, b, c, d, e, f, g, h])
            }
        }
    }
}
