//! A panic in one request answers that request and harms no other.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::error::Error;

/// Runs `answer`; where it panics the answer is a 500 that tells nothing of why.
pub async fn caught(answer: impl Future<Output = Response>) -> Response {
    let mut answer = pin!(answer);
    std::future::poll_fn(|context| {
        match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context))) {
            Ok(poll) => poll,
            Err(_) => Poll::Ready(
                Error::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal_error",
                    "the server made a mistake; its log tells more under this request id",
                )
                .into_response(),
            ),
        }
    })
    .await
}
