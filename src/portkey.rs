//! The client of Portkey's Admin API: one `send`, bounded in time, tries and bytes.
//!
//! It knows nothing of tools or MCP. What may be sent twice, and what an unclear outcome means for
//! a write, is decided here for all tools.

mod accounts;
mod address;
mod answer;
mod bases;
mod context;
mod delivery;
mod error;
mod request;
mod retry;
mod settings;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{
    HeaderMap,
    header::{ACCEPT, HeaderValue},
};
use reqwest::redirect;
use secrecy::SecretString;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::json::{Json, NotJson};

pub use self::{
    accounts::Accounts,
    answer::ReadBody,
    context::Context,
    error::{Answer, Error, Kind, Trail},
    request::{Base, Method, Request, url},
    settings::{Credential, Refused, Settings, SetupError},
};
use self::{address::PublicOnly, bases::Bases, request::Prepared, retry::Budget};

const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
/// Shorter than the idle timeouts usual before web services (60 s and more), so that a write
/// seldom meets a connection that the other side is closing.
const IDLE_TIMEOUT: Duration = Duration::from_secs(45);
/// How often a silent HTTP/2 connection with requests in flight is checked, and for how long.
const PING_INTERVAL: Duration = Duration::from_secs(15);
const PING_TIMEOUT: Duration = Duration::from_secs(5);

/// A handle on the Admin API, bound to one credential. Clones share connections and budget.
#[derive(Clone)]
pub struct Portkey {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    name: String,
    key: SecretString,
    key_header: HeaderValue,
    bases: Bases,
    settings: Settings,
    budget: Budget,
}

impl fmt::Debug for Portkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { name, bases, .. } = &*self.inner;
        f.debug_struct("Portkey")
            .field("credential", name)
            .field("base", &bases.given().url)
            .finish()
    }
}

impl Portkey {
    /// A client for a credential whose base URL passes the checks of `settings`, as the host of the
    /// price sheets has to.
    ///
    /// # Errors
    /// Names the setting, its value and the remedy.
    pub fn new(settings: &Settings, credential: Credential) -> Result<Self, SetupError> {
        let bases = Bases::new(credential.checked_base(settings)?, settings.checked_prices()?);
        Self::build(settings, credential, bases, !settings.allow_private_base_url)
    }

    /// A client for an address that was made in this process, in clear and on loopback, which serves
    /// the price sheets as well.
    ///
    /// # Errors
    /// As [`Portkey::new`], without the checks for loopback and encryption.
    pub fn for_sandbox(settings: &Settings, credential: Credential) -> Result<Self, SetupError> {
        let base = credential.sandbox_base()?;
        let prices = base.strip_suffix("/v1").unwrap_or(&base).to_owned();
        Self::build(settings, credential, Bases::new(base, prices), false)
    }

    fn build(
        settings: &Settings,
        credential: Credential,
        bases: Bases,
        public_only: bool,
    ) -> Result<Self, SetupError> {
        // reqwest panics where no provider is installed. An error says that one is already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let json = HeaderValue::from_static("application/json");
        let mut http = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .default_headers(HeaderMap::from_iter([(ACCEPT, json)]))
            .redirect(redirect::Policy::none())
            // Retries are ours alone, so that they are counted.
            .retry(reqwest::retry::never().max_retries_per_request(0))
            .no_proxy()
            .tcp_nodelay(true)
            .connect_timeout(settings.connect_timeout)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .http2_keep_alive_interval(PING_INTERVAL)
            .http2_keep_alive_timeout(PING_TIMEOUT);
        if public_only {
            http = http.dns_resolver(Arc::new(PublicOnly));
        }
        let inner = Inner {
            http: http.build().map_err(|error| SetupError::Client(answer::root_cause(&error)))?,
            key_header: credential.header()?,
            name: credential.name,
            key: credential.key,
            bases,
            settings: settings.clone(),
            budget: Budget::new(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What logs and principals call the credential.
    pub fn credential_name(&self) -> &str {
        &self.inner.name
    }

    /// Sends one request, with retries inside the context's deadline, and gives the answer,
    /// which is JSON; an empty 2xx gives `{}`. Dropping the future, like cancelling the context, drops
    /// the request at Portkey.
    ///
    /// # Errors
    /// Before anything is sent, when the arguments do not fit the request or it may not leave;
    /// afterwards, what Portkey or the network did. A write whose outcome is unclear is never
    /// repeated unless it is `replayable`.
    pub async fn send(&self, request: Request<'_>, context: &Context) -> Result<Bytes, Error> {
        let answer = Mutex::new(Bytes::new());
        let keep = |body: &Bytes| {
            json_only(body)?;
            *answer.lock().unwrap_or_else(PoisonError::into_inner) = body.clone();
            Ok(())
        };
        self.send_and_read(request, context, &keep).await?;
        Ok(answer.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same, where `read` takes the answer while it is there. What it refuses is an answer that
    /// could not be read, as it would be for [`Portkey::send`].
    ///
    /// # Errors
    /// As [`Portkey::send`].
    pub async fn send_and_read(
        &self,
        request: Request<'_>,
        context: &Context,
        read: ReadBody<'_>,
    ) -> Result<(), Error> {
        let mut trail = Trail::default();
        let sent = self.inner.bounded(request, context, &mut trail, read).await;
        sent.map_err(|kind| Error { kind, trail })
    }

    /// Whether Portkey can be reached and takes the key, found out with one light GET.
    ///
    /// # Errors
    /// What stands in the way. A key that may not list configs is still a key that works.
    pub async fn probe(&self, timeout: Duration) -> Result<(), Error> {
        let context = Context::new(Instant::now() + timeout, CancellationToken::new(), true);
        let mut trail = Trail::default();
        let get = Prepared::get("/configs?page_size=1");
        let base = self.inner.bases.given();
        let answer = self.inner.attempt(&get, base, &context, &mut trail, &json_only);
        match timeout_at(context.deadline, answer).await {
            Ok(Ok(_) | Err(Kind::Busy(_))) => Ok(()),
            Ok(Err(Kind::Refused(answer))) if answer.status == 403 => Ok(()),
            Ok(Err(kind)) => Err(Error { kind, trail }),
            Err(_) => Err(Error { kind: Kind::Slow(timeout), trail }),
        }
    }
}

/// Takes an answer that is JSON, whatever it says.
fn json_only(body: &Bytes) -> Result<(), NotJson> {
    let text = std::str::from_utf8(body).map_err(|_| NotJson)?;
    Json::read(text).map(|_| ())
}
