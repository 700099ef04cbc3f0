//! What can be set about the HTTP side.

use std::{net::IpAddr, time::Duration};

use url::Url;

use super::{client_ip::TrustProxy, connections::Most, tls};

/// The section `[http]`; units, defaults and variables stand in `config/default.toml`.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A name or an IP address, IPv6 without brackets.
    pub host: String,
    pub port: u16,
    pub public_base_url: Option<Url>,
    pub allowed_hosts: Vec<String>,
    pub allowed_origins: Vec<String>,
    /// The name by which the platform leads here.
    pub platform_host: Option<String>,
    pub trust_proxy: TrustProxy,
    pub tls: Option<tls::Settings>,
    pub limits: Limits,
    pub connections: Most,
    /// From the end of a request to the end of the next one's headers, on one connection; of
    /// HTTP/2, from the end of its last request, and twice that at most.
    pub keep_alive_timeout: Duration,
    pub shutdown_delay: Duration,
    pub shutdown_timeout: Duration,
    pub ready_check: ReadyCheck,
}

/// What a request may be.
#[derive(Clone, Debug)]
pub struct Limits {
    pub request_bytes: usize,
    pub header_bytes: usize,
    /// From the connection to the end of its first request's headers.
    pub header_timeout: Duration,
    pub body_timeout: Duration,
}

/// What `/ready` looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadyCheck {
    Local,
    Portkey,
}

impl Settings {
    /// `http` or `https`: how it is spoken to where nothing stands before it.
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// Whether only this machine can connect. A name that is not `localhost` may lead anywhere.
    pub fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }
}
