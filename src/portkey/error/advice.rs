//! What errors mean and what to do about them, in words for the caller.

use super::{super::settings::PRIVATE_REMEDY, Kind, advised};

/// What one of Portkey's codes says.
pub(super) fn of_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "AB01" => "the request is not valid",
        "AB02" | "AB08" => "not found",
        "AB03" => "the key lacks the permission, or what was named is not visible to it",
        "AB04" => "an error inside Portkey",
        "AB05" => "the key is not valid",
        "AB06" => "too many requests",
        "AB07" => "it exists already, or others depend on it",
        "AB09" => "the organisation's plan does not include this",
        _ => return None,
    })
}

/// What an HTTP status says when there is no code.
pub(super) fn of_status(status: u16) -> Option<&'static str> {
    Some(match status {
        400 | 422 => "the request is not valid",
        401 => "the key is not valid",
        402 => "the organisation's plan does not include this",
        403 => "the key lacks the permission, or what was named is not visible to it",
        404 => "not found",
        409 => "it exists already, or others depend on it",
        412 => "a budget or usage limit is exhausted",
        413 => "the request is too large",
        429 => "too many requests",
        501 => "this Portkey does not offer the operation",
        502..=504 => "Portkey, or a proxy before it, is overloaded or down",
        500..=599 => "an error inside Portkey",
        _ => return None,
    })
}

/// What to do, as sentences without a full stop at the end.
pub(super) fn remedy(kind: &Kind) -> String {
    match kind {
        Kind::Argument { .. } => "correct the argument and call again".to_owned(),
        Kind::ReadOnly(_) => {
            "use a tool that reads, or ask the operator for an endpoint that may write".to_owned()
        }
        Kind::PrivateAddress { .. } => PRIVATE_REMEDY.to_owned(),
        Kind::Unreachable(_) => {
            "check PORTKEY_BASE_URL and the network of the server, then try again".to_owned()
        }
        Kind::Refused(answer) => refused(answer.status, answer.enveloped).to_owned(),
        Kind::Busy(answer) => match answer.retry_after {
            Some(wait) => format!("wait {} s, then try again", wait.as_secs().max(1)),
            None => "wait a minute, then try again with fewer calls at once".to_owned(),
        },
        Kind::Failed(answer) if answer.status == 501 => {
            "do without this operation; trying again does not help".to_owned()
        }
        Kind::Failed(_) => "try again in a minute; if it stays so, give Portkey's support the \
                            request id"
            .to_owned(),
        Kind::Redirected { .. } => "set PORTKEY_BASE_URL to the final address of the API, such as \
             https://api.portkey.ai/v1"
            .to_owned(),
        Kind::Unreadable { .. } => "check that PORTKEY_BASE_URL is the API itself and that no \
                                    proxy or login page answers in its place"
            .to_owned(),
        Kind::TooLarge { .. } => {
            "ask for less: a smaller page_size, a shorter time range, more filters".to_owned()
        }
        Kind::Broken(_) => "try again".to_owned(),
        Kind::Slow(_) | Kind::Deadline => {
            "try again, and ask for less: a smaller page_size, a shorter time range".to_owned()
        }
        Kind::Cancelled => "call again if the answer is still wanted".to_owned(),
        Kind::OutcomeUnknown { read_back: tool, .. } => {
            format!(
                "{}, and repeat the call only if the change is not there",
                advised(tool.as_deref())
            )
        }
    }
}

/// The same for the public price sheets, which another setting names.
pub(super) fn of_prices(kind: &Kind) -> String {
    match kind {
        Kind::Unreachable(_) | Kind::Redirected { .. } | Kind::Unreadable { .. } => {
            "check that PORTKEY_PRICING_URL is the public host of Portkey's price sheets and that \
             the server's network lets it through"
                .to_owned()
        }
        Kind::Refused(_) => "check the provider, such as openai, anthropic or bedrock".to_owned(),
        kind => remedy(kind),
    }
}

fn refused(status: u16, enveloped: bool) -> &'static str {
    match status {
        401 => "check PORTKEY_API_KEY: it may be mistyped, expired or of another Portkey",
        402 => "use another tool, or ask for a plan that includes this",
        403 => "check the id and the workspace, or give the key the scope in Portkey's settings",
        404 if !enveloped => {
            "check the id; if every tool says so, PORTKEY_BASE_URL lacks its version, as in \
             https://api.portkey.ai/v1"
        }
        404 => "check the id with the list tool, and the workspace that it belongs to",
        409 => "choose another name, or remove first what depends on it",
        412 => "raise the budget or limit, or wait until it is reset",
        413 => "send less at once",
        _ => "correct the arguments by what Portkey says and call again",
    }
}
