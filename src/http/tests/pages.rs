//! Pages, probes, and what every answer carries.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{super::Upstream, *};

#[tokio::test]
async fn every_answer_carries_the_headers_for_browsers() {
    let server = Plan::default().start();
    for path in ["/", "/auth/info", "/health", "/ready", "/nothing", "/mcp"] {
        let answer = server.ask(&format!("GET {path} HTTP/1.1")).await;
        assert_eq!(header(&answer, "x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(header(&answer, "cache-control"), Some("no-store"), "{path}");
        assert_eq!(header(&answer, "referrer-policy"), Some("no-referrer"), "{path}");
        assert!(header(&answer, "x-request-id").is_some(), "{path}");
    }
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
    assert_eq!(word(Upstream::Unreachable).await, (503, r#"{"status":"starting"}"#.into()));
    assert_eq!(word(Upstream::KeyRefused).await, (503, r#"{"status":"key refused"}"#.into()));
}
