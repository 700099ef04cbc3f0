//! `PORTKEY_TOOL_DOMAINS` narrows the server wherever a tool can be met: the real binary, with the
//! variable set, over both transports and in every command.

use std::collections::BTreeSet;

use portkey_admin_mcp::tools::DOMAINS;
use serde_json::{Value, json};

use crate::process::{Ask, Server, run};

const NARROW: &[(&str, &str)] = &[("PORTKEY_TOOL_DOMAINS", "logging,labels")];

/// The names of the tools that are left, and of all others.
fn left_and_gone() -> (BTreeSet<&'static str>, Vec<&'static str>) {
    let of = |wanted: bool| {
        let domains =
            DOMAINS.iter().filter(move |(name, _)| matches!(*name, "logging" | "labels") == wanted);
        domains.flat_map(|(_, tools)| tools.iter().map(|tool| tool.name))
    };
    (of(true).collect(), of(false).collect())
}

fn names(list: &Value) -> BTreeSet<&str> {
    list["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_server_lists_calls_and_tells_of_no_tool_of_another_domain() {
    let (left, gone) = left_and_gone();
    let server = Server::sandbox(NARROW).await;
    let session = server.initialize("2025-11-25").await;
    for ask in
        [Ask::modern(1, "tools/list", json!({})), Ask::legacy(&session, 1, "tools/list", json!({}))]
    {
        assert_eq!(names(&server.ask(&ask).await.json()["result"]), left);
    }
    for tool in gone {
        let reply = server.ask(&Ask::call(tool, json!({}))).await;
        assert_eq!(reply.json()["error"]["code"], -32602, "{tool}: {reply:?}");
    }
    let legacy = json!({ "name": "list_configs", "arguments": {} });
    let reply = server.ask(&Ask::legacy(&session, 2, "tools/call", legacy)).await;
    assert_eq!(reply.json()["error"]["code"], -32602, "{reply:?}");
    let called = server.ask(&Ask::call("list_prompt_labels", json!({}))).await;
    assert_eq!(called.json()["result"]["isError"], false, "{called:?}");

    let about = server.ask(&Ask::modern(1, "server/discover", json!({}))).await.json();
    let about = about["result"]["instructions"].as_str().unwrap().to_owned();
    assert!(about.contains("organisation: labels, logging. "), "{about}");
    for other in ["configs", "guardrails", "MCP servers"] {
        assert!(!about.contains(other), "{about}");
    }
    assert!(about.contains("not in the list"), "{about}");

    let read = json!({ "uri": "portkey://guide" });
    let guide = server.ask(&Ask::modern(1, "resources/read", read)).await.json();
    let guide = guide["result"]["contents"][0]["text"].as_str().unwrap().to_owned();
    let (_, absent) = guide.split_once("## Not available here").unwrap();
    assert!(absent.contains("`update_config`") && !absent.contains("`get_log`"), "{absent}");
}

#[tokio::test]
async fn a_server_on_standard_input_is_narrowed_too() {
    let (left, _) = left_and_gone();
    let hello = crate::support::initialize("2025-11-25");
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {} });
    let ran = run(&["stdio", "--sandbox"], NARROW, &format!("{hello}\n{ready}\n{list}\n")).await;
    let messages = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let messages: Vec<Value> = messages.collect();
    let find = |id: u64| messages.iter().find(|message| message["id"] == id).unwrap();
    assert!(find(0)["result"]["instructions"].as_str().unwrap().contains("labels, logging"));
    assert_eq!(names(&find(1)["result"]), left);
}

#[tokio::test]
async fn the_commands_know_only_these_domains() {
    let (left, _) = left_and_gone();
    let listed = run(&["tools", "--json"], NARROW, "").await;
    assert_eq!(names(&serde_json::from_str(&listed.stdout).unwrap()), left);
    let called = run(&["call", "list_prompt_labels", "--sandbox"], NARROW, "").await;
    assert_eq!(called.code, Some(0), "{called:?}");
    let refused = run(&["call", "list_configs", "--sandbox"], NARROW, "").await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("no tool `list_configs`"), "{refused:?}");
}
