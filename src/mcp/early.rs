//! Answers that are long in coming: after a while of silence their stream opens, and comments keep
//! the proxies on the way from closing it (MCP basic/transports/streamable-http; HTML, server-sent
//! events). rmcp itself sends nothing, not even headers, before its first message.

use std::{convert::Infallible, pin::Pin, time::Duration};

use axum::{
    body::{Body, to_bytes},
    response::Response,
};
use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use http::{
    HeaderValue,
    header::{CONTENT_TYPE, HeaderName},
};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};

/// Between two comments on a silent stream.
pub(super) const PING: Duration = Duration::from_secs(15);

/// Tells nginx and what follows it not to collect a stream before passing it on.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
const COMMENT: &[u8] = b":\n\n";

type Work = Pin<Box<dyn Future<Output = Response> + Send>>;

enum State {
    Waiting(Work, Interval),
    Passing(axum::body::BodyDataStream),
    Done,
}

/// The response, or after `silence` a stream that ends with it. Whoever drops either drops `work`.
pub(super) async fn response_or_stream(mut work: Work, silence: Duration) -> Response {
    if let Ok(response) = timeout(silence, &mut work).await {
        return response;
    }
    let mut ping = interval_at(Instant::now() + PING, PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let first = stream::once(async { Ok::<_, Infallible>(Bytes::from_static(COMMENT)) });
    let rest = stream::unfold(State::Waiting(work, ping), next);
    let mut response = Response::new(Body::from_stream(first.chain(rest)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, EVENT_STREAM);
    headers.extend([UNBUFFERED]);
    response
}

async fn next(state: State) -> Option<(Result<Bytes, Infallible>, State)> {
    let mut body = match state {
        State::Waiting(mut work, mut ping) => tokio::select! {
            biased;
            response = &mut work => {
                if response.headers().get(CONTENT_TYPE) != Some(&EVENT_STREAM) {
                    let message = to_bytes(response.into_body(), usize::MAX).await.ok()?;
                    return Some((Ok(event(&message)), State::Done));
                }
                response.into_body().into_data_stream()
            }
            _ = ping.tick() => {
                return Some((Ok(Bytes::from_static(COMMENT)), State::Waiting(work, ping)));
            }
        },
        State::Passing(body) => body,
        State::Done => return None,
    };
    // A stream that breaks off has nothing more to say.
    let chunk = body.next().await?.ok()?;
    Some((Ok(chunk), State::Passing(body)))
}

/// One JSON-RPC message as an event. JSON holds no line break but between its tokens, where a space
/// does as well.
fn event(message: &[u8]) -> Bytes {
    let mut event = BytesMut::with_capacity(message.len() + 8);
    event.put_slice(b"data: ");
    event.extend(
        message.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }),
    );
    event.put_slice(b"\n\n");
    event.freeze()
}
