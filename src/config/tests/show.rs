//! What is shown of a configuration, and what never is.

use super::*;

#[test]
fn no_secret_is_ever_shown() {
    let environment = [
        ("PORTKEY_API_KEY", "canary-key"),
        ("MCP_AUTH_MODE", "bearer"),
        ("MCP_AUTH_TOKEN", "canary-token-0123"),
    ];
    let inputs = Inputs { sandbox: false, ..inputs(&environment) };
    let loaded = load(&inputs);
    let shown = format!("{}{loaded:?}{inputs:?}", loaded.values.effective());
    assert!(loaded.config.is_ok() && !shown.contains("canary"), "{shown}");
    assert!(shown.contains("***  [env:PORTKEY_API_KEY]"), "{shown}");

    let bad = [
        ("MCP_AUTH_MODE", "bearer"),
        ("MCP_AUTH_TOKEN", "canary"),
        ("PORTKEY_API_KEY", "canary key"),
        ("PORTKEY_BASE_URL", "https://user:canary@portkey.example.com/v1"),
    ];
    let inputs = Inputs { sandbox: false, ..self::inputs(&bad) };
    let told = problems(&inputs);
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().all(|told| told.contains("***") && !told.contains("canary")), "{told:?}");
}

#[test]
fn a_secret_in_an_odd_form_is_not_shown_either() {
    for value in
        ["[\"\", \"canary\"]", "[\"canary\", \"b\"]", "{ a = \"canary\" }", "[1.5, \"canary\"]"]
    {
        for key in ["[auth]\ntoken", "[portkey]\napi_key"] {
            let mut inputs = with_file(&format!("{key} = {value}"), &[]);
            inputs.sandbox = false;
            let loaded = load(&inputs);
            let told = loaded.config.map(drop).unwrap_err();
            let shown = format!("{told}{}{:?}", loaded.values.effective(), loaded.values);
            assert!(!shown.contains("canary"), "{key} = {value}: {shown}");
        }
    }
}

#[test]
fn what_is_secret_in_a_url_is_not_shown() {
    for url in [
        "https://user:canary@portkey.example.com/v1",
        "https://canary@portkey.example.com/v1",
        "https://portkey.example.com/v1?token=canary",
        "https://portkey.example.com/v1#canary",
        "https://portkey.example.com/v1?at=me@home&token=canary",
        "user:canary@portkey.example.com",
        "portkey.example.com?token=canary",
        "https://user:canary/x@portkey.example.com",
        "https://user:canary?x@portkey.example.com",
    ] {
        for name in ["PORTKEY_BASE_URL", "PORTKEY_PRICING_URL", "MCP_PUBLIC_BASE_URL"] {
            let environment =
                [(name, url), ("MCP_ALLOW_UNAUTHENTICATED_HTTP", "1"), ("PORTKEY_API_KEY", "k")];
            let loaded = load(&Inputs { sandbox: false, ..inputs(&environment) });
            let told = loaded.config.map(drop).err().map(|told| told.to_string());
            let shown = format!("{told:?}{}", loaded.values.effective());
            assert!(!shown.contains("canary"), "{url}: {shown}");
            assert!(shown.contains("***"), "{url}: {shown}");
        }
    }
    let plain = [("PORTKEY_BASE_URL", "https://portkey.example.com/v1")];
    let shown = load(&Inputs { sandbox: false, ..inputs(&plain) }).values.effective();
    assert!(shown.contains("= https://portkey.example.com/v1  ["), "{shown}");
}

#[test]
fn the_effective_configuration_tells_where_each_value_came_from() {
    let mut inputs = with_file("[mcp]\nread_only = true", &[("LOG_LEVEL", "debug")]);
    inputs.flags.push(("http.port", "--port", "0".into()));
    let shown = load(&inputs).values.effective();
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown: Vec<String> = shown.lines().map(words).collect();
    let file = inputs.file.as_ref().unwrap().display();
    for line in [
        "http.host = 127.0.0.1 [default]",
        "http.port = 0 [flag:--port]",
        "http.shutdown_delay_ms = 0 [default, on a loopback address]",
        "log.level = debug [env:LOG_LEVEL]",
        &format!("mcp.read_only = true [file:{file}]"),
        "portkey.api_key = (not set) [default]",
    ] {
        assert!(shown.iter().any(|shown| shown == line), "{line}: {shown:#?}");
    }
}

/// `UPDATE=1` writes the table instead.
#[test]
fn the_table_of_variables_in_the_readme_is_this_one() {
    const START: &str = "<!-- variables -->\n";
    const END: &str = "<!-- /variables -->";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(START).expect("a place for the table");
    let (table, after) = rest.split_once(END).expect("an end of the table");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, [before, START, &variables_table(), END, after].concat()).unwrap();
    } else {
        assert_eq!(table, variables_table(), "run the tests with UPDATE=1");
    }
}
