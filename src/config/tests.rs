//! The layers, and what each mistake is told.

mod access;
mod clerk;
mod edge;
mod mistakes;
mod show;

use std::{path::Path, time::Duration};

use secrecy::ExposeSecret;

use super::*;

const CLERK: &str = "https://clerk.example.com";

type Environment = &'static [(&'static str, &'static str)];

/// Inputs that serve the sandbox, so that nothing else is needed.
fn inputs(environment: &[(&str, &str)]) -> Inputs {
    let environment =
        environment.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Inputs { environment, sandbox: true, ..Inputs::default() }
}

fn with_file(text: &str, environment: &[(&str, &str)]) -> Inputs {
    // One file a test, which the next run overwrites.
    let test = std::thread::current().name().unwrap_or_default().replace("::", "-");
    let path = std::env::temp_dir().join(format!("portkey-admin-mcp-{test}.toml"));
    std::fs::write(&path, text).unwrap();
    Inputs { file: Some(path), ..inputs(environment) }
}

#[track_caller]
fn config(inputs: &Inputs) -> Config {
    load(inputs).config.unwrap_or_else(|problems| panic!("{problems}"))
}

fn problems(inputs: &Inputs) -> Vec<String> {
    let problems = load(inputs).config.err().map(|problems| problems.0).unwrap_or_default();
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn every_key_has_a_default_and_every_default_a_key() {
    let mut problems = Vec::new();
    let defaults = Values::defaults(&mut problems);
    assert_eq!(problems, []);
    for key in keys::KEYS {
        assert!(defaults.get(key.path).is_some(), "{} is missing in default.toml", key.path);
    }
}

#[test]
fn every_default_is_said_with_its_variables() {
    let text = include_str!("../../config/default.toml");
    for key in keys::KEYS {
        let (section, name) = key.path.split_once('.').unwrap();
        let section = text.split(&format!("[{section}]\n")).nth(1).unwrap();
        let comment = section.split(&format!("\n{name} = ")).next().unwrap();
        let comment = comment.lines().last().unwrap();
        for variable in key.env {
            assert!(comment.contains(variable), "{}: {comment}", key.path);
        }
        assert_eq!(key.secret, comment.contains("_FILE"), "{}: {comment}", key.path);
    }
}

#[test]
fn the_defaults_serve_the_sandbox_on_loopback() {
    let config = config(&inputs(&[]));
    assert_eq!((&*config.http.host, config.http.port), ("127.0.0.1", 3000));
    assert_eq!(config.http.limits.request_bytes, 1 << 20);
    assert_eq!(config.http.limits.header_bytes, 16 << 10);
    assert_eq!(config.http.shutdown_delay, Duration::ZERO);
    assert_eq!(config.auth.mode.as_str(), "none");
    assert_eq!(config.mcp.session_mode, mcp::SessionMode::Stateful);
    assert_eq!(config.mcp.max_answer_bytes, 96 << 10);
    assert_eq!(config.portkey.base_url.as_str(), "https://api.portkey.ai/v1");
    assert_eq!(config.portkey.max_answer_bytes, 16 << 20);
}

#[test]
fn production_differs_where_it_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/production.toml");
    let environment = [("MCP_AUTH_TOKEN", "0123456789abcdef"), ("PORTKEY_API_KEY", "key")];
    let inputs = Inputs { file: Some(file), sandbox: false, ..inputs(&environment) };
    let config = config(&inputs);
    assert_eq!(config.http.host, "0.0.0.0");
    assert_eq!(config.http.ready_check, http::ReadyCheck::Portkey);
    assert_eq!(config.http.shutdown_delay, Duration::from_secs(5));
    assert_eq!(config.auth.mode.as_str(), "bearer");
    assert_eq!(config.log.format, telemetry::Format::Json);
}

#[test]
fn later_layers_win() {
    let file = "[http]\nport = 1\nhost = \"::1\"\nmax_header_bytes = \"\"\n[mcp]\nmax_sessions = 7";
    let mut inputs = with_file(file, &[("MCP_PORT", "2"), ("MCP_MAX_SESSIONS", "")]);
    assert_eq!(config(&inputs).http.port, 2);
    inputs.flags.push(("http.port", "--port", "3".into()));
    let config = config(&inputs);
    assert_eq!((&*config.http.host, config.http.port), ("::1", 3));
    assert_eq!(config.mcp.max_sessions, 7, "an empty variable is not set");
    assert_eq!(config.http.limits.header_bytes, 16 << 10, "an empty text in a file neither");
}

