//! The real router on a real socket, spoken to in raw HTTP where clients would be too polite.

mod abuse;
mod access;
pub(crate) mod authority;
mod drain;
mod fuzz;
mod metadata;
mod pages;
mod rates;
mod tls;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{
    ClientCertificate, ClientIp, Ended, Gate, Hosts, Info, Lifecycle, Limiter, Limits, Look,
    Metadata, Most, Origins, Readiness, ReadyCheck, Run, Settings, Site, Tls, TrustProxy, bind,
    endpoint_url, rate, router, serve,
};
use crate::auth::{self, Access, Bearer, Challenge, Mode, Principal};

const TOKEN: &str = "a-token-of-tests-0123";
const PATIENCE: Duration = Duration::from_secs(10);

/// What a test may change about its server.
struct Plan {
    settings: Settings,
    auth: auth::Settings,
    look: Option<Look>,
    metadata: Metadata,
    rate: Option<rate::Settings>,
    idle: CancellationToken,
}

/// A free port on loopback, nothing more allowed.
pub(super) fn settings() -> Settings {
    Settings {
        host: "127.0.0.1".into(),
        port: 0,
        public_base_url: None,
        allowed_hosts: vec![],
        allowed_origins: vec![],
        platform_host: None,
        trust_proxy: TrustProxy::None,
        tls: None,
        limits: Limits {
            request_bytes: 1 << 20,
            header_bytes: 16 << 10,
            header_timeout: PATIENCE,
            body_timeout: PATIENCE,
        },
        connections: Most { in_all: 1000, of_one_address: 1000 },
        keep_alive_timeout: PATIENCE,
        shutdown_delay: Duration::ZERO,
        shutdown_timeout: PATIENCE,
        ready_check: ReadyCheck::Local,
    }
}

fn auth_settings(mode: Mode) -> auth::Settings {
    let access = Access::open("default");
    auth::Settings { mode, allow_unauthenticated_http: false, access }
}

impl Default for Plan {
    fn default() -> Self {
        let idle = CancellationToken::new();
        idle.cancel();
        let auth = auth_settings(Mode::None);
        Self {
            settings: settings(),
            auth,
            look: None,
            metadata: Metadata::default(),
            rate: None,
            idle,
        }
    }
}

impl Plan {
    fn bearer() -> Self {
        let token = Bearer::new(&TOKEN.into()).unwrap();
        let auth =
            auth_settings(Mode::Bearer([("default".to_owned(), token)].into_iter().collect()));
        Self { auth, ..Self::default() }
    }

    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut plan = Self::default();
        change(&mut plan.settings);
        plan
    }

    /// What stands around the endpoint of a server that listens on `address`.
    fn site(self, address: SocketAddr) -> Site {
        let Self { settings, auth, look, metadata, rate, idle: _ } = self;
        let lifecycle = Lifecycle::default();
        Site {
            limits: settings.limits.clone(),
            hosts: Hosts::new(&settings),
            origins: Origins::new(&settings, address),
            trust_proxy: settings.trust_proxy.clone(),
            info: Info {
                name: "portkey-admin-mcp",
                version: "0",
                endpoint: endpoint_url(&settings, address),
                auth_mode: auth.mode.as_str(),
                clerk_settings: auth.mode.clerk_settings().to_vec(),
                session_mode: "stateful",
                event_store: "off",
                read_only: false,
                sandbox: true,
            },
            metadata,
            tls: settings.tls.is_some(),
            limiter: Arc::new(Limiter::new(rate.as_ref()).unwrap()),
            gate: Gate::new(auth, Challenge::default()).unwrap(),
            readiness: Readiness::new(lifecycle.clone(), look),
            lifecycle,
        }
    }

    fn start(self) -> Running {
        let (settings, idle) = (self.settings.clone(), self.idle.clone());
        let (listener, address) = bind(&settings).unwrap();
        let tls = settings.tls.as_ref().map(|tls| Tls::load(tls).unwrap());
        let site = self.site(address);
        let lifecycle = site.lifecycle.clone();
        let (stop, signals) = mpsc::channel(2);
        let sessions = CancellationToken::new();
        let ended = sessions.clone();
        let run = Run {
            lifecycle,
            tls,
            signals,
            idle: idle.cancelled_owned(),
            end: async move { ended.cancel() },
        };
        let serving =
            tokio::spawn(async move { serve(listener, router(site, echo), &settings, run).await });
        Running { address, stop, sessions, serving }
    }
}

/// Stands where the MCP endpoint stands: tells what reached it.
async fn echo(request: Request) -> Response {
    let principal = request.extensions().get::<Arc<Principal>>().unwrap().clone();
    let method = request.method().clone();
    let authorized = request.headers().contains_key("authorization");
    match request.uri().query() {
        Some("panic") => panic!("as asked"),
        Some("client") => {
            return request.extensions().get::<ClientIp>().unwrap().0.to_string().into_response();
        }
        Some("certificate") => {
            let shown: Option<&ClientCertificate> = request.extensions().get();
            return shown.map_or("none".into(), |it| it.subject.to_string()).into_response();
        }
        Some("id") => return principal.id().to_string().into_response(),
        Some("hang") => std::future::pending().await,
        _ => {}
    }
    let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
    let method_of = principal.identity.method;
    format!("{method} by {method_of:?}, authorized {authorized}, {} bytes", body.len())
        .into_response()
}

struct Running {
    address: SocketAddr,
    stop: mpsc::Sender<()>,
    sessions: CancellationToken,
    serving: JoinHandle<std::io::Result<Ended>>,
}

impl Running {
    async fn connect(&self) -> Peer {
        Peer(TcpStream::connect(self.address).await.unwrap())
    }

    /// One request on its own connection; `Host` and the end of the headers are added.
    async fn ask(&self, head: &str) -> String {
        self.ask_with(head, "").await
    }

    async fn ask_with(&self, head: &str, body: &str) -> String {
        let mut peer = self.connect().await;
        peer.send(&format!("{head}\r\nHost: {}\r\nConnection: close\r\n\r\n{body}", self.address))
            .await;
        peer.rest().await
    }

    async fn raw(&self, request: &str) -> String {
        let mut peer = self.connect().await;
        peer.send(request).await;
        peer.rest().await
    }
}

struct Peer(TcpStream);

impl Peer {
    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Everything until the server closes, which it must in time.
    async fn rest(&mut self) -> String {
        let mut answer = Vec::new();
        let read = timeout(PATIENCE, self.0.read_to_end(&mut answer)).await;
        read.expect("the server kept the connection open").unwrap();
        String::from_utf8(answer).unwrap()
    }

    /// Reads until `end` has come.
    async fn until(&mut self, end: &str) -> String {
        let mut answer = Vec::new();
        while !String::from_utf8_lossy(&answer).contains(end) {
            let read = timeout(PATIENCE, self.0.read_buf(&mut answer)).await;
            assert_ne!(read.expect("no answer").unwrap(), 0, "closed before `{end}`");
        }
        String::from_utf8(answer).unwrap()
    }
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then_some(value)
    })
}

/// The code of a JSON error, whose request id must be the header's.
#[track_caller]
fn error_code(answer: &str) -> String {
    let body = answer.split_once("\r\n\r\n").expect("an answer").1;
    let body: serde_json::Value = serde_json::from_str(body).expect(answer);
    assert_eq!(header(answer, "content-type"), Some("application/json"));
    assert_eq!(header(answer, "x-request-id"), body["request_id"].as_str());
    assert!(!body["error"]["message"].as_str().unwrap().is_empty());
    body["error"]["code"].as_str().unwrap().to_owned()
}
