//! 403 `insufficient_scope`: what the rules allow and only the token's scopes lack (MCP
//! basic/authorization, RFC 6750 section 3.1).

use axum::response::Response;
use http::{StatusCode, header::WWW_AUTHENTICATE};
use rmcp::model::ErrorCode;

use super::{envelope::Envelope, reply, server::Caller};
use crate::{
    auth::{Challenge, Decision, READ, Refused, WRITE},
    resources,
    runbooks::RUNBOOKS,
    tools::Catalogue,
};

/// The refusal of a message whose tool needs a scope that the caller's token lacks. The scopes that
/// it names are enough for the message, whatever the token had before.
pub(super) fn insufficient(
    catalogue: &Catalogue,
    challenge: &Challenge,
    caller: &Caller,
    envelope: &Envelope<'_>,
) -> Option<Response> {
    // Most tokens carry no scopes.
    caller.principal.identity.scopes.as_ref()?;
    let tool = tool(envelope)?;
    let needed = match caller.decides(catalogue.get(&tool)?) {
        Decision::NeedsScope(READ) => vec![READ],
        Decision::NeedsScope(_) => vec![READ, WRITE],
        Decision::Visible | Decision::Hidden => return None,
    };
    let refused = Refused::Scope { needed };
    let (status, code) = (StatusCode::FORBIDDEN, ErrorCode::INVALID_REQUEST);
    let mut response = reply::error(status, envelope.id, code, &refused.to_string(), None);
    if let Some(value) = challenge.header(&refused) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    Some(response)
}

/// The tool whose permission a message needs.
fn tool(envelope: &Envelope<'_>) -> Option<String> {
    let text =
        |raw: Option<&serde_json::value::RawValue>| serde_json::from_str::<String>(raw?.get()).ok();
    let params = &envelope.params;
    match envelope.method.as_deref()? {
        "tools/call" => text(params.name),
        "prompts/get" => {
            let name = text(params.name)?;
            RUNBOOKS.iter().find(|book| book.name == name).map(|book| book.needs.to_owned())
        }
        "resources/read" => {
            resources::template(&text(params.uri)?).map(|(it, _)| it.tool.to_owned())
        }
        _ => None,
    }
}
