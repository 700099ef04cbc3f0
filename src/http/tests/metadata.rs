//! Where clients learn how to get a token.

use serde_json::{Value, json};

use super::{
    super::{Metadata, resource_url},
    *,
};

const PATHS: [&str; 2] =
    ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"];
const MIRROR: &str = "/.well-known/oauth-authorization-server";

#[tokio::test]
async fn the_resource_names_its_authorization_server() {
    let base = "https://mcp.example.com/".parse().unwrap();
    let metadata = Metadata::new(&base, "https://clerk.example.com", auth::scopes(false), None);
    let server = Plan { metadata, ..Plan::bearer() }.start();
    for path in PATHS {
        let answer = server.ask(&format!("GET {path} HTTP/1.1")).await;
        assert_eq!(header(&answer, "content-type"), Some("application/json"), "{path}");
        let document: Value =
            serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        let expected = json!({
            "resource": "https://mcp.example.com/mcp",
            "authorization_servers": ["https://clerk.example.com"],
            "bearer_methods_supported": ["header"],
            "scopes_supported": ["portkey:read", "portkey:write"],
            "resource_name": "Portkey Admin MCP",
        });
        assert_eq!(document, expected, "{path}");
    }
    assert_eq!(resource_url(&base), format!("https://mcp.example.com{}", PATHS[1]));
    assert_eq!(status(&server.ask(&format!("GET {MIRROR} HTTP/1.1")).await), 404);
}

#[tokio::test]
async fn under_a_path_the_document_is_where_the_rfc_has_it() {
    let base = "https://example.com/:team/{admin}/".parse().unwrap();
    let endpoint = "/:team/%7Badmin%7D/mcp";
    let path = format!("{}{endpoint}", PATHS[0]);
    assert_eq!(resource_url(&base), format!("https://example.com{path}"));
    let metadata =
        Metadata::new(&base, "https://clerk.example.com", &["portkey:read", "portkey:write"], None);
    let server = Plan { metadata, ..Plan::bearer() }.start();
    // A proxy may pass the path on as it is, or take the prefix away.
    for path in [&*path, PATHS[0], PATHS[1]] {
        let answer = server.ask(&format!("GET {path} HTTP/1.1")).await;
        assert_eq!(status(&answer), 200, "{path}: {answer}");
        let document: Value =
            serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(document["resource"], format!("https://example.com{endpoint}"), "{path}");
    }
    let elsewhere = format!("GET {}/other/mcp HTTP/1.1", PATHS[0]);
    assert_eq!(status(&server.ask(&elsewhere).await), 404);
}

#[tokio::test]
async fn without_an_authorization_server_there_is_no_metadata() {
    let server = Plan::bearer().start();
    for path in [PATHS[0], PATHS[1], MIRROR] {
        let answer = server.ask(&format!("GET {path} HTTP/1.1")).await;
        assert_eq!((status(&answer), &*error_code(&answer)), (404, "not_found"), "{path}");
    }
}

#[tokio::test]
async fn a_mirror_that_has_nothing_yet_says_when_to_come_again() {
    let base = "https://mcp.example.com".parse().unwrap();
    // Nobody listens there.
    let issuer = "https://127.0.0.1:9";
    let mirror = auth::clerk::Mirror::start(issuer).unwrap();
    let metadata = Metadata::new(&base, issuer, auth::scopes(false), Some(mirror));
    let server = Plan { metadata, ..Plan::bearer() }.start();
    let answer = server.ask(&format!("GET {MIRROR} HTTP/1.1")).await;
    assert_eq!((status(&answer), &*error_code(&answer)), (503, "metadata_unavailable"));
    assert_eq!(header(&answer, "retry-after"), Some("2"));
}
