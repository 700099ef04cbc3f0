//! How the client reaches Portkey: `[portkey]` in the configuration, and a credential.
//!
//! The base URL is checked once, here; names are checked again at each connection
//! ([`super::address`]).

use std::time::Duration;

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use url::{Host, Url};

use super::address::is_public;

/// `[portkey]` of the configuration. Durations are in milliseconds there.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `PORTKEY_BASE_URL`: the control plane with its version, <https://api.portkey.ai/v1>.
    pub base_url: Url,
    /// `PORTKEY_PRICING_URL`: the public host of the price sheets, <https://configs.portkey.ai>. It
    /// gets no key.
    pub pricing_url: Url,
    /// `PORTKEY_ALLOW_PRIVATE_BASE_URL`: loopback, private and reserved addresses are allowed.
    pub allow_private_base_url: bool,
    /// `PORTKEY_ALLOW_INSECURE_HTTP`: an `http` base URL is allowed; the key travels in clear.
    pub allow_insecure_http: bool,
    /// `connect_timeout_ms`: name resolution, TCP and TLS of one try.
    #[serde(rename = "connect_timeout_ms", deserialize_with = "millis")]
    pub connect_timeout: Duration,
    /// `timeout_ms`: one try, from connecting to the last byte of the answer.
    #[serde(rename = "timeout_ms", deserialize_with = "millis")]
    pub timeout: Duration,
    /// `retry_delay_ms`: the wait before the first retry; it doubles with each and is lengthened
    /// by a random share of itself.
    #[serde(rename = "retry_delay_ms", deserialize_with = "millis")]
    pub retry_delay: Duration,
    /// `retry_delay_max_ms`: where the doubling ends.
    #[serde(rename = "retry_delay_max_ms", deserialize_with = "millis")]
    pub retry_delay_max: Duration,
    /// The largest answer that is read, in bytes after decompression.
    pub max_answer_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "constants that the tests parse")]
        let url = |text| Url::parse(text).expect("a URL");
        Self {
            base_url: url("https://api.portkey.ai/v1"),
            pricing_url: url("https://configs.portkey.ai"),
            allow_private_base_url: false,
            allow_insecure_http: false,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            retry_delay: Duration::from_millis(500),
            retry_delay_max: Duration::from_secs(5),
            max_answer_bytes: 16 * 1024 * 1024,
        }
    }
}

fn millis<'de, D: Deserializer<'de>>(value: D) -> Result<Duration, D::Error> {
    u64::deserialize(value).map(Duration::from_millis)
}

/// A Portkey key with the base URL that it belongs to.
#[derive(Clone, Debug)]
pub struct Credential {
    /// What logs, principals and errors call it.
    pub name: String,
    /// The value of `x-portkey-api-key`.
    pub key: SecretString,
    /// Where the key is sent, and nowhere else.
    pub base_url: Url,
}

impl Settings {
    /// The host of the price sheets without trailing slash, once it has passed the checks that the
    /// base URL has to pass.
    pub(super) fn checked_prices(&self) -> Result<String, SetupError> {
        let url = &self.pricing_url;
        self.check(url).map_err(|Refused { problem, remedy }| SetupError::PricingUrl {
            url: shown(url),
            problem,
            remedy,
        })
    }

    /// `url` without trailing slash, if something may be sent to it with these settings.
    ///
    /// # Errors
    /// If it is no plain web address, or in clear or private without leave.
    pub fn check(&self, url: &Url) -> Result<String, Refused> {
        let text = plain(url)?;
        if url.scheme() == "http" && !self.allow_insecure_http {
            let remedy = "use https, or set PORTKEY_ALLOW_INSECURE_HTTP=true to send everything, \
                          the key as well, in clear";
            return Err(Refused { problem: "is not encrypted", remedy });
        }
        let private = match url.host() {
            Some(Host::Ipv4(address)) => !is_public(address.into()),
            Some(Host::Ipv6(address)) => !is_public(address.into()),
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                name == "localhost" || name.ends_with(".localhost")
            }
            None => false,
        };
        if private && !self.allow_private_base_url {
            let problem = "is a private or reserved address";
            return Err(Refused { problem, remedy: PRIVATE_REMEDY });
        }
        Ok(text)
    }
}

