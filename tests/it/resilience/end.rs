//! The end by a signal: who is answered, and what the others are told.

use std::net::SocketAddr;

use serde_json::json;

use super::page;
use crate::{
    process::{Ask, Connection, Server, signal},
    scripted::{Reply as Scripted, Upstream},
};

/// Calls over and over until the server takes no more connections. Gives how many calls were
/// answered.
async fn caller(server: SocketAddr, session: Option<String>, first: usize) -> usize {
    let mut answered = 0;
    'connected: while let Ok(mut connection) = Connection::open(server).await {
        let mut fresh = true;
        loop {
            let id = first + answered;
            let params = json!({ "name": "list_configs", "arguments": { "page_size": 1 } });
            let ask = match &session {
                Some(session) => Ask::legacy(session, id, "tools/call", params),
                None => Ask::modern(id, "tools/call", params),
            };
            let reply = match connection.send(&ask).await {
                Ok(()) => connection.reply().await,
                Err(error) => Err(error),
            };
            let reply = match reply {
                Ok(reply) => reply,
                // Came as the listener closed, and was never let in.
                Err(_) if fresh => break 'connected,
                Err(error) => panic!("call {id} was lost: {error}"),
            };
            assert_eq!(page(&reply), (json!(id), 1));
            answered += 1;
            fresh = false;
            if reply.header("connection") == Some("close") {
                break;
            }
        }
    }
    answered
}

#[tokio::test]
async fn a_sigterm_under_load_loses_no_call() {
    let rows = r#"{"success":true,"data":[{"id":"1","slug":"pc-a","config":"{}"}],"total":1}"#;
    let upstream = Upstream::start(move |_, _| {
        let length = rows.len();
        Scripted::Whole(format!("HTTP/1.1 200 X\r\ncontent-length: {length}\r\n\r\n{rows}").into())
    })
    .await;
    let mut server = Server::before(&format!("http://{}/v1", upstream.address), &[]).await;
    let mut callers = tokio::task::JoinSet::new();
    for number in 0..16 {
        let session = match number % 2 {
            0 => Some(server.initialize("2025-11-25").await),
            _ => None,
        };
        callers.spawn(caller(server.address, session, number * 100_000));
    }
    upstream.arrived(200).await;
    signal(server.id(), "TERM").await;
    let answered: usize = callers.join_all().await.iter().sum();
    assert_eq!(server.ended().await, Some(0), "{}", server.log());
    assert!(answered >= 200, "{answered}");
    assert_eq!(answered, upstream.seen().len(), "what reached Portkey was answered");
}

#[tokio::test]
async fn what_outlasts_the_drain_is_told_that_its_outcome_is_unknown() {
    let upstream = Upstream::start(|_, _| Scripted::Hang).await;
    let short = [("MCP_SHUTDOWN_TIMEOUT_MS", "300")];
    let mut server = Server::before(&format!("http://{}/v1", upstream.address), &short).await;
    let session = server.initialize("2025-11-25").await;
    let delete = json!({ "name": "delete_config", "arguments": { "slug": "pc-a" } });
    let (mut modern, mut legacy) = (server.connect().await, server.connect().await);
    let mut stream = server.connect().await;
    let listen = Ask::new("GET", "/mcp").with("accept", "text/event-stream");
    stream.send(&listen.with("mcp-session-id", &session)).await.unwrap();
    assert_eq!(stream.head().await.unwrap().status, 200);
    modern.send(&Ask::modern(1, "tools/call", delete.clone())).await.unwrap();
    legacy.send(&Ask::legacy(&session, 2, "tools/call", delete)).await.unwrap();
    upstream.arrived(2).await;
    signal(server.id(), "TERM").await;
    for (id, connection) in [(1, &mut modern), (2, &mut legacy)] {
        let reply = connection.reply().await.unwrap();
        assert_eq!(reply.json()["id"], id);
        let error = reply.tool_error();
        assert_eq!((&error["kind"], &error["retry_helps"]), (&json!("stopped"), &json!(false)));
        assert!(error["message"].as_str().unwrap().contains("server stopped"), "{error}");
        let remedy = error["remedy"].as_str().unwrap();
        assert!(remedy.contains("outcome is unknown: read back with `list_configs`"), "{error}");
    }
    assert_eq!(server.ended().await, Some(0), "{}", server.log());
}

#[tokio::test]
async fn a_second_sigterm_ends_at_once() {
    let upstream = Upstream::start(|_, _| Scripted::Hang).await;
    let long = [
        ("MCP_SHUTDOWN_TIMEOUT_MS", "600000"),
        ("MCP_CALL_TIMEOUT_MS", "600000"),
        ("PORTKEY_TIMEOUT_MS", "600000"),
    ];
    let mut server = Server::before(&format!("http://{}/v1", upstream.address), &long).await;
    let mut caller = server.connect().await;
    caller.send(&Ask::call("list_configs", json!({}))).await.unwrap();
    upstream.arrived(1).await;
    signal(server.id(), "TERM").await;
    server.logged("draining").await;
    signal(server.id(), "TERM").await;
    assert_eq!(server.ended().await, Some(1));
    server.logged("second signal").await;
}
