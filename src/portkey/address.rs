//! Which addresses the client may connect to.
//!
//! Ranges: the IANA special-purpose address registries (RFC 6890 and its updates).

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Resolves names to public addresses only. It sits inside the connector, so that a name cannot
/// turn private between a check and the connection.
#[derive(Debug)]
pub(super) struct PublicOnly;

/// A host has no public address.
#[derive(Debug, thiserror::Error)]
#[error("`{host}` resolves to the private address {address}")]
pub(super) struct PrivateAddress {
    pub host: String,
    pub address: IpAddr,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let host = name.as_str();
            let mut found: Vec<SocketAddr> = tokio::net::lookup_host((host, 0)).await?.collect();
            let first = found.first().map(SocketAddr::ip);
            found.retain(|address| is_public(address.ip()));
            match (found.is_empty(), first) {
                (false, _) => Ok(Box::new(found.into_iter()) as Addrs),
                (true, Some(address)) => {
                    Err(PrivateAddress { host: host.to_owned(), address }.into())
                }
                (true, None) => Err(io::Error::other("the name has no address").into()),
            }
        })
    }
}

/// Whether `address` can belong to a host of the public Internet.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match embedded_v4(v6) {
            Some(v4) => is_public_v4(v4),
            None => is_public_v6(v6),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || a >= 240
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || (a == 100 && b & 0xc0 == 64) // RFC 6598, carrier-grade NAT
        || (a == 192 && b == 0 && c == 0) // RFC 6890, protocol assignments
        || (a == 198 && b & 0xfe == 18)) // RFC 2544, benchmarks
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    !(address.is_unspecified()
        || address.is_loopback()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || a & 0xffc0 == 0xfec0 // RFC 3879, site-local
        || (a == 0x2001 && b == 0xdb8) // RFC 3849, documentation
        || (a == 0x64 && b == 0xff9b)) // RFC 8215, local-use NAT64
}

/// The IPv4 address that an IPv6 address stands for: mapped or compatible (RFC 4291), NAT64
/// (RFC 6052) and 6to4 (RFC 3056).
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(join(high, low))
        }
        [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_and_reserved_addresses_are_not_public() {
        let private = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
        ];
        let wrong: Vec<_> =
            private.iter().filter(|address| is_public(address.parse().unwrap())).collect();
        assert!(wrong.is_empty(), "taken for public: {wrong:?}");
    }

    #[test]
    fn public_addresses_are_public() {
        let public = [
            "1.1.1.1",
            "100.63.0.1",
            "100.128.0.1",
            "172.32.0.1",
            "2606:4700::1111",
            "::ffff:1.1.1.1",
        ];
        let wrong: Vec<_> =
            public.iter().filter(|address| !is_public(address.parse().unwrap())).collect();
        assert!(wrong.is_empty(), "taken for private: {wrong:?}");
    }
}