/// What is wrong with a URL.
#[derive(Clone, Copy, Debug)]
pub struct Refused {
    pub problem: &'static str,
    pub remedy: &'static str,
}

/// A web address without trailing slash; it may be in clear and loopback.
fn plain(url: &Url) -> Result<String, Refused> {
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(Refused { problem: "is no web address", remedy: "use https://HOST/v1" });
    }
    if !url.username().is_empty() || url.password().is_some() {
        let problem = "carries a user name or password";
        return Err(Refused { problem, remedy: "remove it; the key goes into PORTKEY_API_KEY" });
    }
    if url.query().is_some() || url.fragment().is_some() {
        let problem = "carries a query or fragment";
        return Err(Refused { problem, remedy: "remove everything from `?` or `#` on" });
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

impl Credential {
    /// The base URL without its trailing slash, once it has passed every check of `settings`.
    pub(super) fn checked_base(&self, settings: &Settings) -> Result<String, SetupError> {
        settings.check(&self.base_url).map_err(|refused| self.refuse(&refused))
    }

    /// The base URL without its trailing slash; it may be in clear and loopback.
    pub(super) fn sandbox_base(&self) -> Result<String, SetupError> {
        plain(&self.base_url).map_err(|refused| self.refuse(&refused))
    }

    /// The header that carries the key, marked sensitive.
    pub(super) fn header(&self) -> Result<HeaderValue, SetupError> {
        let key = self.key.expose_secret();
        match HeaderValue::from_str(key) {
            Ok(mut value) if !key.trim().is_empty() => {
                value.set_sensitive(true);
                Ok(value)
            }
            _ => Err(SetupError::Key { credential: self.name.clone() }),
        }
    }

    fn refuse(&self, refused: &Refused) -> SetupError {
        let &Refused { problem, remedy } = refused;
        SetupError::BaseUrl {
            credential: self.name.clone(),
            url: shown(&self.base_url),
            problem,
            remedy,
        }
    }
}

pub(super) const PRIVATE_REMEDY: &str =
    "set PORTKEY_ALLOW_PRIVATE_BASE_URL=true if this Portkey runs inside your own network";

/// Why no client can be made: the setting, its value and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The base URL is refused.
    #[error("PORTKEY_BASE_URL of credential `{credential}`, `{url}`, {problem}: {remedy}")]
    BaseUrl {
        /// Whose base URL.
        credential: String,
        /// The value, without user name, password, query and fragment.
        url: String,
        /// What is wrong.
        problem: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// The host of the price sheets is refused.
    #[error("PORTKEY_PRICING_URL, `{url}`, {problem}: {remedy}")]
    PricingUrl {
        /// The value, without user name, password, query and fragment.
        url: String,
        /// What is wrong.
        problem: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// The key is empty or cannot stand in a header.
    #[error(
        "PORTKEY_API_KEY of credential `{credential}` is empty or holds a line break or another \
         character that no header takes: set it to the key as Portkey shows it"
    )]
    Key {
        /// Whose key.
        credential: String,
    },
    /// No HTTP client can be made on this machine.
    #[error("no HTTP client can be made ({0}): check the certificates that the system trusts")]
    Client(String),
}

