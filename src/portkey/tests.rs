//! The client against a real HTTP server that answers by script.

mod bounds;
mod disputed;
mod failures;
mod prices;
mod retries;
mod upstream;

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;

use self::upstream::{Reply, Upstream};
use super::*;

const KEY: &str = "pk-canary-key";

/// Quick enough for tests: short waits, a small answer limit.
fn settings() -> Settings {
    Settings {
        timeout: Duration::from_millis(250),
        retry_delay: Duration::from_millis(1),
        retry_delay_max: Duration::from_millis(2),
        max_answer_bytes: 64 * 1024,
        ..Settings::default()
    }
}

fn credential(base_url: &str) -> Credential {
    let base_url = base_url.parse().unwrap();
    Credential { name: "default".to_owned(), key: KEY.into(), base_url }
}

fn client_of(address: SocketAddr, settings: &Settings) -> Portkey {
    Portkey::for_sandbox(settings, credential(&format!("http://{address}/v1"))).unwrap()
}

fn client(upstream: &Upstream) -> Portkey {
    client_of(upstream.address, &settings())
}

/// A context with a deadline that only a broken test reaches.
fn context() -> Context {
    context_of(Duration::from_secs(20))
}

fn context_of(time: Duration) -> Context {
    Context::new(Instant::now() + time, CancellationToken::new(), false)
}

fn get(path: &str) -> Request<'_> {
    request(Method::Get, path, json!({}))
}

fn write() -> Request<'static> {
    let write = request(Method::Put, "/configs/{slug}", json!({ "slug": "s", "name": null }));
    Request { read_back: Some("get_config"), ..write }
}

fn request(method: Method, path: &str, args: Value) -> Request<'_> {
    let (reads, replayable, read_back, base) = (false, false, None, Base::Given);
    Request { method, path, args, reads, replayable, read_back, base }
}

/// An answer with status and body.
fn answer(status: u16, body: &str) -> Reply {
    with_header(status, "x-test: 1", body)
}

fn with_header(status: u16, header: &str, body: &str) -> Reply {
    let length = body.len();
    Reply::Whole(
        format!("HTTP/1.1 {status} X\r\n{header}\r\ncontent-length: {length}\r\n\r\n{body}").into(),
    )
}

