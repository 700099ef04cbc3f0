//! Panics, callers that leave, many calls at once: nothing else is lost or leaked.

mod end;

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use http::{Method, StatusCode};
use portkey_admin_mcp::{
    mcp::{Counts, Endpoint, Settings},
    sandbox::{self, Fault, Sandbox},
    tool::{Call, Effect, Result, Workflow, run},
    tools::{Catalogue, DOMAINS, Domain},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::{
    process::{Ask, PATIENCE, Reply, Server},
    scripted::{Reply as Scripted, Seen, Upstream},
    support::{Answer, MODERN, Served, initialize, portkey_of, principal, serve, settings},
};

#[derive(Deserialize, JsonSchema)]
struct Panics {}

impl Workflow for Panics {
    type Output = Value;

    async fn run(self, _: &Call) -> Result<Value> {
        panic!("a secret that nobody may read")
    }
}

#[derive(Deserialize, JsonSchema)]
struct Waits {}

impl Workflow for Waits {
    type Output = Value;

    async fn run(self, _: &Call) -> Result<Value> {
        std::future::pending().await
    }
}

const ODD: Domain = (
    "odd",
    &[
        run::<Panics>("panics", Effect::Reads, "Panics."),
        run::<Waits>("waits", Effect::Reads, "Waits for ever."),
        run::<Waits>("writes", Effect::Replaces, "Waits for ever.").read_back("get_config"),
    ],
);

/// With tools that go wrong beside the real ones.
async fn odd(settings: Settings) -> Served {
    let sandbox = Sandbox::start(sandbox::Settings::default()).await.unwrap();
    let catalogue = Catalogue::from_domains(DOMAINS.iter().chain([&ODD]));
    let endpoint = Endpoint::new(settings, Arc::new(catalogue), portkey_of(&sandbox, "admin"));
    Served { endpoint, sandbox }
}

/// Waits until something holds.
async fn eventually<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let deadline = Instant::now() + PATIENCE;
    let mut tick = interval(Duration::from_millis(10));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !holds().await {
        assert!(Instant::now() < deadline, "{what}");
        tick.tick().await;
    }
}

async fn calls_become(served: &Served, calls: usize) {
    eventually("the number of calls", async || served.endpoint.counts().await.calls == calls).await;
}

fn call(tool: &str) -> Value {
    json!({ "name": tool, "arguments": {} })
}

impl Served {
    async fn legacy_call(&self, session: &str, id: u64, tool: &str) -> Answer {
        let headers = [("mcp-session-id", session), ("mcp-protocol-version", "2025-11-25")];
        let body =
            json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": call(tool) });
        self.send(&principal("one"), Method::POST, &headers, &body).await
    }
}

/// What a tool error tells.
#[track_caller]
fn error(answer: &Value) -> Value {
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    serde_json::from_str::<Value>(text).unwrap()["error"].take()
}

#[tokio::test]
async fn a_panic_in_a_tool_is_that_calls_error_alone() {
    let served = odd(settings()).await;
    let me = principal("one");
    let session = served.initialize(&me, "2025-11-25").await;
    let modern = async |tool| served.modern(&me, "tools/call", call(tool)).await.body;
    let legacy = async |id, tool| served.legacy_call(&session, id, tool).await.body;
    for id in [10, 20] {
        let (bad, good, also_bad, also_good) = tokio::join!(
            modern("panics"),
            modern("list_configs"),
            legacy(id, "panics"),
            legacy(id + 1, "list_configs"),
        );
        for bad in [bad, also_bad] {
            assert!(!bad.to_string().contains("secret that nobody"), "{bad}");
            let error = error(&bad);
            assert_eq!(
                (&error["kind"], &error["retry_helps"]),
                (&json!("internal"), &json!(false))
            );
            assert!(error["message"].as_str().unwrap().contains("defect"), "{error}");
        }
        for good in [good, also_good] {
            assert_eq!(good["result"]["isError"], false, "{good}");
        }
    }
    let counts = served.endpoint.counts().await;
    assert_eq!(counts, Counts { sessions: 1, services: 1, calls: 0, streams: 0 });
}

