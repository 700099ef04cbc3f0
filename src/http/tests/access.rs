//! Hosts, origins and tokens.

use super::*;

const ORIGIN: &str = "https://app.example.com";

#[tokio::test]
async fn a_rebound_host_is_refused_but_for_probes() {
    let server = Plan::default().start();
    let port = server.address.port();
    let get = |path: &str, hosts: &str| {
        let request = format!("GET {path} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        let server = &server;
        async move { status(&server.raw(&request).await) }
    };
    for host in ["localhost", "LOCALHOST", "127.0.0.1", "[::1]", &format!("localhost:{port}")] {
        assert_eq!(get("/", &format!("Host: {host}\r\n")).await, 200, "{host}");
    }
    for hosts in [
        "Host: evil.example\r\n",
        "Host: localhost.evil.example\r\n",
        "Host: localhost@evil.example\r\n",
        "Host: localhost\r\nHost: evil.example\r\n",
        "Host: localhost\r\nHost: localhost\r\n",
        "Host: \r\n",
        "",
    ] {
        assert_eq!(get("/", hosts).await, 403, "{hosts}");
        assert_eq!(get("/mcp", hosts).await, 403, "{hosts}");
        assert_eq!(get("/health", hosts).await, 200, "{hosts}");
        assert_eq!(get("/ready", hosts).await, 200, "{hosts}");
    }
    let absolute =
        "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(error_code(&server.raw(absolute).await), "host_not_allowed");
}

#[tokio::test]
async fn the_public_and_the_listed_hosts_are_answered() {
    let server = Plan::with(|settings| {
        settings.public_base_url = Some("https://mcp.example.com".parse().unwrap());
        settings.allowed_hosts = vec!["any.example".into(), "one.example:8443".into()];
    })
    .start();
    for (host, expected) in [
        ("mcp.example.com", 200),
        ("mcp.example.com:443", 200),
        ("any.example:1", 200),
        ("one.example:8443", 200),
        ("one.example", 403),
        ("one.example:1", 403),
    ] {
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        assert_eq!(status(&server.raw(&request).await), expected, "{host}");
    }
}

#[tokio::test]
async fn only_known_origins_may_call() {
    let server = Plan::with(|settings| settings.allowed_origins = vec![ORIGIN.into()]).start();
    let own = format!("http://127.0.0.1:{}", server.address.port());
    for origin in [ORIGIN, &own] {
        let answer = server.ask(&format!("GET /auth/info HTTP/1.1\r\nOrigin: {origin}")).await;
        assert_eq!(status(&answer), 200, "{origin}");
        assert_eq!(header(&answer, "access-control-allow-origin"), Some(origin));
        assert_eq!(header(&answer, "access-control-allow-credentials"), None);
        let exposed = header(&answer, "access-control-expose-headers").unwrap();
        assert!(exposed.contains("mcp-session-id") && exposed.contains("www-authenticate"));
    }
    for origin in
        ["null", "https://app.example.com:444", "http://app.example.com", "http://127.0.0.1"]
    {
        let answer = server.ask(&format!("GET / HTTP/1.1\r\nOrigin: {origin}")).await;
        assert_eq!(error_code(&answer), "origin_not_allowed", "{origin}");
        assert_eq!(header(&answer, "access-control-allow-origin"), None);
    }
    let twice = format!("GET / HTTP/1.1\r\nOrigin: {ORIGIN}\r\nOrigin: https://evil.example");
    assert_eq!(error_code(&server.ask(&twice).await), "duplicate_header");
    let none = server.ask("GET / HTTP/1.1").await;
    assert_eq!((status(&none), header(&none, "vary")), (200, Some("accept")));
}

#[tokio::test]
async fn null_is_an_origin_only_where_it_is_listed() {
    let server = Plan::with(|settings| settings.allowed_origins = vec!["null".into()]).start();
    assert_eq!(status(&server.ask("GET / HTTP/1.1\r\nOrigin: null").await), 200);
}

#[tokio::test]
async fn a_preflight_is_answered_before_authentication() {
    let mut plan = Plan::bearer();
    plan.settings.allowed_origins = vec![ORIGIN.into()];
    let server = plan.start();
    let ask = "Access-Control-Request-Method: POST";
    let answer = server.ask(&format!("OPTIONS /mcp HTTP/1.1\r\nOrigin: {ORIGIN}\r\n{ask}")).await;
    assert_eq!(status(&answer), 204, "{answer}");
    assert_eq!(header(&answer, "access-control-allow-origin"), Some(ORIGIN));
    let methods = header(&answer, "access-control-allow-methods").unwrap();
    assert_eq!(methods, "GET, POST, DELETE, OPTIONS");
    let allowed = header(&answer, "access-control-allow-headers").unwrap();
    for name in [
        "mcp-protocol-version",
        "mcp-method",
        "mcp-name",
        "mcp-session-id",
        "last-event-id",
        "authorization",
        "content-type",
        "accept",
        "traceparent",
        "tracestate",
    ] {
        assert!(allowed.split(", ").any(|one| one == name), "{name}");
    }
    let foreign = format!("OPTIONS /mcp HTTP/1.1\r\nOrigin: https://evil.example\r\n{ask}");
    assert_eq!(error_code(&server.ask(&foreign).await), "origin_not_allowed");
    let no_question = server.ask(&format!("OPTIONS /mcp HTTP/1.1\r\nOrigin: {ORIGIN}")).await;
    assert_eq!(status(&no_question), 401);
    assert_eq!(header(&no_question, "access-control-allow-origin"), Some(ORIGIN));
}

#[tokio::test]
async fn a_caller_without_the_token_is_told_how_to_send_it() {
    let server = Plan::bearer().start();
    let good = format!("Authorization: bEaReR {TOKEN}");
    let answer = server.ask(&format!("POST /mcp HTTP/1.1\r\nContent-Length: 0\r\n{good}")).await;
    assert!(answer.ends_with("POST by Bearer, authorized false, 0 bytes"), "{answer}");

    let invalid = Some(
        "Bearer error=\"invalid_token\", error_description=\"the bearer token is none of this server's\"",
    );
    for (headers, challenge) in [
        ("X: y".to_owned(), Some("Bearer")),
        ("Authorization: Basic abc".into(), Some("Bearer")),
        ("Authorization: Bearer".into(), Some("Bearer")),
        ("Authorization: Bearer wrong".into(), invalid),
        (format!("Authorization: Bearer {TOKEN}x"), invalid),
        (format!("Authorization: Bearer {TOKEN} {TOKEN}"), invalid),
    ] {
        let head = format!("POST /mcp HTTP/1.1\r\nContent-Length: 2\r\n{headers}");
        let answer = server.ask_with(&head, "{}").await;
        assert_eq!((status(&answer), &*error_code(&answer)), (401, "unauthorized"), "{headers}");
        assert_eq!(header(&answer, "www-authenticate"), challenge, "{headers}");
    }
    let twice = format!("POST /mcp HTTP/1.1\r\nContent-Length: 0\r\n{good}\r\n{good}");
    assert_eq!(error_code(&server.ask(&twice).await), "duplicate_header");
}

#[tokio::test]
async fn a_refused_caller_with_a_large_body_sees_the_refusal() {
    let server = Plan::bearer().start();
    let size = 4 << 20;
    let head = format!("POST /mcp HTTP/1.1\r\nContent-Length: {size}");
    let answer = server.ask_with(&head, &"x".repeat(size)).await;
    assert_eq!(error_code(&answer), "unauthorized");
}

#[tokio::test]
async fn a_forwarded_request_needs_authentication() {
    let forwarded = "POST /mcp HTTP/1.1\r\nContent-Length: 0\r\nX-Forwarded-For: 203.0.113.7";
    let server = Plan::default().start();
    for header in [
        "Forwarded: for=203.0.113.7",
        "Via: 1.1 proxy",
        "X-Forwarded-For: 203.0.113.7",
        "X-Forwarded-Host: mcp.example.com",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Port: 443",
        "X-Forwarded-Server: proxy",
        "X-Real-IP: 203.0.113.7",
        "X-Client-IP: 203.0.113.7",
        "CF-Connecting-IP: 203.0.113.7",
        "True-Client-IP: 203.0.113.7",
        "Fly-Client-IP: 203.0.113.7",
    ] {
        let answer =
            server.ask(&format!("POST /mcp HTTP/1.1\r\nContent-Length: 0\r\n{header}")).await;
        assert_eq!(
            (status(&answer), &*error_code(&answer)),
            (403, "forwarded_without_auth"),
            "{header}"
        );
    }
    let direct = server.ask("POST /mcp HTTP/1.1\r\nContent-Length: 0").await;
    assert!(direct.ends_with("POST by None, authorized false, 0 bytes"), "{direct}");

    let mut plan = Plan::default();
    plan.auth.allow_unauthenticated_http = true;
    assert_eq!(status(&plan.start().ask(forwarded).await), 200);
}

#[tokio::test]
async fn a_request_knows_its_client_by_trusted_proxies_alone() {
    let client = |trust: &'static str, headers: &'static str| async move {
        let mut plan = Plan::bearer();
        plan.settings.trust_proxy = TrustProxy::parse(&[trust.to_owned()]).unwrap();
        let head = "POST /mcp?client HTTP/1.1\r\nContent-Length: 0";
        let answer = plan
            .start()
            .ask(&format!("{head}\r\nAuthorization: Bearer {TOKEN}\r\n{headers}"))
            .await;
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    };
    let spoofed = "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 203.0.113.7";
    assert_eq!(client("none", spoofed).await, "127.0.0.1");
    assert_eq!(client("1", spoofed).await, "203.0.113.7");
    assert_eq!(client("loopback", spoofed).await, "203.0.113.7");
    assert_eq!(client("10.0.0.0/8", spoofed).await, "127.0.0.1");
    assert_eq!(client("fly", "Fly-Client-IP: 203.0.113.7").await, "127.0.0.1");
    assert_eq!(client("1", "Forwarded: for=203.0.113.7").await, "127.0.0.1");
}

#[tokio::test]
async fn the_name_that_the_platform_gives_is_answered() {
    let server = Plan::with(|settings| settings.platform_host = Some("app.fly.dev".into())).start();
    let ask = |host: &str, origin: &str| {
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: close\r\n\r\n"
        );
        let server = &server;
        async move { status(&server.raw(&request).await) }
    };
    assert_eq!(ask("app.fly.dev", "https://app.fly.dev").await, 200);
    assert_eq!(ask("other.fly.dev", "https://app.fly.dev").await, 403);
    assert_eq!(ask("app.fly.dev", "http://app.fly.dev").await, 403);
}

#[tokio::test]
async fn origins_are_checked_on_every_route_but_the_probes() {
    let server = Plan::default().start();
    for (path, expected) in [
        ("/", 403),
        ("/auth/info", 403),
        ("/mcp", 403),
        ("/nothing", 403),
        ("/.well-known/oauth-protected-resource", 403),
        ("/health", 200),
        ("/ready", 200),
    ] {
        for origin in ["https://evil.example", "null"] {
            let answer = server.ask(&format!("GET {path} HTTP/1.1\r\nOrigin: {origin}")).await;
            assert_eq!(status(&answer), expected, "{path} {origin}");
        }
    }
}
