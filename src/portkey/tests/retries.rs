//! Waiting, and the budget that bounds all retries.

use super::*;

const LIMITED: &str = r#"{"errorCode":"AB06","message":"slow down"}"#;

#[tokio::test]
async fn a_rate_limit_is_waited_out_even_for_a_write() {
    let upstream = Upstream::start(|earlier, _| match earlier {
        0 => with_header(429, "retry-after: 1", LIMITED),
        _ => answer(200, "{}"),
    })
    .await;
    let (started, context) = (Instant::now(), context());
    client(&upstream).send(write(), &context).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(context.attempts(), 2);
}

#[tokio::test]
async fn a_rate_limit_that_stays_ends_after_three_tries() {
    let upstream = Upstream::start(|_, _| with_header(429, "retry-after: 0", LIMITED)).await;
    let error = client(&upstream).send(write(), &context()).await.unwrap_err();
    assert!(matches!(error.kind, Kind::Busy(_)), "{error}");
    assert!(error.retryable() && !error.outcome_unknown());
    assert_eq!((error.status(), error.code()), (Some(429), Some("AB06")));
    assert_eq!((error.attempts(), upstream.seen().len()), (3, 3));
}

#[tokio::test]
async fn a_wait_that_does_not_fit_into_the_deadline_is_not_begun() {
    for wait in ["retry-after: 3600", "retry-after: 18446744073709551615"] {
        let upstream = Upstream::start(move |_, _| with_header(429, wait, LIMITED)).await;
        let error = client(&upstream).send(get("/x"), &context()).await.unwrap_err();
        assert_eq!((error.attempts(), upstream.seen().len()), (1, 1), "{error}");
        assert!(error.retry_after().unwrap() >= Duration::from_secs(3600));
        assert!(error.remedy().starts_with("wait "), "{}", error.remedy());
    }
}

#[tokio::test]
async fn a_read_outlives_one_server_error() {
    for status in [500, 502, 503, 504] {
        let upstream = Upstream::start(move |earlier, _| match earlier {
            0 => answer(status, "<html>Bad gateway</html>"),
            _ => answer(200, r#"{"data":[]}"#),
        })
        .await;
        let answer = client(&upstream).send(get("/x"), &context()).await.unwrap();
        assert_eq!((&*answer, upstream.seen().len()), (&br#"{"data":[]}"#[..], 2), "{status}");
    }
}

#[tokio::test]
async fn retries_end_when_the_budget_is_used_up() {
    let upstream = Upstream::start(|_, _| answer(500, "")).await;
    let client = client(&upstream);
    let mut errors = Vec::new();
    for _ in 0..8 {
        errors.push(client.send(get("/x"), &context()).await.unwrap_err());
    }
    // Ten retries a minute are always granted: two for each of five calls.
    assert_eq!(upstream.seen().len(), 8 + 10);
    assert!(errors[..5].iter().all(|error| !error.trail.withheld));
    assert!(errors[5..].iter().all(|error| error.trail.withheld && error.attempts() == 1));
    assert!(errors[7].to_string().contains("retries were withheld"), "{}", errors[7]);
}
