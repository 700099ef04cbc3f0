//! What leaves the process towards Portkey, byte by byte: each key to its own address, and nothing
//! that a caller has shown.

use serde_json::json;

use crate::{
    clerk::{
        issuer::Issuer,
        table::{Keys, environment},
    },
    process::{Ask, KEY, Server, scratch},
    support::{Recording, initialize},
};

/// Reads, writes and calls in a session with this token, of which nothing then arrived upstream.
async fn nothing_leaves(server: &Server, upstream: &Recording, token: &str) {
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
    let sent = upstream.sent();
    assert!(sent.matches("/v1/configs").count() >= 3, "{sent}");
    let parts = token.split('.').filter(|part| part.len() > 5);
    let own = ["bearer", "authorization", "cookie", "mcp-session-id"];
    upstream.knows_nothing_of(&parts.chain(own).collect::<Vec<_>>());
}

#[tokio::test]
async fn no_byte_of_an_inbound_token_goes_on() {
    const TOKEN: &str = "inbound-canary-0123456789";
    let upstream = Recording::start().await;
    let variables =
        [("MCP_AUTH_MODE", "bearer"), ("MCP_AUTH_TOKEN", TOKEN), ("LOG_LEVEL", "trace")];
    let server = Server::before(&upstream.url, &variables).await;
    nothing_leaves(&server, &upstream, TOKEN).await;
    assert!(!server.log().contains(TOKEN));
}

#[tokio::test]
async fn no_byte_of_a_token_of_clerk_goes_on() {
    let keys = Keys::new();
    let issuer = Issuer::start(&keys.published()).await;
    let ca = scratch("ca.pem", &issuer.ca);
    let session = keys.rsa.token(&keys.rsa.header(), &issuer.claims(json!({})));
    let header = json!({ "alg": "RS256", "kid": "ins_rsa", "typ": "at+jwt" });
    let scope = json!({ "client_id": "client_1", "scope": "portkey:write" });
    let access = keys.rsa.token(&header, &issuer.claims(scope));
    let opaque = "oat_0123456789abcdef0123";
    issuer.knows(opaque, json!({ "scopes": ["portkey:write"] }));
    for token in [&*session, &*access, opaque] {
        let upstream = Recording::start().await;
        let environment = environment(&issuer);
        let mut variables: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (*name, &**value)).collect();
        variables.extend([("SSL_CERT_FILE", ca.to_str().unwrap()), ("LOG_LEVEL", "trace")]);
        let server = Server::before(&upstream.url, &variables).await;
        nothing_leaves(&server, &upstream, token).await;
        let log = server.log();
        assert!(!token.split('.').any(|part| log.contains(part)), "{log}");
    }
}

#[tokio::test]
async fn each_key_goes_to_its_own_address_alone() {
    const FINANCE: &str = "pk-finance-canary";
    let (usual, other) = (Recording::start().await, Recording::start().await);
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
        let text = upstream.sent();
        assert_eq!(text.matches(own).count(), 2, "{text}");
        assert!(!text.contains(foreign), "{text}");
    }
}
