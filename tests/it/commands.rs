//! The commands as a shell sees them: what they print where, and how they end.

use std::{collections::HashSet, process::Stdio};

use portkey_admin_mcp::tools::{DOMAINS, REFUSED};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    process::{KEY, PATIENCE, Ran, Server, Variables, command, run},
    scripted::{Reply, Upstream},
};

const SANDBOX: &str = "--sandbox";

async fn call(args: &[&str], input: &str) -> Ran {
    run(&[&["call"], args].concat(), &[], input).await
}

/// What was printed, of a command that went well.
#[track_caller]
fn printed(ran: &Ran) -> Value {
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "{ran:?}");
    serde_json::from_str(&ran.stdout).unwrap()
}

/// Of a command that ended with `code`: one line on standard error and nothing else.
#[track_caller]
fn told(ran: &Ran, code: i32) -> &str {
    assert_eq!((ran.code, &*ran.stdout), (Some(code), ""), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    ran.stderr.strip_prefix("portkey-admin-mcp: ").expect("a line that says whose it is").trim_end()
}

/// What a tool's error says, which is all that is written, for `jq` to read.
#[track_caller]
fn reported(ran: &Ran) -> Value {
    assert_eq!((ran.code, &*ran.stdout), (Some(1), ""), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    let report: Value = serde_json::from_str(&ran.stderr).expect("JSON and nothing else");
    assert!(report["error"]["message"].is_string(), "{report:#}");
    report
}

#[tokio::test]
async fn call_prints_the_answer_as_json() {
    let list = printed(&call(&["list_configs", SANDBOX], "").await);
    let slug = list["data"][0]["slug"].as_str().unwrap();
    let argument = json!({ "slug": slug }).to_string();
    let by_argument = printed(&call(&["get_config", &argument, SANDBOX], "").await);
    assert_eq!(by_argument["slug"], slug);
    let by_input = printed(&call(&["get_config", "-", SANDBOX], &argument).await);
    assert_eq!(by_input["config"], by_argument["config"]);
    let first = ["list_configs", r#"{"page_size":1}"#, SANDBOX, "--sandbox-seed", "7"];
    let seeded = printed(&call(&first, "").await);
    assert_eq!(seeded["data"].as_array().unwrap().len(), 1);
    assert_ne!(seeded["data"][0]["slug"], slug, "another seed makes other slugs");
}

#[tokio::test]
async fn call_prints_nothing_that_a_terminal_would_hide_or_obey() {
    let hidden = "a\u{9b}2Jb\u{202e}c\u{e0041}d\u{1b}[2Je\u{7f}";
    let arguments = json!({ "name": hidden, "config": { "retry": { "attempts": 1 } } });
    let upstream = Upstream::start(move |_, seen| {
        let (status, body) = match &*seen.method {
            "GET" => (200, json!({ "data": [{ "slug": "pc-a", "name": hidden }], "total": 1 })),
            _ => (400, json!({ "message": hidden })),
        };
        let body = body.to_string();
        Reply::Whole(
            format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into(),
        )
    })
    .await;
    let url = format!("http://{}/v1", upstream.address);
    let variables = [
        ("PORTKEY_API_KEY", KEY),
        ("PORTKEY_BASE_URL", &*url),
        ("PORTKEY_ALLOW_PRIVATE_BASE_URL", "1"),
        ("PORTKEY_ALLOW_INSECURE_HTTP", "1"),
        ("LOG_LEVEL", "off"),
    ];
    let listed = run(&["call", "list_configs"], &variables, "").await;
    assert_eq!(printed(&listed)["data"][0]["name"], hidden);
    let refused = run(&["call", "create_config", &arguments.to_string()], &variables, "").await;
    reported(&refused);
    for text in [&listed.stdout, &refused.stderr] {
        let plain = |letter: char| letter == '\n' || (' '..='~').contains(&letter);
        assert!(text.chars().all(plain), "{text:?}");
    }
    let escapes = "\"a\\u009b2Jb\\u202ec\\udb40\\udc41d\\u001b[2Je\\u007f\"";
    assert!(listed.stdout.contains(escapes), "{}", listed.stdout);
}

#[tokio::test]
async fn call_tells_a_tool_error_on_standard_error_and_exits_with_1() {
    let wrong = call(&["get_config", r#"{"slag":1}"#, SANDBOX], "").await;
    let error = reported(&wrong);
    assert_eq!(error["error"]["kind"], "invalid_arguments");
    assert_eq!(error["error"]["problems"].as_array().unwrap().len(), 2, "{error:#}");
    let absent = call(&["get_config", r#"{"slug":"pc-none"}"#, SANDBOX], "").await;
    let error = reported(&absent);
    assert!(error["error"]["status"].is_u64() && error["error"]["remedy"].is_string(), "{error:#}");

    let upstream = Upstream::start(|_, _| {
        let body = format!(r#"{{"errorCode":"AB05","message":"no key {KEY}"}}"#);
        Reply::Whole(
            format!("HTTP/1.1 401 X\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into(),
        )
    })
    .await;
    let url = format!("http://{}/v1", upstream.address);
    let variables = [
        ("PORTKEY_API_KEY", KEY),
        ("PORTKEY_BASE_URL", &*url),
        ("PORTKEY_ALLOW_PRIVATE_BASE_URL", "1"),
        ("PORTKEY_ALLOW_INSECURE_HTTP", "1"),
        ("LOG_LEVEL", "off"),
    ];
    let refused = run(&["call", "list_configs"], &variables, "").await;
    let error = reported(&refused);
    assert_eq!((&error["error"]["status"], &error["error"]["code"]), (&json!(401), &json!("AB05")));
    assert!(!refused.stderr.contains(KEY), "{refused:?}");
}

#[tokio::test]
async fn call_tells_wrong_use_in_one_line_and_exits_with_2() {
    for (args, input, words) in [
        (
            &["list_config", SANDBOX][..],
            "",
            &["no tool `list_config`", "did you mean `list_configs`"][..],
        ),
        (&["frobnicate", SANDBOX], "", &["no tool `frobnicate`; see"]),
        (&["list_configs", "{", SANDBOX], "", &["not JSON"]),
        (&["list_configs", "[]", SANDBOX], "", &["one JSON object"]),
        (&["list_configs", "-", SANDBOX], "", &["not JSON"]),
        (&["list_configs", "-", SANDBOX], "5", &["one JSON object"]),
        (&["list_configs"], "", &["PORTKEY_API_KEY", SANDBOX]),
        (&["list_configs", "--sandbox-seed", "3"], "", &[SANDBOX, "--help"]),
        (&["list_configs", SANDBOX, "--sandbox-seed", "x"], "", &["sandbox-seed"]),
        (
            &["list_configs", SANDBOX, "--sandbox-key", "root"],
            "",
            &["`root`", "--sandbox-key", "admin, workspace, staging, read-only, other-admin"],
        ),
        (
            &["list_configs", SANDBOX, "--sandbox-fault", "2 GET /configs 200"],
            "",
            &["--sandbox-fault", "TIMES METHOD PATH FAULT", "`2 GET /configs 429:3`"],
        ),
        (&["list_configs", "--sandbox-key", "admin"], "", &[SANDBOX, "--help"]),
        (&["list_configs", "--sandbox-fault", "1 * / hang"], "", &[SANDBOX, "--help"]),
        (&[], "", &["TOOL", "--help"]),
    ] {
        let ran = call(args, input).await;
        let line = told(&ran, 2);
        for word in words {
            assert!(line.contains(word), "{args:?}: {line}");
        }
    }
    let read_only = [("MCP_READ_ONLY", "true")];
    let args = ["call", "delete_config", r#"{"slug":"pc-a"}"#, SANDBOX];
    let refused = run(&args, &read_only, "").await;
    let error = reported(&refused);
    assert_eq!(error["error"]["tool"], "delete_config");
    assert!(error["error"]["message"].as_str().unwrap().contains("MCP_READ_ONLY"), "{error:#}");
}

#[tokio::test]
async fn the_sandbox_is_used_with_the_key_and_the_faults_that_are_named() {
    let workspace = ["--sandbox-key", "workspace", SANDBOX];
    let with = |args: &[&'static str]| [args, &workspace].concat();
    let list = printed(&call(&with(&["list_prompts"]), "").await);
    let slug = list["data"][0]["slug"].as_str().unwrap();
    let metadata = json!({ "client_id": "c", "app": "a", "env": "e" });
    let arguments = json!({ "prompt_id": slug, "variables": {}, "metadata": metadata });
    let arguments = arguments.to_string();
    let by_admin = call(&["run_prompt_completion", &arguments, SANDBOX], "").await;
    let error = reported(&by_admin);
    assert_eq!(error["error"]["status"], 403, "{error:#}");
    let by_workspace = [&["run_prompt_completion", &*arguments][..], &workspace].concat();
    let ran = printed(&call(&by_workspace, "").await);
    assert!(ran["choices"].is_array(), "{ran:#}");

    let faults = ["--sandbox-fault", "9 GET /prompts 500", "--sandbox-fault", "9 GET /configs 404"];
    let args = [&["list_configs", SANDBOX][..], &faults].concat();
    let error = reported(&call(&args, "").await);
    assert_eq!(error["error"]["status"], 404, "{error:#}");
}

#[tokio::test]
async fn tools_lists_every_tool_by_domain() {
    let ran = run(&["tools"], &[], "").await;
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "{ran:?}");
    for (domain, tools) in DOMAINS {
        assert!(ran.stdout.lines().any(|line| line == *domain), "{domain}");
        for tool in *tools {
            let line =
                ran.stdout.lines().find(|line| line.trim().split(' ').next() == Some(tool.name));
            let about = line.unwrap_or_else(|| panic!("{} is missing", tool.name));
            assert!(about.split_whitespace().count() > 3, "{about}");
        }
    }
    let one = run(&["tools", "--domain", "configs"], &[], "").await;
    assert!(one.stdout.contains("list_configs") && !one.stdout.contains("get_cost_analytics"));
    let two = run(&["tools", "--domain", "configs,analytics"], &[], "").await;
    assert!(two.stdout.contains("list_configs") && two.stdout.contains("get_cost_analytics"));
    let unknown = run(&["tools", "--domain", "config"], &[], "").await;
    assert!(told(&unknown, 2).contains("there are: configs, "), "{unknown:?}");

    let analytics = [("PORTKEY_TOOL_DOMAINS", "analytics")];
    let set = run(&["tools"], &analytics, "").await;
    assert!(!set.stdout.contains("list_configs") && set.stdout.contains("get_cost_analytics"));
    let json = printed(&run(&["tools", "--json"], &analytics, "").await);
    assert!(json["tools"].as_array().unwrap().iter().all(|row| row["domain"] == "analytics"));
    let named = run(&["tools", "--domain", "configs"], &analytics, "").await;
    assert_eq!(named.stdout, one.stdout, "what is asked for counts");
    let unknown = run(&["tools"], &[("PORTKEY_TOOL_DOMAINS", "promts")], "").await;
    assert!(told(&unknown, 2).contains("PORTKEY_TOOL_DOMAINS"), "{unknown:?}");
}

#[tokio::test]
async fn tools_as_json_are_whole_rows() {
    let all = printed(&run(&["tools", "--json"], &[], "").await);
    let refused: HashSet<&str> =
        all["refused"].as_object().unwrap().keys().map(|it| &**it).collect();
    assert_eq!(refused, REFUSED.iter().map(|(name, _)| *name).collect());
    let rows = all["tools"].as_array().unwrap();
    let tools: Vec<_> = DOMAINS
        .iter()
        .flat_map(|(domain, tools)| tools.iter().map(move |tool| (*domain, tool)))
        .collect();
    assert_eq!(rows.len(), tools.len());
    for (row, (domain, tool)) in rows.iter().zip(tools) {
        let route = tool.route();
        let facts = json!({
            "name": tool.name,
            "title": tool.title(),
            "description": tool.description(),
            "domain": domain,
            "method": route.map(|(method, _)| method.as_str()),
            "path": route.map(|(_, path)| path),
            "effect": tool.effect,
            "scopes": tool.scopes,
            "enterprise": tool.enterprise,
            "secret_fields": tool.secrets,
            "one_time_fields": tool.one_time,
            "intents": tool.intents,
            "aliases": tool.aliases,
            "read_back": tool.read_back,
            "replayable": tool.replayable,
            "read_scopes": tool.read_scopes,
            "document": tool.document,
            "shown_fields": tool.shown,
            "open_world": tool.open_world,
            "input_schema": tool.input().published,
            "output_schema": tool.output_schema(),
        });
        for (name, fact) in facts.as_object().unwrap() {
            assert_eq!(row.get(name), Some(fact), "{name} of {}", tool.name);
        }
        assert!(row["annotations"]["readOnlyHint"].is_boolean(), "{row:#}");
        assert_eq!(row["listing"]["rows"], json!(tool.listing.map(|listing| listing.rows)));
        let pages = tool.listing.and_then(|listing| listing.pages);
        assert_eq!(row["listing"]["pages"]["number"], json!(pages.map(|pages| pages.number)));
    }
    let costs = rows.iter().find(|row| row["name"] == "get_cost_analytics").unwrap();
    assert_eq!(costs["listing"], json!(null));
    assert_eq!(costs["argument_aliases"]["status_code"], json!(["status_codes"]), "{costs:#}");
    let list = rows.iter().find(|row| row["name"] == "list_configs").unwrap();
    assert_eq!((&list["method"], &list["path"]), (&json!("GET"), &json!("/configs")));
    let one = printed(&run(&["tools", "--json", "--domain", "analytics"], &[], "").await);
    assert!(one["tools"].as_array().unwrap().iter().all(|row| row["domain"] == "analytics"));
}

#[tokio::test]
async fn config_shows_values_and_sources_but_no_secret() {
    let file = std::env::temp_dir().join(format!("portkey-admin-mcp-{}.toml", std::process::id()));
    std::fs::write(&file, "[http]\nport = 4100\n[mcp]\nmax_sessions = 7\n").unwrap();
    let path = file.to_str().unwrap();
    let variables: Variables<'_> = &[
        ("PORTKEY_API_KEY", KEY),
        ("MCP_AUTH_TOKEN", "canary-token-0123456789"),
        ("MCP_CONFIG", path),
        ("MCP_PORT", "4200"),
        ("MCP_SESION_MODE", "stateless"),
    ];
    let ran = run(&["config", "--host", "localhost"], variables, "").await;
    std::fs::remove_file(&file).unwrap();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let line = |key: &str| {
        let line = ran.stdout.lines().find(|line| line.split(' ').next() == Some(key));
        line.unwrap_or_else(|| panic!("no {key}: {ran:?}")).split_once('=').unwrap().1.trim()
    };
    assert_eq!(line("portkey.api_key"), "***  [env:PORTKEY_API_KEY]");
    assert_eq!(line("auth.token"), "***  [env:MCP_AUTH_TOKEN]");
    assert!(line("auth.mode").starts_with("bearer  ["), "{}", line("auth.mode"));
    assert_eq!(line("http.port"), "4200  [env:MCP_PORT]");
    assert_eq!(line("http.host"), "localhost  [flag:--host]");
    assert_eq!(line("mcp.max_sessions"), format!("7  [file:{path}]"));
    assert_eq!(line("mcp.session_mode"), "stateful  [default]");
    for secret in [KEY, "canary-token"] {
        assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{ran:?}");
    }
    assert!(ran.stderr.contains("`MCP_SESION_MODE`"), "{ran:?}");
    assert!(ran.stderr.contains("did you mean `MCP_SESSION_MODE`"), "{ran:?}");
}

#[tokio::test]
async fn every_mistake_of_a_configuration_is_told_at_once() {
    let file =
        std::env::temp_dir().join(format!("portkey-admin-mcp-{}-bad.toml", std::process::id()));
    std::fs::write(&file, "[http]\nprot = 1\n[mcp]\nsession_mode = \"sticky\"\n").unwrap();
    let path = file.to_str().unwrap();
    let variables: Variables<'_> = &[
        ("MCP_PORT", "70000"),
        ("MCP_AUTH_MODE", "none"),
        ("MCP_AUTH_TOKEN", "canary-token-0123456789"),
        ("MCP_READ_ONLY", "perhaps"),
    ];
    for command in ["serve", "config"] {
        let ran = run(&[command, "--config", path], variables, "").await;
        assert_eq!(ran.code, Some(2), "{ran:?}");
        let lines: Vec<&str> = ran.stderr.lines().collect();
        for words in [
            &["`http.prot`", path, "did you mean `http.port`"][..],
            &["`mcp.session_mode`", "`sticky`", path, "`stateful`, `stateless`"],
            &["`http.port`", "`70000`", "env:MCP_PORT", "65535"],
            &["`mcp.read_only`", "`perhaps`", "`true` or `false`"],
            &["`auth.mode`", "`auth.token` is set", "unset one of them"],
            &["`portkey.api_key`", "PORTKEY_API_KEY", "--sandbox"],
        ] {
            let found = lines.iter().any(|line| words.iter().all(|word| line.contains(word)));
            assert!(found, "{words:?}: {:#?}", ran.stderr);
        }
        assert!(lines.iter().all(|line| line.starts_with("portkey-admin-mcp: ")), "{ran:?}");
        assert!(!ran.stderr.contains("canary-token"), "{ran:?}");
    }
    std::fs::remove_file(&file).unwrap();
    let open = run(&["serve", SANDBOX, "--host", "0.0.0.0"], &[], "").await;
    assert!(told(&open, 2).contains("MCP_AUTH_MODE=bearer"), "{open:?}");
    let absent = run(&["serve", SANDBOX, "--config", "/no/such/file.toml"], &[], "").await;
    assert!(told(&absent, 2).contains("/no/such/file.toml"), "{absent:?}");
    let domains = [("PORTKEY_TOOL_DOMAINS", "configs,promts")];
    let unknown = run(&["serve", SANDBOX, "--port", "0"], &domains, "").await;
    let line = told(&unknown, 2);
    assert!(line.contains("PORTKEY_TOOL_DOMAINS") && line.contains("`promts`"), "{line}");
}

/// What `serve` does not start with, `config` finds.
#[tokio::test]
async fn config_refuses_what_serve_refuses() {
    let key = ("PORTKEY_API_KEY", KEY);
    for (args, variables, words) in [
        (&[][..], &[("PORTKEY_TOOL_DOMAINS", "foo")][..], &["`foo`", "PORTKEY_TOOL_DOMAINS"][..]),
        (
            &[],
            &[("PORTKEY_TOOL_DOMAINS", "configs"), ("MCP_TOOL_DOMAINS", "prompts")],
            &["PORTKEY_TOOL_DOMAINS", "MCP_TOOL_DOMAINS", "unset one"],
        ),
        (
            &[],
            &[("PORTKEY_BASE_URL", "https://10.0.0.1/v1")],
            &["`https://10.0.0.1/v1`", "PORTKEY_ALLOW_PRIVATE_BASE_URL=true"],
        ),
        (
            &[],
            &[("PORTKEY_BASE_URL", "http://portkey.example.com/v1")],
            &["env:PORTKEY_BASE_URL", "PORTKEY_ALLOW_INSECURE_HTTP=true"],
        ),
        (
            &[],
            &[("PORTKEY_BASE_URL", "https://portkey.example.com/v1?x=canary")],
            &["/v1?***`", "carries a query"],
        ),
        (&[SANDBOX, "--sandbox-key", "root"], &[], &["`root`", "admin, workspace"]),
    ] {
        let variables = [&[key], variables].concat();
        let port = ["serve", "--port", "0"];
        let served = run(&[&port[..], args].concat(), &variables, "").await;
        assert_eq!((served.code, &*served.stdout), (Some(2), ""), "{served:?}");
        let told: Vec<&str> =
            served.stderr.lines().filter(|line| !line.contains("warning: ")).collect();
        let [line] = &*told else { panic!("one line: {served:?}") };
        for word in words {
            assert!(line.contains(word), "{word}: {line}");
        }
        assert!(!line.contains("canary"), "{line}");
        let config = run(&[&["config"], args].concat(), &variables, "").await;
        assert_eq!(config.code, Some(2), "{config:?}");
        assert!(config.stderr.lines().any(|other| other == *line), "{line}: {config:?}");
        let stdio = run(&[&["stdio"], args].concat(), &variables, "").await;
        assert!(stdio.stderr.lines().any(|other| other == *line), "{line}: {stdio:?}");
    }
    let shown = run(&["tools"], &[("PORTKEY_BASE_URL", "https://10.0.0.1/v1")], "").await;
    assert_eq!(shown.code, Some(0), "nothing is sent: {shown:?}");
}

#[tokio::test]
async fn a_port_in_use_is_told_with_the_remedy() {
    let first = Server::sandbox(&[]).await;
    let port = first.address.port().to_string();
    let quiet = [("LOG_LEVEL", "off")];
    let second = run(&["serve", SANDBOX, "--port", &port], &quiet, "").await;
    let line = told(&second, 1);
    for word in ["cannot listen", &port, "in use", "--port"] {
        assert!(line.contains(word), "{line}");
    }
}

#[tokio::test]
async fn help_is_there_for_every_command() {
    let main = run(&["--help"], &[], "").await;
    assert_eq!((main.code, &*main.stderr), (Some(0), ""), "{main:?}");
    for word in ["serve", "stdio", "call", "tools", "config", "PORTKEY_API_KEY", "Examples:"] {
        assert!(main.stdout.contains(word), "{word}");
    }
    for (name, words) in [
        (
            "serve",
            &[
                "--sandbox-seed",
                "--sandbox-key",
                "--sandbox-fault",
                "--config",
                "--host",
                "--port",
                "MCP_PORT",
            ][..],
        ),
        ("stdio", &["--sandbox-key", "--sandbox-fault", "--config"]),
        ("call", &["JSON", "standard input", "Examples:", "--sandbox-key", "429:3"]),
        ("tools", &["--json", "--domain", "PORTKEY_TOOL_DOMAINS"]),
        ("config", &["***", "--config"]),
    ] {
        let help = run(&[name, "--help"], &[], "").await;
        assert_eq!((help.code, &*help.stderr), (Some(0), ""), "{help:?}");
        for word in words {
            assert!(help.stdout.contains(word), "{name}: {word}");
        }
        assert!(help.stdout.lines().all(|line| line.chars().count() <= 100), "{name}");
        let wrong = run(&[name, "--no-such-option"], &[], "").await;
        assert!(told(&wrong, 2).contains("--no-such-option"), "{wrong:?}");
    }
    let version = run(&["--version"], &[], "").await;
    assert_eq!(version.stdout.trim(), format!("portkey-admin-mcp {}", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn a_reader_that_leaves_is_no_error() {
    for args in [&["tools", "--json"][..], &["call", "list_configs", SANDBOX], &["--help"]] {
        let mut child = command(args, &[]).stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = timeout(PATIENCE, child.wait_with_output()).await.expect("an end").unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    }
}
