//! An issuer like Clerk on loopback: HTTPS with a CA of its own, real keys, moods, and the backend
//! API for opaque tokens. Used by the integration tests as well.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, KeyUsagePurpose};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use serde_json::{Value, json};
use tokio::{
    io::{
        AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _,
        BufReader,
    },
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

use super::signer::Signer;

/// What the backend API is asked with.
pub const SECRET_KEY: &str = "sk_test_of_nobody";
pub const AUDIENCE: &str = "https://mcp.example.com/mcp";

/// How the issuer answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mood {
    Well,
    /// 503 to everything.
    Down,
    /// Takes requests and never answers.
    Hangs,
    /// Takes this long to answer, and answers right.
    Slow(Duration),
    Garbage,
    /// What is right, in a document larger than anybody should read.
    Huge,
    /// Leads elsewhere.
    Redirects(String),
    /// 429 with this `Retry-After`.
    Busy(u64),
}

/// Serves until dropped.
pub struct Issuer {
    pub url: String,
    /// Its CA, in PEM.
    pub ca: String,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

struct Shared {
    url: String,
    mood: Mutex<Mood>,
    keys: Mutex<Vec<Value>>,
    /// Requests for the key set.
    fetches: watch::Sender<usize>,
    /// Questions about opaque tokens.
    questions: AtomicUsize,
    /// Requests for the metadata.
    readings: AtomicUsize,
    opaque: Mutex<HashMap<String, Value>>,
}

impl Issuer {
    pub async fn start(keys: &[&Signer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let (acceptor, ca) = tls();
        let shared = Arc::new(Shared {
            url: url.clone(),
            mood: Mutex::new(Mood::Well),
            keys: Mutex::default(),
            fetches: watch::Sender::default(),
            questions: AtomicUsize::new(0),
            readings: AtomicUsize::new(0),
            opaque: Mutex::default(),
        });
        let serving = tokio::spawn({
            let shared = Arc::clone(&shared);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(acceptor.clone(), stream, Arc::clone(&shared)));
                }
            }
        });
        let issuer = Self { url, ca, shared, serving };
        issuer.publish(keys);
        issuer
    }

    /// These keys and no others.
    pub fn publish(&self, keys: &[&Signer]) {
        self.publish_raw(keys.iter().map(|key| key.jwk()).collect());
    }

    pub fn publish_raw(&self, keys: Vec<Value>) {
        *self.shared.keys.lock().unwrap() = keys;
    }

    pub fn be(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    pub fn fetches(&self) -> usize {
        *self.shared.fetches.borrow()
    }

    /// Waits until the key set was asked for so often.
    pub async fn fetched(&self, count: usize) {
        let mut fetches = self.shared.fetches.subscribe();
        let arrived = fetches.wait_for(|seen| *seen >= count);
        tokio::time::timeout(Duration::from_secs(10), arrived).await.unwrap().unwrap();
    }

    pub fn questions(&self) -> usize {
        self.shared.questions.load(SeqCst)
    }

    /// How often the metadata was asked for.
    pub fn readings(&self) -> usize {
        self.shared.readings.load(SeqCst)
    }

    /// Makes an opaque token known, with what differs from a good one.
    pub fn knows(&self, token: &str, change: Value) {
        let mut found = json!({
            "object": "clerk_idp_oauth_access_token",
            "id": "oat_of_nobody",
            "client_id": "client_1",
            "subject": "user_1",
            "scopes": ["profile", "portkey:read"],
            "revoked": false,
            "revocation_reason": null,
            "expired": false,
            "expiration": now() + 600,
            "created_at": 0,
            "updated_at": 0,
        });
        merge(&mut found, change);
        self.shared.opaque.lock().unwrap().insert(token.into(), found);
    }

    /// Claims of a token that is good, with what differs; null takes a claim away.
    pub fn claims(&self, change: Value) -> Value {
        let now = now();
        let mut claims = json!({
            "iss": self.url,
            "sub": "user_1",
            "aud": AUDIENCE,
            "azp": "https://app.example.com",
            "iat": now,
            "nbf": now - 5,
            "exp": now + 600,
            "sid": "sess_1",
        });
        merge(&mut claims, change);
        claims
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Lays members of an object over another's; null takes one away.
pub fn merge(object: &mut Value, change: Value) {
    let (Value::Object(object), Value::Object(change)) = (object, change) else {
        panic!("objects")
    };
    for (name, value) in change {
        if value.is_null() {
            object.remove(&name);
        } else {
            object.insert(name, value);
        }
    }
}

pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

/// A certificate for 127.0.0.1, and the CA that made it.
fn tls() -> (TlsAcceptor, String) {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let ca_key = KeyPair::generate().unwrap();
    let ca_certificate = ca.self_signed(&ca_key).unwrap();
    let ca = rcgen::Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &ca).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![leaf.der().clone()], key).unwrap();
    (TlsAcceptor::from(Arc::new(config)), ca_certificate.pem())
}

