//! `serve` before a Portkey that is not well: each tool error says what happened and what to do.

use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    process::{Ask, KEY, Reply as Answered, Server, run},
    scripted::{Reply, Seen, Upstream},
};

/// An answer with headers of its own, one a line.
fn answer(status: u16, headers: &str, body: &str) -> Reply {
    let mut text = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
    for header in headers.lines() {
        text += &format!("{header}\r\n");
    }
    Reply::Whole(format!("{text}\r\n{body}").into())
}

/// Portkey's own error, with its request id.
fn refused(status: u16, code: &str) -> Reply {
    let body = json!({ "success": false, "data": { "message": "Because", "errorCode": code } });
    answer(status, "content-type: application/json\nx-portkey-trace-id: trace-7", &body.to_string())
}

fn cut() -> Reply {
    Reply::Cut(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"data\":[".into())
}

fn page() -> Reply {
    answer(200, "content-type: text/html", "<!doctype html><title>Sign in</title>")
}

/// Calls a tool of a server before an upstream with this script; gives the error's fields and how
/// often the upstream was asked.
async fn error_of(
    call: (&str, Value),
    variables: &[(&str, &str)],
    script: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
) -> (Value, usize) {
    let upstream = Upstream::start(move |_, seen| script(seen)).await;
    let server =
        Server::before(&format!("http://{}/v1", upstream.address), &verbose(variables)).await;
    let reply = server.ask(&Ask::call(call.0, call.1)).await;
    assert_eq!(reply.status, 200);
    keyless(&reply, &server);
    for seen in upstream.seen() {
        assert!(seen.target.starts_with("/v1/"), "{}", seen.target);
        assert_eq!(seen.header("x-portkey-api-key"), Some(KEY));
    }
    (reply.tool_error(), upstream.seen().len())
}

fn verbose<'a>(variables: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&[("LOG_LEVEL", "trace")], variables].concat()
}

#[track_caller]
fn keyless(reply: &Answered, server: &Server) {
    assert!(!reply.text().contains(KEY), "{}", reply.text());
    assert!(!server.log().contains(KEY), "{}", server.log());
}

#[track_caller]
fn says(error: &Value, field: &str, words: &[&str]) {
    let text = error[field].as_str().unwrap_or_default();
    for word in words {
        assert!(text.contains(word), "`{field}` lacks `{word}`: {error:#}");
    }
}

fn list() -> (&'static str, Value) {
    ("list_configs", json!({}))
}

#[tokio::test]
async fn a_refusal_names_status_code_meaning_and_remedy() {
    for (status, code, meaning, remedy) in [
        (400, "AB01", "not valid", "correct the arguments"),
        (401, "AB05", "the key is not valid", "check PORTKEY_API_KEY"),
        (402, "AB09", "plan", "plan"),
        (403, "AB03", "lacks the permission", "give the key the scope"),
        (404, "AB02", "not found", "check the id with the list tool"),
        (409, "AB07", "exists already", "another name"),
        (412, "AB20", "budget or usage limit", "raise the budget"),
    ] {
        let (error, asked) = error_of(list(), &[], move |_| refused(status, code)).await;
        assert_eq!(asked, 1, "{error:#}");
        assert_eq!((&error["tool"], &error["kind"]), (&json!("list_configs"), &json!("portkey")));
        assert_eq!((&error["status"], &error["code"]), (&json!(status), &json!(code)));
        assert_eq!(error["portkey_request_id"], "trace-7");
        assert_eq!((&error["retry_helps"], &error["attempts"]), (&json!(false), &json!(1)));
        says(&error, "message", &["refused", &status.to_string(), code, "\"Because\"", "trace-7"]);
        says(&error, "meaning", &[meaning]);
        says(&error, "remedy", &[remedy]);
        let credential = if matches!(status, 401 | 403) { json!("default") } else { Value::Null };
        assert_eq!(error["credential"], credential);
    }
}

