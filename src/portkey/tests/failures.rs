//! What each failure of the other side becomes.

use super::*;

async fn failing(
    request: Request<'_>,
    script: impl Fn(usize, &upstream::Seen) -> Reply + Send + Sync + 'static,
) -> (Error, usize) {
    let upstream = Upstream::start(script).await;
    let error = client(&upstream).send(request, &context()).await.unwrap_err();
    (error, upstream.seen().len())
}

#[tokio::test]
async fn an_unreachable_portkey_is_tried_three_times_even_for_a_write() {
    let address = Upstream::start(|_, _| Reply::Hang).await.address;
    for request in [get("/x"), write()] {
        let context = context();
        let error = client_of(address, &settings()).send(request, &context).await.unwrap_err();
        assert!(matches!(error.kind, Kind::Unreachable(_)), "{error}");
        assert!(error.retryable() && !error.outcome_unknown(), "{error}");
        assert!(error.to_string().contains("nothing was done"), "{error}");
        assert!(error.remedy().contains("PORTKEY_BASE_URL"));
        assert_eq!((error.attempts(), context.attempts()), (3, 3));
    }
}

#[tokio::test]
async fn a_failing_handshake_sends_nothing() {
    let plain = Upstream::start(|_, _| Reply::Cut("no TLS here".into())).await;
    let base = credential(&format!("https://{}/v1", plain.address));
    let client = Portkey::for_sandbox(&settings(), base).unwrap();
    let error = client.send(write(), &context()).await.unwrap_err();
    assert!(matches!(error.kind, Kind::Unreachable(_)), "{error}");
    assert_eq!(error.attempts(), 3);
}

