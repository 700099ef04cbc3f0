//! Pages, probes, and what every answer carries.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{super::Upstream, *};

/// What every answer has to carry, on every route and with every refusal.
#[track_caller]
fn assert_secured(answer: &str, what: &str) {
    for (name, expected) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(header(answer, name), Some(expected), "{what}: {answer}");
    }
    let policy = header(answer, "content-security-policy").expect(what);
    assert!(policy.starts_with("default-src 'none'"), "{what}: {policy}");
    assert!(policy.ends_with("frame-ancestors 'none'"), "{what}: {policy}");
    assert_eq!(header(answer, "x-request-id").map(str::len), Some(32), "{what}");
    for absent in ["server", "x-powered-by", "set-cookie", "strict-transport-security"] {
        assert_eq!(header(answer, absent), None, "{what}: {absent}");
    }
}

#[tokio::test]
async fn every_answer_carries_the_headers_for_browsers() {
    let open = Plan::default().start();
    let closed = Plan::bearer().start();
    let small = Plan::with(|settings| {
        settings.limits.request_bytes = 10;
        settings.limits.body_timeout = Duration::from_millis(50);
    })
    .start();
    let draining = Plan::with(|settings| settings.shutdown_delay = PATIENCE).start();
    draining.becomes(200).await;
    draining.stop.send(()).await.unwrap();
    draining.becomes(503).await;
    let twice = "Authorization: Bearer a\r\nAuthorization: Bearer b";
    let large = format!("X-A: {}", "x".repeat(16 << 10));
    let (no_body, ten) = ("Content-Length: 0", "Content-Length: 11\r\n\r\n12345678901");
    for (server, head, expected) in [
        (&open, "GET /", 200),
        (&open, "HEAD /", 200),
        (&open, "GET /\r\nAccept: application/json", 200),
        (&open, "GET /auth/info", 200),
        (&open, "GET /health", 200),
        (&open, "GET /ready", 200),
        (&draining, "GET /ready", 503),
        (&open, "GET /mcp", 200),
        (&open, "DELETE /mcp", 200),
        (&open, &format!("POST /mcp\r\n{no_body}"), 200),
        (&open, &format!("POST /mcp?panic\r\n{no_body}"), 500),
        (&open, &format!("POST /mcp\r\n{no_body}\r\nForwarded: for=x"), 403),
        (&open, &format!("POST /mcp\r\n{no_body}\r\n{twice}"), 400),
        (&open, "GET /nothing", 404),
        (&open, "POST /\r\nContent-Length: 0", 405),
        (&open, "OPTIONS /mcp\r\nAccess-Control-Request-Method: POST", 200),
        (&open, "GET /\r\nOrigin: https://evil.example", 403),
        (&open, "GET /\r\nOrigin: null\r\nOrigin: null", 400),
        (&open, "GET http://evil.example/", 403),
        (&open, &format!("GET /\r\n{large}"), 431),
        (&closed, &format!("POST /mcp\r\n{no_body}"), 401),
        (&closed, &format!("POST /mcp\r\n{no_body}\r\nAuthorization: Bearer x"), 401),
        (&small, &format!("POST /mcp\r\n{ten}"), 413),
        (&small, "POST /mcp\r\nContent-Length: 5", 408),
    ] {
        let (line, rest) = head.split_once("\r\n").unwrap_or((head, "X: y"));
        let (headers, body) = rest.split_once("\r\n\r\n").unwrap_or((rest, ""));
        let answer = server.ask_with(&format!("{line} HTTP/1.1\r\n{headers}"), body).await;
        assert_eq!(status(&answer), expected, "{line} {headers}: {answer}");
        assert_secured(&answer, head);
    }
    let own = format!("http://{}", open.address);
    let preflight =
        format!("OPTIONS /mcp HTTP/1.1\r\nOrigin: {own}\r\nAccess-Control-Request-Method: POST");
    assert_secured(&open.ask(&preflight).await, "a preflight");
    let limited = rates::limited(1).start();
    assert_secured(&limited.ask("GET / HTTP/1.1").await, "the last that is let through");
    assert_secured(&limited.ask("GET / HTTP/1.1").await, "one too many");
}

