//! Families that live in `/v1` or `/v2`.

use super::*;

const BASE: Base = Base::Disputed { family: "/deployments" };
const NOT_FOUND: &str = r#"{"success":false,"data":{"message":"none","errorCode":"AB08"}}"#;

/// An upstream that serves one version only, and knows no route elsewhere.
async fn serving(version: &'static str) -> Upstream {
    Upstream::start(move |_, seen| match seen.target.strip_prefix(version) {
        Some("/deployments/missing") => answer(404, NOT_FOUND),
        Some(_) => answer(200, "{}"),
        None => answer(404, "Cannot GET"),
    })
    .await
}

fn list() -> Request<'static> {
    Request { base: BASE, ..get("/deployments") }
}

fn create() -> Request<'static> {
    Request { base: BASE, ..request(Method::Post, "/deployments", json!({})) }
}

fn log(upstream: &Upstream) -> Vec<String> {
    upstream.seen().iter().map(|seen| format!("{} {}", seen.method, seen.target)).collect()
}

#[tokio::test]
async fn a_write_goes_to_the_version_that_a_get_has_settled() {
    for (version, probes) in [
        ("/v2", &["GET /v2/deployments"][..]),
        ("/v1", &["GET /v2/deployments", "GET /v1/deployments"]),
    ] {
        let upstream = serving(version).await;
        let client = client(&upstream);
        client.send(create(), &context()).await.unwrap();
        client.send(create(), &context()).await.unwrap();
        let post = format!("POST {version}/deployments");
        let expected: Vec<_> = probes.iter().copied().chain([&*post, &*post]).collect();
        assert_eq!(log(&upstream), expected);
    }
}

#[tokio::test]
async fn calls_at_once_ask_only_once() {
    let upstream = serving("/v1").await;
    let (client, context) = (client(&upstream), context());
    let calls = (0..20).map(|_| client.send(create(), &context));
    for sent in futures_util::future::join_all(calls).await {
        sent.unwrap();
    }
    let gets = log(&upstream).iter().filter(|line| line.starts_with("GET")).count();
    assert_eq!((gets, upstream.seen().len()), (2, 22));
}

#[tokio::test]
async fn an_enveloped_404_is_an_answer() {
    let upstream = serving("/v2").await;
    let missing = Request { base: BASE, ..get("/deployments/missing") };
    let error = client(&upstream).send(missing, &context()).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(404), Some("AB08")));
    assert_eq!(log(&upstream), ["GET /v2/deployments", "GET /v2/deployments/missing"]);
}

#[tokio::test]
async fn a_refusal_settles_but_a_wrong_key_or_a_failure_does_not() {
    for (status, body, settles) in [
        (403, r#"{"errorCode":"AB03","message":"no"}"#, true),
        (403, "<html>firewall</html>", false),
        (401, r#"{"errorCode":"AB05","message":"no"}"#, false),
        (500, "", false),
    ] {
        let upstream = Upstream::start(move |_, seen| match seen.method.as_str() {
            "GET" => answer(status, body),
            _ => answer(200, "{}"),
        })
        .await;
        let sent = client(&upstream).send(create(), &context()).await;
        assert_eq!(sent.is_ok(), settles, "{status} {body}: {sent:?}");
        assert!(settles || !sent.unwrap_err().outcome_unknown(), "{status} {body}");
        let posts = log(&upstream).iter().filter(|line| line.starts_with("POST")).count();
        assert_eq!(posts, usize::from(settles), "{status} {body}");
    }
}

#[tokio::test]
async fn a_failure_to_settle_is_not_remembered() {
    let upstream = Upstream::start(|earlier, _| match earlier {
        0 => answer(401, ""),
        _ => answer(200, "{}"),
    })
    .await;
    let client = client(&upstream);
    client.send(create(), &context()).await.unwrap_err();
    client.send(create(), &context()).await.unwrap();
}

#[tokio::test]
async fn a_read_falls_back_where_there_is_no_route_and_a_write_never_does() {
    let upstream = Upstream::start(|_, seen| match seen.target.as_str() {
        "/v2/deployments" | "/v1/deployments/d/ping" => answer(200, "{}"),
        _ => answer(404, "Cannot GET"),
    })
    .await;
    let client = client(&upstream);
    let ping = Request { base: BASE, ..get("/deployments/d/ping") };
    client.send(ping, &context()).await.unwrap();
    let put = Request { base: BASE, ..request(Method::Put, "/deployments/d", json!({})) };
    let error = client.send(put, &context()).await.unwrap_err();
    assert_eq!(error.status(), Some(404));
    assert_eq!(
        log(&upstream),
        [
            "GET /v2/deployments",
            "GET /v2/deployments/d/ping",
            "GET /v1/deployments/d/ping",
            "PUT /v2/deployments/d"
        ]
    );
}

#[tokio::test]
async fn a_family_that_moves_is_found_again_by_its_list() {
    let upstream = Upstream::start(|earlier, seen| {
        let version = if earlier < 2 { "/v2" } else { "/v1" };
        let found = seen.target.starts_with(version);
        if found { answer(200, "{}") } else { answer(404, "Cannot GET") }
    })
    .await;
    let client = client(&upstream);
    for request in [list(), list(), create()] {
        client.send(request, &context()).await.unwrap();
    }
    let expected = [
        "GET /v2/deployments",
        "GET /v2/deployments",
        "GET /v2/deployments",
        "GET /v1/deployments",
        "POST /v1/deployments",
    ];
    assert_eq!(log(&upstream), expected);
}

#[tokio::test]
async fn a_base_without_version_has_nothing_to_settle() {
    let upstream = Upstream::start(|_, _| answer(200, "{}")).await;
    let base = credential(&format!("http://{}/portkey/", upstream.address));
    let client = Portkey::for_sandbox(&settings(), base).unwrap();
    client.send(create(), &context()).await.unwrap();
    assert_eq!(log(&upstream), ["POST /portkey/deployments"]);
}
