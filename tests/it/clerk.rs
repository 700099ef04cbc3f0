//! A server that trusts an issuer like Clerk: every token over HTTP, and where tokens are got.

#[path = "../../src/auth/clerk/tests/issuer.rs"]
#[allow(dead_code, reason = "the tests beside the verifier use more of it")]
pub mod issuer;
#[path = "../../src/auth/clerk/tests/signer.rs"]
pub mod signer;
#[path = "../../src/auth/clerk/tests/table.rs"]
pub mod table;

use std::time::Duration;

use serde_json::{Value, json};

use self::{
    issuer::{Issuer, Mood},
    table::{Keys, Outcome, environment, table},
};
use crate::{
    process::{Ask, Reply, Server, scratch},
    support,
};

const METADATA: &str = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";

/// The sandbox behind an issuer, with more variables.
async fn serving(issuer: &Issuer, more: &[(&str, &str)]) -> Server {
    let ca = scratch("ca.pem", &issuer.ca);
    let environment = environment(issuer);
    let mut variables: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (*name, &**value)).collect();
    variables.push(("SSL_CERT_FILE", ca.to_str().unwrap()));
    variables.extend(more);
    Server::sandbox(&variables).await
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
async fn which_settings_are_there_is_told_by_name_and_nothing_else() {
    let issuer = Issuer::start(&Keys::new().published()).await;
    let rules = scratch(
        "rules.toml",
        "[[rules]]\nname = \"of-the-rules\"\nwhen.roles = [\"admin\"]\nwhen.organisations = [\"org_1\"]",
    );
    let more = [
        ("MCP_CONFIG", rules.to_str().unwrap()),
        ("MCP_OAUTH_METADATA_MIRROR", "true"),
        ("CLERK_ALLOWED_ROLES", "role-canary"),
        ("CLERK_JWKS_URL", &format!("{}/.well-known/jwks.json", issuer.url)),
    ];
    let server = serving(&issuer, &more).await;
    let info = get(&server, "/auth/info").await;
    let told = info.json();
    let names: Vec<_> = told.as_object().unwrap().keys().map(String::as_str).collect();
    let known = [
        "name",
        "version",
        "endpoint",
        "auth_mode",
        "clerk_settings",
        "session_mode",
        "event_store",
        "read_only",
        "sandbox",
    ];
    assert_eq!(names, known);
    assert_eq!(told["endpoint"], "https://mcp.example.com/mcp");
    assert_eq!(
        told["clerk_settings"],
        json!([
            "CLERK_ISSUER",
            "CLERK_AUDIENCE",
            "CLERK_JWKS_URL",
            "CLERK_ALGORITHMS",
            "CLERK_AUTHORIZED_PARTIES",
            "CLERK_ALLOWED_SUBJECTS",
            "CLERK_ALLOWED_ROLES",
            "CLERK_SECRET_KEY",
            "CLERK_OAUTH_CLIENT_IDS",
            "CLERK_API_URL",
            "MCP_OAUTH_METADATA_MIRROR",
        ])
    );
    let page = get(&server, "/").await;
    let words = environment(&issuer).into_iter().flat_map(|(name, value)| {
        let known = ["MCP_AUTH_MODE", "MCP_PUBLIC_BASE_URL", "CLERK_AUDIENCE"].contains(&name);
        let words = value.split(',').map(str::to_owned).collect::<Vec<_>>();
        words.into_iter().filter(move |_| !known)
    });
    let own = ["role-canary", "of-the-rules", "jwks", "127.0.0.1", "localhost"];
    for word in words.chain(own.map(str::to_owned)) {
        assert!(!info.text().contains(&word), "{word}: {}", info.text());
        assert!(!page.text().contains(&word), "{word}: {}", page.text());
    }

    let off = [("MCP_OAUTH_METADATA_MIRROR", "false"), ("CLERK_SECRET_KEY", "")];
    let off = [&off[..], &[("CLERK_OAUTH_CLIENT_IDS", " "), ("CLERK_ALLOWED_ROLES", "")]].concat();
    let told =
        get(&serving(&issuer, &off).await, "/auth/info").await.json()["clerk_settings"].take();
    for name in ["MCP_OAUTH_METADATA_MIRROR", "CLERK_SECRET_KEY", "CLERK_OAUTH_CLIENT_IDS"] {
        assert!(!told.as_array().unwrap().contains(&name.into()), "{told}");
    }
    // Of settings that are not used nothing is in force.
    let unused = [("CLERK_ISSUER", "https://clerk.example.com"), ("CLERK_ALLOWED_ROLES", "admin")];
    let none = [("MCP_AUTH_MODE", "bearer"), ("MCP_AUTH_TOKEN", "0123456789abcdef")];
    let server = Server::sandbox(&[unused, none].concat()).await;
    assert_eq!(get(&server, "/auth/info").await.json()["clerk_settings"], json!([]));
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
        let ends =
            format!("resource_metadata=\"{METADATA}\", scope=\"portkey:read portkey:write\"");
        let fits = match case.outcome {
            _ if wanted == 431 => true,
            Outcome::Missing => challenge == format!("Bearer {ends}"),
            Outcome::Invalid(_) => {
                let begins = "Bearer error=\"invalid_token\", error_description=\"";
                challenge.starts_with(begins) && challenge.ends_with(&format!("\", {ends}"))
            }
            // Another token of the same caller would change nothing.
            Outcome::Good | Outcome::Forbidden => challenge.is_empty(),
        };
        if !fits {
            breaches.push(format!("{}: {challenge}", case.name));
        }
    }
    println!("{} tokens tried", cases.len());
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

