//! The endpoint through the whole binary, spoken to in ways that no polite client would.

mod messages;

use serde_json::{Value, json};

use crate::{
    process::{Ask, Reply, Server},
    support::{MODERN, initialize},
};

fn list(id: impl Into<Value>) -> Ask {
    Ask::modern(id, "tools/list", json!({}))
}

/// Status and JSON-RPC code; the body has to be JSON.
#[track_caller]
fn told(reply: &Reply) -> (u16, i64) {
    assert_eq!(reply.header("content-type"), Some("application/json"), "{reply:?}");
    assert_eq!(reply.header("cache-control"), Some("no-store"), "{reply:?}");
    (reply.status, reply.code())
}

#[tokio::test]
async fn headers_that_decide_something_may_not_be_repeated() {
    let open = Server::sandbox(&[]).await;
    let token = "a-token-of-tests-0123";
    let bearer = format!("Bearer {token}");
    let closed = Server::sandbox(&[("MCP_AUTH_TOKEN", token)]).await;
    for (name, value) in [
        ("mcp-protocol-version", MODERN),
        ("mcp-method", "tools/call"),
        ("mcp-name", "list_configs"),
        ("mcp-session-id", "some-session"),
        ("authorization", &*bearer),
    ] {
        let once = Ask::call("list_configs", json!({})).set(name, value);
        let twice = once.clone().with(name, value);
        assert_eq!(open.ask(&once).await.status, 200, "{name}");
        let reply = open.ask(&twice).await;
        assert_eq!(reply.status, 400, "{name}: {reply:?}");
        assert!(reply.json()["error"]["message"].is_string(), "{name}: {reply:?}");
        let (once, twice) = (once.set("authorization", &bearer), twice.without("authorization"));
        let twice = match name {
            "authorization" => once.clone().with(name, &bearer),
            _ => twice.with("authorization", &bearer),
        };
        assert_eq!(closed.ask(&once).await.status, 200, "{name}");
        assert_eq!(closed.ask(&twice).await.status, 400, "{name}");
    }
    assert_eq!(closed.ask(&list(1)).await.status, 401);
}

#[tokio::test]
async fn content_type_and_accept_are_read_as_clients_mean_them() {
    let server = Server::sandbox(&[]).await;
    let session = server.initialize("2025-11-25").await;
    let asks = [
        list(1),
        Ask::call("list_configs", json!({})),
        Ask::legacy(&session, 1, "tools/list", json!({})),
        Ask::legacy(&session, 1, "ping", json!({})),
    ];
    for ask in &asks {
        for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
            let reply = server.ask(&ask.clone().set("content-type", kind)).await;
            assert_eq!(told(&reply), (415, -32600), "{kind}: {reply:?}");
        }
        assert_eq!(told(&server.ask(&ask.clone().without("content-type")).await), (415, -32600));
        let utf8 = ask.clone().set("content-type", "application/json; charset=utf-8");
        assert_eq!(server.ask(&utf8).await.status, 200);

        for accept in ["*/*", "application/json,text/event-stream;q=0.9", "text/html, */*;q=0.1"] {
            let reply = server.ask(&ask.clone().set("accept", accept)).await;
            assert_eq!(reply.status, 200, "{accept}: {reply:?}");
        }
        assert_eq!(server.ask(&ask.clone().without("accept")).await.status, 200);
        for accept in ["application/json", "text/event-stream", "text/html"] {
            let reply = server.ask(&ask.clone().set("accept", accept)).await;
            assert_eq!(told(&reply), (406, -32600), "{accept}: {reply:?}");
            assert!(reply.text().contains("text/event-stream"), "{}", reply.text());
        }
    }
}

