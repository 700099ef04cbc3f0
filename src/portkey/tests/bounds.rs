//! Size, time, and callers that leave.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

use super::*;

#[tokio::test]
async fn an_answer_over_the_limit_is_refused() {
    let limit = settings().max_answer_bytes;
    let fitting = format!("\"{}\"", "x".repeat(limit - 2));
    let large = format!("\"{}\"", "x".repeat(limit - 1));
    let unframed = format!("HTTP/1.1 200 X\r\nconnection: close\r\n\r\n{large}");
    let upstream = Upstream::start(move |_, seen| match seen.target.as_str() {
        "/v1/fitting" => answer(200, &fitting),
        "/v1/large" => answer(200, &large),
        _ => Reply::Cut(unframed.clone().into()),
    })
    .await;
    let client = client(&upstream);
    client.send(get("/fitting"), &context()).await.unwrap();
    for path in ["/large", "/unframed"] {
        let error = client.send(get(path), &context()).await.unwrap_err();
        assert!(matches!(error.kind, Kind::TooLarge { .. }), "{error}");
        assert!(error.to_string().contains("larger than 65536 bytes"), "{error}");
        assert!(error.remedy().contains("page_size") && !error.retryable());
        assert_eq!(error.attempts(), 1);
    }
}

fn gzipped(body: &[u8]) -> Reply {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    let body = encoder.finish().unwrap();
    let length = body.len();
    let head =
        format!("HTTP/1.1 200 X\r\ncontent-encoding: gzip\r\ncontent-length: {length}\r\n\r\n");
    Reply::Whole([head.into_bytes(), body].concat())
}

#[tokio::test]
async fn a_compressed_answer_is_bounded_by_what_it_unpacks_to() {
    let upstream = Upstream::start(|_, seen| match seen.target.as_str() {
        "/v1/small" => gzipped(br#"{"a":1}"#),
        _ => gzipped(&vec![b' '; 32 * 1024 * 1024]),
    })
    .await;
    let settings = Settings { timeout: Duration::from_secs(10), ..settings() };
    let client = client_of(upstream.address, &settings);
    assert_eq!(client.send(get("/small"), &context()).await.unwrap(), r#"{"a":1}"#);
    let error = client.send(get("/bomb"), &context()).await.unwrap_err();
    assert!(matches!(error.kind, Kind::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn a_cancelled_call_closes_its_request() {
    for (request, unknown) in [(get("/x"), false), (write(), true)] {
        let upstream = Upstream::start(|_, _| Reply::Hang).await;
        let settings = Settings { timeout: Duration::from_secs(20), ..settings() };
        let client = client_of(upstream.address, &settings);
        let context = context();
        let cancel = async {
            upstream.arrived(1).await;
            context.cancelled.cancel();
        };
        let (sent, ()) = tokio::join!(client.send(request, &context), cancel);
        let error = sent.unwrap_err();
        assert_eq!(error.outcome_unknown(), unknown, "{error}");
        assert!(error.to_string().contains("cancelled"), "{error}");
        assert!(!error.retryable());
        upstream.left().await;
        assert_eq!(upstream.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_call_that_is_cancelled_already_sends_nothing() {
    let upstream = Upstream::start(|_, _| answer(200, "{}")).await;
    let context = context();
    context.cancelled.cancel();
    let error = client(&upstream).send(write(), &context).await.unwrap_err();
    assert!(matches!(error.kind, Kind::Cancelled), "{error}");
    assert_eq!((error.attempts(), upstream.connections()), (0, 0));
}

#[tokio::test]
async fn a_write_that_is_cancelled_between_tries_was_not_done() {
    let limited = "retry-after: 15\r\nx-request-id: r";
    let upstream = Upstream::start(move |_, _| with_header(429, limited, "")).await;
    let (client, context) = (client(&upstream), context());
    let cancel = async {
        // The id is noted when the answer arrives; its body arrives with it.
        while context.request_id().is_none() {
            tokio::task::yield_now().await;
        }
        tokio::task::yield_now().await;
        context.cancelled.cancel();
    };
    let (sent, ()) = tokio::join!(client.send(write(), &context), cancel);
    assert!(matches!(sent.unwrap_err().kind, Kind::Cancelled));
}

#[tokio::test]
async fn a_dropped_call_closes_its_request() {
    let upstream = Upstream::start(|_, _| Reply::Hang).await;
    let (client, context) = (client(&upstream), context());
    tokio::select! {
        sent = client.send(get("/x"), &context) => panic!("{sent:?}"),
        () = upstream.arrived(1) => {}
    }
    upstream.left().await;
}

#[tokio::test]
async fn the_deadline_closes_the_request() {
    for (request, unknown) in [(get("/x"), false), (write(), true)] {
        let upstream = Upstream::start(|_, _| Reply::Hang).await;
        // Making a client reads the system's certificates, which takes time.
        let client = client(&upstream);
        let context = context_of(Duration::from_millis(100));
        let error = client.send(request, &context).await.unwrap_err();
        assert_eq!(error.outcome_unknown(), unknown, "{error}");
        assert!(error.to_string().contains("time of this call was over"), "{error}");
        upstream.left().await;
    }
}
