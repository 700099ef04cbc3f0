//! MCP over the pipes of the real process.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::{
    io::AsyncWriteExt,
    process::{Child, ChildStdin},
    sync::watch,
    time::timeout,
};

use crate::{
    process::{KEY, PATIENCE, Variables, collect, command, run, signal, until},
    scripted::{Reply, Upstream},
    support::{MODERN, initialize, meta},
};

/// A process that speaks over its pipes; killed when dropped.
struct Spoken {
    child: Child,
    input: Option<ChildStdin>,
    output: watch::Receiver<String>,
    log: watch::Receiver<String>,
}

impl Spoken {
    fn start(args: &[&str], variables: Variables<'_>) -> Self {
        let args = [&["stdio"], args].concat();
        let mut child = command(&args, variables).stdin(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take();
        let output = collect(child.stdout.take().unwrap());
        let log = collect(child.stderr.take().unwrap());
        Self { child, input, output, log }
    }

    fn sandbox() -> Self {
        Self::start(&["--sandbox"], &[])
    }

    fn before(upstream: &Upstream) -> Self {
        let url = format!("http://{}/v1", upstream.address);
        let variables = [
            ("PORTKEY_API_KEY", KEY),
            ("PORTKEY_BASE_URL", &*url),
            ("PORTKEY_ALLOW_PRIVATE_BASE_URL", "true"),
            ("PORTKEY_ALLOW_INSECURE_HTTP", "true"),
        ];
        Self::start(&[], &variables)
    }

    async fn say(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        input.flush().await.unwrap();
    }

    /// Every message so far; each line has to be one.
    #[track_caller]
    fn said(&self) -> Vec<Value> {
        let output = self.output.borrow();
        let messages = output.lines().map(|line| {
            let message: Value = serde_json::from_str(line).expect(line);
            assert_eq!(message["jsonrpc"], "2.0", "{line}");
            message
        });
        messages.collect()
    }

    /// Waits for the answer with this id.
    async fn answer(&self, id: impl Into<Value>) -> Value {
        let id = id.into();
        let find = |lines: &str| {
            let messages =
                lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            messages.into_iter().find(|message| message.get("id") == Some(&id))
        };
        let output = until(&self.output, |lines| find(lines).is_some()).await;
        find(&output).unwrap()
    }

    async fn ask(&mut self, message: Value) -> Value {
        self.say(&message.to_string()).await;
        self.answer(message["id"].clone()).await
    }

    /// Ends the input and waits for the process to end.
    async fn end(mut self) -> Option<i32> {
        self.input = None;
        self.ended().await
    }

    async fn ended(&mut self) -> Option<i32> {
        timeout(PATIENCE, self.child.wait()).await.expect("an end").unwrap().code()
    }
}

fn modern(id: impl Into<Value>, method: &str, mut params: Value) -> Value {
    params["_meta"] = meta(MODERN);
    json!({ "jsonrpc": "2.0", "id": id.into(), "method": method, "params": params })
}

fn legacy(id: impl Into<Value>, method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id.into(), "method": method, "params": params })
}

const READY: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

fn list_configs() -> Value {
    json!({ "name": "list_configs", "arguments": {} })
}

#[tokio::test]
async fn the_legacy_era_is_spoken_in_each_of_its_revisions() {
    for version in ["2025-03-26", "2025-06-18", "2025-11-25"] {
        let mut server = Spoken::sandbox();
        let begun = server.ask(initialize(version)).await;
        assert_eq!(begun["result"]["protocolVersion"], version);
        server.say(READY).await;
        let list = server.ask(legacy(1, "tools/list", json!({}))).await;
        assert_eq!(list["result"]["tools"][0]["name"], "list_configs");
        assert!(
            list["result"].get("ttlMs").is_none() && list["result"].get("resultType").is_none()
        );
        let called = server.ask(legacy("two", "tools/call", list_configs())).await;
        assert_eq!(called["result"]["isError"], false, "{called}");
        assert_eq!(server.ask(legacy(3, "ping", json!({}))).await["result"], json!({}));
        assert_eq!(server.ask(legacy(4, "no/such", json!({}))).await["error"]["code"], -32601);
        assert_eq!(server.ask(legacy(5, "tools/call", json!({}))).await["error"]["code"], -32602);
        assert_eq!(server.said().len(), 6);
        assert_eq!(server.end().await, Some(0));
    }
}

