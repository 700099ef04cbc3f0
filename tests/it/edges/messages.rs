//! Bodies: what is no message, what is one, and what comes back.

use serde_json::{Value, json};

use super::{list, told};
use crate::{
    process::{Ask, Server, signal},
    support::{MODERN, initialize, meta},
};

#[tokio::test]
async fn a_body_that_is_no_message_is_told_why() {
    let server = Server::sandbox(&[]).await;
    let deep = |levels: usize| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"a":{}{}}}}}"#,
            "[".repeat(levels - 2),
            "]".repeat(levels - 2)
        )
    };
    for (body, code) in [
        ("", -32700),
        ("{", -32700),
        ("\u{feff}{}", -32700),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping"} x"#, -32700),
        (r#"{"jsonrpc":"2.0","id":1,"method":"p\ing"}"#, -32700),
        ("{}", -32600),
        ("5", -32600),
        ("null", -32600),
        ("\"text\"", -32600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, -32600),
        (r#"{"id":1,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#, -32600),
        ("[]", -32600),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32600),
        (&deep(65), -32600),
    ] {
        for ask in [Ask::text(body), Ask::text(body).with("mcp-protocol-version", MODERN)] {
            let reply = server.ask(&ask).await;
            assert_eq!(told(&reply), (400, code), "{body}: {}", reply.text());
            assert_eq!(reply.json()["id"], Value::Null, "{body}");
        }
    }
    let session = server.initialize("2025-11-25").await;
    let deepest = Ask::text(deep(64)).with("mcp-session-id", &session);
    assert_eq!(server.ask(&deepest).await.json()["result"], json!({}));
    let utf8 = server.ask(&Ask::text("{\"jsonrpc\":\"2.0\",\"id\":\"é\",\"method\":\"no\"}")).await;
    assert_eq!(utf8.status, 400, "{utf8:?}");
    let mut connection = server.connect().await;
    let broken = b"POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                   content-length: 3\r\n\r\n\"\xff\"";
    connection.raw(broken).await.unwrap();
    assert_eq!(told(&connection.reply().await.unwrap()), (400, -32700));
}

