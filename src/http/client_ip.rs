//! Whose address a request comes from: the peer's, or what trusted proxies say of it.
//!
//! `X-Forwarded-For` is written from left to right, each proxy adding who connected to it, so it is
//! read from the right and only as far as proxies are trusted (MDN, "X-Forwarded-For"). What cannot
//! be read ends the walk at the last address that a trusted proxy vouched for. `Forwarded` and
//! `X-Forwarded-Host` are never read. IPv4 addresses inside IPv6 are unwrapped everywhere.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicBool, Ordering},
};

use axum::{
    extract::connect_info::Connected,
    http::{HeaderMap, HeaderName},
};
use ipnet::{IpNet, Ipv4Net};

use super::listener::Bound;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Set anew by Fly's proxy on every request (fly.io/docs/networking/request-headers).
const FLY_CLIENT_IP: HeaderName = HeaderName::from_static("fly-client-ip");
/// Where Fly's proxy connects from: the machine's own host, on a network that no other machine is
/// on. Neighbours come from `fdaa::/16` and are believed nothing.
const FLY_PROXY: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(172, 16, 0, 0), 12);
const MAX_HOPS: u8 = 32;

/// Whose request it is, as a request's extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientIp(pub IpAddr);

/// Who opened the connection, as `ConnectInfo`.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

impl Connected<Bound> for Peer {
    fn connect_info(Bound(address): Bound) -> Self {
        Self(SocketAddr::ip(&address))
    }
}

/// Which proxies are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TrustProxy {
    /// None: the peer is the client.
    #[default]
    None,
    /// This many, whatever their addresses.
    Hops(u8),
    /// Those of these networks.
    Networks(Vec<IpNet>),
    /// Fly's.
    Fly,
}

impl TrustProxy {
    /// Reads the words of `MCP_TRUST_PROXY`; the error says what to write.
    pub fn parse(words: &[String]) -> Result<Self, String> {
        let words: Vec<_> = words.iter().map(|word| word.trim().to_ascii_lowercase()).collect();
        match &*words.iter().map(String::as_str).collect::<Vec<_>>() {
            [] | ["" | "none" | "0" | "false" | "no" | "off"] => return Ok(Self::None),
            ["true" | "yes" | "on" | "cloudrun"] => return Ok(Self::Hops(1)),
            ["fly"] => return Ok(Self::Fly),
            [word] if word.bytes().all(|byte| byte.is_ascii_digit()) => {
                let hops = word.parse().ok().filter(|hops| *hops <= MAX_HOPS);
                return hops
                    .map(Self::Hops)
                    .ok_or_else(|| format!("write at most {MAX_HOPS} proxies"));
            }
            _ => {}
        }
        let mut networks = Vec::new();
        for word in &words {
            match &**word {
                "loopback" => networks.extend(["127.0.0.0/8", "::1/128"].map(network)),
                word => networks.push(network(word)),
            }
        }
        let networks: Option<Vec<_>> = networks.into_iter().collect();
        let networks = networks.ok_or(
            "write `none`, the number of proxies, `loopback`, `fly`, `cloudrun`, or networks as in \
             `10.0.0.0/8`",
        )?;
        if networks.iter().any(|network| network.prefix_len() == 0) {
            return Err("a network of all addresses would believe what any client writes".into());
        }
        Ok(Self::Networks(networks))
    }

    /// Whether `peer` is a proxy that is believed. With a number of hops whoever connects is.
    pub fn is_proxy(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        match self {
            Self::None => false,
            Self::Hops(_) => true,
            Self::Networks(networks) => networks.iter().any(|it| it.contains(&peer)),
            Self::Fly => matches!(peer, IpAddr::V4(address) if FLY_PROXY.contains(&address)),
        }
    }

    /// The client of a request that came from `peer`.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientIp {
        let peer = peer.to_canonical();
        ClientIp(match self {
            Self::None => peer,
            Self::Hops(hops) => {
                forwarded_for(headers).take(usize::from(*hops)).last().unwrap_or(peer)
            }
            Self::Networks(_) => {
                let mut client = peer;
                let mut entries = forwarded_for(headers);
                while self.is_proxy(client) {
                    let Some(next) = entries.next() else { break };
                    client = next;
                }
                client
            }
            Self::Fly => {
                let mut given = headers.get_all(FLY_CLIENT_IP).iter();
                match (given.next(), given.next()) {
                    (Some(value), None) if self.is_proxy(peer) => {
                        address_of(value.as_bytes()).unwrap_or(peer)
                    }
                    _ => peer,
                }
            }
        })
    }
}

/// Says once, when a request is one too many, why many clients may count as one.
pub fn hint(trust: &TrustProxy, headers: &HeaderMap) {
    static SAID: AtomicBool = AtomicBool::new(false);
    let unread = *trust == TrustProxy::None && headers.contains_key(FORWARDED_FOR);
    if unread && !SAID.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            "a request is refused for its rate and carries X-Forwarded-For, which is not read: if a \
             proxy stands before this server, MCP_TRUST_PROXY has to say so, or all its clients \
             count as one"
        );
    }
}

/// The addresses of all `X-Forwarded-For`, from the right, up to the first that cannot be read.
fn forwarded_for(headers: &HeaderMap) -> impl Iterator<Item = IpAddr> {
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b',')).map_while(address_of)
}

/// Reads an address, with or without a port.
fn address_of(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim_matches([' ', '\t']);
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    let address = text
        .parse()
        .ok()
        .or_else(|| text.parse().ok().map(|it: SocketAddr| it.ip()))
        .or_else(bracketed)?;
    Some(address.to_canonical())
}

/// Reads a network, or an address that stands for itself.
fn network(text: &str) -> Option<IpNet> {
    let network: IpNet =
        text.parse().ok().or_else(|| text.parse().ok().map(|it: IpAddr| IpNet::from(it)))?;
    let IpNet::V6(six) = network else { return Some(network) };
    // Addresses are unwrapped before they are compared, so networks have to be as well.
    match (six.addr().to_ipv4_mapped(), six.prefix_len().checked_sub(96)) {
        (Some(four), Some(length)) => Ipv4Net::new(four, length).ok().map(IpNet::V4),
        _ => Some(network),
    }
}

#[cfg(test)]
mod tests;