#[tokio::test]
async fn the_modern_era_needs_no_handshake() {
    let mut server = Spoken::sandbox();
    let list = server.ask(modern(1, "tools/list", json!({}))).await;
    assert_eq!(list["result"]["tools"][0]["name"], "list_configs", "{list}");
    assert_eq!(list["result"]["resultType"], "complete");
    assert!(list["result"]["ttlMs"].is_u64() && list["result"]["cacheScope"].is_string());
    let called = server.ask(modern(2, "tools/call", list_configs())).await;
    assert_eq!(called["result"]["isError"], false, "{called}");
    let info = &called["result"]["_meta"]["io.modelcontextprotocol/serverInfo"];
    assert_eq!(info["name"], "portkey-admin");
    let ping = server.ask(modern(3, "ping", json!({}))).await;
    assert_eq!(ping["error"]["code"], -32601, "{ping}");
    let wrong = server.ask(modern(4, "tools/call", json!({ "name": 5 }))).await;
    assert_eq!(wrong["error"]["code"], -32602, "{wrong}");
    assert_eq!(server.end().await, Some(0));
}

#[tokio::test]
async fn a_client_may_discover_and_then_choose_the_legacy_era() {
    let mut server = Spoken::sandbox();
    let discovered = server.ask(modern(1, "server/discover", json!({}))).await;
    let versions = discovered["result"]["supportedVersions"].as_array().unwrap();
    assert_eq!(versions.len(), 4, "{discovered}");
    let begun = server.ask(initialize("2025-11-25")).await;
    assert_eq!(begun["result"]["protocolVersion"], "2025-11-25", "{begun}");
    server.say(READY).await;
    let list = server.ask(legacy(2, "tools/list", json!({}))).await;
    assert_eq!(list["result"]["tools"][0]["name"], "list_configs");
    assert!(list["result"].get("resultType").is_none(), "the legacy era from here on");
    assert_eq!(server.end().await, Some(0));

    let mut server = Spoken::sandbox();
    let unknown = modern(1, "tools/list", json!({})).to_string().replace(MODERN, "2031-01-01");
    server.say(&unknown).await;
    let refused = server.answer(1).await;
    assert_eq!(refused["error"]["code"], -32022, "{refused}");
    assert_eq!(refused["error"]["data"]["requested"], "2031-01-01");
    assert!(refused["error"]["data"]["supported"].as_array().unwrap().contains(&json!(MODERN)));
    let list = server.ask(modern(2, "tools/list", json!({}))).await;
    assert!(list["result"]["tools"].is_array(), "it goes on: {list}");
    assert_eq!(server.end().await, Some(0));
}

#[tokio::test]
async fn stray_lines_are_answered_and_the_server_lives_on() {
    let strays = [
        ("hello", -32700),
        ("{\"jsonrpc\":", -32700),
        ("{}", -32600),
        ("[]", -32600),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
    ];
    for first in [true, false] {
        let mut server = Spoken::sandbox();
        if !first {
            server.ask(initialize("2025-11-25")).await;
            server.say(READY).await;
        }
        let before = server.said().len();
        for (count, (stray, code)) in strays.iter().enumerate() {
            server.say("").await;
            server.say(stray).await;
            let lines = before + count + 1;
            until(&server.output, |output| output.lines().count() >= lines).await;
            let told = server.said().pop().unwrap();
            assert_eq!(told["error"]["code"], *code, "{stray}: {told}");
            assert_eq!(told["id"], Value::Null, "{stray}: {told}");
        }
        // Nobody waits for an answer to these.
        for quiet in [
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}"#,
            r#"{"jsonrpc":"2.0","id":77,"result":{}}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/none/such"}"#,
        ] {
            server.say(quiet).await;
        }
        let answer = if first {
            let early = server.ask(legacy(8, "tools/list", json!({}))).await;
            assert!(early["error"]["code"].is_i64(), "neither era has begun: {early}");
            server.ask(modern(9, "tools/call", list_configs())).await
        } else {
            server.ask(legacy(9, "tools/call", list_configs())).await
        };
        assert_eq!(answer["result"]["isError"], false, "{answer}");
        assert_eq!(server.said().len(), before + strays.len() + 1 + usize::from(first));
        assert_eq!(server.end().await, Some(0));
    }
}