async fn serve(acceptor: TlsAcceptor, stream: TcpStream, shared: Arc<Shared>) {
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let mut stream = BufReader::new(stream);
    let Some(request) = read(&mut stream).await else { return };
    let mood = shared.mood.lock().unwrap().clone();
    if let Mood::Slow(time) = mood {
        tokio::time::sleep(time).await;
    }
    let Some((status, headers, body)) = answer(&shared, &request) else {
        // Until the client leaves.
        let _ = stream.read(&mut [0]).await;
        return;
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n"
    );
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(&body).await;
    let _ = stream.shutdown().await;
}

struct Request {
    line: String,
    authorization: String,
    body: Value,
}

async fn read(stream: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>) -> Option<Request> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let (mut length, mut authorization) = (0, String::new());
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await.ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        match &*name.to_ascii_lowercase() {
            "content-length" => length = value.parse().ok()?,
            "authorization" => authorization = value.to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let body = serde_json::from_slice(&body).unwrap_or_default();
    Some(Request { line: line.trim_end().to_owned(), authorization, body })
}

/// Status, headers and body; `None` for no answer.
fn answer(shared: &Shared, request: &Request) -> Option<(u16, String, Vec<u8>)> {
    const KEYS: &str = "GET /.well-known/jwks.json HTTP/1.1";
    const METADATA: &str = "GET /.well-known/oauth-authorization-server HTTP/1.1";
    const VERIFY: &str = "POST /oauth_applications/access_tokens/verify HTTP/1.1";
    match &*request.line {
        KEYS => shared.fetches.send_modify(|count| *count += 1),
        VERIFY => drop(shared.questions.fetch_add(1, SeqCst)),
        METADATA => drop(shared.readings.fetch_add(1, SeqCst)),
        _ => {}
    }
    let json = |status, value: Value| {
        let kind = "Content-Type: application/json\r\n".to_owned();
        Some((status, kind, value.to_string().into_bytes()))
    };
    let keys = request.line == KEYS;
    let set = json!({ "keys": *shared.keys.lock().unwrap() });
    match shared.mood.lock().unwrap().clone() {
        Mood::Well | Mood::Slow(_) => {}
        Mood::Down => return json(503, json!({})),
        Mood::Hangs => return None,
        Mood::Garbage => return json(200, json!("<html>")),
        Mood::Huge => {
            let (_, kind, mut body) = json(200, if keys { set } else { metadata(shared) })?;
            body.resize(1 << 20, b' ');
            return Some((200, kind, body));
        }
        Mood::Redirects(to) => return Some((302, format!("Location: {to}\r\n"), Vec::new())),
        Mood::Busy(seconds) => {
            return Some((429, format!("Retry-After: {seconds}\r\n"), Vec::new()));
        }
    }
    match &*request.line {
        KEYS => json(200, set),
        METADATA => json(200, metadata(shared)),
        VERIFY if request.authorization != format!("Bearer {SECRET_KEY}") => json(401, json!({})),
        VERIFY => {
            let token = request.body["access_token"].as_str().unwrap_or_default();
            match shared.opaque.lock().unwrap().get(token) {
                Some(found) => json(200, found.clone()),
                None => json(404, json!({ "errors": [] })),
            }
        }
        _ => json(404, json!({})),
    }
}

/// Of the authorization server (RFC 8414).
fn metadata(shared: &Shared) -> Value {
    let url = &shared.url;
    json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/oauth/authorize"),
        "token_endpoint": format!("{url}/oauth/token"),
        "registration_endpoint": "https://elsewhere.example/oauth/register",
        "scopes_supported": ["openid", "portkey:read", "portkey:write"],
        "response_types_supported": ["code"],
    })
}
