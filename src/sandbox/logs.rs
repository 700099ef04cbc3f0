//! Logs one by one: inserted with what was asked and answered, and read by id.
//!
//! A log that was not inserted has a request and an answer made of its figures. Costs are dollars
//! here (`cost_currency`), tokens are units.

use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Outcome, Refusal},
    call::Call,
    dates::Dates,
    log::{Cache, Entry, Log, Run, SPAN, TRACE, price},
    store::{Row, Store},
};

/// `POST /logs`: one entry or an array; the answer has no body.
pub(super) fn insert(call: &mut Call<'_>) -> Outcome {
    let items = call.items();
    if items.is_empty() {
        return Err(Refusal::bad_request("the list of logs is empty"));
    }
    for item in &items {
        let wanted = [("/request/url", "request.url"), ("/request/body", "request.body")];
        for (pointer, name) in wanted.into_iter().chain([("/response/body", "response.body")]) {
            if item.pointer(pointer).is_none_or(Value::is_null) {
                return Err(Refusal::bad_request(format!("\"{name}\" is required")));
            }
        }
    }
    for item in items {
        let run = run(call, &item);
        let id = call.state.log().add(&run);
        let mut row = Row::new(id, call.caller.organisation, call.now);
        row.workspace.clone_from(&call.caller.workspace);
        for part in ["request", "response"] {
            row.fields.insert(part.to_owned(), item.get(part).cloned().unwrap_or_default());
        }
        call.state.store.insert("logs", row, item.to_string().len())?;
    }
    Ok(Answer::Empty)
}

/// The figures of an inserted log.
fn run(call: &Call<'_>, item: &Value) -> Run {
    let text = |pointer: &str| item.pointer(pointer).and_then(Value::as_str);
    let number = |pointer: &str| {
        let number = item.pointer(pointer).and_then(Value::as_u64)?;
        u32::try_from(number).ok()
    };
    let mut metadata = Map::new();
    let sent = item.get("metadata").and_then(Value::as_object);
    for (name, value) in sent.into_iter().flatten() {
        if !MARKS.contains(&name.as_str()) {
            metadata.insert(name.clone(), value.clone());
        }
    }
    let mark = |names: [&str; 2]| {
        names.iter().find_map(|name| text(&format!("/metadata/{name}"))).map(str::to_owned)
    };
    let model = text("/response/body/model").or_else(|| text("/request/body/model"));
    let model = model.unwrap_or("unknown").to_owned();
    let prompt_tokens = number("/response/body/usage/prompt_tokens").unwrap_or_default();
    let completion_tokens = number("/response/body/usage/completion_tokens").unwrap_or_default();
    Run {
        at: call.now,
        trace: mark(["trace_id", "traceId"]),
        span: mark(["span_id", "spanId"]),
        status: number("/response/status").and_then(|it| u16::try_from(it).ok()).unwrap_or(200),
        latency_ms: number("/response/response_time"),
        workspace: call.caller.workspace.clone().unwrap_or_default(),
        provider: text("/request/provider").unwrap_or("openai").to_owned(),
        cost_cents: price(&model, prompt_tokens, completion_tokens),
        model,
        api_key: call.caller.key_id.clone(),
        virtual_key: String::new(),
        prompt: String::new(),
        prompt_tokens,
        completion_tokens,
        metadata,
    }
}

/// Names that say where a log belongs, in both documented spellings.
const MARKS: [&str; 8] = [
    "trace_id",
    "traceId",
    "span_id",
    "spanId",
    "span_name",
    "spanName",
    "parent_span_id",
    "parentSpanId",
];

/// `GET /logs/{id}`
pub(super) fn read(call: &mut Call<'_>) -> Outcome {
    let id = call.param(0).to_owned();
    let (caller, organisations) = (call.caller, call.state.organisations.clone());
    let (log, store) = call.state.log_and_store();
    let seen = |entry: &&Entry| {
        let workspace = log.text(entry.workspace);
        store.rows("workspaces").iter().any(|row| row.id == workspace && caller.sees(row))
    };
    let entry = log.by_id(&id).filter(seen).ok_or_else(|| Refusal::not_found("Log"))?;
    let organisation = organisations.get(caller.organisation);
    let Payload { request, response } = payload(log, store, entry);
    let mut metrics = metrics(log, entry);
    metrics.insert("organisation_id".to_owned(), organisation.cloned().into());
    let at = metrics.get("created_at").cloned();
    Ok(json!({
        "_id": id,
        "request": request,
        "response": response,
        "organisation_id": organisation,
        "created_at": at,
        "metrics": metrics,
    })
    .into())
}