#[test]
fn the_port_of_a_platform_also_opens_the_address() {
    let open = ("MCP_ALLOW_UNAUTHENTICATED_HTTP", "true");
    let host = |environment: &[(&str, &str)]| {
        let config = config(&inputs(environment));
        (config.http.host, config.http.port, config.http.shutdown_delay.as_millis())
    };
    assert_eq!(host(&[("PORT", "80"), open]), ("0.0.0.0".into(), 80, 5000));
    assert_eq!(host(&[("PORT", "80"), ("MCP_PORT", "81")]), ("127.0.0.1".into(), 81, 0));
    assert_eq!(host(&[("PORT", "80"), ("MCP_HOST", "localhost")]), ("localhost".into(), 80, 0));
}

#[test]
fn sizes_times_and_flags_are_read_in_their_usual_forms() {
    for (text, bytes) in [
        ("1mb", 1 << 20),
        ("1 MB", 1 << 20),
        ("2mib", 2 << 20),
        ("512kb", 512 << 10),
        ("4096", 4096),
    ] {
        let config = config(&inputs(&[("MCP_MAX_REQUEST_SIZE", text)]));
        assert_eq!(config.http.limits.request_bytes, bytes, "{text}");
    }
    for (text, millis) in [("5000", 5000), ("5s", 5000), ("1500ms", 1500), ("2m", 120_000)] {
        let config = config(&inputs(&[("MCP_CALL_TIMEOUT_MS", text)]));
        assert_eq!(config.mcp.call_timeout.as_millis(), millis, "{text}");
    }
    for (text, flag) in [("true", true), ("1", true), ("YES", true), ("false", false), ("0", false)]
    {
        assert_eq!(config(&inputs(&[("MCP_READ_ONLY", text)])).mcp.read_only, flag, "{text}");
    }
    let lists = config(&inputs(&[("PORTKEY_TOOL_DOMAINS", " configs, prompts ")]));
    assert_eq!(lists.tool_domains, ["configs", "prompts"]);
}

#[test]
fn mistakes_in_a_file_are_told_all_at_once() {
    let inputs = with_file(
        "[http]\nprt = 1\nport = 1.5\n[htp]\nx = 1\n[mcp]\nsession_mode = [\"stateful\", \"x\"]",
        &[("MCP_MAX_SESSIONS", "none")],
    );
    let file = inputs.file.as_ref().unwrap().display();
    assert_eq!(
        problems(&inputs),
        [
            format!("`htp.x` (file:{file}) is not a key: see config/default.toml for all keys"),
            format!(
                "`http.port` (file:{file}) is neither a single value nor a list of texts: write a \
                 whole number from 0 to 65535"
            ),
            format!("`http.prt` (file:{file}) is not a key: did you mean `http.port`?"),
            format!(
                "`mcp.session_mode` is `stateful,x` (file:{file}): write one of `stateful`, \
                 `stateless`"
            ),
            "`mcp.max_sessions` is `none` (env:MCP_MAX_SESSIONS): write a whole number from 1 to \
             1000000"
                .into(),
        ]
    );
}

#[test]
fn a_file_that_is_not_toml_is_told_its_line_and_not_its_text() {
    let inputs = with_file("[auth]\ntoken = \"secret-of-tests", &[]);
    let problems = problems(&inputs);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains(", line 2: not TOML"), "{problems:?}");
    assert!(!problems[0].contains("secret-of-tests"), "{problems:?}");
}

#[test]
fn a_token_alone_means_that_it_is_asked_for() {
    let config = config(&inputs(&[("MCP_AUTH_TOKEN", "0123456789abcdef"), ("PORT", "80")]));
    assert_eq!(config.auth.mode.as_str(), "bearer");
}

#[test]
fn a_call_may_outlast_what_are_no_sessions() {
    let short = ("MCP_SESSION_TIMEOUT", "1s");
    config(&inputs(&[short, ("MCP_CALL_TIMEOUT_MS", "999")]));
    config(&inputs(&[short, ("MCP_SESSION_MODE", "stateless")]));
    config(&Inputs { purpose: Purpose::Client, ..inputs(&[short]) });
    let unread = problems(&inputs(&[("MCP_SESSION_TIMEOUT", "soon")]));
    assert_eq!(unread.len(), 1, "{unread:?}");
}

#[test]
fn serving_portkey_needs_a_key() {
    let environment = [("PORTKEY_BASE_URL", "https://portkey.example.com/v1")];
    for purpose in [Purpose::Serve, Purpose::Client] {
        let inputs = Inputs { sandbox: false, purpose, ..inputs(&environment) };
        assert_eq!(
            problems(&inputs),
            ["`portkey.api_key` is not set: set PORTKEY_API_KEY or PORTKEY_API_KEY_FILE to a \
              Portkey Admin API key, or add --sandbox to try without an account"]
        );
    }
    let show = Inputs { sandbox: false, purpose: Purpose::Show, ..inputs(&environment) };
    assert_eq!(problems(&show), [] as [String; 0]);
}

