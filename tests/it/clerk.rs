//! A server that trusts an issuer like Clerk: every token over HTTP, and where tokens are got.

#[path = "../../src/auth/clerk/tests/issuer.rs"]
#[allow(dead_code, reason = "the tests beside the verifier use more of it")]
mod issuer;
#[path = "../../src/auth/clerk/tests/signer.rs"]
mod signer;
#[path = "../../src/auth/clerk/tests/table.rs"]
mod table;

use std::time::Duration;

use serde_json::{Value, json};

use self::{
    issuer::{Issuer, Mood},
    table::{Keys, environment, table},
};
use crate::{
    process::{Ask, Reply, Server, scratch},
    support,
};

/// The sandbox behind an issuer, with more variables.
async fn serving(issuer: &Issuer, more: &[(&str, &str)]) -> Server {
    starting(issuer, more, async |variables| Server::sandbox(variables).await).await
}

async fn starting(
    issuer: &Issuer,
    more: &[(&str, &str)],
    start: impl AsyncFnOnce(&[(&str, &str)]) -> Server,
) -> Server {
    let ca = scratch("ca.pem", &issuer.ca);
    let environment = environment(issuer);
    let mut variables: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (*name, &**value)).collect();
    variables.push(("SSL_CERT_FILE", ca.to_str().unwrap()));
    variables.extend(more);
    start(&variables).await
}

async fn get(server: &Server, path: &str) -> Reply {
    server.ask(&Ask::new("GET", path)).await
}

#[tokio::test]
async fn a_client_finds_out_where_to_get_a_token() {
    let keys = Keys::new();
    let issuer = Issuer::start(&keys.published()).await;
    issuer.be(Mood::Down);
    let server = serving(&issuer, &[("MCP_OAUTH_METADATA_MIRROR", "true")]).await;
    let resource = get(&server, "/.well-known/oauth-protected-resource/mcp").await.json();
    assert_eq!(resource["resource"], "https://mcp.example.com/mcp");
    assert_eq!(resource["authorization_servers"], json!([issuer.url]));

    let mirror = "/.well-known/oauth-authorization-server";
    let not_yet = get(&server, mirror).await;
    assert_eq!(not_yet.status, 503, "{not_yet:?}");
    assert!(not_yet.header("retry-after").is_some());
    issuer.be(Mood::Well);
    let fetched = async {
        loop {
            let reply = get(&server, mirror).await;
            if reply.status == 200 {
                return reply.json();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let document = tokio::time::timeout(Duration::from_secs(20), fetched).await.unwrap();
    assert_eq!(document["token_endpoint"], format!("{}/oauth/token", issuer.url));
    assert_eq!(document["registration_endpoint"], Value::Null, "it is elsewhere");
}

#[tokio::test]
async fn a_server_that_only_reads_asks_for_no_more() {
    let keys = Keys::new();
    let issuer = Issuer::start(&keys.published()).await;
    let server = serving(&issuer, &[("MCP_READ_ONLY", "true")]).await;
    let resource = get(&server, "/.well-known/oauth-protected-resource/mcp").await.json();
    assert_eq!(resource["scopes_supported"], json!(["portkey:read"]));
    let reply = server.ask(&Ask::modern(1, "tools/list", json!({}))).await;
    let challenge = reply.header("www-authenticate").unwrap();
    assert!(challenge.ends_with("scope=\"portkey:read\""), "{challenge}");
}

#[tokio::test]
async fn no_byte_of_a_token_of_clerk_goes_on() {
    let keys = Keys::new();
    let issuer = Issuer::start(&keys.published()).await;
    let upstream = support::Recording::start().await;
    let start = async |variables: &[(&str, &str)]| Server::before(&upstream.url, variables).await;
    let server = starting(&issuer, &[], start).await;
    let session = keys.rsa.token(&keys.rsa.header(), &issuer.claims(json!({})));
    let header = json!({ "alg": "RS256", "kid": "ins_rsa", "typ": "at+jwt" });
    let scope = json!({ "client_id": "client_1", "scope": "portkey:write" });
    let access = keys.rsa.token(&header, &issuer.claims(scope));
    let opaque = "oat_inbound_0123456789abcdef".to_owned();
    issuer.knows(&opaque, json!({ "scopes": ["portkey:write"] }));
    for (round, token) in [&session, &access, &opaque].into_iter().enumerate() {
        let call = |ask: Ask| ask.with("authorization", &format!("Bearer {token}"));
        let list = server.ask(&call(Ask::call("list_configs", json!({})))).await;
        assert_eq!(list.status, 200, "{}", list.text());
        let write = Ask::call("create_config", json!({ "name": "x", "config": {} }));
        assert_eq!(server.ask(&call(write)).await.status, 200);
        let sent = upstream.sent();
        assert_eq!(sent.matches("/v1/configs").count(), 2 * (round + 1), "{sent}");
        let parts: Vec<&str> = token.split('.').chain(["bearer", "authorization"]).collect();
        upstream.knows_nothing_of(&parts);
        assert!(parts[..parts.len() - 2].iter().all(|part| !server.log().contains(part)));
    }
}

#[tokio::test]
async fn each_token_gets_its_status() {
    let keys = Keys::new();
    let issuer = Issuer::start(&keys.published()).await;
    let server = serving(&issuer, &[]).await;
    let mut breaches = Vec::new();
    let cases = table(&issuer, &keys);
    for case in &cases {
        let ask = Ask::post(support::initialize("2025-11-25"));
        let ask = match &*case.token {
            "" => ask,
            token => ask.with("authorization", &format!("Bearer {token}")),
        };
        let reply = server.ask(&ask).await;
        // Longer headers do not even get to the gate.
        let wanted = if case.token.len() > 16 * 1024 { 431 } else { case.outcome.status() };
        if reply.status != wanted {
            breaches.push(format!("{}: {} instead of {wanted}", case.name, reply.status));
        }
        let challenge = reply.header("www-authenticate").unwrap_or_default();
        if reply.status == 401 && !challenge.contains("/.well-known/oauth-protected-resource/mcp") {
            breaches.push(format!("{}: {challenge}", case.name));
        }
    }
    println!("{} tokens tried", cases.len());
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}
