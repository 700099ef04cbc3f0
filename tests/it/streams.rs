//! Streams of the modern era: subscriptions, and calls that are long in coming. The real binary.

use serde_json::{Value, json};

use crate::{
    process::{Ask, Connection, Server, signal},
    scripted::{Reply as Scripted, Upstream},
};

/// The messages of a stream up to its end, and how many comments came.
async fn read(connection: &mut Connection) -> (Vec<Value>, usize) {
    let mut text = Vec::new();
    while let Some(chunk) = connection.chunk().await.unwrap() {
        text.extend(chunk);
    }
    let text = String::from_utf8(text).unwrap();
    let messages = text.lines().filter_map(|line| line.strip_prefix("data:"));
    let comments = text.lines().filter(|line| line.starts_with(':')).count();
    (messages.map(|it| serde_json::from_str(it).unwrap()).collect(), comments)
}

async fn listens(server: &Server, id: u64) -> Connection {
    let asked = json!({ "notifications": {
        "toolsListChanged": true, "resourceSubscriptions": ["portkey://configs/pc-a"] } });
    let mut connection = server.connect().await;
    connection.send(&Ask::modern(id, "subscriptions/listen", asked)).await.unwrap();
    let head = connection.head().await.unwrap();
    assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream")));
    assert_eq!(head.header("x-accel-buffering"), Some("no"));
    assert_eq!(head.header("cache-control"), Some("no-store"));
    connection
}

/// An acknowledgement of nothing first, a result last; both name the subscription.
fn assert_ended((messages, _): &(Vec<Value>, usize), id: u64) {
    const ID: &str = "io.modelcontextprotocol/subscriptionId";
    let [acknowledged, ended] = &messages[..] else { panic!("{messages:?}") };
    assert_eq!(acknowledged["method"], "notifications/subscriptions/acknowledged");
    assert_eq!(acknowledged["params"]["notifications"], json!({}));
    assert_eq!(acknowledged["params"]["_meta"][ID], id);
    assert_eq!((&ended["id"], &ended["result"]["_meta"][ID]), (&json!(id), &json!(id)));
    assert_eq!(ended["result"]["resultType"], "complete");
}

#[tokio::test]
async fn a_subscription_is_acknowledged_and_ends_with_a_result_when_the_server_stops() {
    let mut server = Server::sandbox(&[]).await;
    let (mut one, mut other) = (listens(&server, 1).await, listens(&server, 2).await);
    let acknowledged = one.chunk().await.unwrap().unwrap();
    assert!(acknowledged.starts_with(b"data:"), "{acknowledged:?}");
    // It holds up nothing.
    assert_eq!(server.ask(&Ask::call("list_configs", json!({}))).await.status, 200);
    signal(server.id(), "TERM").await;
    assert_ended(&read(&mut other).await, 2);
    let (rest, _) = read(&mut one).await;
    assert_eq!(rest[0]["id"], 1);
    assert_eq!(server.ended().await, Some(0), "{}", server.log());
}

#[tokio::test]
async fn a_subscription_ends_when_it_is_old_and_its_place_is_free_again() {
    let few = [("MCP_MAX_STREAMS", "2"), ("MCP_MAX_STREAM_AGE_MS", "1000")];
    let server = Server::sandbox(&few).await;
    let (mut one, gone) = (listens(&server, 1).await, listens(&server, 2).await);
    let third = Ask::modern(3, "subscriptions/listen", json!({ "notifications": {} }));
    let full = server.ask(&third).await;
    assert_eq!((full.status, full.header("retry-after")), (503, Some("5")));
    assert!(full.text().contains("MCP_MAX_STREAMS"), "{full:?}");
    drop(gone);
    let begun = std::time::Instant::now();
    assert_ended(&read(&mut one).await, 1);
    assert!(begun.elapsed() < std::time::Duration::from_secs(5));
    for id in [4, 5] {
        assert_ended(&read(&mut listens(&server, id).await).await, id);
    }
}

#[tokio::test]
async fn a_silent_call_gets_its_stream_and_then_its_answer() {
    let upstream = Upstream::start(|_, _| Scripted::Hang).await;
    let times = [("MCP_SILENCE_MS", "200"), ("MCP_CALL_TIMEOUT_MS", "900")];
    let server = Server::before(&format!("http://{}/v1", upstream.address), &times).await;
    let mut caller = server.connect().await;
    caller.send(&Ask::modern("slow", "tools/call", call())).await.unwrap();
    let head = caller.head().await.unwrap();
    assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream")));
    assert_eq!(head.header("x-accel-buffering"), Some("no"));
    let (messages, comments) = read(&mut caller).await;
    let [answer] = &messages[..] else { panic!("{messages:?}") };
    assert_eq!((&answer["id"], comments), (&json!("slow"), 1));
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("the time of this call was over"), "{answer}");

    // Who takes no stream waits for the answer.
    let plain = Ask::modern(2, "tools/call", call()).set("accept", "application/json");
    let reply = server.ask(&plain).await;
    assert_eq!(reply.header("content-type"), Some("application/json"), "{reply:?}");
}

#[tokio::test]
async fn a_caller_that_leaves_an_opened_stream_ends_the_request_to_portkey() {
    let upstream = Upstream::start(|_, _| Scripted::Hang).await;
    let times = [("MCP_SILENCE_MS", "100"), ("MCP_CALL_TIMEOUT_MS", "600000")];
    let server = Server::before(&format!("http://{}/v1", upstream.address), &times).await;
    let mut caller = server.connect().await;
    caller.send(&Ask::modern(1, "tools/call", call())).await.unwrap();
    assert_eq!(caller.head().await.unwrap().status, 200);
    upstream.arrived(1).await;
    drop(caller);
    upstream.left().await;
}

fn call() -> Value {
    json!({ "name": "list_configs", "arguments": {} })
}