#[tokio::test]
async fn a_call_ends_at_its_deadline() {
    let served = odd(Settings { call_timeout: Duration::from_millis(200), ..settings() }).await;
    let me = principal("one");
    let session = served.initialize(&me, "2025-11-25").await;
    let modern = served.modern(&me, "tools/call", call("waits"));
    let (modern, legacy) = tokio::join!(modern, served.legacy_call(&session, 5, "waits"));
    for answer in [modern, legacy] {
        let error = error(&answer.body);
        assert_eq!((&error["kind"], &error["retry_helps"]), (&json!("deadline"), &json!(true)));
    }
    let error = error(&served.legacy_call(&session, 6, "writes").await.body);
    assert_eq!(error["retry_helps"], false);
    let remedy = error["remedy"].as_str().unwrap();
    assert!(remedy.contains("outcome is unknown: read back with `get_config`"), "{error}");
    calls_become(&served, 0).await;
}

#[tokio::test]
async fn a_modern_caller_that_leaves_takes_its_request_along() {
    let upstream = Upstream::start(|_, _| Scripted::Hang).await;
    let server = Server::before(&format!("http://{}/v1", upstream.address), &[]).await;
    let mut caller = server.connect().await;
    caller.send(&Ask::call("list_configs", json!({}))).await.unwrap();
    upstream.arrived(1).await;
    drop(caller);
    upstream.left().await;
    assert_eq!(server.ask(&Ask::modern(1, "tools/list", json!({}))).await.status, 200);

    // The same without a network, where the calls can be counted.
    let served = odd(settings()).await;
    let me = principal("one");
    served.sandbox.faults().inject(None, "/configs", 1, Fault::Hang);
    for tool in ["waits", "list_configs"] {
        let calling = served.modern(&me, "tools/call", call(tool));
        tokio::select! {
            answer = calling => panic!("{}", answer.body),
            () = calls_become(&served, 1) => {}
        }
        calls_become(&served, 0).await;
    }
}

#[tokio::test]
async fn a_legacy_call_ends_when_it_is_cancelled() {
    let upstream = Upstream::start(|_, _| Scripted::Hang).await;
    let server = Server::before(&format!("http://{}/v1", upstream.address), &[]).await;
    let session = server.initialize("2025-11-25").await;
    let mut caller = server.connect().await;
    caller.send(&Ask::legacy(&session, 7, "tools/call", call("list_configs"))).await.unwrap();
    upstream.arrived(1).await;
    let cancelled = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
                            "params": { "requestId": 7, "reason": "no longer wanted" } });
    let other = cancelled.to_string().replace('7', "8");
    for message in [other, cancelled.to_string()] {
        let told = Ask::text(message).with("mcp-session-id", &session);
        assert_eq!(server.ask(&told).await.status, 202);
    }
    upstream.left().await;
    // The caller wants no result, and its connection is not kept waiting for one.
    let reply = caller.reply().await.unwrap();
    assert!(!reply.text().contains("structuredContent"), "{reply:?}");
    assert_eq!(server.ask(&Ask::legacy(&session, 9, "ping", json!({}))).await.status, 200);
}

/// The rows of a page and the id that came with them.
#[track_caller]
fn page(reply: &Reply) -> (Value, usize) {
    let answer = reply.json();
    assert_eq!(answer["result"]["isError"], false, "{answer}");
    (answer["id"].clone(), answer["result"]["structuredContent"]["data"].as_array().unwrap().len())
}

#[tokio::test]
async fn two_hundred_calls_at_once_are_all_answered() {
    let server = Server::sandbox(&[("RATE_LIMIT_ENABLED", "false")]).await;
    let session = server.initialize("2025-06-18").await;
    for legacy in [false, true] {
        let calls = (1..=200_usize).map(async |id| {
            let rows = id % 3 + 1;
            let params = json!({ "name": "list_configs", "arguments": { "page_size": rows } });
            let ask = if legacy {
                Ask::legacy(&session, id, "tools/call", params)
            } else {
                Ask::modern(id, "tools/call", params)
            };
            assert_eq!(page(&server.ask(&ask).await), (json!(id), rows));
        });
        join_all(calls).await;
    }
}

