//! Cursors of lists: every list has one page, so that each cursor is refused as an argument.
//!
//! Input: the JSON that stands for the cursor, in either era and for each list.

use std::sync::{Arc, LazyLock};

use axum::body::Body;
use portkey_admin_mcp::{auth::Principal, mcp::Endpoint};
use serde_json::{Value, json};

use super::server::{Answer, block_on, post, principal, product};

const MODERN: &str = "2026-07-28";
const LISTS: [&str; 4] =
    ["tools/list", "prompts/list", "resources/list", "resources/templates/list"];
static ENDPOINT: LazyLock<Endpoint> = LazyLock::new(product);
static ANYBODY: LazyLock<Arc<Principal>> = LazyLock::new(|| principal(None));

pub fn check(input: &[u8]) {
    let Ok(cursor) = serde_json::from_slice::<Value>(input) else { return };
    for list in LISTS {
        for modern in [true, false] {
            let mut params = json!({ "cursor": cursor });
            let mut request = post(&ANYBODY);
            if modern {
                params["_meta"] = json!({
                    "io.modelcontextprotocol/protocolVersion": MODERN,
                    "io.modelcontextprotocol/clientCapabilities": {},
                });
                request = request.header("mcp-protocol-version", MODERN).header("mcp-method", list);
            }
            let body = json!({ "jsonrpc": "2.0", "id": 1, "method": list, "params": params });
            let request = request.body(Body::from(body.to_string())).expect("a request");
            let answer = block_on(async { Answer::of(ENDPOINT.handle(request).await).await });
            let message = answer.message.as_ref().expect("a message");
            match cursor {
                Value::Null => assert!(message["result"].is_object(), "{message}"),
                // Too deep for a message, or written by a name that none may use.
                _ if answer.code() == Some(-32600) => {
                    assert!(!cursor.is_string(), "{list} {modern} {message}");
                }
                _ => assert_eq!(answer.code(), Some(-32602), "{message}"),
            }
        }
    }
}