/// Shows a token with a modern request.
fn shown(ask: Ask, token: &str) -> Ask {
    ask.with("authorization", &format!("Bearer {token}"))
}

fn list() -> Ask {
    Ask::modern(1, "tools/list", json!({}))
}

#[tokio::test]
async fn a_token_is_read_from_one_header_of_the_right_form() {
    let keys = Keys::new();
    let issuer = Issuer::start(&keys.published()).await;
    let server = serving(&issuer, &[]).await;
    let token = keys.rsa.token(&keys.rsa.header(), &issuer.claims(json!({})));
    for (values, expected) in [
        (&[format!("bearer {token}")][..], 200),
        (&[format!("BEARER   {token} \t")], 200),
        (&[format!("Bearer\t{token}")], 401),
        (&[format!("Bearer{token}")], 401),
        (&[format!("Basic {token}")], 401),
        (std::slice::from_ref(&token), 401),
        (&[format!("Bearer {token} {token}")], 401),
        (&[format!("Bearer {token},Bearer {token}")], 401),
        (&[format!("Bearer {token}"), format!("Bearer {token}")], 400),
        (&["Bearer x".to_owned(), format!("Bearer {token}")], 400),
    ] {
        let ask = values.iter().fold(list(), |ask, value| ask.with("authorization", value));
        let reply = server.ask(&ask).await;
        assert_eq!(reply.status, expected, "{values:?}: {}", reply.text());
    }
    let mut in_query = list();
    in_query.path = format!("/mcp?access_token={token}");
    assert_eq!(server.ask(&in_query).await.status, 401);
}

#[tokio::test]
async fn while_clerk_cannot_be_reached_it_is_said_when_to_come_again() {
    let keys = Keys::new();
    let issuer = Issuer::start(&keys.published()).await;
    issuer.be(Mood::Down);
    let server = serving(&issuer, &[]).await;
    let token = keys.rsa.token(&keys.rsa.header(), &issuer.claims(json!({})));
    let opaque = |number: usize| format!("oat_{number:020}");
    issuer.knows(&opaque(0), json!({}));
    for token in [&token, &opaque(0)] {
        let reply = server.ask(&shown(list(), token)).await;
        assert_eq!(reply.status, 503, "{}", reply.text());
        assert_eq!(reply.json()["error"]["code"], "auth_unavailable");
        assert_eq!(reply.header("www-authenticate"), None);
        let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=30).contains(&wait), "{wait}");
    }
    assert_eq!(get(&server, "/ready").await.status, 503);
    issuer.be(Mood::Well);
    let ready = async {
        while get(&server, "/ready").await.status != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), ready).await.expect("the keys");
    for token in [&token, &opaque(0)] {
        let reply = server.ask(&shown(list(), token)).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    // Who guesses waits, and says nothing about tokens that were good.
    for number in 1..=5 {
        assert_eq!(server.ask(&shown(list(), &opaque(number))).await.status, 401);
    }
    let reply = server.ask(&shown(list(), &opaque(6))).await;
    assert_eq!(reply.status, 429, "{}", reply.text());
    assert_eq!(reply.json()["error"]["code"], "too_many_bad_tokens");
    let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!((50..=60).contains(&wait), "{wait}");
    assert_eq!(server.ask(&shown(list(), &opaque(0))).await.status, 200);
}

#[tokio::test]
async fn an_access_token_does_what_its_scopes_allow() {
    let keys = Keys::new();
    let issuer = Issuer::start(&keys.published()).await;
    let server = serving(&issuer, &[]).await;
    let mut header = keys.rsa.header();
    header["typ"] = "at+jwt".into();
    let token = |scope: Value| {
        let claims = json!({ "azp": null, "client_id": "client_1", "scope": scope });
        keys.rsa.token(&header, &issuer.claims(claims))
    };
    let read = || Ask::call("list_configs", json!({}));
    let write = || Ask::call("delete_config", json!({ "slug": "pc-none" }));
    let both = "portkey:read portkey:write";
    for (scope, ask, needed) in [
        (json!("openid portkey:read"), read(), None),
        (json!("openid portkey:read"), write(), Some(both)),
        (json!("portkey:write"), read(), None),
        (json!("portkey:write"), write(), None),
        (json!("openid"), read(), Some("portkey:read")),
        (json!(null), read(), Some("portkey:read")),
        (json!(null), write(), Some(both)),
    ] {
        let reply = server.ask(&shown(ask, &token(scope.clone()))).await;
        let challenge = needed.map(|needed| {
            format!(
                "Bearer error=\"insufficient_scope\", resource_metadata=\"{METADATA}\", \
                 scope=\"{needed}\""
            )
        });
        let status = if needed.is_some() { 403 } else { 200 };
        assert_eq!(reply.status, status, "{scope}: {}", reply.text());
        assert_eq!(reply.header("www-authenticate"), challenge.as_deref(), "{scope}");
    }
    // A session has what its user has.
    let session = keys.rsa.token(&keys.rsa.header(), &issuer.claims(json!({})));
    assert_eq!(server.ask(&shown(write(), &session)).await.status, 200);
}
