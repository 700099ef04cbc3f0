//! TLS and rates.

use super::*;
use crate::http::tests::authority::{Authority, Files};

#[test]
fn a_required_client_certificate_lets_anybody_in_from_anywhere() {
    let authority = Authority::new("root");
    let (files, issued) = (Files::new(), authority.server());
    let write = |name, text| files.write(name, text).display().to_string();
    let (cert, key) = (write("cert.pem", &issued.cert), write("key.pem", &issued.key));
    let clients = write("clients.pem", &authority.pem);
    let mut variables = vec![
        ("MCP_HOST", "0.0.0.0"),
        ("MCP_PUBLIC_BASE_URL", "https://mcp.example.com"),
        ("MCP_TLS_CERT_PATH", &*cert),
        ("MCP_TLS_KEY_PATH", &*key),
    ];
    let told = problems(&inputs(&variables));
    assert!(told.len() == 1 && told[0].starts_with("`auth.mode` is `none`"), "{told:?}");
    variables.push(("MCP_TLS_CLIENT_CA_PATH", &*clients));
    let config = config(&inputs(&variables));
    assert_eq!(config.auth.mode.as_str(), "none");
    assert!(config.http.tls.unwrap().client_ca.is_some());
}

#[test]
fn the_default_rates_are_those_of_a_team_behind_one_address() {
    let rates = |environment: &[(&str, &str)]| {
        let limits = config(&inputs(environment)).rate_limit?;
        let rates = [limits.address, limits.principal, limits.destructive];
        Some(rates.map(|rate| (rate.burst.get(), rate.interval().as_millis())))
    };
    assert_eq!(rates(&[]), Some([(300, 200), (600, 100), (30, 2000)]));
    let reference =
        [("RATE_LIMIT_MAX", "5"), ("RATE_LIMIT_REFILL", "10"), ("RATE_LIMIT_WINDOW_MS", "1s")];
    assert_eq!(rates(&reference), Some([(5, 100), (600, 1), (30, 33)]));
    assert_eq!(rates(&[("RATE_LIMIT_ENABLED", "false")]), None);
    let redis =
        [("RATE_LIMIT_STORE", "redis"), ("REDIS_URL", "redis://h"), ("MCP_REDIS_URL", "redis://g")];
    let shared = config(&inputs(&redis)).rate_limit.unwrap().shared.unwrap();
    assert_eq!(shared.redis.url.expose_secret(), "redis://g");
    assert_eq!(shared.key_prefix, "mcp:rate-limit");
}
