//! The client of Portkey's Admin API: one `send`, bounded in time, tries and bytes.
//!
//! It knows nothing of tools or MCP. What may be sent twice, and what an unclear outcome means for
//! a write, is decided here for all tools.

mod address;
mod answer;
mod bases;
mod context;
mod error;
mod request;
mod retry;
mod settings;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc, time::Duration};

use http::{
    HeaderMap,
    header::{ACCEPT, HeaderName, HeaderValue},
};
use reqwest::redirect;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use self::{
    address::{PrivateAddress, PublicOnly},
    bases::{Bases, Version},
    request::Prepared,
    retry::Budget,
};
pub use self::{
    context::Context,
    error::{Answer, Error, Kind, Trail},
    request::{Base, Method, Request},
    settings::{Credential, Settings, SetupError},
};

const KEY_HEADER: HeaderName = HeaderName::from_static("x-portkey-api-key");
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
        f.debug_struct("Portkey").field("credential", name).field("base", &bases.given()).finish()
    }
}

impl Portkey {
    /// A client for a credential whose base URL passes the checks of `settings`.
    ///
    /// # Errors
    /// Names the setting, its value and the remedy.
    pub fn new(settings: &Settings, credential: Credential) -> Result<Self, SetupError> {
        let base = credential.checked_base(settings)?;
        Self::build(settings, credential, base, !settings.allow_private_base_url)
    }

    /// A client for an address that was made in this process, in clear and on loopback.
    ///
    /// # Errors
    /// As [`Portkey::new`], without the checks for loopback and encryption.
    pub fn for_sandbox(settings: &Settings, credential: Credential) -> Result<Self, SetupError> {
        let base = credential.sandbox_base()?;
        Self::build(settings, credential, base, false)
    }