#[tokio::test]
async fn a_missing_permission_names_the_scope_and_the_plan() {
    let (error, _) = error_of(list(), &[], |_| refused(403, "AB03")).await;
    says(&error, "likely_cause", &["missing scope `configs.list`", "not visible to this key"]);
    assert!(!error["likely_cause"].as_str().unwrap().contains("Enterprise"), "{error:#}");
    let period = json!({ "time_of_generation_min": "2026-01-01T00:00:00Z",
                         "time_of_generation_max": "2026-01-02T00:00:00Z" });
    let call = ("get_cost_analytics", period);
    let (error, _) = error_of(call, &[], |_| refused(403, "AB03")).await;
    says(&error, "likely_cause", &["missing scope `analytics.view`", "not Enterprise"]);
    let call = ("update_config", json!({ "slug": "pc-a", "name": "b" }));
    let (error, _) = error_of(call, &[], |_| refused(403, "AB03")).await;
    says(&error, "likely_cause", &["`configs.read`", "`configs.update`"]);
}

#[tokio::test]
async fn what_is_not_found_is_looked_for_with_the_tool_that_lists_it() {
    let id = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    let version = json!({ "prompt_id": "p", "version_id": id });
    for (call, tools) in [
        (("get_config", json!({ "slug": "pc-a" })), "`list_configs`,"),
        (("delete_prompt", json!({ "prompt_id": "p" })), "`list_prompts`,"),
        (("get_prompt_version", version), "`list_prompts` and `list_prompt_versions`,"),
        (("create_config", json!({ "name": "a", "config": { "retry": {} } })), "the list tool,"),
    ] {
        let (error, _) = error_of(call, &[], |_| refused(404, "AB02")).await;
        says(&error, "remedy", &[&format!("check the id with {tools}")]);
    }
}

#[tokio::test]
async fn a_404_of_something_else_points_at_the_base_url() {
    let nginx = |_: &Seen| answer(404, "content-type: text/html", "<h1>Not Found</h1>");
    let (error, asked) = error_of(list(), &[], nginx).await;
    assert_eq!((&error["status"], asked), (&json!(404), 1));
    says(&error, "remedy", &["PORTKEY_BASE_URL", "/v1"]);
}

