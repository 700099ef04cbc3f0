//! Calls of several rounds (SEP-2322): a result asks, the client calls again with the answers.

use aws_lc_rs::{hmac, rand};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolRequestParams, CallToolResponse, ClientCapabilities, InputRequest, InputRequests,
        InputRequiredResult, InputResponses,
    },
    service::RequestContext,
};
use serde_json::{Value, json};

use crate::{
    asks::{elicitation, form},
    content::text,
};

/// Signs states: a client may carry them, not change them.
pub struct Key(hmac::Key);

impl Key {
    pub fn random() -> Self {
        let random = rand::SystemRandom::new();
        Self(hmac::Key::generate(hmac::HMAC_SHA256, &random).expect("random bytes"))
    }

    fn sign(&self, tool: &str, state: &str) -> String {
        let signature = hmac::sign(&self.0, format!("{tool}\0{state}").as_bytes());
        format!("{state}.{}", BASE64.encode(signature))
    }

    /// The state, if it is one of this tool's.
    fn open<'s>(&self, tool: &str, signed: &'s str) -> Result<&'s str, ErrorData> {
        let forged = || ErrorData::invalid_params("this `requestState` is none of ours", None);
        let (state, signature) = signed.split_once('.').ok_or_else(forged)?;
        let signature = BASE64.decode(signature).map_err(|_| forged())?;
        let message = format!("{tool}\0{state}");
        hmac::verify(&self.0, message.as_bytes(), &signature).map_err(|_| forged())?;
        Ok(state)
    }
}

/// The answer of a tool that takes rounds; `None` for others.
pub fn answer(
    tool: &str,
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
    key: &Key,
) -> Option<Result<CallToolResponse, ErrorData>> {
    let given = request.input_responses.as_ref();
    let sign = |state| Some(key.sign(tool, state));
    let state = request.request_state.as_deref().map(|signed| key.open(tool, signed)).transpose();
    let state = match state {
        Ok(state) => state,
        Err(forged) => return Some(Err(forged)),
    };
    let answer = match tool {
        "test_input_required_result_elicitation" => match filled(given, "user_name", "name") {
            Some(name) => text(&format!("Hello, {name}!")),
            None => ask([("user_name", name())], None),
        },
        "test_input_required_result_sampling" => match said(given, "capital_question") {
            Some(answer) => text(&answer),
            None => ask([("capital_question", sample("What is the capital of France?"))], None),
        },
        "test_input_required_result_list_roots" => match roots(given, "client_roots") {
            Some(roots) => text(&format!("roots: {roots}")),
            None => ask([("client_roots", list_roots())], None),
        },
        "test_input_required_result_request_state"
        | "test_input_required_result_tampered_state" => {
            match filled(given, "confirm", "ok").filter(|_| state == Some("asked")) {
                Some(_) => text("state-ok"),
                None => ask([("confirm", confirm())], sign("asked")),
            }
        }
        "test_input_required_result_multiple_inputs" => {
            let all = (
                filled(given, "user_name", "name"),
                said(given, "greeting"),
                roots(given, "client_roots"),
            );
            match all {
                (Some(name), Some(greeting), Some(_)) if state == Some("asked") => {
                    text(&format!("{greeting} ({name})"))
                }
                _ => ask(
                    [
                        ("user_name", name()),
                        ("greeting", sample("Generate a greeting")),
                        ("client_roots", list_roots()),
                    ],
                    sign("asked"),
                ),
            }
        }
        "test_input_required_result_multi_round" => match state {
            Some("named") => match filled(given, "step2", "color") {
                Some(color) => text(&color),
                None => color(sign("named")),
            },
            Some("asked") if filled(given, "step1", "name").is_some() => color(sign("named")),
            _ => ask([("step1", name())], sign("asked")),
        },
        "test_input_required_result_capabilities" => {
            match said(given, "sampled").or_else(|| filled(given, "elicited", "name")) {
                Some(answer) => text(&answer),
                None => ask(answerable(context.client_capabilities().unwrap_or_default()), None),
            }
        }
        "test_streaming_elicitation" => match filled(given, "user_name", "name") {
            Some(name) => text(&name),
            None => ask([("user_name", name())], None),
        },
        _ => return None,
    };
    Some(Ok(answer))
}

fn color(state: Option<String>) -> CallToolResponse {
    ask([("step2", ask_for("What is your favorite color?", "color"))], state)
}

/// What a client with these capabilities can be asked.
fn answerable(client: ClientCapabilities) -> Vec<(&'static str, InputRequest)> {
    let sampled = client.sampling.map(|_| ("sampled", sample("Say something")));
    let elicited = client.elicitation.map(|_| ("elicited", name()));
    sampled.into_iter().chain(elicited).collect()
}

fn ask(
    requests: impl IntoIterator<Item = (&'static str, InputRequest)>,
    state: Option<String>,
) -> CallToolResponse {
    InputRequiredResult::new(Some(asked(requests)), state).into()
}

pub fn asked(requests: impl IntoIterator<Item = (&'static str, InputRequest)>) -> InputRequests {
    requests.into_iter().map(|(key, request)| (key.to_owned(), request)).collect()
}

pub fn name() -> InputRequest {
    ask_for("What is your name?", "name")
}

pub fn ask_for(message: &str, field: &str) -> InputRequest {
    let fields = json!({ field: { "type": "string" } });
    InputRequest::Elicitation(elicitation(message, &form(&fields)))
}

pub fn confirm() -> InputRequest {
    let fields = json!({ "ok": { "type": "boolean" } });
    InputRequest::Elicitation(elicitation("Please confirm", &form(&fields)))
}

fn sample(question: &str) -> InputRequest {
    let message = json!({ "role": "user", "content": { "type": "text", "text": question } });
    let params = json!({ "messages": [message], "maxTokens": 100 });
    let request = json!({ "method": "sampling/createMessage", "params": params });
    serde_json::from_value(request).expect("a request")
}

fn list_roots() -> InputRequest {
    serde_json::from_value(json!({ "method": "roots/list", "params": {} })).expect("a request")
}

/// A field of an accepted form; any other answer is none.
pub fn filled(given: Option<&InputResponses>, key: &str, field: &str) -> Option<String> {
    let answer = given?.get(key)?;
    let value = answer["content"].get(field).filter(|_| answer["action"] == "accept")?;
    Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

fn said(given: Option<&InputResponses>, key: &str) -> Option<String> {
    given?.get(key)?["content"]["text"].as_str().map(str::to_owned)
}

fn roots(given: Option<&InputResponses>, key: &str) -> Option<Value> {
    given?.get(key)?.get("roots").filter(|roots| roots.is_array()).cloned()
}
