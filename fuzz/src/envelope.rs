//! The envelope: what this service reads of a message is what rmcp reads of it, since rights are
//! decided on the one and the call is made from the other.

use http::{HeaderMap, Method};
use portkey_admin_mcp::mcp::routing::{Envelope, Era, Malformed, era};
use rmcp::model::{ClientJsonRpcMessage, ClientRequest, JsonRpcMessage};
use serde_json::{Value, value::RawValue};

use super::same_id;

const MAX_DEPTH: usize = 64;

pub fn check(input: &[u8]) {
    let envelope = match Envelope::parse(input, MAX_DEPTH) {
        Ok(envelope) => envelope,
        Err(malformed) => {
            assert!(matches!(malformed.told().0.0, -32700 | -32600));
            if let Malformed::NotJson(_) = malformed {
                assert!(serde_json::from_slice::<Value>(input).is_err(), "it is JSON");
            }
            return;
        }
    };
    let found = era(&Method::POST, &HeaderMap::new(), Some(&envelope));
    assert!(!matches!(found, Era::NotThere | Era::Unknown(_)), "without a header: {found:?}");
    // One with a number that no double holds is no message to rmcp.
    let Ok(value) = serde_json::from_slice::<Value>(input) else { return };
    let given = |raw: Option<&RawValue>| {
        raw.map_or(Value::Null, |raw| serde_json::from_str(raw.get()).expect("JSON"))
    };
    assert_eq!(value["jsonrpc"], "2.0");
    assert_eq!(given(envelope.id), value["id"]);
    assert_eq!(envelope.method.as_deref(), value["method"].as_str());
    let params = &value["params"];
    assert_eq!(given(envelope.params.name), params["name"]);
    assert_eq!(given(envelope.params.uri), params["uri"]);
    assert_eq!(given(envelope.params.cursor), params["cursor"]);
    assert_eq!(given(envelope.params.arguments), params["arguments"]);
    let version = &params["_meta"]["io.modelcontextprotocol/protocolVersion"];
    assert_eq!(envelope.meta.version.as_deref(), version.as_str());

    let Ok(message) = serde_json::from_slice::<ClientJsonRpcMessage>(input) else { return };
    let JsonRpcMessage::Request(request) = message else { return };
    let id = serde_json::to_value(&request.id).expect("JSON");
    assert!(same_id(&id, &given(envelope.id)), "{id}");
    let (method, what) = match &request.request {
        ClientRequest::CallToolRequest(call) => ("tools/call", call.params.name.to_string()),
        ClientRequest::GetPromptRequest(get) => ("prompts/get", get.params.name.clone()),
        ClientRequest::ReadResourceRequest(read) => ("resources/read", read.params.uri.clone()),
        other => return assert_eq!(envelope.method.as_deref(), Some(other.method())),
    };
    assert_eq!(envelope.method.as_deref(), Some(method));
    let read = if method == "resources/read" { envelope.params.uri } else { envelope.params.name };
    assert_eq!(given(read), what, "rights are decided on another name");
}
