//! What HTTP itself answers to a call: 403 `insufficient_scope`, where the rules allow a tool and only
//! the token's scopes lack it (MCP basic/authorization, RFC 6750 section 3.1), and 429 for too many
//! calls of tools that destroy.

use axum::response::Response;
use http::{StatusCode, header::WWW_AUTHENTICATE};
use rmcp::model::ErrorCode;

use super::{Brake, TooMany, caller::Caller, envelope::Envelope, reply};
use crate::{
    auth::{Challenge, Decision, READ, Refused, WRITE},
    resources,
    runbooks::RUNBOOKS,
    tool::Effect,
    tools::Catalogue,
};

/// The refusal of a message, if HTTP refuses it.
pub(super) async fn refused(
    catalogue: &Catalogue,
    challenge: &Challenge,
    brake: Option<&Brake>,
    caller: &Caller,
    envelope: &Envelope<'_>,
) -> Option<Response> {
    match insufficient(catalogue, challenge, caller, envelope) {
        None => braked(catalogue, brake?, caller, envelope).await,
        refused => refused,
    }
}

/// The refusal of a message whose tool needs a scope that the caller's token lacks. The scopes that
/// it names are enough for the message, whatever the token had before.
fn insufficient(
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

/// The refusal of a call too many of a tool that destroys, whatever name it is called by.
async fn braked(
    catalogue: &Catalogue,
    brake: &Brake,
    caller: &Caller,
    envelope: &Envelope<'_>,
) -> Option<Response> {
    if envelope.method.as_deref() != Some("tools/call") {
        return None;
    }
    let entry = catalogue.get(&tool(envelope)?)?;
    if entry.tool.effect != Effect::Destroys || !caller.sees(entry) {
        return None;
    }
    let TooMany { message, data, headers } = brake(caller.principal.id()).await.err()?;
    let (status, code) = (StatusCode::TOO_MANY_REQUESTS, ErrorCode::INTERNAL_ERROR);
    let mut response = reply::error(status, envelope.id, code, &message, Some(data));
    response.headers_mut().extend(headers);
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