#[tokio::test]
async fn a_harmless_request_id_is_kept_and_others_are_replaced() {
    let server = Plan::default().start();
    let answer = server.ask("GET /nothing HTTP/1.1\r\nX-Request-Id: abc-1.2_3").await;
    assert_eq!(header(&answer, "x-request-id"), Some("abc-1.2_3"));
    assert_eq!(error_code(&answer), "not_found");
    for id in ["a b", "<script>", "", &"x".repeat(129)] {
        let answer = server.ask(&format!("GET /nothing HTTP/1.1\r\nX-Request-Id: {id}")).await;
        assert_eq!(header(&answer, "x-request-id").map(str::len), Some(32), "{id}");
        assert_eq!(error_code(&answer), "not_found");
    }
}

#[tokio::test]
async fn a_wrong_method_is_answered_405_with_the_right_ones() {
    let server = Plan::default().start();
    for path in ["/", "/auth/info", "/health", "/ready"] {
        let answer = server.ask(&format!("POST {path} HTTP/1.1\r\nContent-Length: 0")).await;
        assert_eq!((status(&answer), &*error_code(&answer)), (405, "method_not_allowed"), "{path}");
        assert_eq!(header(&answer, "allow"), Some("GET,HEAD"), "{path}");
    }
}

#[tokio::test]
async fn the_status_page_needs_nothing_from_outside() {
    let server = Plan::default().start();
    let page = server.ask("GET / HTTP/1.1\r\nAccept: text/html,*/*").await;
    let policy = header(&page, "content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'nonce-"), "{policy}");
    let nonce = policy.split('\'').find_map(|part| part.strip_prefix("nonce-")).unwrap();
    assert!(page.contains(&format!("<style nonce=\"{nonce}\">")));
    assert!(page.contains(&format!("http://{}/mcp", server.address)));
    assert!(page.contains("SANDBOX") && !page.contains("{{") && !page.contains("src="), "{page}");
}

#[tokio::test]
async fn the_status_is_json_for_who_asks() {
    let server = Plan::default().start();
    for request in ["GET / HTTP/1.1\r\nAccept: application/json", "GET /auth/info HTTP/1.1"] {
        let answer = server.ask(request).await;
        let body: serde_json::Value =
            serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(body["auth_mode"], "none");
        assert_eq!(body["session_mode"], "stateful");
        assert_eq!(body["event_store"], "off");
        assert_eq!(body["sandbox"], true);
        assert_eq!(body["endpoint"], format!("http://{}/mcp", server.address));
    }
}

#[tokio::test]
async fn readiness_follows_what_portkey_answered_last() {
    async fn word(answer: Upstream) -> (u16, String) {
        let looks = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&looks);
        let look: Look = Arc::new(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move { answer })
        });
        let server = Plan { look: Some(look), ..Plan::default() }.start();
        let first = server.ask("GET /ready HTTP/1.1").await;
        let second = server.ask("GET /ready HTTP/1.1").await;
        assert_eq!(status(&first), status(&second));
        assert_eq!(looks.load(Ordering::SeqCst), 1, "one look holds for a while");
        (status(&first), first.split_once("\r\n\r\n").unwrap().1.to_owned())
    }
    assert_eq!(word(Upstream::Reached).await, (200, r#"{"status":"ready"}"#.into()));
    assert_eq!(word(Upstream::Partly).await, (200, r#"{"status":"degraded"}"#.into()));
    assert_eq!(word(Upstream::Unreachable).await, (503, r#"{"status":"starting"}"#.into()));
    assert_eq!(word(Upstream::KeyRefused).await, (503, r#"{"status":"key refused"}"#.into()));
}
