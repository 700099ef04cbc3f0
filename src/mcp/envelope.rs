//! The JSON-RPC envelope, parsed once (JSON-RPC 2.0; MCP basic/index).

use std::borrow::Cow;

use rmcp::model::ErrorCode;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{Json, depth, fault};

/// What routing needs of a message; everything else stays unread.
#[derive(Debug)]
pub struct Envelope<'a> {
    /// As it came; `None` for notifications and for responses.
    pub id: Option<&'a RawValue>,
    /// `None` for responses.
    pub method: Option<Cow<'a, str>>,
    pub params: Params<'a>,
    pub meta: Meta<'a>,
}

/// What routing needs of the parameters.
#[derive(Debug, Default, Deserialize)]
pub struct Params<'a> {
    #[serde(borrow, rename = "_meta")]
    meta: Option<&'a RawValue>,
    #[serde(borrow)]
    pub cursor: Option<&'a RawValue>,
    /// Of a call; one that is given twice is no message.
    #[serde(borrow)]
    pub arguments: Option<&'a RawValue>,
    /// Of a tool or a prompt.
    #[serde(borrow)]
    pub name: Option<&'a RawValue>,
    /// Of a resource.
    #[serde(borrow)]
    pub uri: Option<&'a RawValue>,
    /// Of `initialize`.
    #[serde(borrow, rename = "protocolVersion")]
    pub protocol_version: Option<Cow<'a, str>>,
}

/// Why a body is no message, with the JSON-RPC code that says so.
#[derive(Debug, PartialEq, Eq)]
pub enum Malformed {
    /// -32700.
    NotJson(String),
    /// -32600.
    NotJsonRpc(&'static str),
    /// -32600, with the levels that there may be.
    TooDeep(usize),
}

impl Malformed {
    /// As the caller is told.
    pub fn told(&self) -> (ErrorCode, String) {
        match self {
            Self::NotJson(why) => (ErrorCode::PARSE_ERROR, format!("this is not JSON: {why}")),
            Self::NotJsonRpc(why) => (ErrorCode::INVALID_REQUEST, (*why).to_owned()),
            Self::TooDeep(limit) => {
                let why = format!(
                    "the message is nested more deeply than {limit} levels (MCP_MAX_JSON_DEPTH)"
                );
                (ErrorCode::INVALID_REQUEST, why)
            }
        }
    }
}

#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow)]
    jsonrpc: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// Keeps an explicit null apart from an absent member.
fn present<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl<'a> Envelope<'a> {
    /// Parses a body of at most `max_depth` levels.
    pub fn parse(body: &'a [u8], max_depth: usize) -> Result<Self, Malformed> {
        if depth(body) > max_depth {
            return Err(Malformed::TooDeep(max_depth));
        }
        // In what it passes over, serde_json's reader of bytes does not look for UTF-8.
        let text = std::str::from_utf8(body).map_err(|_| why(body))?;
        let members: Members<'_> = serde_json::from_str(text).map_err(|_| why(body))?;
        no_private(text)?;
        if members.jsonrpc.as_deref() != Some("2.0") {
            return Err(Malformed::NotJsonRpc("`jsonrpc` has to be \"2.0\""));
        }
        if members.id.is_some_and(|id| !is_id(id.get())) {
            return Err(Malformed::NotJsonRpc("`id` has to be a string or an integer"));
        }
        if members.method.is_none() && (members.result.is_none() == members.error.is_none()) {
            return Err(Malformed::NotJsonRpc(
                "a message has a `method`, a `result` or an `error`",
            ));
        }
        let params = match members.params.map(RawValue::get) {
            None | Some("null") => Params::default(),
            Some(params) if params.starts_with('{') => serde_json::from_str(params)
                .map_err(|_| Malformed::NotJsonRpc("`params` is malformed"))?,
            Some(_) => return Err(Malformed::NotJsonRpc("`params` has to be an object")),
        };
        let meta = Meta::of(&params);
        Ok(Self { id: members.id, method: members.method, params, meta })
    }
}

impl Envelope<'_> {
    /// Whether it asks for a list, of whatever.
    pub(super) fn is_list(&self) -> bool {
        const LISTS: [&str; 4] =
            ["tools/list", "prompts/list", "resources/list", "resources/templates/list"];
        self.method.as_deref().is_some_and(|method| LISTS.contains(&method))
    }

    /// A list of tools that every request may have; one with a cursor is for rmcp to refuse.
    pub(super) fn is_first_page(&self) -> bool {
        self.method.as_deref() == Some("tools/list") && self.params.cursor.is_none()
    }
}