/// `url` without what may be secret.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // These fail only for URLs that cannot have a host; such have no userinfo either.
    let _ = (url.set_username(""), url.set_password(None));
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, settings: &Settings) -> Result<String, String> {
        let key = SecretString::from("pk-test");
        let base_url = Url::parse(url).unwrap();
        let credential = Credential { name: "default".to_owned(), key, base_url };
        credential.checked_base(settings).map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_pass() {
        let settings = Settings::default();
        assert_eq!(
            check(settings.base_url.as_str(), &settings).unwrap(),
            "https://api.portkey.ai/v1"
        );
    }

    #[test]
    fn durations_are_configured_in_milliseconds() {
        let settings: Settings =
            serde_json::from_value(serde_json::json!({ "timeout_ms": 1500 })).unwrap();
        assert_eq!(settings.timeout, Duration::from_millis(1500));
        let unknown = serde_json::from_value::<Settings>(serde_json::json!({ "timeout": 1 }));
        assert!(unknown.is_err());
    }

    #[test]
    fn the_host_of_the_price_sheets_passes_the_same_checks() {
        let check = |url: &str, settings: Settings| {
            let settings = Settings { pricing_url: Url::parse(url).unwrap(), ..settings };
            settings.checked_prices().map_err(|error| error.to_string())
        };
        let strict = Settings::default();
        assert_eq!(strict.checked_prices().unwrap(), "https://configs.portkey.ai");
        for (url, word) in [
            ("https://127.0.0.1", "PORTKEY_ALLOW_PRIVATE_BASE_URL=true"),
            ("http://prices.example", "PORTKEY_ALLOW_INSECURE_HTTP=true"),
            ("https://u:hunter2@prices.example", "user name or password"),
        ] {
            let error = check(url, strict.clone()).unwrap_err();
            assert!(error.starts_with("PORTKEY_PRICING_URL, `"), "{error}");
            assert!(error.contains(word) && !error.contains("hunter2"), "{error}");
        }
        let open = Settings { allow_private_base_url: true, ..strict };
        assert_eq!(check("https://127.0.0.1/x/", open).unwrap(), "https://127.0.0.1/x");
    }

    #[test]
    fn private_base_urls_need_the_opt_in() {
        let settings = Settings::default();
        for host in [
            "localhost",
            "x.localhost",
            "localhost.",
            "127.0.0.1",
            "127.1",
            "0x7f000001",
            "10.0.0.1",
            "169.254.169.254",
            "100.64.1.1",
            "0.0.0.0",
            "224.0.0.1",
            "[::1]",
            "[fd00::1]",
            "[fe80::1]",
            "[::ffff:192.168.0.1]",
        ] {
            let error = check(&format!("https://{host}/v1"), &settings).unwrap_err();
            assert!(error.contains("PORTKEY_ALLOW_PRIVATE_BASE_URL=true"), "{host}: {error}");
        }
        let settings = Settings { allow_private_base_url: true, ..settings };
        assert_eq!(check("https://10.0.0.1/v1/", &settings).unwrap(), "https://10.0.0.1/v1");
    }

    #[test]
    fn http_needs_its_own_opt_in() {
        let settings = Settings { allow_private_base_url: true, ..Settings::default() };
        let error = check("http://portkey.example/v1", &settings).unwrap_err();
        assert!(error.contains("PORTKEY_ALLOW_INSECURE_HTTP=true"), "{error}");
        let settings = Settings { allow_insecure_http: true, ..settings };
        assert!(check("http://portkey.example/v1", &settings).is_ok());
    }

    #[test]
    fn what_is_no_plain_base_url_is_refused_without_showing_secrets() {
        let settings = Settings::default();
        for url in [
            "https://user:hunter2@portkey.example/v1",
            "https://hunter2@portkey.example/v1",
            "https://portkey.example/v1?token=hunter2",
            "https://portkey.example/v1#hunter2",
            "ftp://portkey.example/v1",
            "data:hunter2",
        ] {
            let error = check(url, &settings).unwrap_err();
            assert!(error.starts_with("PORTKEY_BASE_URL of credential `default`"), "{error}");
            assert!(url.starts_with("data:") || !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_key_must_fit_into_a_header() {
        for key in ["", " ", "a\nb", "a\u{7f}b"] {
            let credential = Credential {
                name: "default".to_owned(),
                key: SecretString::from(key),
                base_url: Settings::default().base_url,
            };
            let error = credential.header().unwrap_err().to_string();
            assert!(error.starts_with("PORTKEY_API_KEY"), "{error}");
        }
    }
}
