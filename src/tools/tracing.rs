//! Tracing: feedback on what the gateway answered.
//!
//! API: <https://portkey.ai/docs/api-reference/inference-api/feedback>. `POST` takes one feedback
//! or, as the SDK sends it, an array of them; nothing reads feedback back but analytics.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::shared::Open;
use crate::tool::{Call, Effect, Error, Result, Tool, Workflow, put, run, unwrapped};

pub const TOOLS: &[Tool] = &[
    run::<CreateFeedback>(
        "create_feedback",
        Effect::Adds,
        "Give feedback on a traced request: trace_id and value, or several at once in batch. Returns
         feedback_ids in order, for update_feedback. Needs a workspace key.",
    )
    .read_back("get_feedback_analytics")
    .workspace_key()
    .scopes(&["logs.write"])
    .intents(&[
        "rate an answer",
        "record thumbs up or down",
        "attach a score to a trace",
        "import user ratings",
    ]),
    put::<UpdateFeedback>(
        "update_feedback",
        "/feedback/{id}",
        "Change a feedback given before, by the id that create_feedback returned. Give weight and
         metadata again to be sure that they stay.",
    )
    .replayable()
    .read_back("get_feedback_analytics")
    .workspace_key()
    .scopes(&["logs.write"])
    .intents(&["correct a rating", "change a feedback score", "fix feedback on a trace"]),
];

#[derive(Debug, Deserialize, JsonSchema)]
pub struct CreateFeedback {
    /// As sent or logged.
    trace_id: Option<String>,
    /// From -10 (bad) to 10 (good).
    #[schemars(range(min = -10, max = 10))]
    value: Option<i64>,
    /// From 0 to 1 (default 1).
    #[schemars(range(min = 0, max = 1))]
    weight: Option<f64>,
    metadata: Option<Open>,
    /// Instead of the other fields.
    #[schemars(length(min = 1))]
    batch: Option<Vec<Feedback>>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Feedback {
    trace_id: String,
    #[schemars(range(min = -10, max = 10))]
    value: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    weight: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Open>,
}

impl Workflow for CreateFeedback {
    type Output = Value;

    async fn run(self, call: &Call) -> Result<Value> {
        let Self { trace_id, value, weight, metadata, batch } = self;
        let single =
            trace_id.is_some() || value.is_some() || weight.is_some() || metadata.is_some();
        let body = match (batch, trace_id, value) {
            (Some(_), ..) if single => {
                return Err(Error::argument("batch", "goes without the other fields: give either"));
            }
            (Some(batch), ..) => json!(batch),
            (None, Some(trace_id), Some(value)) => {
                json!(Feedback { trace_id, value, weight, metadata })
            }
            (None, None, _) => return Err(Error::argument("trace_id", "or `batch` is required")),
            (None, _, None) => return Err(Error::argument("value", "is required with `trace_id`")),
        };
        Ok(unwrapped(call.post("/feedback", body).await?))
    }
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct UpdateFeedback {
    /// From create_feedback.
    #[schemars(extend("format" = "uuid"))]
    id: String,
    /// From -10 (bad) to 10 (good).
    #[schemars(range(min = -10, max = 10))]
    value: i64,
    /// From 0 to 1 (default 1).
    #[schemars(range(min = 0, max = 1))]
    weight: Option<f64>,
    metadata: Option<Open>,
}
