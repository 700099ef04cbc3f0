//! Each fault, as a client meets it, and the record of requests.

use std::time::Instant;

use super::*;
use crate::sandbox::{Fault, Planned};

#[tokio::test]
async fn a_fault_hits_the_requests_it_was_planned_for_and_no_other() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    sandbox.faults().inject(Some(Method::GET), "/configs", 2, Fault::Status(503));
    assert_eq!(api.ask(Method::GET, "/labels", None).await.0, 200);
    assert_eq!(api.ask(Method::POST, "/configs", Some(json!({}))).await.0, 400);
    assert_eq!(api.ask(Method::GET, "/configs/pc-x", None).await.0, 503);
    assert_eq!(sandbox.faults().left(), 1);
    assert_eq!(api.ask(Method::GET, "/configs", None).await.0, 503);
    assert_eq!(api.ask(Method::GET, "/configs", None).await.0, 200);
    sandbox.faults().inject(None, "/", 5, Fault::Reset);
    sandbox.faults().clear();
    assert_eq!(api.ask(Method::GET, "/configs", None).await.0, 200);
}

#[tokio::test]
async fn statuses_carry_what_portkey_or_a_proxy_would_say() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let faults = sandbox.faults();
    faults.inject(None, "/", 1, Fault::RateLimited { retry_after: Some(7) });
    let answer = api.send(Method::GET, "/configs", None).await.unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["retry-after"], "7");
    assert!(answer.text().await.unwrap().contains("AB06"));
    faults.inject(None, "/", 1, Fault::Status(500));
    assert_eq!(api.refused(Method::GET, "/configs", None).await, code(500, "AB04"));
    faults.inject(None, "/", 1, Fault::Status(502));
    let (status, body) = api.ask(Method::GET, "/configs", None).await;
    assert_eq!(status, 502);
    assert!(body.is_string());
    faults.inject(None, "/", 1, Fault::Html);
    let answer = api.send(Method::GET, "/configs", None).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
}

#[tokio::test]
async fn a_truncated_answer_announces_more_than_it_sends() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    sandbox.faults().inject(None, "/", 1, Fault::Truncated);
    let answer = api.send(Method::GET, "/configs", None).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.content_length().unwrap() > 1_000);
    assert!(soon(answer.bytes()).await.is_err());
    api.get("/configs").await;
}

#[tokio::test]
async fn a_reset_is_not_carried_out_and_a_lost_answer_is() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    for (fault, name) in
        [(Fault::Reset, "reset"), (Fault::Lost, "lost"), (Fault::Truncated, "truncated")]
    {
        sandbox.faults().inject(Some(Method::POST), "/labels", 1, fault);
        let sent = api.send(Method::POST, "/labels", Some(json!({ "name": name }))).await;
        let whole = match sent {
            Ok(answer) => answer.bytes().await,
            Err(error) => Err(error),
        };
        assert!(whole.is_err(), "{name}");
    }
    let labels = api.get("/labels").await;
    let made: Vec<&str> = names(&labels)
        .into_iter()
        .filter(|name| ["reset", "lost", "truncated"].contains(name))
        .collect();
    assert_eq!(made, ["lost", "truncated"]);
}

#[tokio::test]
async fn a_slow_answer_comes_late_and_a_hanging_one_never() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    sandbox.faults().inject(None, "/", 1, Fault::Slow(Duration::from_millis(80)));
    let before = Instant::now();
    api.get("/configs").await;
    assert!(before.elapsed() >= Duration::from_millis(80));
    sandbox.faults().inject(None, "/", 1, Fault::Hang);
    let waited =
        tokio::time::timeout(Duration::from_millis(200), api.send(Method::GET, "/configs", None))
            .await;
    assert!(waited.is_err());
    api.get("/configs").await;
}

#[tokio::test]
async fn an_empty_answer_is_a_success_without_a_body() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    sandbox.faults().inject(None, "/labels", 1, Fault::Empty);
    assert_eq!(
        api.ask(Method::POST, "/labels", Some(json!({ "name": "quiet" }))).await,
        (200, Value::Null)
    );
    assert!(names(&api.get("/labels").await).contains(&"quiet"));
}

#[tokio::test]
async fn faults_can_be_given_as_text_and_at_the_start() {
    let planned: Planned = "2 get /configs 429:3".replace("get", "GET").parse().unwrap();
    let fault = Fault::RateLimited { retry_after: Some(3) };
    assert_eq!(
        planned,
        Planned { method: Some(Method::GET), path: "/configs".to_owned(), times: 2, fault }
    );
    for text in [
        "",
        "2 GET configs 429",
        "2 GET /x teapot",
        "2 GET /x 200",
        "x GET /x 500",
        "1 * /x slow:1 more",
    ] {
        let error = text.parse::<Planned>().unwrap_err().to_string();
        assert!(error.contains("TIMES METHOD PATH FAULT"), "{text}");
    }
    let faults =
        ["1 * / reset", "1 * / slow:5", "1 * / 504"].map(|text| text.parse().unwrap()).to_vec();
    let sandbox = Sandbox::start(Settings { faults, ..settings() }).await.unwrap();
    let api = Api::new(&sandbox, "admin");
    assert!(api.send(Method::POST, "/labels", Some(json!({}))).await.is_err());
    api.get("/labels").await;
    assert_eq!(api.ask(Method::GET, "/labels", None).await.0, 504);
}

#[tokio::test]
async fn requests_are_recorded_without_their_keys() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    api.get("/configs?page_size=2").await;
    api.post("/labels", json!({ "name": "seen" })).await;
    let requests = sandbox.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(
        (requests[0].path.as_str(), requests[0].query.as_str()),
        ("/v1/configs", "page_size=2")
    );
    assert_eq!(requests[1].json(), json!({ "name": "seen" }));
    assert_eq!(requests[1].key, Some("admin"));
    let key = sandbox.key("admin").unwrap();
    assert!(!format!("{requests:?}").contains(key.expose_secret()));
    assert!(!format!("{sandbox:?}").contains(key.expose_secret()));
    sandbox.forget_requests();
    assert!(sandbox.requests().is_empty());
}

#[tokio::test]
async fn answers_are_recorded_with_their_requests() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let labels = api.get("/labels").await;
    api.ask(Method::GET, "/labels/none", None).await;
    sandbox.faults().inject(Some(Method::GET), "/labels", 1, Fault::Lost);
    assert!(api.send(Method::GET, "/labels", None).await.is_err());
    let answers: Vec<_> = sandbox.requests().into_iter().map(|it| it.answer).collect();
    let [Some(found), Some(missing), None] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!((found.status, missing.status), (200, 404));
    assert_eq!(serde_json::from_slice::<Value>(&found.body).unwrap(), labels);
}

#[tokio::test]
async fn a_dropped_sandbox_closes_its_port() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    api.get("/configs").await;
    drop(sandbox);
    soon(async { while api.send(Method::GET, "/configs", None).await.is_ok() {} }).await;
}
