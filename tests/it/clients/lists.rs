//! `tools/list` byte by byte: the same each time, in each revision, plain and compressed.

use std::{collections::BTreeSet, io::Read as _};

use serde_json::{Value, json};

use crate::{
    process::{Ask, Server, run},
    support::{MODERN, initialize, meta},
};

const LEGACY: [&str; 3] = ["2025-03-26", "2025-06-18", "2025-11-25"];

/// A `tools/list` in each revision, in a session where there are some.
async fn asks(server: &Server) -> Vec<(&'static str, Ask)> {
    let mut asks = vec![(MODERN, Ask::modern(1, "tools/list", json!({})))];
    for version in LEGACY {
        let session = server.initialize(version).await;
        let ask = Ask::legacy(&session, 1, "tools/list", json!({}));
        asks.push((version, ask.set("mcp-protocol-version", version)));
    }
    asks
}

#[tokio::test]
async fn the_list_is_the_same_bytes_each_time_and_in_each_era() {
    let server = Server::sandbox(&[]).await;
    let mut lists = BTreeSet::new();
    for (version, ask) in asks(&server).await {
        let first = server.ask(&ask).await;
        assert_eq!(first.status, 200, "{version}: {first:?}");
        server.ask(&Ask::call("list_configs", json!({}))).await;
        for _ in 0..3 {
            assert_eq!(server.ask(&ask).await.text(), first.text(), "{version}");
        }
        let result = first.json()["result"].take();
        assert_eq!(result["ttlMs"].is_number(), version == MODERN, "{version}");
        assert_eq!(result["cacheScope"] == "public", version == MODERN, "{version}");
        assert_eq!(result["tools"][0]["name"], "list_configs");
        lists.insert(result["tools"].to_string());
    }
    assert_eq!(lists.len(), 1, "every revision lists the same tools");
}

#[tokio::test]
async fn the_list_is_the_same_compressed() {
    let server = Server::sandbox(&[]).await;
    for (version, ask) in asks(&server).await {
        let plain = server.ask(&ask).await;
        assert!(plain.header("content-encoding").is_none(), "{version}");
        let packed = server.ask(&ask.clone().with("accept-encoding", "deflate, gzip")).await;
        assert_eq!(packed.header("content-encoding"), Some("gzip"), "{version}");
        assert!(packed.header("vary").unwrap().contains("accept-encoding"), "{version}");
        let mut text = String::new();
        flate2::bufread::GzDecoder::new(packed.bytes()).read_to_string(&mut text).unwrap();
        assert_eq!(text, plain.text(), "{version}");
        assert!(packed.bytes().len() * 4 < text.len(), "{version}: {}", packed.bytes().len());
        let refused = server.ask(&ask.with("accept-encoding", "gzip;q=0")).await;
        assert_eq!(refused.text(), plain.text(), "{version}");
    }
}

#[tokio::test]
async fn the_id_comes_back_as_it_was_sent() {
    let server = Server::sandbox(&[]).await;
    for id in [json!("a\"\u{202e}\\"), json!(-5), json!(i64::MAX), json!("")] {
        let reply = server.ask(&Ask::modern(id.clone(), "tools/list", json!({}))).await;
        assert_eq!(reply.json()["id"], id);
    }
}

#[tokio::test]
async fn stdio_lists_the_same_tools_a_line_an_answer() {
    let server = Server::sandbox(&[]).await;
    let over_http = server.ask(&Ask::modern(1, "tools/list", json!({}))).await.json();
    for version in LEGACY {
        let mut input = initialize(version).to_string();
        input.push_str("\n{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n");
        for id in 1..4 {
            let list = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/list" });
            input.push_str(&format!("{list}\n"));
        }
        lists_over_stdio(&input, 1, &over_http["result"]["tools"]).await;
    }
    let mut input = String::new();
    for id in 1..4 {
        let params = json!({ "_meta": meta(MODERN) });
        let list = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/list", "params": params });
        input.push_str(&format!("{list}\n"));
    }
    lists_over_stdio(&input, 0, &over_http["result"]["tools"]).await;
}

/// Asserts that a conversation's three lists are those tools and equal but for their ids.
async fn lists_over_stdio(input: &str, before: usize, tools: &Value) {
    let ran = run(&["stdio", "--sandbox"], &[], input).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let lines: Vec<&str> = ran.stdout.lines().skip(before).collect();
    assert_eq!(lines.len(), 3, "{}", ran.stdout);
    let mut results = BTreeSet::new();
    for line in lines {
        let mut answer: Value = serde_json::from_str(line).unwrap();
        assert_eq!(&answer["result"]["tools"], tools);
        results.insert(answer["result"].take().to_string());
    }
    assert_eq!(results.len(), 1);
}