#[tokio::test]
async fn a_request_arrives_as_asked_and_its_answer_comes_back() {
    let upstream = Upstream::start(|_, _| answer(200, r#"{"id":"c","config":null}"#)).await;
    let args = json!({ "slug": "a/b", "config": { "retry": null }, "name": null });
    let context = context();
    let put = request(Method::Put, "/configs/{slug}", args);
    let answer = client(&upstream).send(put, &context).await.unwrap();
    assert_eq!(answer, r#"{"id":"c","config":null}"#);
    let seen = upstream.seen();
    let [put] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!((&*put.method, &*put.target), ("PUT", "/v1/configs/a%2Fb"));
    assert_eq!(put.body, r#"{"config":{"retry":null},"name":null}"#);
    assert_eq!(put.header("x-portkey-api-key"), Some(KEY));
    assert_eq!(put.header("content-type"), Some("application/json"));
    assert_eq!(put.header("accept"), Some("application/json"));
    assert_eq!(put.header("accept-encoding"), Some("gzip"));
    assert!(put.header("user-agent").unwrap().starts_with("portkey-admin-mcp/"));
    assert_eq!(context.attempts(), 1);
}

#[tokio::test]
async fn an_empty_success_is_an_empty_object() {
    for status in [200, 204] {
        let upstream = Upstream::start(move |_, _| match status {
            204 => Reply::Whole("HTTP/1.1 204 X\r\n\r\n".into()),
            status => answer(status, "\n"),
        })
        .await;
        let delete = request(Method::Delete, "/labels/{id}", json!({ "id": "l" }));
        assert_eq!(client(&upstream).send(delete, &context()).await.unwrap(), "{}");
    }
}

#[tokio::test]
async fn only_reads_leave_when_read_only() {
    let upstream = Upstream::start(|_, _| answer(200, "{}")).await;
    let client = client(&upstream);
    let mut read_only = context();
    read_only.read_only = true;
    for method in [Method::Post, Method::Put, Method::Delete] {
        let error = client.send(request(method, "/x", json!({})), &read_only).await.unwrap_err();
        assert!(matches!(error.kind, Kind::ReadOnly(_)), "{error}");
        assert!(error.to_string().contains("read-only"), "{error}");
    }
    client.send(get("/x"), &read_only).await.unwrap();
    let post = Request { reads: true, ..request(Method::Post, "/x", json!({})) };
    client.send(post, &read_only).await.unwrap();
    let methods: Vec<_> = upstream.seen().into_iter().map(|seen| seen.method).collect();
    assert_eq!(methods, ["GET", "POST"]);
}

#[tokio::test]
async fn a_wrong_path_argument_sends_nothing() {
    let upstream = Upstream::start(|_, _| answer(200, "{}")).await;
    let client = client(&upstream);
    for slug in [json!(""), json!("."), json!(".."), json!("a\0"), json!(null)] {
        let base = Base::Disputed { family: "/configs" };
        let args = json!({ "slug": slug });
        let delete = Request { base, ..request(Method::Delete, "/configs/{slug}", args) };
        let error = client.send(delete, &context()).await.unwrap_err();
        assert!(matches!(error.kind, Kind::Argument { .. }), "{error}");
        assert!(error.to_string().contains("`slug`"), "{error}");
    }
    for slug in ["%2e%2e", "a/b", "a?b", "a#b"] {
        let delete = request(Method::Delete, "/configs/{slug}", json!({ "slug": slug }));
        client.send(delete, &context()).await.unwrap();
    }
    let targets: Vec<_> = upstream.seen().into_iter().map(|seen| seen.target).collect();
    let expected = ["%252e%252e", "a%2Fb", "a%3Fb", "a%23b"];
    assert_eq!(targets, expected.map(|slug| format!("/v1/configs/{slug}")));
}

#[tokio::test]
async fn clones_share_their_connections() {
    let upstream = Upstream::start(|_, _| answer(200, "{}")).await;
    let client = client(&upstream);
    for _ in 0..5 {
        client.clone().send(get("/x"), &context()).await.unwrap();
    }
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn the_probe_tells_whether_portkey_takes_the_key() {
    let wait = Duration::from_millis(200);
    for (status, body, taken) in [
        (200, r#"{"data":[]}"#, true),
        (403, r#"{"errorCode":"AB03","message":"no"}"#, true),
        (429, "", true),
        (401, r#"{"errorCode":"AB05","message":"no"}"#, false),
        (500, "", false),
    ] {
        let upstream = Upstream::start(move |_, _| answer(status, body)).await;
        let probed = client(&upstream).probe(wait).await;
        assert_eq!(probed.is_ok(), taken, "{status}: {probed:?}");
        assert_eq!(upstream.seen().len(), 1, "{status}");
    }
    let hanging = Upstream::start(|_, _| Reply::Hang).await;
    assert!(client(&hanging).probe(wait).await.is_err());
}

#[tokio::test]
async fn a_name_that_turns_private_is_never_connected_to() {
    let upstream = Upstream::start(|_, _| answer(200, "{}")).await;
    let base = format!("http://localhost:{}/v1", upstream.address.port());
    let bases = || Bases::new(base.clone(), base.clone());
    let client = Portkey::build(&settings(), credential(&base), bases(), true).unwrap();
    let error = client.send(get("/x"), &context()).await.unwrap_err();
    assert!(matches!(error.kind, Kind::PrivateAddress { .. }), "{error}");
    assert!(error.remedy().contains("PORTKEY_ALLOW_PRIVATE_BASE_URL=true"));
    assert_eq!((error.attempts(), upstream.connections()), (1, 0));

    let client = Portkey::build(&settings(), credential(&base), bases(), false).unwrap();
    client.send(get("/x"), &context()).await.unwrap();
}

#[tokio::test]
async fn the_key_shows_nowhere() {
    let echo = format!(r#"{{"errorCode":"AB05","message":"unknown key {KEY}"}}"#);
    let upstream = Upstream::start(move |_, _| answer(401, &echo)).await;
    let client = client(&upstream);
    let error = client.send(get("/x"), &context()).await.unwrap_err();
    let shown = format!("{error} {error:?} {} {client:?}", error.remedy());
    assert!(!shown.contains(KEY), "{shown}");
    assert!(error.to_string().contains("unknown key ***"), "{error}");
}