#[tokio::test]
async fn get_and_delete_are_there_where_there_are_sessions() {
    let server = Server::sandbox(&[]).await;
    let session = server.initialize("2025-06-18").await;
    let get = Ask::new("GET", "/mcp").with("accept", "text/event-stream");
    let delete = Ask::new("DELETE", "/mcp");
    for ask in [&get, &delete] {
        let modern = ask.clone().with("mcp-protocol-version", MODERN);
        for modern in [modern.clone(), modern.with("mcp-session-id", &session)] {
            let reply = server.ask(&modern).await;
            assert_eq!(told(&reply), (405, -32600), "{ask:?}");
            assert!(reply.header("allow").is_some_and(|allow| allow.contains("POST")), "{reply:?}");
        }
        assert_eq!(told(&server.ask(ask).await), (400, -32600), "{ask:?}");
        let unknown = ask.clone().with("mcp-session-id", "1234");
        assert_eq!(told(&server.ask(&unknown).await), (404, -32600), "{ask:?}");
    }
    for method in ["PUT", "PATCH", "HEAD"] {
        let mut connection = server.connect().await;
        connection.send(&Ask::new(method, "/mcp")).await.unwrap();
        assert_eq!(connection.head().await.unwrap().status, 405, "{method}");
    }
    let unknown = Ask::legacy("1234", 5, "tools/list", json!({}));
    for unknown in [unknown, Ask::legacy("1234", 5, "ping", json!({}))] {
        let reply = server.ask(&unknown).await;
        assert_eq!(told(&reply), (404, -32600));
        assert_eq!(reply.json()["id"], 5);
    }

    let here = |ask: &Ask| ask.clone().with("mcp-session-id", &session);
    for accept in ["text/event-stream", "*/*"] {
        let mut stream = server.connect().await;
        stream.send(&here(&get).set("accept", accept)).await.unwrap();
        let head = stream.head().await.unwrap();
        assert_eq!(head.status, 200, "{accept}");
        assert_eq!(head.header("content-type"), Some("text/event-stream"));
        assert_eq!(head.header("x-accel-buffering"), Some("no"), "{head:?}");
        let cache = head.header("cache-control").unwrap_or_default();
        assert!(cache.contains("no-store"), "{head:?}");
    }
    let json_only = here(&get).set("accept", "application/json");
    assert_eq!(told(&server.ask(&json_only).await), (406, -32600));
    let ended = server.ask(&here(&delete)).await;
    assert!(matches!(ended.status, 200 | 202 | 204), "{ended:?}");
    assert_eq!(told(&server.ask(&here(&delete)).await), (404, -32600));
    assert_eq!(told(&server.ask(&here(&get)).await), (404, -32600));
    assert_eq!(server.ask(&Ask::legacy(&session, 1, "ping", json!({}))).await.status, 404);

    let server = Server::sandbox(&[("MCP_SESSION_MODE", "stateless")]).await;
    for ask in [&get, &delete] {
        for version in ["2025-11-25", MODERN] {
            let reply = server.ask(&ask.clone().with("mcp-protocol-version", version)).await;
            assert_eq!(told(&reply), (405, -32600), "{ask:?} {version}");
            assert_eq!(reply.header("allow"), Some("POST"));
        }
    }
    let reply = server.ask(&Ask::legacy("", 1, "tools/list", json!({}))).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.header("mcp-session-id"), None);
    assert_eq!(server.ask(&Ask::legacy("gone", 1, "ping", json!({}))).await.status, 200);
}

#[tokio::test]
async fn methods_that_are_not_there_are_told_in_the_manner_of_the_era() {
    let server = Server::sandbox(&[]).await;
    let session = server.initialize("2025-11-25").await;
    let level = json!({ "level": "info" });
    for (method, params) in [
        ("ping", json!({})),
        ("logging/setLevel", level),
        ("resources/subscribe", json!({ "uri": "x:y" })),
        ("resources/unsubscribe", json!({ "uri": "x:y" })),
        ("tasks/list", json!({})),
        ("prompts/none", json!({})),
        ("no/such", json!({})),
        ("", json!({})),
    ] {
        let reply = server.ask(&Ask::modern("x", method, params.clone())).await;
        assert_eq!(told(&reply), (404, -32601), "{method}: {}", reply.text());
        assert_eq!(reply.json()["id"], "x", "{method}");
        assert!(reply.text().contains("this server offers tools"), "{method}: {}", reply.text());
        let reply = server.ask(&Ask::legacy(&session, "x", method, params)).await;
        assert_eq!(reply.status, 200, "{method}: {reply:?}");
        assert_eq!(reply.json()["id"], "x", "{method}");
        if method == "ping" {
            assert_eq!(reply.json()["result"], json!({}));
        } else {
            assert_eq!(reply.code(), -32601, "{method}: {}", reply.text());
            assert!(reply.text().contains(&format!("no method `{method}`: this server offers")));
        }
    }
}

#[tokio::test]
async fn a_session_too_many_is_told_what_bounds_them() {
    let server = Server::sandbox(&[("MCP_MAX_SESSIONS", "1")]).await;
    server.initialize("2025-11-25").await;
    let reply = server.ask(&Ask::post(initialize("2025-11-25"))).await;
    assert_eq!(told(&reply), (503, -32603), "{}", reply.text());
    assert!(reply.text().contains("MCP_MAX_SESSIONS"), "{}", reply.text());
}

#[tokio::test]
async fn the_modern_era_has_no_initialize() {
    let server = Server::sandbox(&[]).await;
    let reply = server.ask(&Ask::modern("x", "initialize", json!({}))).await;
    assert_eq!(told(&reply), (404, -32601), "{}", reply.text());
    assert_eq!(reply.json()["id"], "x");
}

