//! Whose address a request comes from: the peer's, or one that a trusted proxy vouches for, whatever
//! a client writes before it.
//!
//! Input: the words of `MCP_TRUST_PROXY` on the first line, the peer on the second, then an
//! `X-Forwarded-For` a line.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderValue};
use portkey_admin_mcp::http::{ClientIp, TrustProxy};

use super::line;

const HEADER: &str = "x-forwarded-for";

pub fn check(input: &[u8]) {
    let (words, rest) = line(input);
    let (peer, rest) = line(rest);
    let (Ok(words), Ok(peer)) = (std::str::from_utf8(words), std::str::from_utf8(peer)) else {
        return;
    };
    let words: Vec<String> = words.split(',').map(str::to_owned).collect();
    let (Ok(trust), Ok(peer)) = (TrustProxy::parse(&words), peer.parse::<IpAddr>()) else { return };
    let peer = peer.to_canonical();
    let lines: Vec<HeaderValue> = rest
        .split(|byte| *byte == b'\n')
        .filter_map(|line| HeaderValue::from_bytes(line).ok())
        .collect();
    let client = of(&trust, peer, &lines);
    // Those that can be read, from the right.
    let chain: Vec<IpAddr> = lines
        .iter()
        .rev()
        .flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','))
        .map_while(read)
        .collect();
    let spoofed: Vec<HeaderValue> =
        [HeaderValue::from_static("203.0.113.77")].into_iter().chain(lines).collect();
    let after = of(&trust, peer, &spoofed);
    match &trust {
        TrustProxy::None | TrustProxy::Fly => assert_eq!((client, after), (peer, peer)),
        TrustProxy::Hops(hops) => {
            let hops = usize::from(*hops);
            assert!(client == peer || chain.iter().take(hops).any(|it| *it == client));
            if chain.len() >= hops {
                assert_eq!(after, client, "what a client writes counts");
            }
        }
        TrustProxy::Networks(networks) => {
            let trusted = |it: &IpAddr| networks.iter().any(|network| network.contains(it));
            let walk: Vec<IpAddr> = [peer].into_iter().chain(chain).collect();
            let at = walk.iter().position(|it| !trusted(it)).unwrap_or(walk.len() - 1);
            assert_eq!(client, walk[at]);
            if !trusted(&client) {
                assert_eq!(after, client, "what a client writes counts");
            }
        }
    }
}

fn of(trust: &TrustProxy, peer: IpAddr, lines: &[HeaderValue]) -> IpAddr {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(HEADER, line.clone());
    }
    let ClientIp(address) = trust.client(peer, &headers);
    address
}

/// An address as proxies write it: bare, in brackets, with a port.
fn read(entry: &[u8]) -> Option<IpAddr> {
    let entry = std::str::from_utf8(entry).ok()?.trim_matches([' ', '\t']);
    let bare = entry.parse::<IpAddr>().ok();
    let with_port = || entry.parse::<SocketAddr>().ok().map(|it| it.ip());
    let bracketed = || match entry.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok()? {
        six @ IpAddr::V6(_) => Some(six),
        IpAddr::V4(_) => None,
    };
    bare.or_else(with_port).or_else(bracketed).map(|it| it.to_canonical())
}