pub(super) struct Payload {
    pub request: Value,
    pub response: Value,
}

const URL: &str = "https://api.portkey.ai/v1/chat/completions";

/// What was asked and answered.
pub(super) fn payload(log: &Log, store: &Store, entry: &Entry) -> Payload {
    let id = entry.id();
    if let Some(row) = store.rows("logs").iter().find(|row| row.id == id) {
        return inserted(row, entry);
    }
    let model = log.text(entry.model);
    let asked = format!("Sandbox request of {} tokens", entry.prompt_tokens);
    let answered = format!("Sandbox answer of {} tokens", entry.completion_tokens);
    let body = if entry.failed() {
        json!({ "error": { "message": "sandbox failure", "code": entry.status } })
    } else {
        json!({
            "object": "chat.completion",
            "model": model,
            "choices": [{ "index": 0, "message": { "role": "assistant", "content": answered },
                "finish_reason": "stop" }],
            "usage": { "prompt_tokens": entry.prompt_tokens,
                "completion_tokens": entry.completion_tokens, "total_tokens": entry.tokens() },
        })
    };
    Payload {
        request: json!({
            "url": URL,
            "method": "POST",
            "headers": { "content-type": "application/json",
                "authorization": "Bearer sk-sandbox-not-a-key" },
            "body": { "model": model, "messages": [{ "role": "user", "content": asked }] },
            "portkeyHeaders": {
                "x-portkey-trace-id": log.mark_text(entry.trace, TRACE),
                "x-portkey-virtual-key": log.text(entry.virtual_key),
                "x-portkey-config": log.text(entry.config),
                "x-portkey-api-key": "pk-sandbox-not-a-key",
            },
        }),
        response: json!({
            "status": entry.status,
            "headers": { "content-type": "application/json" },
            "body": body,
            "responseTime": entry.latency_ms,
            "lastUsedOptionJsonPath": if entry.fell_back { "config.targets[1]" } else { "config" },
        }),
    }
}

/// What was inserted, with what every log has.
fn inserted(row: &Row, entry: &Entry) -> Payload {
    let part = |name: &str| match row.fields.get(name) {
        Some(Value::Object(fields)) => fields.clone(),
        _ => Map::new(),
    };
    let (mut request, mut response) = (part("request"), part("response"));
    let method = request.get("method").and_then(Value::as_str).unwrap_or("post").to_uppercase();
    request.insert("method".to_owned(), method.into());
    request.entry("portkeyHeaders").or_insert_with(|| json!({}));
    response.insert("status".to_owned(), entry.status.into());
    response.insert("responseTime".to_owned(), entry.latency_ms.into());
    response.insert("lastUsedOptionJsonPath".to_owned(), "config".into());
    Payload { request: request.into(), response: response.into() }
}

/// The figures of a log, under the names that the API gives them.
pub(super) fn metrics(log: &Log, entry: &Entry) -> Map<String, Value> {
    let at = jiff::Timestamp::from_millisecond(entry.at).unwrap_or_default();
    let mode = if entry.fell_back { "fallback" } else { "single" };
    let cache = match entry.cache {
        Cache::Simple => "HIT",
        Cache::Semantic => "SEMANTIC HIT",
        Cache::Miss => "MISS",
    };
    let metadata: Map<String, Value> =
        log.metadata_of(entry).map(|(name, value)| (name.to_owned(), value.into())).collect();
    [
        ("id", Value::from(entry.id())),
        ("trace_id", log.mark_text(entry.trace, TRACE).into()),
        ("span_id", log.mark_text(entry.span, SPAN).into()),
        ("created_at", Dates::Iso.write(at).into()),
        ("is_success", (!entry.failed()).into()),
        ("ai_org", log.text(entry.provider).into()),
        ("ai_model", log.text(entry.model).into()),
        ("req_units", entry.prompt_tokens.into()),
        ("res_units", entry.completion_tokens.into()),
        ("total_units", entry.tokens().into()),
        ("cost", (f64::from(entry.cost_cents) / 100.0).into()),
        ("cost_currency", "USD".into()),
        ("request_url", URL.into()),
        ("request_method", "POST".into()),
        ("response_status_code", entry.status.into()),
        ("response_time", entry.latency_ms.into()),
        ("cache_status", cache.into()),
        ("mode", mode.into()),
        ("virtual_key", log.text(entry.virtual_key).into()),
        ("config", log.text(entry.config).into()),
        ("prompt_slug", log.text(entry.prompt).into()),
        ("api_key_id", log.text(entry.api_key).into()),
        ("metadata", metadata.into()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}