#[tokio::test]
async fn only_the_exact_path_is_the_endpoint() {
    let server = Server::sandbox(&[]).await;
    for path in
        ["/mcp/", "/MCP", "//mcp", "/%6dcp", "/mcp/x", "/mcp%2f", "/./mcp", "/a/../mcp", "/no"]
    {
        let mut ask = list(1);
        ask.path = path.into();
        let reply = server.ask(&ask).await;
        assert_eq!(reply.status, 404, "{path}");
        assert_eq!(reply.json()["error"]["code"], "not_found", "{path}");
    }
    let mut query = list(1);
    query.path = "/mcp?x=1".into();
    assert_eq!(server.ask(&query).await.status, 200);
}

#[tokio::test]
async fn a_browser_may_ask_before_it_calls() {
    let server = Server::sandbox(&[("MCP_AUTH_TOKEN", "a-token-of-tests-0123")]).await;
    let own = format!("http://{}", server.address);
    let preflight = Ask::new("OPTIONS", "/mcp").with("access-control-request-method", "POST");
    let reply = server.ask(&preflight.clone().with("origin", &own)).await;
    assert_eq!(reply.status, 204);
    assert_eq!(reply.header("access-control-allow-origin"), Some(&*own));
    let allowed = reply.header("access-control-allow-headers").unwrap();
    for name in
        ["mcp-protocol-version", "mcp-method", "mcp-name", "mcp-session-id", "authorization"]
    {
        assert!(allowed.contains(name), "{name}");
    }
    let foreign = server.ask(&preflight.with("origin", "https://evil.example")).await;
    assert_eq!(foreign.status, 403);
    assert_eq!(foreign.header("access-control-allow-origin"), None);
    assert_eq!(server.ask(&list(1).with("origin", "https://evil.example")).await.status, 403);
    let called = server.ask(&list(1).with("origin", &own)).await;
    assert_eq!(called.status, 401);
    assert_eq!(called.header("access-control-allow-origin"), Some(&*own));
}

#[tokio::test]
async fn headers_have_to_say_what_the_body_says() {
    let server = Server::sandbox(&[]).await;
    let call = Ask::call("list_configs", json!({}));
    let sentinel = |text: &str| call.clone().set("mcp-name", text);
    for right in
        [call.clone(), sentinel("=?base64?bGlzdF9jb25maWdz?="), sentinel("  list_configs  ")]
    {
        let reply = server.ask(&right).await;
        assert_eq!(reply.json()["result"]["isError"], false, "{right:?}: {}", reply.text());
    }
    for wrong in [
        call.clone().without("mcp-name"),
        call.clone().without("mcp-method"),
        sentinel("get_config"),
        sentinel("LIST_CONFIGS"),
        sentinel("=?base64?Z2V0X2NvbmZpZw==?="),
        sentinel("=?base64?%%%?="),
        call.clone().set("mcp-method", "tools/list"),
        call.clone().set("mcp-method", "Tools/Call"),
        call.clone().set("mcp-protocol-version", "2025-11-25"),
        call.clone().set("mcp-protocol-version", "1999-01-01"),
        call.clone().without("mcp-protocol-version"),
        list(1).without("mcp-method"),
        list(1).set("mcp-method", "tools/call"),
    ] {
        let reply = server.ask(&wrong).await;
        assert_eq!(told(&reply), (400, -32020), "{wrong:?}: {}", reply.text());
        assert_eq!(reply.json()["id"], 1);
    }
    let both =
        server.ask(&list(1).with("mcp-session-id", "ignored").with("last-event-id", "9")).await;
    assert_eq!(both.status, 200);
    assert_eq!(both.header("mcp-session-id"), None);
}

#[tokio::test]
async fn small_headers_and_large_ones_are_told_apart() {
    let server = Server::sandbox(&[]).await;
    let large = server.ask(&list(1).with("x-filler", &"x".repeat(17 << 10))).await;
    assert_eq!((large.status, &large.json()["error"]["code"]), (431, &json!("headers_too_large")));
    assert!(large.text().contains("MCP_MAX_HEADER_SIZE"), "{}", large.text());
    let fits = server.ask(&list(1).with("x-filler", &"x".repeat(8 << 10))).await;
    assert_eq!(fits.status, 200);
    let mut host = server.connect().await;
    let other = "POST /mcp HTTP/1.1\r\nhost: evil.example\r\ncontent-length: 0\r\n\r\n";
    host.raw(other.as_bytes()).await.unwrap();
    let reply = host.reply().await.unwrap();
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert!(matches!(reply.status, 403 | 421), "{reply:?}");
    for path in ["/", "/health", "/ready", "/auth/info"] {
        assert_eq!(server.ask(&Ask::new("GET", path)).await.status, 200, "{path}");
        let wrong = server.ask(&Ask::new("DELETE", path)).await;
        assert_eq!(wrong.status, 405, "{path}");
        assert_eq!(wrong.header("content-type"), Some("application/json"), "{path}");
    }
}
