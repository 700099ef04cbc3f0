//! Which `Host` a request may name: a page that rebinds its own name to this server's address
//! still sends that name.

use axum::{
    extract::Request,
    http::{StatusCode, header::HOST},
};
use url::Url;

use super::{Settings, error::Error};

/// A host name or address, with or without a port. Names are compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host<'a> {
    name: &'a str,
    /// Absent in a list: any port.
    port: Option<u16>,
}

impl<'a> Host<'a> {
    /// Reads `name`, `name:port`, `[address]` or `[address]:port`.
    pub fn parse(text: &'a str) -> Option<Self> {
        let end = text.rfind(']').map_or_else(|| text.find(':'), |at| Some(at + 1));
        let (name, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
        let port = if rest.is_empty() {
            None
        } else {
            let digits = rest.strip_prefix(':')?;
            // `parse` would take a sign as well.
            let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
            Some(digits.parse().ok().filter(|_| are_digits)?)
        };
        let inner = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let is_host = if let Some(address) = inner {
            address.parse::<std::net::Ipv6Addr>().is_ok()
        } else {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
            !name.is_empty() && name.bytes().all(known)
        };
        is_host.then_some(Self { name, port })
    }
}

/// The hosts that requests may name.
#[derive(Clone, Debug)]
pub struct Hosts(Vec<(String, Option<u16>)>);

impl Hosts {
    /// Loopback names, the address that is listened on, the public name, the platform's
    /// and the listed ones.
    pub fn new(settings: &Settings) -> Self {
        let bind = match &*settings.host {
            host if host.contains(':') => format!("[{host}]"),
            host => host.to_owned(),
        };
        let public = settings.public_base_url.as_ref().and_then(Url::host_str);
        let listed = settings.allowed_hosts.iter().chain(&settings.platform_host);
        let listed = listed.map(String::as_str);
        let hosts = ["localhost", "127.0.0.1", "[::1]", &bind].into_iter().chain(public);
        Self(
            hosts
                .chain(listed)
                .filter_map(Host::parse)
                .map(|host| (host.name.to_ascii_lowercase(), host.port))
                .collect(),
        )
    }

    /// Refuses a request that names another host, none, or two.
    pub fn check(&self, request: &Request) -> Result<(), Error> {
        let mut named = request.headers().get_all(HOST).iter();
        let header = named.next().map(|value| value.to_str().ok().and_then(Host::parse));
        let authority = request.uri().authority().map(|value| Host::parse(value.as_str()));
        let known = match (&header, &authority) {
            (Some(one), Some(other)) => self.holds(one.as_ref()) && self.holds(other.as_ref()),
            (Some(one), None) | (None, Some(one)) => self.holds(one.as_ref()),
            (None, None) => false,
        };
        if known && named.next().is_none() {
            return Ok(());
        }
        Err(Error::new(
            StatusCode::FORBIDDEN,
            "host_not_allowed",
            "this server does not answer to the host of the request; \
             ALLOWED_HOSTS and MCP_PUBLIC_BASE_URL name the ones it does",
        ))
    }

    fn holds(&self, host: Option<&Host<'_>>) -> bool {
        host.is_some_and(|host| {
            self.0.iter().any(|(name, port)| {
                name.eq_ignore_ascii_case(host.name) && (port.is_none() || *port == host.port)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_with_and_without_ports() {
        let read = |text| Host::parse(text).map(|host| (host.name, host.port));
        assert_eq!(read("localhost"), Some(("localhost", None)));
        assert_eq!(read("a.example:8080"), Some(("a.example", Some(8080))));
        assert_eq!(read("[::1]"), Some(("[::1]", None)));
        assert_eq!(read("[::1]:3000"), Some(("[::1]", Some(3000))));
        for text in [
            "", ":", ":80", "a:", "a:b", "a:+1", "a:70000", "a b", "a/b", "u@a", "::1", "[::1",
            "[a]", "[::1]x", "*", "http://a",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
