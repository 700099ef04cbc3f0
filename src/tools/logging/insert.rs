//! Inserting logs.
//!
//! The documentation calls what says where a log belongs `traceId`, the description and the SDK
//! `trace_id` (facts.md, "Spec against reality" 12): both are sent, so that either finds it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    tool::{Call, Error, JsonObject, Problem, Result, Workflow, unwrapped},
    tools::shared::{Open, change::done},
};

/// Names in both spellings.
const SPELLINGS: [(&str, &str); 4] = [
    ("trace_id", "traceId"),
    ("span_id", "spanId"),
    ("span_name", "spanName"),
    ("parent_span_id", "parentSpanId"),
];

#[derive(Debug, Deserialize, JsonSchema)]
pub struct InsertLog {
    // Logs to insert.
    #[schemars(length(min = 1))]
    entries: Option<Vec<Entry>>,
    #[serde(flatten)]
    flat: Flat,
}

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
struct Entry {
    request: Request,
    response: Response,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
}

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = describe_request)]
struct Request(JsonObject);

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = describe_response)]
struct Response(JsonObject);

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = describe_metadata)]
struct Metadata(JsonObject);

fn open(properties: Value, required: &[&str]) -> schemars::Schema {
    let mut schema = schemars::Schema::default();
    schema.insert("type".into(), "object".into());
    schema.insert("properties".into(), properties);
    if !required.is_empty() {
        schema.insert("required".into(), json!(required));
    }
    schema.insert("additionalProperties".into(), true.into());
    schema
}

fn describe_request(schema: &mut schemars::Schema) {
    let text = json!({ "type": "string" });
    let properties = json!({
        "url": text, "method": text, "provider": text,
        "headers": { "type": "object", "properties": {}, "additionalProperties": text },
        "body": anything(),
    });
    *schema = open(properties, &["url", "body"]);
}

fn describe_response(schema: &mut schemars::Schema) {
    let properties = json!({
        "status": { "type": "integer", "description": "HTTP status (default 200).", "minimum": 100, "maximum": 599 },
        "headers": { "type": "object", "properties": {}, "additionalProperties": { "type": "string" } },
        "body": anything(),
        "response_time": { "type": "integer", "description": "Milliseconds.", "minimum": 0 },
        "streaming_mode": { "type": "boolean" },
    });
    *schema = open(properties, &["body"]);
}

fn describe_metadata(schema: &mut schemars::Schema) {
    let text = json!({ "type": "string" });
    let properties = json!({
        "trace_id": text, "span_id": text, "span_name": text, "parent_span_id": text,
        "user": text, "organization": text,
    });
    *schema = open(properties, &[]);
    schema.insert("description".into(), "And keys of your own.".into());
}

fn anything() -> Value {
    json!({ "type": "object", "properties": {}, "additionalProperties": { "description": "Any JSON value." } })
}

/// The flat arguments of the reference, accepted and folded into one entry.
#[derive(Debug, Default, Deserialize, JsonSchema)]
struct Flat {
    #[schemars(extend("x-hidden" = true))]
    request_url: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    request_provider: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    request_method: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    request_headers: Option<Open>,
    #[schemars(extend("x-hidden" = true))]
    request_body: Option<Open>,
    #[schemars(extend("x-hidden" = true), range(min = 100, max = 599))]
    response_status: Option<u16>,
    #[schemars(extend("x-hidden" = true))]
    response_headers: Option<Open>,
    #[schemars(extend("x-hidden" = true))]
    response_body: Option<Open>,
    #[schemars(extend("x-hidden" = true))]
    response_time: Option<u32>,
    #[schemars(extend("x-hidden" = true))]
    streaming_mode: Option<bool>,
    #[schemars(extend("x-hidden" = true))]
    metadata_organization: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    metadata_user: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    metadata_trace_id: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    metadata_span_id: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    metadata_span_name: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    metadata_parent_span_id: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    metadata_custom: Option<Open>,
}

impl Flat {
    /// The entry that the flat arguments make; `None` where there are none.
    fn entry(self) -> Result<Option<Entry>> {
        let mut entry = Entry::default();
        let mut metadata = self.metadata_custom.unwrap_or_default().0;
        put(&mut entry.request.0, "url", self.request_url);
        put(&mut entry.request.0, "provider", self.request_provider);
        put(&mut entry.request.0, "method", self.request_method);
        put(&mut entry.request.0, "headers", self.request_headers);
        put(&mut entry.request.0, "body", self.request_body);
        put(&mut entry.response.0, "status", self.response_status);
        put(&mut entry.response.0, "headers", self.response_headers);
        put(&mut entry.response.0, "body", self.response_body);
        put(&mut entry.response.0, "response_time", self.response_time);
        put(&mut entry.response.0, "streaming_mode", self.streaming_mode);
        put(&mut metadata, "organization", self.metadata_organization);
        put(&mut metadata, "user", self.metadata_user);
        put(&mut metadata, "trace_id", self.metadata_trace_id);
        put(&mut metadata, "span_id", self.metadata_span_id);
        put(&mut metadata, "span_name", self.metadata_span_name);
        put(&mut metadata, "parent_span_id", self.metadata_parent_span_id);
        if entry.request.0.is_empty() && entry.response.0.is_empty() && metadata.is_empty() {
            return Ok(None);
        }
        let needed = [
            ("request_url", entry.request.0.contains_key("url")),
            ("request_body", entry.request.0.contains_key("body")),
            ("response_body", entry.response.0.contains_key("body")),
        ];
        let missing = needed.into_iter().filter(|(_, there)| !there);
        let problems: Vec<Problem> = missing
            .map(|(name, _)| Problem { argument: name.into(), why: "is required".into() })
            .collect();
        if !problems.is_empty() {
            return Err(Error::Arguments(problems));
        }
        entry.metadata = (!metadata.is_empty()).then_some(Metadata(metadata));
        Ok(Some(entry))
    }
}

fn put(fields: &mut JsonObject, name: &str, value: Option<impl Serialize>) {
    fields.extend(value.map(|value| (name.to_owned(), json!(value))));
}

impl Workflow for InsertLog {
    type Output = Value;

    async fn run(self, call: &Call) -> Result<Value> {
        let mut entries = match (self.entries, self.flat.entry()?) {
            (Some(_), Some(_)) => {
                let why = "goes without the flat arguments of one log: give either";
                return Err(Error::argument("entries", why));
            }
            (Some(entries), None) => entries,
            (None, Some(entry)) => vec![entry],
            (None, None) => return Err(Error::argument("entries", "is required")),
        };
        entries.iter_mut().for_each(spell);
        let inserted = entries.len();
        // One is sent as it is: not every deployment need know of lists.
        let body = match entries.as_slice() {
            [only] => json!(only),
            several => json!(several),
        };
        let answer = unwrapped(call.post("/logs", body).await?);
        Ok(done(json!({ "inserted": inserted }), answer).into())
    }
}

/// Names things as the API does, both ways where it does both.
fn spell(entry: &mut Entry) {
    if let Some(streaming) = entry.response.0.shift_remove("streaming_mode") {
        entry.response.0.entry("streamingMode").or_insert(streaming);
    }
    let Some(Metadata(metadata)) = &mut entry.metadata else { return };
    for (snake, camel) in SPELLINGS {
        for (from, to) in [(snake, camel), (camel, snake)] {
            if let Some(value) = metadata.get(from).cloned() {
                metadata.entry(to).or_insert(value);
            }
        }
    }
}
