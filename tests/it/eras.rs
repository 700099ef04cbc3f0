//! Which era a request belongs to, for every combination of header, `_meta` and session mode.

use std::fmt::Write as _;

use http::{Method, StatusCode};
use portkey_admin_mcp::mcp::{SessionMode, Settings};
use serde_json::{Value, json};

use crate::support::{Answer, MODERN, initialize, meta, principal, serve, settings};

const VERSIONS: [&str; 6] =
    ["2025-03-26", "2025-06-18", "2025-11-25", MODERN, "2024-11-05", "1999-01-01"];

/// A word for what an answer is.
fn told(answer: &Answer) -> String {
    let status = answer.status.as_u16();
    let result = &answer.body["result"];
    match answer.code() {
        Some(code) => format!("{status} {code}"),
        None if result["resultType"].is_string() => format!("{status} modern result"),
        None if result.is_object() => format!("{status} legacy result"),
        None => format!("{status}"),
    }
}

fn metas() -> Vec<(String, Value)> {
    let mut metas = vec![("-".to_owned(), Value::Null)];
    for version in VERSIONS {
        let complete = meta(version);
        let mut partial = complete.clone();
        partial.as_object_mut().unwrap().remove("io.modelcontextprotocol/clientCapabilities");
        metas.push((format!("{version} partial"), partial));
        metas.push((format!("{version} complete"), complete));
    }
    let mut unnamed = meta(MODERN);
    unnamed.as_object_mut().unwrap().remove("io.modelcontextprotocol/protocolVersion");
    metas.push(("no version".into(), unnamed));
    metas
}

/// The whole table is a golden file, rewritten with `UPDATE=1`; what no row may break stands here.
#[tokio::test]
async fn every_combination_of_header_and_meta_is_answered_as_last_reviewed() {
    let me = principal("one");
    let mut table = String::new();
    for mode in [SessionMode::Stateful, SessionMode::Stateless] {
        let served = serve(Settings { session_mode: mode, ..settings() }).await;
        let session = match mode {
            SessionMode::Stateful => served.initialize(&me, "2025-11-25").await,
            SessionMode::Stateless => String::new(),
        };
        for method in ["tools/list", "tools/call", "initialize", "server/discover"] {
            let headers = VERSIONS.map(|version| vec![version]);
            for header in [vec![], vec![MODERN, MODERN], vec!["2025-11-25", MODERN]]
                .into_iter()
                .chain(headers)
            {
                for (name, meta) in metas() {
                    let mut sent = vec![("mcp-method", method)];
                    if method == "tools/call" {
                        sent.push(("mcp-name", "list_configs"));
                    }
                    if !session.is_empty() && method != "initialize" {
                        sent.push(("mcp-session-id", &session));
                    }
                    sent.extend(header.iter().map(|version| ("mcp-protocol-version", *version)));
                    let mut body = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": { "name": "list_configs", "arguments": {} } });
                    if method == "initialize" {
                        body = initialize("2025-06-18");
                    }
                    if !meta.is_null() {
                        body["params"]["_meta"] = meta.clone();
                    }
                    let answer = served.send(&me, Method::POST, &sent, &body).await;
                    let outcome = told(&answer);
                    let row = format!("{mode:?} {method} | {} | {name}", header.join(" + "));
                    if answer.status == StatusCode::OK {
                        assert!(answer.code().is_none(), "{row}: {}", answer.body);
                        assert_eq!(answer.body["id"], body["id"], "{row}");
                    } else {
                        assert!(answer.code().is_some(), "{row}: {outcome} {}", answer.body);
                    }
                    if header.len() > 1 {
                        assert_eq!(outcome, "400 -32020", "{row}");
                    }
                    let unknown = ["2024-11-05", "1999-01-01"];
                    if header.iter().any(|version| unknown.contains(version))
                        && method != "initialize"
                    {
                        assert!(matches!(answer.code(), Some(-32022 | -32020)), "{row}: {outcome}");
                    }
                    if answer.code() == Some(-32022) {
                        let supported =
                            answer.body["error"]["data"]["supported"].as_array().unwrap();
                        assert!(supported.contains(&json!(MODERN)), "{row}");
                    }
                    if outcome == "200 modern result" {
                        assert!(
                            header == [MODERN] && name == format!("{MODERN} complete"),
                            "{row}"
                        );
                    }
                    writeln!(table, "{row} => {outcome}").unwrap();
                }
            }
        }
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/eras.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(file, &table).unwrap();
    }
    assert!(
        table == std::fs::read_to_string(file).unwrap(),
        "review the change, then run with UPDATE=1"
    );
}