/// Open descriptors of the process.
fn descriptors(server: &Server) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap().count()
}

/// An answer after which Portkey closes the connection, so that no pool keeps one.
fn closing(_: usize, _: &Seen) -> Scripted {
    let rows = r#"{"data":[]}"#;
    let head = format!("HTTP/1.1 200 X\r\nconnection: close\r\ncontent-length: {}", rows.len());
    Scripted::Cut(format!("{head}\r\n\r\n{rows}").into())
}

#[tokio::test]
async fn no_descriptor_outlives_the_callers() {
    let upstream = Upstream::start(closing).await;
    let unlimited = [("RATE_LIMIT_ENABLED", "false")];
    let server = Server::before(&format!("http://{}/v1", upstream.address), &unlimited).await;
    let round = async || {
        let session = server.initialize("2025-11-25").await;
        let session = ("mcp-session-id", &*session);
        let mut stream = server.connect().await;
        let listen = Ask::new("GET", "/mcp").with("accept", "text/event-stream");
        stream.send(&listen.with(session.0, session.1)).await.unwrap();
        assert_eq!(stream.head().await.unwrap().status, 200);
        let calls = (0..50_usize).map(async |id| {
            let legacy = Ask::legacy(session.1, id, "tools/call", call("list_configs"));
            assert_eq!(page(&server.ask(&legacy).await), (json!(id), 0));
            let modern = Ask::modern(id, "tools/call", call("list_configs"));
            assert_eq!(page(&server.ask(&modern).await), (json!(id), 0));
        });
        join_all(calls).await;
        let ended = server.ask(&Ask::new("DELETE", "/mcp").with(session.0, session.1)).await;
        assert!(matches!(ended.status, 200 | 202 | 204), "{ended:?}");
    };
    // Once it answers, it has opened what it needs itself.
    assert_eq!(server.ask(&Ask::new("GET", "/health")).await.status, 200);
    let fresh = descriptors(&server);
    for _ in 0..3 {
        round().await;
        let d = tokio::time::timeout(
            Duration::from_secs(20),
            eventually("descriptors are closed", async || descriptors(&server) <= fresh),
        )
        .await;
        if d.is_err() {
            let t = std::fs::read_to_string(format!("/proc/{}/net/tcp", server.id())).unwrap();
            let up = format!(":{:04X}", upstream.address.port());
            let down = format!(":{:04X}", server.address.port());
            for l in t.lines().filter(|l| l.contains(&up) || l.contains(&down)) {
                eprintln!("{l} up {up} down {down}");
            }
            for e in std::fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap() {
                let e = e.unwrap();
                eprintln!("{:?} {:?}", e.path(), std::fs::read_link(e.path()));
            }
            panic!("{} {fresh}", descriptors(&server));
        }
    }
}