#[tokio::test]
async fn refusals_keep_status_code_message_and_request_id() {
    for (status, code, meaning) in [
        (400, "AB01", "not valid"),
        (401, "AB05", "key is not valid"),
        (402, "AB09", "plan"),
        (403, "AB03", "lacks the permission, or"),
        (404, "AB08", "not found"),
        (409, "AB07", "depend"),
        (412, "usage", "exhausted"),
    ] {
        let (error, requests) = failing(write(), move |_, _| {
            let body = format!(
                r#"{{"success":false,"data":{{"message":"Because","errorCode":"{code}"}}}}"#
            );
            with_header(status, "x-portkey-trace-id: trace-1", &body)
        })
        .await;
        assert!(matches!(error.kind, Kind::Refused(_)), "{error}");
        assert_eq!((error.status(), error.code()), (Some(status), Some(code)));
        assert_eq!((error.message(), error.request_id()), (Some("Because"), Some("trace-1")));
        assert!(error.meaning().unwrap().contains(meaning), "{:?}", error.meaning());
        assert!(!error.retryable() && !error.outcome_unknown());
        assert_eq!(requests, 1);
        let text = format!("portkey refused the request: {status} {code}, \"Because\"");
        assert!(error.to_string().starts_with(&text), "{error}");
    }
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let target = Upstream::start(|_, _| answer(200, "{}")).await;
    let location = format!("location: http://u:secret@{}/v1?token=secret", target.address);
    for request in [get("/x"), write()] {
        let location = location.clone();
        let (error, requests) = failing(request, move |_, _| with_header(307, &location, "")).await;
        assert!(matches!(error.kind, Kind::Redirected { .. }), "{error}");
        assert_eq!((error.status(), requests, target.connections()), (Some(307), 1, 0));
        assert!(error.to_string().contains(&target.address.to_string()), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn a_page_in_place_of_json_is_named() {
    let page = |_: usize, _: &_| {
        with_header(200, "content-type: text/html; charset=utf-8", "<html>Log in</html>")
    };
    let (error, requests) = failing(get("/x"), page).await;
    assert!(matches!(error.kind, Kind::Unreadable { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("answered 200 with text/html that is not JSON"), "{text}");
    assert!(text.contains("at line 1 column 1, of 19 bytes"), "{text}");
    assert!(!text.contains("Log in"), "nothing of a success is quoted: {text}");
    assert_eq!((requests, error.retryable()), (1, false));

    let (error, _) = failing(write(), page).await;
    assert!(error.outcome_unknown(), "{error}");
    assert!(error.to_string().contains("read back with `get_config`"), "{error}");
    assert_eq!(error.status(), Some(200));
}

#[tokio::test]
async fn a_success_that_cannot_be_read_says_why() {
    let deep = "[".repeat(128) + &"]".repeat(128);
    for (body, why) in [
        (&b"[\"\xff\"]"[..], "it is not UTF-8 at byte 3, of 5 bytes"),
        (br#"{"a":1e400,"b":"\ud800"}"#, "half of a surrogate pair"),
        (deep.as_bytes(), "it is nested more deeply than 127 levels"),
        (b"{\"a\" 1}", "expected `:` at line 1 column 6"),
    ] {
        let head = format!("HTTP/1.1 200 X\r\ncontent-length: {}\r\n\r\n", body.len());
        let whole = [head.as_bytes(), body].concat();
        let (error, requests) = failing(get("/x"), move |_, _| Reply::Whole(whole.clone())).await;
        assert!(matches!(error.kind, Kind::Unreadable { .. }), "{error}");
        assert!(error.to_string().contains(why), "{error}");
        let others = ["UTF-8", "surrogate", "deeply"].iter().filter(|it| !why.contains(**it));
        assert_eq!(others.filter(|it| error.to_string().contains(**it)).count(), 0, "{error}");
        assert_eq!((requests, error.retryable()), (1, false));
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_repeated_for_reads_only() {
    let cuts: [(&str, &str); 4] = [
        ("nothing at all", ""),
        ("in the headers", "HTTP/1.1 200 OK\r\ncontent-"),
        ("in the body", "HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{\"a\":"),
        ("unframed JSON", "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"a\":"),
    ];
    for (cut, bytes) in cuts {
        let (error, requests) = failing(get("/x"), |_, _| Reply::Cut(bytes.into())).await;
        assert!(matches!(error.kind, Kind::Broken(_)), "{cut}: {error}");
        assert_eq!((requests, error.retryable()), (3, true), "{cut}");

        let (error, requests) = failing(write(), |_, _| Reply::Cut(bytes.into())).await;
        assert!(error.outcome_unknown() && !error.retryable(), "{cut}: {error}");
        assert!(error.to_string().starts_with("outcome unknown: "), "{error}");
        assert!(error.remedy().contains("`get_config`"), "{}", error.remedy());
        assert_eq!(requests, 1, "{cut}");

        let upstream = Upstream::start(move |earlier, _| match earlier {
            0 => Reply::Cut(bytes.into()),
            _ => answer(200, r#"{"a":1}"#),
        })
        .await;
        let whole = client(&upstream).send(get("/x"), &context()).await.unwrap();
        assert_eq!(whole, r#"{"a":1}"#, "{cut}");
    }
}

#[tokio::test]
async fn a_server_error_is_repeated_for_reads_only() {
    let broken = |_: usize, _: &_| answer(500, r#"{"errorCode":"AB04","message":"oops"}"#);
    let (error, requests) = failing(get("/x"), broken).await;
    assert!(matches!(error.kind, Kind::Failed(_)), "{error}");
    assert_eq!((error.status(), error.code(), requests), (Some(500), Some("AB04"), 3));
    assert!(error.retryable());
    assert!(error.to_string().contains("tried 3 times"), "{error}");

    let (error, requests) = failing(write(), broken).await;
    assert!(error.outcome_unknown(), "{error}");
    assert_eq!((error.status(), error.code(), requests), (Some(500), Some("AB04"), 1));

    let (error, requests) = failing(get("/x"), |_, _| answer(501, "")).await;
    assert_eq!((requests, error.retryable()), (1, false), "{error}");
    let (error, _) = failing(write(), |_, _| answer(501, "")).await;
    assert!(!error.outcome_unknown(), "{error}");
}

/// What the last try was told says nothing of the ones before it.
#[tokio::test]
async fn a_replayable_write_is_repeated_and_its_outcome_stays_unknown() {
    let replayable = || Request { replayable: true, ..write() };
    for last in [500, 429, 404, 401] {
        let (error, requests) = failing(replayable(), move |earlier, _| match earlier {
            0 | 1 => Reply::Cut(Vec::new()),
            _ => answer(last, ""),
        })
        .await;
        assert!(error.outcome_unknown() && !error.retryable(), "{error}");
        assert!(error.to_string().contains("read back with `get_config`"), "{error}");
        assert_eq!((error.status(), requests), (Some(last), 3));
    }
    let (error, requests) = failing(replayable(), |_, _| answer(409, "")).await;
    assert!(!error.outcome_unknown(), "{error}");
    assert_eq!(requests, 1);
    let upstream = Upstream::start(|earlier, _| match earlier {
        0 => Reply::Cut(Vec::new()),
        _ => answer(200, "{}"),
    })
    .await;
    client(&upstream).send(replayable(), &context()).await.unwrap();
}

#[tokio::test]
async fn a_slow_answer_is_given_up() {
    let (error, requests) = failing(get("/x"), |_, _| Reply::Hang).await;
    assert!(matches!(error.kind, Kind::Slow(_)), "{error}");
    assert_eq!((requests, error.retryable()), (3, true));
    let (error, requests) = failing(write(), |_, _| Reply::Hang).await;
    assert!(error.outcome_unknown(), "{error}");
    assert_eq!(requests, 1);
}

#[tokio::test]
async fn a_status_counts_even_when_its_body_never_ends() {
    let upstream = Upstream::start(|_, _| {
        Reply::Cut("HTTP/1.1 404 X\r\ncontent-length: 900\r\n\r\nNot fo".into())
    })
    .await;
    let error = client(&upstream).send(write(), &context()).await.unwrap_err();
    assert_eq!((error.status(), error.message()), (Some(404), Some("Not fo")));
    let long = "x".repeat(1024 * 1024);
    let (error, _) = failing(get("/x"), move |_, _| answer(400, &long)).await;
    assert_eq!(error.status(), Some(400));
    assert!(error.to_string().len() < 500, "{error}");
}