#[tokio::test]
async fn what_is_json_and_cannot_be_read_is_told_with_its_place() {
    let server = Server::sandbox(&[]).await;
    let session = server.initialize("2025-11-25").await;
    let params = |value: &str| json!({ "name": "get_config", "arguments": { "slug": value } });
    let deep = format!("{}1{}", "[".repeat(70), "]".repeat(70));
    for (value, told_as) in [
        (r#""\ud800""#, "half of a surrogate pair, which is no character, at line 1 column "),
        (r#""a\udc00b""#, "half of a surrogate pair"),
        ("1e400", "a number that is too large at line 1 column "),
        (&*deep, "MCP_MAX_JSON_DEPTH"),
    ] {
        for ask in [
            Ask::modern(7, "tools/call", params("§")),
            Ask::legacy(&session, 7, "tools/call", params("§")),
            Ask::legacy(&session, 7, "no/such", params("§")),
        ] {
            let reply = server.ask(&ask.replace("\"§\"", value)).await;
            let code = if value == deep { -32600 } else { -32700 };
            assert_eq!(told(&reply), (400, code), "{value}: {}", reply.text());
            let message = reply.json()["error"]["message"].as_str().unwrap().to_owned();
            assert!(message.contains(told_as), "{value}: {message}");
            let id = if value == deep { Value::Null } else { json!(7) };
            assert_eq!(reply.json()["id"], id, "{value}");
        }
    }
    let place = server.ask(&Ask::text("{\"jsonrpc\":\"2.0\",\n x")).await;
    let message = &place.json()["error"]["message"];
    assert_eq!(message, "this is not JSON: key must be a string at line 2 column 2");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whether_announced_or_not() {
    let server = Server::sandbox(&[]).await;
    let mut announced = server.connect().await;
    let head = "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let length = (1 << 20) + 1;
    announced.raw(format!("{head}content-length: {length}\r\n\r\n").as_bytes()).await.unwrap();
    let reply = announced.reply().await.unwrap();
    assert_eq!((reply.status, &reply.json()["error"]["code"]), (413, &json!("body_too_large")));

    let mut endless = server.connect().await;
    endless.raw(format!("{head}transfer-encoding: chunked\r\n\r\n").as_bytes()).await.unwrap();
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(1 << 16));
    for _ in 0..17 {
        endless.raw(chunk.as_bytes()).await.unwrap();
    }
    let reply = endless.reply().await.unwrap();
    assert_eq!((reply.status, &reply.json()["error"]["code"]), (413, &json!("body_too_large")));
    assert!(reply.json()["request_id"].is_string());
    assert_eq!(reply.header("content-type"), Some("application/json"));

    let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    let largest = Ask::text(list.to_owned() + &" ".repeat((1 << 20) - list.len()));
    assert_eq!(server.ask(&largest).await.status, 400, "read as a whole: there is no session");
}

#[tokio::test]
async fn wrong_parameters_of_a_method_are_told_as_such() {
    let server = Server::sandbox(&[]).await;
    let session = server.initialize("2025-11-25").await;
    for (method, params) in [
        ("tools/call", json!({})),
        ("tools/call", json!({ "name": 5 })),
        ("tools/call", json!({ "name": "list_configs", "arguments": [] })),
        ("tools/call", json!({ "name": "list_configs", "arguments": "{}" })),
        ("tools/call", json!({ "name": "no_such_tool" })),
        ("tools/list", json!({ "cursor": "abc" })),
        ("tools/list", json!({ "cursor": 7 })),
        ("prompts/get", json!({ "name": 5 })),
        ("prompts/get", json!({ "name": "rotate_keys", "arguments": [] })),
        ("prompts/list", json!({ "cursor": "abc" })),
        ("prompts/list", json!({ "cursor": 7 })),
        ("resources/list", json!({ "cursor": "abc" })),
        ("resources/templates/list", json!({ "cursor": {} })),
        ("resources/read", json!({ "uri": 5 })),
        ("completion/complete", json!({ "ref": 1 })),
    ] {
        let mut modern = Ask::modern(3, method, params.clone());
        let nameless = ["tools/call", "prompts/get", "resources/read"].contains(&method)
            && !params["name"].is_string();
        if nameless {
            modern = modern.with("mcp-name", "list_configs");
        }
        for ask in [modern, Ask::legacy(&session, 3, method, params.clone())] {
            let reply = server.ask(&ask).await;
            // A header that names what the body does not is told first.
            let codes: &[i64] = if nameless { &[-32602, -32020] } else { &[-32602] };
            assert!(codes.contains(&reply.code()), "{params}: {}", reply.text());
            assert!(matches!(reply.status, 200 | 400), "{params}: {reply:?}");
            assert_eq!(reply.json()["id"], 3, "{params}");
            let message = reply.json()["error"]["message"].as_str().unwrap().to_owned();
            if params.get("arguments").is_some() {
                assert_eq!(message, "`arguments` has to be an object", "{params}");
            }
        }
    }
    let empty = server.ask(&Ask::modern(1, "tools/list", json!({ "cursor": null }))).await;
    assert_eq!(empty.status, 200);
    // A caller's slip is no matter for the operator.
    signal(server.id(), "TERM").await;
    server.logged("stopped").await;
    assert!(!server.log().contains("WARN"), "{}", server.log());
}

#[tokio::test]
async fn ids_come_back_as_they_were_sent() {
    let server = Server::sandbox(&[]).await;
    let session = server.initialize("2025-03-26").await;
    for id in
        [json!("a"), json!(""), json!("1"), json!(0), json!(-7), json!(i64::MAX), json!("é\"\n")]
    {
        for ask in [
            list(id.clone()),
            Ask::modern(id.clone(), "tools/call", json!({ "name": "list_configs" })),
            Ask::modern(id.clone(), "server/discover", json!({})),
            Ask::modern(id.clone(), "no/such", json!({})),
            Ask::legacy(&session, id.clone(), "tools/list", json!({})),
            Ask::legacy(&session, id.clone(), "ping", json!({})),
            Ask::legacy(&session, id.clone(), "tools/call", json!({ "name": "list_configs" })),
        ] {
            assert_eq!(server.ask(&ask).await.json()["id"], id);
        }
    }
    let named = server.ask(&list(1).with("x-request-id", "abc-1.2")).await;
    assert_eq!(named.header("x-request-id"), Some("abc-1.2"));
    let odd = server.ask(&list(1).with("x-request-id", "a b")).await;
    assert!(odd.header("x-request-id").is_some_and(|id| id != "a b"));
}

#[tokio::test]
async fn notifications_and_responses_are_accepted_without_a_body() {
    let server = Server::sandbox(&[]).await;
    let session = server.initialize("2025-11-25").await;
    let cancelled = |meta: Value| {
        let params = json!({ "requestId": 9, "reason": "no longer wanted", "_meta": meta });
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params })
    };
    let modern = Ask::post(cancelled(meta(MODERN)))
        .with("mcp-protocol-version", MODERN)
        .with("mcp-method", "notifications/cancelled");
    let legacy = |message: Value| Ask::post(message).with("mcp-session-id", &session);
    for ask in [
        modern,
        legacy(cancelled(json!({}))),
        legacy(json!({ "jsonrpc": "2.0", "method": "notifications/roots/list_changed" })),
        legacy(json!({ "jsonrpc": "2.0", "method": "notifications/none/such" })),
        legacy(json!({ "jsonrpc": "2.0", "id": 4, "result": {} })),
        legacy(json!({ "jsonrpc": "2.0", "id": 4, "error": { "code": 1, "message": "x" } })),
    ] {
        let reply = server.ask(&ask).await;
        assert_eq!((reply.status, reply.text()), (202, ""), "{ask:?}");
    }
    let lost = Ask::post(cancelled(json!({}))).with("mcp-session-id", "unknown");
    assert_eq!(told(&server.ask(&lost).await), (404, -32600));
}