#[tokio::test]
async fn a_rate_limit_says_how_long_to_wait() {
    let limited = |_: &Seen| answer(429, "retry-after: 7", r#"{"errorCode":"AB06"}"#);
    for call in [list(), ("create_config", json!({ "name": "a", "config": { "retry": {} } }))] {
        let (error, asked) = error_of(call, &[("MCP_CALL_TIMEOUT_MS", "5000")], limited).await;
        assert_eq!(asked, 1, "the wait does not fit into the call: {error:#}");
        assert_eq!((&error["status"], &error["code"]), (&json!(429), &json!("AB06")));
        assert_eq!(error["retry_helps"], true);
        says(&error, "message", &["asks to wait 7s"]);
        says(&error, "meaning", &["too many requests"]);
        says(&error, "remedy", &["wait 7 s"]);
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_three_times_and_told() {
    let slow = [("PORTKEY_TIMEOUT_MS", "200")];
    let failed = error_of(list(), &[], |_| refused(500, "AB04"));
    let broken = error_of(list(), &[], |_| cut());
    let late = error_of(list(), &slow, |_| Reply::Hang);
    let gone = error_of(list(), &[], |_| Reply::Cut(Vec::new()));
    let (failed, broken, late, gone) = tokio::join!(failed, broken, late, gone);
    assert_eq!((&failed.0["status"], &failed.0["code"]), (&json!(500), &json!("AB04")));
    assert_eq!(failed.0["portkey_request_id"], "trace-7");
    says(&failed.0, "meaning", &["error inside Portkey"]);
    says(&failed.0, "remedy", &["try again in a minute", "request id"]);
    says(&broken.0, "message", &["broke before its answer was complete"]);
    says(&late.0, "message", &["did not answer within 200ms"]);
    says(&late.0, "remedy", &["ask for less"]);
    says(&gone.0, "message", &["broke"]);
    for (error, asked) in [failed, broken, late, gone] {
        assert_eq!((asked, &error["attempts"]), (3, &json!(3)), "{error:#}");
        assert_eq!(error["retry_helps"], true, "{error:#}");
        says(&error, "message", &["tried 3 times"]);
        assert!(error["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{error:#}");
    }
}

#[tokio::test]
async fn an_unreachable_portkey_is_told_with_what_to_check() {
    let address = Upstream::start(|_, _| Reply::Hang).await.address;
    let server = Server::before(&format!("http://{address}/v1"), &[]).await;
    let create = json!({ "name": "a", "config": { "retry": { "attempts": 1 } } });
    for (tool, arguments) in [list(), ("create_config", create)] {
        let reply = server.ask(&Ask::call(tool, arguments)).await;
        keyless(&reply, &server);
        let error = reply.tool_error();
        assert_eq!((&error["attempts"], &error["status"]), (&json!(3), &Value::Null));
        assert_eq!(error["retry_helps"], true, "{error:#}");
        says(&error, "message", &["cannot be reached", "refused", "nothing was done"]);
        says(&error, "remedy", &["PORTKEY_BASE_URL", "network"]);
    }
}

#[tokio::test]
async fn a_page_and_a_redirect_are_not_mistaken_for_an_answer() {
    let (error, asked) = error_of(list(), &[], |_| page()).await;
    assert_eq!((&error["status"], asked), (&json!(200), 1));
    says(&error, "message", &["text/html", "not JSON", "bytes"]);
    assert!(!error["message"].as_str().unwrap().contains("Sign in"), "{error:#}");
    says(&error, "remedy", &["PORTKEY_BASE_URL", "login page"]);
    assert_eq!(error["retry_helps"], false);

    let elsewhere = Arc::new(Upstream::start(|_, _| answer(200, "", "{}")).await);
    let location = format!("location: http://{}/v1/configs?token={KEY}", elsewhere.address);
    let (error, asked) = error_of(list(), &[], move |_| answer(307, &location, "")).await;
    assert_eq!((&error["status"], asked, elsewhere.connections()), (&json!(307), 1, 0));
    let target = format!("http://{}", elsewhere.address);
    says(&error, "message", &["redirect", &target, "never followed with the key"]);
    says(&error, "remedy", &["PORTKEY_BASE_URL", "final address"]);
}

#[tokio::test]
async fn an_upstream_that_repeats_the_key_does_not_give_it_away() {
    let echoes: [fn(&Seen) -> Reply; 4] = [
        |_| {
            answer(
                401,
                "content-type: application/json",
                &json!({ "errorCode": "AB05", "message": format!("no key {KEY}") }).to_string(),
            )
        },
        |_| answer(403, "content-type: text/html", &format!("<p>{KEY}</p>")),
        |_| answer(200, "content-type: text/plain", &format!("you sent {KEY}")),
        |_| answer(500, &format!("x-portkey-trace-id: {KEY}"), &format!("{{\"error\":\"{KEY}\"}}")),
    ];
    for echo in echoes {
        let (error, _) = error_of(list(), &[], echo).await;
        assert!(error["message"].is_string(), "{error:#}");
    }
}

type Echo = fn(&str, &dyn Fn(&str) -> String) -> Reply;

/// An API says what it refuses, and what it keeps, in its own words.
#[tokio::test]
async fn what_portkey_quotes_of_a_document_shows_none_of_its_secrets() {
    let config = json!({ "api_key": "sk-kestrel", "headers": { "x-team": ["kestrel"] },
                         "custom_host": "https://u:kestrel@h.example/x?token=kestrel" });
    let create = ("create_config", json!({ "name": "a", "config": config }));
    let told =
        |body: &str| json!({ "data": { "message": format!("no good: {body}") } }).to_string();
    let echoes: [Echo; 6] = [
        |body, told| answer(400, "", &told(body)),
        |body, told| answer(400, "", &told(&json!(body).to_string())),
        |body, _| answer(400, "", body),
        |body, _| answer(500, "content-type: text/plain", &format!("cannot take {body}")),
        |body, told| answer(422, "", &told(body.get(..body.find("kestrel").unwrap() + 5).unwrap())),
        |body, _| answer(200, "content-type: application/json", &format!("{body}]")),
    ];
    for (i, echo) in echoes.into_iter().enumerate() {
        let (error, _) = error_of(create.clone(), &[], move |seen| echo(&seen.body, &told)).await;
        assert!(!error.to_string().contains("kest"), "{error:#}");
        if i < 5 {
            says(&error, "message", &["masked-by-portkey-admin-mcp", "api_key"]);
        }
    }
}

/// The stored config, for the read that `update_config` begins with.
fn stored() -> Reply {
    let config = json!({ "id": "1", "slug": "pc-a", "name": "a", "status": "active",
                         "version_id": "v1", "config": "{\"retry\":{\"attempts\":1}}" });
    answer(200, "content-type: application/json", &config.to_string())
}

type Fails = fn() -> Reply;

#[tokio::test]
async fn a_write_whose_outcome_is_unknown_says_how_to_find_out() {
    let id = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    let label = json!({ "prompt_id": "p", "version_id": id, "label_id": id });
    let writes = [
        ("create_config", json!({ "name": "a", "config": { "retry": {} } }), "list_configs", 1),
        ("update_config", json!({ "slug": "pc-a", "name": "b" }), "get_config", 1),
        ("delete_config", json!({ "slug": "pc-a" }), "list_configs", 1),
        // A label that is put on twice is on once.
        ("update_prompt_version", label, "list_prompt_versions", 3),
    ];
    let slow = [("PORTKEY_TIMEOUT_MS", "900")];
    let failures: [(Fails, &str); 5] = [
        (|| refused(500, "AB04"), "500"),
        (cut, "broke"),
        (|| Reply::Cut(Vec::new()), "broke"),
        (|| Reply::Hang, "did not answer within 900ms"),
        (page, "not JSON"),
    ];
    let cases =
        failures.iter().flat_map(|failure| writes.iter().map(move |write| (failure, write)));
    let checks = cases.map(async |((fails, cause), (tool, arguments, read_back, tries))| {
        let fails = *fails;
        let call = (*tool, arguments.clone());
        let script = move |seen: &Seen| if seen.method == "GET" { stored() } else { fails() };
        let (error, asked) = error_of(call, &slow, script).await;
        let reads = usize::from(*tool == "update_config");
        let tries = if *cause == "not JSON" { 1 } else { *tries };
        assert_eq!(asked, tries + reads, "{error:#}");
        let back = format!("read back with `{read_back}`");
        says(&error, "message", &["outcome unknown", cause, &back, "before trying again"]);
        says(&error, "remedy", &[&back, "only if the change is not there"]);
        assert_eq!(error["retry_helps"], false, "{error:#}");
    });
    join_all(checks).await;
}

#[tokio::test]
async fn a_call_that_runs_out_of_time_says_what_to_do() {
    let short = [("MCP_CALL_TIMEOUT_MS", "300")];
    let (error, asked) = error_of(list(), &short, |_| Reply::Hang).await;
    assert_eq!((asked, &error["retry_helps"]), (1, &json!(true)), "{error:#}");
    says(&error, "message", &["time of this call was over"]);
    says(&error, "remedy", &["ask for less"]);
    let call = ("delete_config", json!({ "slug": "pc-a" }));
    let (error, _) = error_of(call, &short, |_| Reply::Hang).await;
    assert_eq!(error["retry_helps"], false, "{error:#}");
    says(&error, "message", &["outcome unknown", "read back with `list_configs`"]);
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_read() {
    let small = [("PORTKEY_MAX_ANSWER_BYTES", "1kb")];
    let large = |_: &Seen| answer(200, "", &format!("{{\"data\":[\"{}\"]}}", "x".repeat(2000)));
    let (error, asked) = error_of(list(), &small, large).await;
    assert_eq!(asked, 1);
    says(&error, "message", &["larger than 1024 bytes"]);
    says(&error, "remedy", &["page_size"]);
}

#[tokio::test]
async fn a_private_or_unencrypted_portkey_needs_leave_at_the_start() {
    let key = ("PORTKEY_API_KEY", KEY);
    for (url, remedy) in [
        ("https://127.0.0.1/v1", "PORTKEY_ALLOW_PRIVATE_BASE_URL=true"),
        ("https://10.1.2.3/v1", "PORTKEY_ALLOW_PRIVATE_BASE_URL=true"),
        ("https://[::1]/v1", "PORTKEY_ALLOW_PRIVATE_BASE_URL=true"),
        ("https://localhost/v1", "PORTKEY_ALLOW_PRIVATE_BASE_URL=true"),
        ("https://169.254.169.254/v1", "PORTKEY_ALLOW_PRIVATE_BASE_URL=true"),
        ("http://api.example.com/v1", "PORTKEY_ALLOW_INSECURE_HTTP=true"),
    ] {
        let ran = run(&["serve", "--port", "0"], &[key, ("PORTKEY_BASE_URL", url)], "").await;
        assert_eq!((ran.code, &*ran.stdout), (Some(2), ""), "{ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
        for word in ["PORTKEY_BASE_URL", url, remedy] {
            assert!(ran.stderr.contains(word), "{word}: {ran:?}");
        }
        assert!(!ran.stderr.contains(KEY), "{ran:?}");
    }
}
