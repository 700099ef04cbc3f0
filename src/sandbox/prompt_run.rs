//! The data plane: a prompt rendered, and a prompt run.
//!
//! Overrides stand at the top level of the body, as the documentation says; what is nested under
//! `hyperparameters` is ignored. No model is called: the completion is a function of the text.

use serde_json::{Map, Value, json};

use super::{
    answer::{Outcome, Refusal},
    call::Call,
    guard::{self, Side},
    log::{Run, price},
    partials, policies,
    prompt_versions::{default_version, version_called},
    prompts::PROMPTS,
    store::Row,
    template::{fill, map_text},
};

/// Fields of the body that are no parameter of the model.
const NOT_PARAMETERS: &[&str] = &["variables", "hyperparameters", "metadata", "stream"];

/// `POST /prompts/{id}/render`; the id may carry `@version` or `@label`.
pub(super) fn render(call: &mut Call<'_>) -> Outcome {
    let Prepared { request, .. } = prepare(call)?;
    Ok(json!({ "success": true, "data": request }).into())
}

/// `POST /prompts/{id}/completions`: an answer in the form of a chat completion, and a row in the log.
pub(super) fn complete(call: &mut Call<'_>) -> Outcome {
    if call.body.get("stream").and_then(Value::as_bool) == Some(true) {
        return Err(Refusal::bad_request("the sandbox does not stream: send stream: false"));
    }
    let Prepared { request, slug, virtual_key, workspace } = prepare(call)?;
    let model = request.get("model").and_then(Value::as_str).unwrap_or("sandbox-model").to_owned();
    let asked = request.get("messages").cloned().unwrap_or_default();
    let limit = ["max_completion_tokens", "max_tokens"]
        .iter()
        .find_map(|field| request.get(*field)?.as_u64());
    let (text, finish_reason) = reply(&model, &last_words(&asked), limit);
    let store = &call.state.store;
    let denies = |side, text: &str| {
        guard::denies(store, call.caller.organisation, &workspace, side, text).map(Refusal::denied)
    };
    let before = denies(Side::Input, &words(&asked));
    // What is denied before the model costs nothing, what is denied after it was paid for.
    let (prompt_tokens, completion_tokens) =
        if before.is_some() { (0, 0) } else { (tokens(&words(&asked)), tokens(&text)) };
    let denied = before.or_else(|| denies(Side::Output, &text));
    let id = call.state.fresh_id();
    let provider = call.state.store.rows("virtual_keys").iter().find(|row| row.is(&virtual_key));
    let provider =
        provider.and_then(|row| row.text("ai_provider_name")).unwrap_or("openai").to_owned();
    let created = call.now.as_second();
    let metadata =
        call.body.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default();
    let run = Run {
        at: call.now,
        trace: None,
        span: None,
        status: denied.as_ref().map_or(200, |denied| denied.status),
        latency_ms: None,
        workspace,
        provider,
        cost_cents: price(&model, prompt_tokens, completion_tokens),
        model: model.clone(),
        api_key: call.caller.key_id.clone(),
        virtual_key,
        prompt: slug,
        prompt_tokens,
        completion_tokens,
        metadata,
    };
    policies::check_limits(call, &run)?;
    call.state.log().add(&run);
    if let Some(denied) = denied {
        return Err(denied);
    }
    Ok(json!({
        "id": format!("chatcmpl-{}", id.replace('-', "")),
        "object": "chat.completion",
        "created": created,
        "model": model,
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": text },
            "finish_reason": finish_reason,
            "logprobs": null,
        }],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        },
    })
    .into())
}

/// What would be sent to the model, and where the prompt came from.
struct Prepared {
    request: Map<String, Value>,
    slug: String,
    virtual_key: String,
    workspace: String,
}

fn prepare(call: &Call<'_>) -> Result<Prepared, Refusal> {
    let Some(variables) = call.body.get("variables").and_then(Value::as_object) else {
        return Err(Refusal::bad_request("\"variables\" must be an object"));
    };
    let (key, version) = call.param(0).split_once('@').unwrap_or((call.param(0), ""));
    let row: &Row = call.named(&PROMPTS, key)?;
    let version = match version {
        "" => default_version(row),
        name => version_called(call.state, row, name),
    };
    let version = version.ok_or_else(|| Refusal::not_found("Prompt version"))?;
    let field = |name: &str| version.fields.get(name).filter(|value| !value.is_null());
    let text = |name: &str| field(name).and_then(Value::as_str).unwrap_or_default();
    let mut request = Map::new();
    let template = |text: &str| partials::expand(&call.state.store, row.workspace.as_deref(), text);
    request.insert("messages".to_owned(), messages(text("string"), &template, variables));
    if let Some(model) = field("model") {
        request.insert("model".to_owned(), model.clone());
    }
    request.extend(field("parameters").and_then(Value::as_object).cloned().unwrap_or_default());
    for name in ["functions", "tools", "tool_choice"] {
        request.extend(field(name).map(|value| (name.to_owned(), value.clone())));
    }
    let overrides = call.body.iter().filter(|(name, _)| !NOT_PARAMETERS.contains(&name.as_str()));
    request.extend(overrides.map(|(name, value)| (name.clone(), value.clone())));
    Ok(Prepared {
        request,
        slug: row.slug.clone().unwrap_or_default(),
        virtual_key: text("virtual_key").to_owned(),
        workspace: row.workspace.clone().unwrap_or_default(),
    })
}

/// A template is a list of messages as JSON text, or the text of one user message. Partials are put
/// in place before variables, which they may hold.
fn messages(
    template: &str,
    expand: &dyn Fn(&str) -> String,
    variables: &Map<String, Value>,
) -> Value {
    let filled = |text: &str| fill(&expand(text), variables);
    match serde_json::from_str(template) {
        Ok(messages @ Value::Array(_)) => map_text(&messages, &filled),
        _ => json!([{ "role": "user", "content": filled(template) }]),
    }
}

/// All text of the messages.
fn words(messages: &Value) -> String {
    match messages {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(" "),
        Value::Object(fields) => {
            fields.get("content").or_else(|| fields.get("text")).map(words).unwrap_or_default()
        }
        _ => String::new(),
    }
}

fn last_words(messages: &Value) -> String {
    messages.as_array().and_then(|all| all.last()).map(words).unwrap_or_default()
}

/// About four letters to a token.
fn tokens(text: &str) -> u32 {
    u32::try_from(text.chars().count().div_ceil(4)).unwrap_or(u32::MAX)
}

fn reply(model: &str, asked: &str, limit: Option<u64>) -> (String, &'static str) {
    let asked: String = asked.chars().take(200).collect();
    let text = format!("Sandbox answer of {model} to: {asked}");
    let letters =
        usize::try_from(limit.unwrap_or(u64::MAX).saturating_mul(4)).unwrap_or(usize::MAX);
    if text.chars().count() <= letters {
        return (text, "stop");
    }
    (text.chars().take(letters).collect(), "length")
}