    fn build(
        settings: &Settings,
        credential: Credential,
        base: String,
        public_only: bool,
    ) -> Result<Self, SetupError> {
        // reqwest panics where no provider is installed. An error says that one is already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let json = HeaderValue::from_static("application/json");
        let mut http = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .default_headers(HeaderMap::from_iter([(ACCEPT, json)]))
            .redirect(redirect::Policy::none())
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
            bases: Bases::new(base),
            settings: settings.clone(),
            budget: Budget::new(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What logs and principals call the credential.
    pub fn credential_name(&self) -> &str {
        &self.inner.name
    }

    /// Sends one request, with retries inside the context's deadline, and gives the JSON of the
    /// answer; an empty 2xx gives `{}`. Dropping the future, like cancelling the context, drops
    /// the request at Portkey.
    ///
    /// # Errors
    /// Before anything is sent, when the arguments do not fit the request or it may not leave;
    /// afterwards, what Portkey or the network did. A write whose outcome is unclear is never
    /// repeated unless it is `replayable`.
    pub async fn send(&self, request: Request<'_>, context: &Context) -> Result<Value, Error> {
        let mut trail = Trail::default();
        let sent = self.inner.bounded(request, context, &mut trail).await;
        sent.map_err(|kind| Error { kind, trail })
    }

    /// Whether Portkey can be reached and takes the key, found out with one light GET.
    ///
    /// # Errors
    /// What stands in the way. A key that may not list configs is still a key that works.
    pub async fn probe(&self, timeout: Duration) -> Result<(), Error> {
        let context = Context::new(Instant::now() + timeout, Default::default(), true);
        let mut trail = Trail::default();
        let get = Prepared::get("/configs?page_size=1");
        let answer = self.inner.attempt(&get, self.inner.bases.given(), &context, &mut trail);
        match timeout_at(context.deadline, answer).await {
            Ok(Ok(_) | Err(Kind::Busy(_))) => Ok(()),
            Ok(Err(Kind::Refused(answer))) if answer.status == 403 => Ok(()),
            Ok(Err(kind)) => Err(Error { kind, trail }),
            Err(_) => Err(Error { kind: Kind::Slow(timeout), trail }),
        }
    }
}

impl Inner {
    /// Sends within the deadline and until the caller leaves.
    async fn bounded(
        &self,
        request: Request<'_>,
        context: &Context,
        trail: &mut Trail,
    ) -> Result<Value, Kind> {
        let base = request.base;
        if context.read_only && request.method != Method::Get && !request.reads {
            return Err(Kind::ReadOnly(request.method.as_str()));
        }
        let prepared = Prepared::new(request)?;
        let ended = tokio::select! {
            biased;
            () = context.cancelled.cancelled() => Kind::Cancelled,
            sent = timeout_at(context.deadline, self.route(&prepared, base, context, trail)) => {
                match sent {
                    Ok(sent) => return sent,
                    Err(_) => Kind::Deadline,
                }
            }
        };
        Err(if trail.writing { prepared.judge(ended) } else { ended })
    }

    /// Sends to the base that serves the request.
    async fn route(
        &self,
        prepared: &Prepared<'_>,
        base: Base,
        context: &Context,
        trail: &mut Trail,
    ) -> Result<Value, Kind> {
        let Base::Disputed { family } = base else {
            return self.tries(prepared, self.bases.given(), context, trail).await;
        };
        let Some(cell) = self.bases.settled(family) else {
            return self.tries(prepared, self.bases.given(), context, trail).await;
        };
        let version = *cell.get_or_try_init(|| self.settle(family, context, trail)).await?;
        let first = self.tries(prepared, self.bases.of(version), context, trail).await;
        match first {
            Err(kind) if kind.no_route() && prepared.reads => {
                let other = self.bases.of(version.other());
                match self.tries(prepared, other, context, trail).await {
                    Err(again) if again.no_route() => Err(kind),
                    found => {
                        if prepared.is_get_of(family) && found.is_ok() {
                            self.bases.correct(family, version.other());
                        }
                        found
                    }
                }
            }
            first => first,
        }
    }

    /// Asks Portkey which version serves `family`. Whoever comes first asks, the others wait; a
    /// failure is not remembered.
    async fn settle(
        &self,
        family: &'static str,
        context: &Context,
        trail: &mut Trail,
    ) -> Result<Version, Kind> {
        let get = Prepared::get(family);
        let mut asking = Trail::default();
        let mut last = Kind::Refused(Box::default());
        for version in [Version::V2, Version::V1] {
            match self.tries(&get, self.bases.of(version), context, &mut asking).await {
                Ok(_) => return Ok(version),
                Err(kind) if kind.routed() => return Ok(version),
                Err(kind) if kind.no_route() => last = kind,
                Err(kind) => {
                    last = kind;
                    break;
                }
            }
        }
        *trail = asking;
        Err(last)
    }

    /// Sends until there is an answer that stands, or no further try is due.
    async fn tries(
        &self,
        prepared: &Prepared<'_>,
        base: &str,
        context: &Context,
        trail: &mut Trail,
    ) -> Result<Value, Kind> {
        self.budget.deposit();
        let mut delays = None;
        loop {
            let kind = match self.attempt(prepared, base, context, trail).await {
                Ok(value) => return Ok(value),
                Err(kind) => kind,
            };
            if !(kind.undone() || kind.lost() && prepared.repeatable) {
                return Err(kind);
            }
            let delays = delays.get_or_insert_with(|| retry::delays(&self.settings));
            let asked = kind.answer().and_then(|answer| answer.retry_after).unwrap_or_default();
            let Some(delay) = delays.next().map(|delay| delay.max(asked)) else {
                return Err(kind);
            };
            let in_time = Instant::now().checked_add(delay).is_some_and(|at| at < context.deadline);
            if !in_time {
                return Err(kind);
            }
            if !self.budget.withdraw() {
                trail.withheld = true;
                return Err(kind);
            }
            sleep(delay).await;
        }
    }

    /// Sends once.
    async fn attempt(
        &self,
        prepared: &Prepared<'_>,
        base: &str,
        context: &Context,
        trail: &mut Trail,
    ) -> Result<Value, Kind> {
        let mut request = prepared.request(base)?;
        request.headers_mut().insert(KEY_HEADER, self.key_header.clone());
        trail.attempts += 1;
        trail.writing = !prepared.reads;
        context.note_attempt();
        let exchange = async {
            let response = self.http.execute(request).await.map_err(|error| unsent(&error))?;
            if let Some(id) = answer::request_id(response.headers()) {
                context.note_request_id(&id);
                trail.request_id = Some(id);
            }
            let limit = self.settings.max_answer_bytes;
            answer::read(response, limit, self.key.expose_secret()).await
        };
        let after = self.settings.timeout;
        let answer = timeout(after, exchange).await.unwrap_or(Err(Kind::Slow(after)));
        trail.writing = false;
        answer.map_err(|kind| prepared.judge(kind))
    }
}

/// Why a request brought no answer at all.
fn unsent(error: &reqwest::Error) -> Kind {
    let mut cause: &(dyn std::error::Error + 'static) = error;
    loop {
        if let Some(PrivateAddress { host, address }) = cause.downcast_ref() {
            return Kind::PrivateAddress { host: host.clone(), address: *address };
        }
        match cause.source() {
            Some(inner) => cause = inner,
            None if error.is_connect() => return Kind::Unreachable(cause.to_string()),
            None if error.is_builder() => return Kind::Argument(cause.to_string()),
            None => return Kind::Broken(cause.to_string()),
        }
    }
}
