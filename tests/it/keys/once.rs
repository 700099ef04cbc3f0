//! A secret that is shown this one time: in one result, marked, and nowhere else.

use http::Method;
use portkey_admin_mcp::{mask::SENTINEL, tools::Catalogue};
use serde_json::{Value, json};

use crate::{
    process::{Ask, Server, run},
    scripted::{Reply, Upstream},
    support::{MODERN, initialize, meta, principal, serve, settings},
};

const MARK: &str = "portkey-admin/withhold";
const SERVER: &str = "io.modelcontextprotocol/serverInfo";

fn service(name: &str) -> Value {
    json!({ "type": "organisation", "sub_type": "service", "name": name, "scopes": ["configs.read"] })
}

/// The secret of a result that shows it as it has to.
fn secret(result: &Value, modern: bool) -> String {
    let data = &result["structuredContent"];
    let key = data["key"].as_str().unwrap_or_else(|| panic!("no key in {result}"));
    assert!(key.len() > 20 && !key.contains("***"), "{key}");
    let note = data["handling"].as_str().unwrap();
    assert!(note.contains("`key`") && note.contains("one time"), "{note}");
    assert_eq!(result["_meta"][MARK], true, "{result}");
    assert_eq!(result["_meta"].get(SERVER).is_some(), modern, "{result}");
    key.to_owned()
}

#[tokio::test]
async fn a_one_time_secret_is_in_one_result_that_is_marked_in_both_eras() {
    let served = serve(settings()).await;
    let mut secrets = Vec::new();
    let made = served.call("create_api_key", service("modern")).await;
    let id = made.data()["id"].clone();
    secrets.push(secret(&made.answer.body["result"], true));
    for version in ["2025-03-26", "2025-06-18", "2025-11-25"] {
        let made = served.call_legacy(version, "create_api_key", service(version)).await;
        secrets.push(secret(&made.answer.body["result"], false));
    }
    // At the end of a stream, past rmcp's serialiser's shortcut.
    let mut meta = meta(MODERN);
    meta["progressToken"] = json!("p");
    let params = json!({ "name": "rotate_api_key", "arguments": { "id": id }, "_meta": meta });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let headers = [
        ("mcp-protocol-version", MODERN),
        ("mcp-method", "tools/call"),
        ("mcp-name", "rotate_api_key"),
    ];
    let answer = served.send(&principal("caller"), Method::POST, &headers, &body).await;
    secrets.push(secret(&answer.body["result"], true));
    secrets.dedup();
    assert_eq!(secrets.len(), 5);
    for (tool, args) in [("get_api_key", json!({ "id": id })), ("list_api_keys", json!({}))] {
        let called = served.call(tool, args).await;
        for secret in &secrets {
            assert!(!called.wire().contains(&**secret), "{tool} shows it again");
        }
        assert!(called.data().get("handling").is_none());
        assert!(called.answer.body["result"]["_meta"].get(MARK).is_none(), "{tool}");
    }
    let error = served.call("rotate_api_key", json!({ "id": id })).await;
    assert!(error.failed());
    assert!(error.answer.body["result"]["_meta"].get(MARK).is_none(), "an error holds no secret");
}

#[tokio::test]
async fn over_pipes_the_secret_is_in_the_result_and_not_in_the_log() {
    let call = |id: u64, tool: &str, args: Value, more: Value| {
        let mut params = json!({ "name": tool, "arguments": args });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params }).to_string()
    };
    let both = |more: Value| {
        let unknown = json!({ "id": "3fa85f64-5717-4562-b3fc-2c963f66afa6" });
        [
            call(7, "create_api_key", service("piped"), more.clone()),
            call(8, "get_api_key", unknown, more),
        ]
        .join("\n")
    };
    let ready = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let legacy = [initialize("2025-11-25").to_string(), ready.to_owned(), both(json!({}))];
    let modern = [both(json!({ "_meta": meta(MODERN) }))];
    for (lines, is_modern) in [(legacy.join("\n"), false), (modern.join("\n"), true)] {
        let ran =
            run(&["stdio", "--sandbox"], &[("LOG_LEVEL", "trace")], &format!("{lines}\n")).await;
        let answers = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let answer = answers.into_iter().find(|answer| answer["id"] == 7).expect(&ran.stdout);
        let secret = secret(&answer["result"], is_modern);
        assert!(!ran.stderr.contains(&*secret), "the log has it");
        assert!(ran.stderr.contains("tool error"), "errors are logged: {}", ran.stderr);
    }
}

#[tokio::test]
async fn the_binary_logs_no_one_time_secret_at_any_level() {
    for (level, format) in [("debug", "text"), ("trace", "json")] {
        let server = Server::sandbox(&[("LOG_LEVEL", level), ("LOG_FORMAT", format)]).await;
        let made = server.ask(&Ask::call("create_api_key", service("logged"))).await.json();
        let first = secret(&made["result"], true);
        let id = &made["result"]["structuredContent"]["id"];
        let turned = server.ask(&Ask::call("rotate_api_key", json!({ "id": id }))).await.json();
        let second = secret(&turned["result"], true);
        server.ask(&Ask::call("get_api_key", json!({ "id": id }))).await;
        let log = server.log();
        assert!(!log.is_empty() && !log.contains(&*first) && !log.contains(&*second), "{log}");
    }
}

/// Every row with such a field says so where a reader of the list of tools sees it.
#[test]
fn tools_that_show_a_secret_once_say_so() {
    for entry in Catalogue::new(&[]).unwrap().entries() {
        if !entry.tool.one_time.is_empty() {
            let about = entry.tool.description();
            assert!(about.contains("one time") || about.contains("once"), "{}", entry.tool.name);
        }
    }
}

/// What a read shows of a key is what Portkey left of it, and nothing where it left too much.
#[tokio::test]
async fn a_key_that_comes_unmasked_is_masked_here() {
    let rows = json!({ "total": 2, "data": [
        { "id": "a", "key": "kestrel-7d1f-in-clear" }, { "id": "b", "key": "Xk*******S4" },
    ] });
    let body = rows.to_string();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length:";
    let whole = format!("{head} {}\r\n\r\n{body}", body.len());
    let upstream = Upstream::start(move |_, _| Reply::Whole(whole.clone().into())).await;
    let server = Server::before(&format!("http://{}/v1", upstream.address), &[]).await;
    for tool in ["list_api_keys", "list_virtual_keys"] {
        let reply = server.ask(&Ask::call(tool, json!({}))).await;
        assert!(!reply.text().contains("kestrel"), "{}", reply.text());
        let data = &reply.json()["result"]["structuredContent"]["data"];
        assert_eq!((&data[0]["key"], &data[1]["key"]), (&json!(SENTINEL), &json!("Xk*******S4")));
    }
}