#[tokio::test]
async fn results_carry_what_their_era_knows_and_nothing_else() {
    let server = Server::sandbox(&[]).await;
    let session = server.initialize("2025-11-25").await;
    let call = json!({ "name": "list_configs", "arguments": {} });
    let wrong = json!({ "name": "get_config", "arguments": { "slag": 1 } });
    let methods = [
        ("tools/list", json!({}), true),
        ("tools/call", call, false),
        ("tools/call", wrong, false),
        ("prompts/list", json!({}), true),
        ("prompts/get", json!({ "name": "rotate_keys" }), false),
        ("resources/list", json!({}), true),
        ("resources/templates/list", json!({}), true),
        ("resources/read", json!({ "uri": "portkey://guide" }), true),
        (
            "completion/complete",
            json!({ "ref": { "type": "ref/prompt", "name": "rotate_keys" },
            "argument": { "name": "workspace_id", "value": "" } }),
            false,
        ),
    ];
    for (method, params, cached) in [&methods[..], &[("server/discover", json!({}), true)]].concat()
    {
        let reply = server.ask(&Ask::modern(1, method, params)).await;
        let result = &reply.json()["result"];
        assert_eq!(result["resultType"], "complete", "{method}: {}", reply.text());
        let info = &result["_meta"]["io.modelcontextprotocol/serverInfo"];
        assert_eq!(info["version"], env!("CARGO_PKG_VERSION"), "{method}: {}", reply.text());
        assert_eq!(result["ttlMs"].is_u64(), cached, "{method}");
        assert_eq!(result["cacheScope"].is_string(), cached, "{method}");
        assert_eq!(reply.header("mcp-session-id"), None, "{method}");
    }
    let discovered = server.ask(&Ask::modern(1, "server/discover", json!({}))).await.json();
    let versions = &discovered["result"]["supportedVersions"];
    assert_eq!(*versions, json!(["2025-03-26", "2025-06-18", "2025-11-25", MODERN]));
    assert!(discovered["result"]["instructions"].as_str().unwrap().starts_with("SANDBOX"));

    for (method, params, _) in methods {
        let reply = server.ask(&Ask::legacy(&session, 1, method, params)).await;
        if reply.header("content-type") == Some("text/event-stream") {
            assert_eq!(reply.header("x-accel-buffering"), Some("no"), "{method}");
            assert_eq!(reply.header("cache-control"), Some("no-store"), "{method}");
        }
        let reply_json = reply.json();
        let result = &reply_json["result"];
        assert!(result.is_object(), "{method}: {}", reply.text());
        for field in ["resultType", "ttlMs", "cacheScope", "_meta"] {
            assert!(result.get(field).is_none(), "{method} has {field}: {}", reply.text());
        }
    }
    for version in ["2025-03-26", "2025-06-18", "2025-11-25", "2024-11-05", "1999-01-01", MODERN] {
        let reply = server.ask(&Ask::post(initialize(version))).await.json();
        let negotiated = reply["result"]["protocolVersion"].as_str().unwrap();
        let known = version.starts_with("2025-");
        assert_eq!(negotiated, if known { version } else { "2025-11-25" });
        assert_eq!(
            reply["result"]["capabilities"],
            json!({ "tools": {}, "prompts": {}, "resources": {}, "completions": {} })
        );
        assert!(reply["result"].get("resultType").is_none());
    }
}