#[test]
fn a_command_that_does_not_listen_needs_no_safe_address() {
    let environment = [("MCP_HOST", "0.0.0.0"), ("MCP_AUTH_MODE", "bearer")];
    let inputs = Inputs { purpose: Purpose::Client, ..inputs(&environment) };
    assert_eq!(problems(&inputs), [] as [String; 0]);
}

#[test]
fn a_secret_comes_from_a_file_without_its_last_newline() {
    let token = with_file("0123456789abcdef\r\n", &[]).file.unwrap();
    let path = token.to_str().unwrap();
    let environment = [("PORTKEY_API_KEY_FILE", path), ("MCP_HOST", "localhost")];
    let inputs = Inputs { sandbox: false, ..inputs(&environment) };
    let config = config(&inputs);
    assert_eq!(config.api_key.unwrap().expose_secret(), "0123456789abcdef");

    std::fs::write(&token, "\n").unwrap();
    let expected =
        "`PORTKEY_API_KEY_FILE` names a file that is empty: correct the path or the file";
    assert_eq!(problems(&inputs), [expected]);
}

#[test]
fn the_sandbox_ignores_what_leads_to_portkey_and_says_so() {
    let environment = [
        ("PORTKEY_API_KEY", "real-key-of-tests"),
        ("PORTKEY_BASE_URL", "https://portkey.example.com/v1"),
        ("PORTKEY_ALLOW_INSECURE_HTTP", "true"),
        ("PORTKEY_TOOL_DOMAINS", "configs"),
    ];
    let loaded = load(&inputs(&environment));
    assert_eq!(loaded.warnings.len(), 3, "{:?}", loaded.warnings);
    let config = loaded.config.unwrap();
    assert!(config.api_key.is_none() && !config.portkey.allow_insecure_http);
    assert_eq!(config.portkey.base_url.as_str(), "https://api.portkey.ai/v1");
    assert_eq!(config.tool_domains, ["configs"]);
}

#[test]
fn what_this_version_cannot_do_is_said() {
    let cases: &[(Environment, &[&str])] = &[
        (&[("RATE_LIMIT_ENABLED", "false"), ("RATE_LIMIT_STORE", "redis")], &[]),
        (&[("RATE_LIMIT_REDIS_URL", "redis://h")], &["`RATE_LIMIT_REDIS_URL` has no effect"]),
        (
            &[("MCP_HOST", "0.0.0.0"), ("MCP_AUTH_TOKEN", "0123456789abcdef")],
            &["`rate_limit.store` is `memory`, so that each instance"],
        ),
        (
            &[
                ("MCP_HOST", "0.0.0.0"),
                ("MCP_AUTH_TOKEN", "0123456789abcdef"),
                ("RATE_LIMIT_SINGLE_PROCESS", "true"),
            ],
            &[],
        ),
        (&[("MCP_EVENT_STORE", "off"), ("MCP_TRUST_PROXY", "0")], &[]),
        (&[("MCP_TEST_X", "1"), ("PORTKEY_OPENAPI", "x"), ("MCP_SERVICE_HOST", "10.0.0.1")], &[]),
        (
            &[("MCP_EVENT_STORE", "redis"), ("MCP_REDIS_URL", "redis://h"), ("REDIS_URL", "x")],
            &["`MCP_REDIS_URL`: sessions are kept", "`MCP_EVENT_STORE`: streams cannot be resumed"],
        ),
        (
            &[("MCP_AUTH_MODE", "none"), ("CLERK_ISSUER", CLERK)],
            &["`clerk.issuer`: not used, because `auth.mode` is `none`"],
        ),
        (
            &[("MCP_TRUST_PROXY", "true"), ("MCP_ALLOW_UNAUTHENTICATED_HTTP", "true")],
            &["`http.trust_proxy` is `true`, which is read as one proxy"],
        ),
        (&[("K_SERVICE", "mcp")], &["this runs on Cloud Run"]),
        (&[("K_SERVICE", "mcp"), ("ALLOWED_HOSTS", "mcp.a.run.app")], &[]),
        (&[("MCP_TRANSPORT", "http")], &["`MCP_TRANSPORT` has no effect"]),
        (
            &[("MCP_PROT", "1")],
            &["`MCP_PROT` is not a variable of this server; did you mean `MCP_PORT`?"],
        ),
        (
            &[("PORTKEY_APIKEY_FILE", "x")],
            &["`PORTKEY_APIKEY_FILE` is not a variable of this server"],
        ),
    ];
    for (environment, expected) in cases {
        let loaded = load(&inputs(environment));
        assert!(loaded.config.is_ok(), "{environment:?}");
        assert_eq!(loaded.warnings.len(), expected.len(), "{:?}", loaded.warnings);
        for text in *expected {
            let said = loaded.warnings.iter().any(|warning| warning.starts_with(text));
            assert!(said, "{text}: {:?}", loaded.warnings);
        }
    }
}