/// What `_meta` says of the request.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Meta<'a> {
    /// The revision, where one is named.
    pub version: Option<Cow<'a, str>>,
    /// Declares the client's capabilities, as modern requests have to.
    pub complete: bool,
}

impl<'a> Meta<'a> {
    fn of(params: &Params<'a>) -> Self {
        #[derive(Default, Deserialize)]
        struct Fields<'a> {
            #[serde(borrow, rename = "io.modelcontextprotocol/protocolVersion")]
            version: Option<&'a RawValue>,
            #[serde(borrow, rename = "io.modelcontextprotocol/clientCapabilities")]
            capabilities: Option<&'a RawValue>,
        }
        let fields: Fields<'a> =
            params.meta.and_then(|it| serde_json::from_str(it.get()).ok()).unwrap_or_default();
        Self {
            version: fields.version.and_then(|it| serde_json::from_str(it.get()).ok()),
            complete: fields.capabilities.is_some_and(|it| it.get().starts_with('{')),
        }
    }
}

/// Refuses names by which serde_json's own reader would take a text for JSON.
fn no_private(text: &str) -> Result<(), Malformed> {
    const NAME: &str = "$serde_json::private::";
    // Written with escapes it is found as well.
    let may = text.contains(NAME)
        || text.as_bytes().windows(4).any(|part| part.eq_ignore_ascii_case(b"\\u00"));
    if may {
        let json = Json::read(text).map_err(|_| why(text.as_bytes()))?;
        if json.has_name(|name| name.starts_with(NAME)) {
            return Err(Malformed::NotJsonRpc("a name in the message is reserved"));
        }
    }
    Ok(())
}

fn is_id(id: &str) -> bool {
    id.starts_with('"') || id.parse::<i64>().is_ok()
}

fn why(body: &[u8]) -> Malformed {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    match (fault(body), first) {
        (Some(fault), _) => Malformed::NotJson(fault.to_string()),
        (None, Some(b'[')) => {
            Malformed::NotJsonRpc("batches are not served: send one message a request")
        }
        (None, _) => Malformed::NotJsonRpc("this is no JSON-RPC message"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<Envelope<'_>, Malformed> {
        Envelope::parse(body.as_bytes(), 8)
    }

    #[test]
    fn a_message_is_read_as_far_as_routing_needs() {
        let body = r#"{"jsonrpc":"2.0","id":"a","method":"tools/list","params":{"cursor":"c","_meta":{
            "io.modelcontextprotocol/protocolVersion":"2026-07-28",
            "io.modelcontextprotocol/clientCapabilities":{}}}}"#;
        let envelope = parse(body).unwrap();
        assert_eq!(envelope.id.map(RawValue::get), Some("\"a\""));
        assert_eq!(envelope.method.as_deref(), Some("tools/list"));
        assert_eq!(envelope.meta, Meta { version: Some("2026-07-28".into()), complete: true });
        assert!(parse(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#).unwrap().method.is_none());
        assert!(parse(r#"{"jsonrpc":"2.0","method":"x","params":null}"#).unwrap().id.is_none());
        let text =
            r#"{"jsonrpc":"2.0","method":"x","params":{"a":"$serde_json::private::RawValue"}}"#;
        assert!(parse(text).is_ok(), "a text that is no name");
    }

    #[test]
    fn what_is_no_message_is_told_apart() {
        assert!(matches!(parse("{\"jsonrpc\""), Err(Malformed::NotJson(_))));
        assert!(matches!(parse(""), Err(Malformed::NotJson(_))));
        let unread = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"x\":\"\xff\"}";
        assert!(matches!(Envelope::parse(unread, 8), Err(Malformed::NotJson(_))));
        let deep = format!("{}{}", "[".repeat(9), "]".repeat(9));
        for body in [
            "[]",
            "5",
            "{}",
            r#"{"jsonrpc":"1.0","method":"x"}"#,
            r#"{"jsonrpc":"2.0","id":null,"method":"x"}"#,
            r#"{"jsonrpc":"2.0","id":1.5,"method":"x"}"#,
            r#"{"jsonrpc":"2.0","id":18446744073709551615,"method":"x"}"#,
            r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"x"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"x","params":[]}"#,
            r#"{"jsonrpc":"2.0","id":1}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":5}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":{"$serde_json::private::RawValue":"1"}}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"x","params":{"\u0024serde_json::private::RawValue":"1"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"arguments":{},"arguments":{}}}"#,
        ] {
            assert!(matches!(parse(body), Err(Malformed::NotJsonRpc(_))), "{body}");
        }
        assert_eq!(parse(&deep).unwrap_err(), Malformed::TooDeep(8));
    }
}
