//! Runs one tool: bounded by a deadline, cancelled with its request, told of its progress.

use std::{borrow::Cow, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolRequestParams, CallToolResult, ContentBlock, ProgressNotificationParam,
        ProgressToken,
    },
    service::RequestContext,
};
use tokio::{sync::mpsc, time::Instant};

use super::{Caller, HIDDEN, Server};
use crate::{
    answer::visible,
    json::value,
    mcp::carrier::Carrier,
    tool::{Call, Error, JsonObject, Progress},
    tools::Entry,
};

/// How long the last steps may take to leave before the answer does.
const LAST_STEPS: Duration = Duration::from_millis(200);

/// What is asked of one tool.
pub(super) struct Asked<'e> {
    pub entry: &'e Entry,
    pub caller: &'e Caller,
    pub args: JsonObject,
    pub timeout: Duration,
    /// Of a list's answer.
    pub max_bytes: usize,
}

impl Server {
    /// Answers `tools/call`.
    pub(super) async fn run(
        &self,
        entry: &Entry,
        caller: Caller,
        request: CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResult, ErrorData> {
        let carrier = Carrier::of(context);
        let carried = carrier.as_ref().and_then(Carrier::take_arguments);
        // Progress goes before the answer on one stream, which rmcp writes.
        let carrier = carrier.filter(|_| context.meta.get_progress_token().is_none());
        let asked = Asked {
            entry,
            caller: &caller,
            args: carried.or(request.arguments).unwrap_or_default(),
            timeout: self.shared.call_timeout,
            max_bytes: self.shared.max_answer_bytes,
        };
        Ok(match self.perform(asked, context).await? {
            Ok(answer) => match carrier {
                Some(carrier) => carrier.load(&answer, entry.tool.shows_once()),
                None => result(&answer),
            },
            Err(error) => {
                let text = error.report(entry.tool, &caller.principal).to_string();
                CallToolResult::error(vec![ContentBlock::text(visible(&text))])
            }
        })
    }

    /// Has a tool answer, as compact JSON. The outer error is for a caller that has gone.
    pub(super) async fn perform(
        &self,
        asked: Asked<'_>,
        context: &RequestContext<RoleServer>,
    ) -> Result<Result<String, Error>, ErrorData> {
        let shared = &*self.shared;
        let _counted = shared.calls.begin();
        let Asked { entry, caller, args, timeout, max_bytes } = asked;
        let Some(portkey) = shared.accounts.of(&caller.principal.credential) else {
            // The configuration was checked: every rule's credential is there.
            return Err(ErrorData::internal_error("the caller's credential is not there", None));
        };
        let deadline = Instant::now() + timeout;
        let mut call = Call::new(
            Arc::clone(&caller.principal),
            portkey.clone(),
            shared.recent.clone(),
            deadline,
            context.ct.clone(),
            caller.surface.read_only,
        );
        let told = context.meta.get_progress_token().map(|token| {
            let (sender, receiver) = mpsc::unbounded_channel();
            call.progress = Some(sender);
            (token, receiver)
        });
        // A panicking tool would leave its request open for ever in rmcp.
        let work = AssertUnwindSafe(async move { entry.answer(&mut call, args, max_bytes).await })
            .catch_unwind();
        let work = async {
            match told {
                None => work.await,
                Some((token, steps)) => tell(work, token, steps, context).await,
            }
        };
        let outcome = tokio::select! {
            outcome = tokio::time::timeout_at(deadline, work) => match outcome {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(_panic)) => Err(Error::Panic),
                Err(_elapsed) => Err(Error::Deadline),
            },
            () = context.ct.cancelled() => {
                return Err(ErrorData::internal_error("the call was cancelled", None));
            }
            () = shared.calls.stopped() => Err(Error::Stopped),
        };
        if let Err(error) = &outcome {
            tracing::debug!(tool = entry.tool.name, %error, "tool error");
        }
        Ok(outcome)
    }
}

/// Passes on how far the call has come while it runs.
async fn tell<T>(
    work: impl Future<Output = T>,
    token: ProgressToken,
    mut steps: mpsc::UnboundedReceiver<Progress>,
    context: &RequestContext<RoleServer>,
) -> T {
    let passing = async {
        while let Some(Progress { done, total, message }) = steps.recv().await {
            let step = ProgressNotificationParam::new(token.clone(), f64::from(done))
                .with_total(f64::from(total))
                .with_message(message);
            // A client that has gone needs no progress.
            let _ = context.peer.notify_progress(step).await;
        }
    };
    // A client that does not read must not hold up the work.
    tokio::pin!(work, passing);
    tokio::select! {
        biased;
        () = &mut passing => work.await,
        outcome = &mut work => {
            let _ = tokio::time::timeout(LAST_STEPS, passing).await;
            outcome
        }
    }
}

/// The answer as `structuredContent` and the same JSON as text.
fn result(answer: &str) -> CallToolResult {
    let text = visible(answer);
    let hidden = matches!(text, Cow::Owned(_));
    let mut content = vec![ContentBlock::text(text)];
    if hidden {
        content.push(ContentBlock::text(HIDDEN));
    }
    let mut result = CallToolResult::success(content);
    // It was written as JSON a moment ago.
    result.structured_content = value(answer).ok();
    result
}
