//! What leaves the process towards Portkey, byte by byte: each key to its own address, and nothing
//! that a caller has shown.

use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    clerk::{
        issuer::Issuer,
        table::{Keys, environment},
    },
    process::{Ask, KEY, Server, scratch},
    support::initialize,
};

/// An upstream that answers any request with an empty list, and all that arrives at it.
struct Upstream {
    url: String,
    arrived: Arc<Mutex<Vec<u8>>>,
}

impl Upstream {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&arrived);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let record = Arc::clone(&record);
                tokio::spawn(async move {
                    let mut bytes = [0; 4096];
                    while let Ok(read @ 1..) = stream.read(&mut bytes).await {
                        record.lock().unwrap().extend_from_slice(&bytes[..read]);
                        let body = r#"{"success":true,"data":[],"total":0}"#;
                        let head =
                            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length";
                        let answer = format!("{head}: {}\r\n\r\n{body}", body.len());
                        stream.write_all(answer.as_bytes()).await.unwrap();
                    }
                });
            }
        });
        Self { url, arrived }
    }

    fn text(&self) -> String {
        String::from_utf8(self.arrived.lock().unwrap().clone()).unwrap()
    }
}

/// Reads, writes and calls in a session with this token, and gives what arrived at the upstream.
async fn used(server: &Server, upstream: &Upstream, token: &str) -> String {
    let call = |ask: Ask| {
        ask.with("authorization", &format!("Bearer {token}"))
            .with("proxy-authorization", &format!("Bearer {token}"))
            .with("cookie", &format!("__session={token}"))
            .with("x-portkey-api-key", token)
    };
    let read = server.ask(&call(Ask::call("list_configs", json!({})))).await;
    assert_eq!(read.status, 200, "{}", read.text());
    let write = Ask::call("create_config", json!({ "name": "x", "config": {} }));
    assert_eq!(server.ask(&call(write)).await.status, 200);
    let first = call(Ask::post(initialize("2025-11-25")));
    let session = server.ask(&first).await.header("mcp-session-id").unwrap().to_owned();
    let legacy = json!({ "name": "list_configs", "arguments": {} });
    let reply = server.ask(&call(Ask::legacy(&session, 1, "tools/call", legacy))).await;
    assert_eq!(reply.status, 200);
    let sent = upstream.text();
    assert!(sent.matches("/v1/configs").count() >= 3, "{sent}");
    sent
}

#[track_caller]
fn holds_nothing_of(text: &str, token: &str) {
    let text = text.to_ascii_lowercase();
    let parts = token.split('.').filter(|part| part.len() > 5);
    for part in parts.chain(["bearer", "authorization", "cookie", "mcp-session-id"]) {
        assert!(!text.contains(&part.to_ascii_lowercase()), "{part}: {text}");
    }
}

#[tokio::test]
async fn no_byte_of_an_inbound_token_goes_on() {
    const TOKEN: &str = "inbound-canary-0123456789";
    let upstream = Upstream::start().await;
    let variables =
        [("MCP_AUTH_MODE", "bearer"), ("MCP_AUTH_TOKEN", TOKEN), ("LOG_LEVEL", "trace")];
    let server = Server::before(&upstream.url, &variables).await;
    holds_nothing_of(&used(&server, &upstream, TOKEN).await, TOKEN);
    assert!(!server.log().contains(TOKEN));
}

#[tokio::test]
async fn no_byte_of_a_token_of_clerk_goes_on() {
    let keys = Keys::new();
    let issuer = Issuer::start(&keys.published()).await;
    let ca = scratch("ca.pem", &issuer.ca);
    let session = keys.rsa.token(&keys.rsa.header(), &issuer.claims(json!({})));
    let opaque = "oat_0123456789abcdef0123";
    issuer.knows(opaque, json!({ "scopes": ["portkey:write"] }));
    for token in [&*session, opaque] {
        let upstream = Upstream::start().await;
        let environment = environment(&issuer);
        let mut variables: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (*name, &**value)).collect();
        variables.extend([("SSL_CERT_FILE", ca.to_str().unwrap()), ("LOG_LEVEL", "trace")]);
        let server = Server::before(&upstream.url, &variables).await;
        holds_nothing_of(&used(&server, &upstream, token).await, token);
        let log = server.log();
        assert!(!token.split('.').any(|part| log.contains(part)), "{log}");
    }
}

#[tokio::test]
async fn each_key_goes_to_its_own_address_alone() {
    const FINANCE: &str = "pk-finance-canary";
    let (usual, other) = (Upstream::start().await, Upstream::start().await);
    let hash = |token: &str| {
        use sha2::{Digest, Sha256};
        Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let [one, two] = ["token-of-finance", "token-of-platform"];
    let file = format!(
        r#"
[auth]
mode = "bearer"
[credentials.finance]
key_env = "PORTKEY_FINANCE_KEY"
base_url = "{}"
[tokens.finance]
sha256 = "{}"
[tokens.platform]
sha256 = "{}"
[[rules]]
credential = "finance"
when = {{ tokens = ["finance"] }}
[[rules]]
when = {{ tokens = ["platform"] }}
"#,
        other.url,
        hash(one),
        hash(two)
    );
    let file = scratch("credentials.toml", &file);
    let variables = [("MCP_CONFIG", file.to_str().unwrap()), ("PORTKEY_FINANCE_KEY", FINANCE)];
    let server = Server::before(&usual.url, &variables).await;
    // In turns, so that what one has made is there for the other.
    for token in [one, two, one, two] {
        let ask = Ask::call("list_configs", json!({}));
        let reply = server.ask(&ask.with("authorization", &format!("Bearer {token}"))).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    for (upstream, own, foreign) in [(&usual, KEY, FINANCE), (&other, FINANCE, KEY)] {
        let text = upstream.text();
        assert_eq!(text.matches(own).count(), 2, "{text}");
        assert!(!text.contains(foreign), "{text}");
    }
}