#[tokio::test]
async fn what_sessions_hold_is_given_back_when_they_end() {
    let served = serve(settings()).await;
    let me = principal("one");
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let (mut before, mut counts) = (usize::MAX, Counts::default());
    // The first round makes what stays: the principal's service and the connection pool.
    for round in 0..3 {
        let mut sessions = Vec::new();
        for _ in 0..20 {
            sessions.push(served.initialize(&me, "2025-11-25").await);
        }
        assert_eq!(served.endpoint.counts().await.sessions, 20);
        let calls = sessions.iter().map(|session| served.legacy_call(session, 3, "list_configs"));
        for answer in join_all(calls).await {
            assert_eq!(answer.body["result"]["isError"], false, "{}", answer.body);
        }
        for session in &sessions {
            let headers = [("mcp-session-id", &**session)];
            let ended = served.send(&me, Method::DELETE, &headers, &Value::Null).await;
            assert!(ended.status.is_success(), "{}", ended.status);
        }
        if round == 0 {
            counts = served.endpoint.counts().await;
            assert_eq!(counts, Counts { sessions: 0, services: 1, calls: 0, streams: 0 });
        } else {
            assert_eq!(served.endpoint.counts().await, counts);
            eventually("tasks end", async || tasks() <= before).await;
        }
        eventually("sessions' tasks end", async || tasks() < 60).await;
        before = tasks();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sessions_are_capped_and_their_places_come_back() {
    let served = Arc::new(serve(Settings { max_sessions: 3, ..settings() }).await);
    let callers = [principal("one"), principal("two")];
    let [one, two] = &callers;
    for _ in 0..200 {
        // Each on its own task, so that they really come at once.
        let tries = (0..20).map(|i| {
            let (served, me) = (Arc::clone(&served), Arc::clone(&callers[i % 2]));
            tokio::spawn(async move {
                let answer = served.send(&me, Method::POST, &[], &initialize("2025-11-25")).await;
                (me, answer)
            })
        });
        let tries = join_all(tries).await.into_iter().map(Result::unwrap);
        let (begun, refused): (Vec<_>, Vec<_>) =
            tries.partition(|(_, answer)| answer.status == StatusCode::OK);
        assert!((1..=3).contains(&begun.len()), "{} for 3 places", begun.len());
        for (_, answer) in refused {
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
            assert!(answer.headers.contains_key("retry-after"));
            assert_eq!(answer.body["id"], 0);
        }
        let modern = served.modern(one, "tools/call", call("list_configs")).await;
        assert_eq!(modern.body["result"]["isError"], false, "the modern era needs no place");
        for (owner, answer) in begun {
            let headers = [("mcp-session-id", answer.headers["mcp-session-id"].to_str().unwrap())];
            let ended = served.send(&owner, Method::DELETE, &headers, &Value::Null).await;
            assert!(ended.status.is_success(), "{}", ended.status);
        }
        assert_eq!(served.endpoint.counts().await.sessions, 0);
    }
    let begin =
        async |me| served.send(me, Method::POST, &[], &initialize("2025-11-25")).await.status;
    // What begins no session takes no place.
    let broken = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": { "x": 1 } });
    let refused = served.send(one, Method::POST, &[], &broken).await;
    assert!(refused.code().is_some(), "{}", refused.body);
    assert_eq!(served.endpoint.counts().await.sessions, 0);
    for me in [one, two, one] {
        assert_eq!(begin(me).await, StatusCode::OK);
    }
    assert_eq!(begin(two).await, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_session_is_its_principals_alone() {
    let served = serve(settings()).await;
    let (one, two) = (principal("one"), principal("two"));
    let session = served.initialize(&one, "2025-11-25").await;
    served.initialize(&two, "2025-11-25").await;
    let headers = [("mcp-session-id", &*session), ("mcp-protocol-version", "2025-11-25")];
    let body = |method: &str| json!({ "jsonrpc": "2.0", "id": 4, "method": method, "params": call("list_configs") });
    for method in ["ping", "tools/list", "tools/call"] {
        let theirs = served.send(&two, Method::POST, &headers, &body(method)).await;
        assert_eq!(theirs.status, StatusCode::NOT_FOUND, "{method}: {}", theirs.body);
        assert_eq!(served.send(&one, Method::POST, &headers, &body(method)).await.status, 200);
    }
    for method in [Method::GET, Method::DELETE] {
        let mut listening = headers.to_vec();
        listening.push(("last-event-id", "0"));
        let theirs = served.send(&two, method, &listening, &Value::Null).await;
        assert_eq!(theirs.status, StatusCode::NOT_FOUND, "{}", theirs.body);
    }
    assert_eq!(served.send(&one, Method::POST, &headers, &body("ping")).await.status, 200);
    let counts = served.endpoint.counts().await;
    assert_eq!(counts, Counts { sessions: 2, services: 2, calls: 0, streams: 0 });
    let modern = served
        .send(&two, Method::GET, &[("mcp-protocol-version", MODERN), headers[0]], &Value::Null)
        .await;
    assert_eq!(modern.status, StatusCode::METHOD_NOT_ALLOWED);
}
