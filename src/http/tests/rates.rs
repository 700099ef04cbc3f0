//! How many requests of one address are let through.

use super::*;

/// `burst` of one address at once, the next after an hour.
pub(super) fn limited(burst: u32) -> Plan {
    let rate = |burst: u32| {
        let one = 1.try_into().unwrap();
        rate::Rate::new(burst.try_into().unwrap(), one, Duration::from_secs(3600))
    };
    let settings = rate::Settings {
        address: rate(burst),
        principal: rate(1000),
        destructive: rate(1000),
        max_buckets: 100.try_into().unwrap(),
        shared: None,
    };
    Plan { rate: Some(settings), ..Plan::bearer() }
}

#[tokio::test]
async fn every_spelling_of_a_path_costs_as_much() {
    let paths = ["/mcp/", "/MCP", "//mcp", "/%6dcp", "/mcp", "/nothing", "/", "/auth/info"];
    let server = limited(u32::try_from(paths.len()).unwrap()).start();
    for (at, path) in paths.iter().enumerate() {
        let answer = server.ask(&format!("GET {path} HTTP/1.1")).await;
        let expected = match *path {
            "/mcp" => 401,
            "/" | "/auth/info" => 200,
            _ => 404,
        };
        assert_eq!(status(&answer), expected, "{path}");
        let left = paths.len() - at - 1;
        let told = header(&answer, "ratelimit").unwrap();
        assert!(told.starts_with(&format!("\"address\";r={left};t=")), "{told}");
        let policy = format!("\"address\";q={};w={}", paths.len(), paths.len() * 3600);
        assert_eq!(header(&answer, "ratelimit-policy"), Some(&*policy));
    }
    for path in paths {
        let answer = server.ask(&format!("POST {path} HTTP/1.1\r\nContent-Length: 0")).await;
        assert_eq!(status(&answer), 429, "{path}");
        assert_eq!(header(&answer, "retry-after"), Some("3600"), "{path}");
        assert!(header(&answer, "ratelimit").unwrap().starts_with("\"address\";r=0;t="));
        if path == "/mcp" {
            let body: serde_json::Value =
                serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
            assert_eq!((&body["jsonrpc"], &body["id"]), (&"2.0".into(), &().into()));
            assert_eq!(body["error"]["code"], -32603);
            assert_eq!(body["error"]["data"]["code"], "rate_limited");
            assert_eq!(body["error"]["data"]["retry_after_seconds"], 3600);
        } else {
            assert_eq!(error_code(&answer), "rate_limited", "{path}");
        }
    }
    for path in ["/health", "/ready"] {
        let answer = server.ask(&format!("GET {path} HTTP/1.1")).await;
        assert_eq!((status(&answer), header(&answer, "ratelimit")), (200, None), "{path}");
    }
}

#[tokio::test]
async fn who_is_told_to_wait_sees_so_whatever_it_was_sending() {
    let server = limited(1).start();
    let size = 4 << 20;
    let head = format!("POST /mcp HTTP/1.1\r\nContent-Length: {size}");
    assert_eq!(status(&server.ask("GET / HTTP/1.1").await), 200);
    assert_eq!(status(&server.ask_with(&head, &"x".repeat(size)).await), 429);
}

#[tokio::test]
async fn an_attacker_behind_a_trusted_proxy_uses_up_only_its_own() {
    let mut plan = limited(2);
    plan.settings.trust_proxy = TrustProxy::Hops(1);
    let server = plan.start();
    let from = async |address: &str| {
        let head = format!("GET / HTTP/1.1\r\nX-Forwarded-For: 198.51.100.1, {address}");
        status(&server.ask(&head).await)
    };
    assert_eq!(from("203.0.113.7").await, 200);
    assert_eq!(from("203.0.113.7").await, 200);
    assert_eq!(from("203.0.113.7").await, 429);
    assert_eq!(from("203.0.113.8").await, 200);
}

#[tokio::test]
async fn pages_may_read_what_they_are_told() {
    let mut plan = limited(1);
    plan.settings.allowed_origins = vec!["https://app.example.com".into()];
    let server = plan.start();
    let asked = "OPTIONS /mcp HTTP/1.1\r\nOrigin: https://app.example.com\r\n\
                 Access-Control-Request-Method: POST";
    for _ in 0..5 {
        let preflight = server.ask(asked).await;
        assert_eq!((status(&preflight), header(&preflight, "ratelimit")), (204, None));
    }
    let head = "POST /mcp HTTP/1.1\r\nContent-Length: 0\r\nOrigin: https://app.example.com";
    for expected in [401, 429] {
        let answer = server.ask(head).await;
        assert_eq!(status(&answer), expected);
        let exposed = header(&answer, "access-control-expose-headers").unwrap();
        assert!(exposed.contains("ratelimit, ratelimit-policy, retry-after"), "{exposed}");
    }
}