#[tokio::test]
async fn a_line_that_cannot_be_read_is_told_why() {
    let mut server = Spoken::sandbox();
    server.ask(initialize("2025-11-25")).await;
    server.say(READY).await;
    for (id, value, why) in [
        (1, r#""\ud800""#, "half of a surrogate pair, which is no character, at line 1 column "),
        (2, "1e400", "a number that is too large at line 1 column "),
    ] {
        let call = json!({ "name": "get_config", "arguments": { "slug": "§" } });
        server.say(&legacy(id, "tools/call", call).to_string().replace("\"§\"", value)).await;
        let error = server.answer(id).await["error"].take();
        assert_eq!(error["code"], -32700, "{error}");
        assert!(error["message"].as_str().unwrap().contains(why), "{error}");
    }
    assert_eq!(server.end().await, Some(0));
}

#[tokio::test]
async fn a_slow_call_holds_up_no_other_and_a_cancelled_one_is_not_answered() {
    let upstream = Upstream::start(|earlier, _| match earlier {
        0 => Reply::Hang,
        _ => Reply::Whole(b"HTTP/1.1 200 X\r\ncontent-length: 11\r\n\r\n{\"data\":[]}".into()),
    })
    .await;
    let mut server = Spoken::before(&upstream);
    server.ask(initialize("2025-11-25")).await;
    server.say(READY).await;
    server.say(&legacy(1, "tools/call", list_configs()).to_string()).await;
    upstream.arrived(1).await;
    let quick = server.ask(legacy(2, "tools/call", list_configs())).await;
    assert_eq!(quick["result"]["isError"], false, "{quick}");
    let cancel = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#;
    server.say(cancel).await;
    upstream.left().await;
    server.ask(legacy(3, "ping", json!({}))).await;
    assert!(server.said().iter().all(|message| message["id"] != 1), "{:?}", server.said());
    assert!(!server.output.borrow().contains(KEY) && !server.log.borrow().contains(KEY));
    assert_eq!(server.end().await, Some(0));
}

#[tokio::test]
async fn the_end_of_the_input_ends_the_process() {
    for begun in [false, true] {
        let upstream = Upstream::start(|_, _| Reply::Hang).await;
        let mut server = Spoken::before(&upstream);
        if begun {
            server.ask(initialize("2025-11-25")).await;
            server.say(READY).await;
            server.say(&legacy(1, "tools/call", list_configs()).to_string()).await;
            upstream.arrived(1).await;
        }
        let started = tokio::time::Instant::now();
        assert_eq!(server.end().await, Some(0));
        assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
        if begun {
            upstream.left().await;
        }
    }
}

#[tokio::test]
async fn what_was_asked_before_the_input_ended_is_answered() {
    let asked = modern(1, "tools/call", list_configs()).to_string();
    let ran = run(&["stdio", "--sandbox"], &[], &format!("no JSON\n{asked}")).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let said: Vec<Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(said.len(), 2, "{ran:?}");
    assert_eq!(said[0]["error"]["code"], -32700);
    assert_eq!(said[1]["result"]["isError"], false, "{ran:?}");
}

#[tokio::test]
async fn a_signal_ends_the_process() {
    for name in ["TERM", "INT"] {
        let mut server = Spoken::sandbox();
        server.ask(initialize("2025-11-25")).await;
        signal(server.child.id().unwrap(), name).await;
        assert_eq!(server.ended().await, Some(0), "{name}");
        let mut server = Spoken::sandbox();
        server.ask(modern(1, "server/discover", json!({}))).await;
        signal(server.child.id().unwrap(), name).await;
        assert_eq!(server.ended().await, Some(0), "{name}");
    }
}

#[tokio::test]
async fn a_signal_tells_the_calls_in_flight_what_became_of_them() {
    for era in ["legacy", "modern"] {
        let upstream = Upstream::start(|_, _| Reply::Hang).await;
        let mut server = Spoken::before(&upstream);
        if era == "legacy" {
            server.ask(initialize("2025-11-25")).await;
            server.say(READY).await;
        }
        for id in 1..=3 {
            let call = match era {
                "legacy" => legacy(id, "tools/call", list_configs()),
                _ => modern(id, "tools/call", list_configs()),
            };
            server.say(&call.to_string()).await;
        }
        upstream.arrived(3).await;
        signal(server.child.id().unwrap(), "TERM").await;
        for id in 1..=3 {
            let told = server.answer(id).await;
            assert_eq!(told["result"]["isError"], true, "{told}");
            let text = told["result"]["content"][0]["text"].as_str().unwrap();
            assert!(text.contains("stopp"), "{text}");
        }
        assert_eq!(server.ended().await, Some(0), "{era}");
    }
}

#[tokio::test]
async fn without_a_key_it_says_so_in_one_line() {
    let ran = run(&["stdio"], &[], "").await;
    assert_eq!((ran.code, &*ran.stdout), (Some(2), ""), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    assert!(ran.stderr.contains("PORTKEY_API_KEY") && ran.stderr.contains("--sandbox"), "{ran:?}");
}
