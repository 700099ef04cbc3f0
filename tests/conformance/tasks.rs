//! Calls that become tasks (SEP-2663) where the client declares that it knows them.

use std::time::Duration;

use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities,
        CreateTaskResult, InputRequiredResult, JsonObject,
    },
    service::RequestContext,
    task_manager::{TaskContext, TaskExit, TaskOptions},
};
use serde_json::Value;

use crate::{
    Everything,
    content::{failed, said},
    rounds::{ask_for, asked, confirm, filled, name},
};

/// What a task does.
pub enum Job {
    Compute(Duration, String),
    FailAsTool,
    FailAsRequest,
    ConfirmDelete(String),
    AskTwice,
    /// Asks in a first round, before there is a task.
    AskFirst,
}

impl Job {
    /// The job behind a tool's name; `None` for other tools.
    pub fn of(tool: &str, arguments: &JsonObject) -> Option<Self> {
        let text =
            |name| arguments.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(match tool {
            "slow_compute" => {
                let seconds = arguments.get("seconds").and_then(Value::as_f64).unwrap_or_default();
                let time = Duration::try_from_secs_f64(seconds).unwrap_or_default();
                Job::Compute(time, text("label"))
            }
            "failing_job" => Job::FailAsTool,
            "protocol_error_job" => Job::FailAsRequest,
            "confirm_delete" => Job::ConfirmDelete(text("filename")),
            "multi_input" => Job::AskTwice,
            "test_tool_with_task" => Job::AskFirst,
            _ => return None,
        })
    }
}

impl Everything {
    /// Begins a job; one that can be waited for is, where the client knows no tasks.
    pub async fn begin(
        &self,
        job: Job,
        request: &CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let knows = context.client_capabilities().is_some_and(|client| client.supports_tasks());
        if !knows {
            let Job::Compute(time, label) = job else {
                let needed = ClientCapabilities::builder().enable_tasks().build();
                return Err(ErrorData::missing_required_client_capability(needed));
            };
            tokio::select! {
                () = tokio::time::sleep(time) => {}
                () = context.ct.cancelled() => {}
            }
            return Ok(computed(&label).into());
        }
        let job = match job {
            Job::AskFirst => {
                let given = request.input_responses.as_ref();
                let Some(name) = filled(given, "user_name", "name") else {
                    let asked = asked([("user_name", name())]);
                    return Ok(InputRequiredResult::from_input_requests(asked).into());
                };
                Job::Compute(Duration::from_millis(100), name)
            }
            job => job,
        };
        let options = TaskOptions::new().with_poll_interval_ms(100);
        let task = self.tasks.spawn(options, |context| Box::pin(run(job, context)));
        Ok(CallToolResponse::Task(CreateTaskResult::new(task)))
    }
}

async fn run(job: Job, task: TaskContext) -> Result<CallToolResult, TaskExit> {
    match job {
        Job::Compute(time, label) => tokio::select! {
            () = tokio::time::sleep(time) => Ok(computed(&label)),
            () = task.cancelled() => Err(TaskExit::Cancelled),
        },
        Job::FailAsTool => {
            tokio::time::sleep(Duration::from_millis(500)).await;
            Ok(failed("the job failed"))
        }
        Job::FailAsRequest => Err(ErrorData::internal_error("the job broke", None).into()),
        Job::ConfirmDelete(file) => {
            let answer = task.request_input("confirm", confirm()).await?;
            let text = if answer["action"] == "accept" { "deleted" } else { "kept" };
            Ok(said(&format!("{text} {file}")))
        }
        Job::AskTwice | Job::AskFirst => {
            let first = task.request_input("first", name());
            let second = task.request_input("second", ask_for("What is it about?", "topic"));
            let (first, second) = tokio::try_join!(first, second)?;
            Ok(said(&format!("{first} {second}")))
        }
    }
}

fn computed(label: &str) -> CallToolResult {
    said(&format!("computed {label}"))
}
