//! What must hold between keys, and what the environment asks that no key can give.

use std::{collections::BTreeMap, net::IpAddr};

use secrecy::ExposeSecret;

use super::{
    Inputs, Purpose,
    access::Tables,
    clerk,
    keys::{KEYS, find},
    later,
    problem::Problem,
    read::Reader,
    values::{Source, Values},
};
use crate::{http, near::near, portkey, sandbox::Sandbox, tools::Catalogue};

const PREFIXES: &[&str] = &["MCP_", "CLERK_", "PORTKEY_", "RATE_LIMIT_"];
/// Known, and set by no key: the file's path, one that other servers have, and one for tests.
const OTHERS: &[&str] = &["MCP_CONFIG", "MCP_TRANSPORT", "PORTKEY_OPENAPI"];
/// With the sandbox, none of these means anything.
const UPSTREAM: &[&str] = &[
    "portkey.api_key",
    "portkey.base_url",
    "portkey.pricing_url",
    "portkey.allow_private_base_url",
    "portkey.allow_insecure_http",
];

/// Puts back what the sandbox replaces, and says so.
pub fn leave_out_portkey(values: &mut Values, warnings: &mut Vec<String>) {
    for path in UPSTREAM {
        let source = values.get(path).map(|setting| setting.source.clone());
        values.reset(path);
        if let Some(source) = source.filter(|source| *source != Source::Default) {
            warnings.push(format!("`{path}` ({source}) is ignored: the sandbox needs no Portkey"));
        }
    }
}

/// Fills in defaults that depend on other keys.
pub fn derive(values: &mut Values) {
    let from_port_alias =
        values.get("http.port").is_some_and(|setting| setting.source == Source::Env("PORT".into()));
    if from_port_alias && !values.is_given("http.host") {
        let why = "because PORT is set";
        values.set("http.host", vec!["0.0.0.0".into()], Source::Derived(why));
    }
    let tokens = values.table("tokens").and_then(|(tokens, _)| tokens.as_table());
    let for_bearer = [
        ("because auth.token is set", values.is_given("auth.token")),
        ("because there are [tokens]", tokens.is_some_and(|tokens| !tokens.is_empty())),
    ];
    if let Some((why, _)) = for_bearer.into_iter().find(|(_, given)| *given)
        && !values.is_given("auth.mode")
    {
        values.set("auth.mode", vec!["bearer".into()], Source::Derived(why));
    }
    if !values.is_given("auth.mode") && clerk::given(values).next().is_some() {
        let why = "because Clerk is set up";
        values.set("auth.mode", vec!["clerk".into()], Source::Derived(why));
    }
    if Reader(values).word("http.shutdown_delay_ms").is_empty() {
        let (delay, why) = if super::http_settings(Reader(values)).is_loopback() {
            ("0", "on a loopback address")
        } else {
            ("5000", "on an address that is not loopback")
        };
        values.set("http.shutdown_delay_ms", vec![delay.into()], Source::Derived(why));
    }
}

/// Variables that are unknown, of later versions, or without effect.
pub fn environment(
    values: &Values,
    environment: &BTreeMap<String, String>,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<String>,
) {
    let (refused, warned) = later::check(environment);
    problems.extend(refused);
    warnings.extend(warned);
    if !Reader(values).is("auth.mode", "clerk") {
        let unused: Vec<String> = clerk::given(values).map(|path| format!("`{path}`")).collect();
        if !unused.is_empty() {
            let mode = Reader(values).word("auth.mode");
            let unused = unused.join(", ");
            warnings.push(format!("{unused}: not used, because `auth.mode` is `{mode}`"));
        }
    }
    if environment.get("MCP_TRANSPORT").is_some_and(|value| !value.trim().is_empty()) {
        warnings.push(
            "`MCP_TRANSPORT` has no effect: `serve` speaks HTTP, `stdio` standard input".into(),
        );
    }
    let named = Tables::variables(values);
    let known: Vec<&str> =
        KEYS.iter().flat_map(|key| key.env).chain(OTHERS).chain(later::NAMES).copied().collect();
    for name in environment.keys() {
        let ours = PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        let plain = name.strip_suffix("_FILE").filter(|plain| is_secret(plain)).unwrap_or(name);
        if !ours
            || known.contains(&plain)
            || named.contains(&&**name)
            || name.starts_with("MCP_TEST_")
            || is_service_link(name)
        {
            continue;
        }
        let hint = near(name, known.iter().copied())
            .map(|known| format!("; did you mean `{known}`?"))
            .unwrap_or_default();
        warnings.push(format!("`{name}` is not a variable of this server{hint}"));
    }
}

fn is_secret(name: &str) -> bool {
    KEYS.iter().any(|key| key.secret && key.env.contains(&name)) || later::NAMES.contains(&name)
}

/// What Kubernetes sets for a service called `mcp` or `portkey-…`.
fn is_service_link(name: &str) -> bool {
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.contains("_PORT_") && (name.contains("_TCP") || name.contains("_UDP"))
}

pub(super) fn fault(reader: Reader<'_>, path: &str, remedy: &str, problems: &mut Vec<Problem>) {
    if let (Some(key), Some(setting)) = (find(path), reader.0.get(path)) {
        problems.push(Problem::with(key, setting, remedy));
    }
}

/// Addresses, hosts and origins.
pub fn http(reader: Reader<'_>, http: &http::Settings, problems: &mut Vec<Problem>) {
    let mut fault = |path: &str, remedy: &str| fault(reader, path, remedy, problems);
    let is_name = |host: &str| {
        !host.is_empty()
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
    };
    if http.host.parse::<IpAddr>().is_err() && !is_name(&http.host) {
        fault("http.host", "write an IP address or a host name, without a port");
    }
    if let Some(url) = &http.public_base_url {
        if url.query().is_some() || url.fragment().is_some() {
            fault("http.public_base_url", "leave out query and fragment");
        } else if url.path().trim_end_matches('/').ends_with("/mcp") {
            fault("http.public_base_url", "leave out `/mcp`, which the server adds");
        }
    }
    for host in &http.allowed_hosts {
        if http::Host::parse(host).is_none() {
            fault(
                "http.allowed_hosts",
                "write `name` or `name:port`, without scheme, path or wildcard",
            );
        }
    }
    for origin in &http.allowed_origins {
        if http::normal_origin(origin).is_none() {
            fault(
                "http.allowed_origins",
                "write `scheme://host` or `scheme://host:port` for each, or `null`; no wildcard, \
                 no path",
            );
        }
    }
}

/// A session has to outlast a call: rmcp counts the time in which nothing is said, and a call in
/// flight says nothing.
pub fn sessions(reader: Reader<'_>, inputs: &Inputs, problems: &mut Vec<Problem>) {
    let (session, call) = ("mcp.session_timeout_ms", "mcp.call_timeout_ms");
    let applies = inputs.purpose == Purpose::Serve && !reader.is("mcp.session_mode", "stateless");
    let time = reader.time(session);
    if !applies || time.is_zero() || time > reader.time(call) {
        return;
    }
    let Some(setting) = reader.0.get(call) else { return };
    let remedy = format!(
        "write more than `{call}`, which is `{}` ({}), or a session ends while a call runs",
        setting.text(),
        setting.source
    );
    fault(reader, session, &remedy, problems);
}

/// Whether there is something to talk to, with a key that can be used.
pub fn upstream(reader: Reader<'_>, tables: &Tables, inputs: &Inputs, problems: &mut Vec<Problem>) {
    let known = Sandbox::key_names();
    for credential in tables.credentials.iter().filter(|_| inputs.sandbox) {
        if !known.contains(&&*credential.sandbox_key) {
            problems.push(Problem::new(format!(
                "`credentials.{}`: the sandbox has no key of that name: add `sandbox_key`, one of {}",
                credential.name,
                known.join(", ")
            )));
        }
    }
    if inputs.sandbox && !known.contains(&reader.word("sandbox.key")) {
        let remedy = format!("the sandbox has no such key; there are: {}", known.join(", "));
        fault(reader, "sandbox.key", &remedy, problems);
    }
    match reader.secret("portkey.api_key") {
        Some(key) if !key.expose_secret().bytes().all(|byte| byte.is_ascii_graphic()) => {
            let remedy = "it holds spaces or characters that no header can carry; copy it again";
            fault(reader, "portkey.api_key", remedy, problems);
        }
        None if inputs.purpose == Purpose::Serve && !tables.use_default() => {}
        None if inputs.sandbox
            || !inputs.purpose.sends()
            || reader.0.is_given("portkey.api_key") => {}
        None => {
            problems.push(Problem::new(
                "`portkey.api_key` is not set: set PORTKEY_API_KEY or PORTKEY_API_KEY_FILE to a \
                 Portkey Admin API key, or add --sandbox to try without an account",
            ));
        }
        Some(_) => {}
    }
}

/// Where requests are sent: the checks that a client begins with, for the commands that send.
pub fn addresses(
    reader: Reader<'_>,
    portkey: &portkey::Settings,
    tables: &Tables,
    inputs: &Inputs,
    problems: &mut Vec<Problem>,
) {
    for credential in tables.credentials.iter().filter(|_| inputs.purpose.sends()) {
        let refused = credential.base_url.as_ref().and_then(|url| portkey.check(url).err());
        if let Some(portkey::Refused { problem, remedy }) = refused {
            problems.push(Problem::new(format!(
                "`base_url` of `credentials.{}` {problem}: {remedy}",
                credential.name
            )));
        }
    }
    let addresses =
        [("portkey.base_url", &portkey.base_url), ("portkey.pricing_url", &portkey.pricing_url)];
    for (path, url) in addresses.into_iter().filter(|_| inputs.purpose.sends()) {
        if let Err(portkey::Refused { problem, remedy }) = portkey.check(url) {
            fault(reader, path, &format!("it {problem}: {remedy}"), problems);
        }
    }
}

/// Whether the tools that are wanted are there.
pub fn tools(reader: Reader<'_>, problems: &mut Vec<Problem>) {
    if let Err(unknown) = Catalogue::check(&reader.list("tools.domains")) {
        fault(reader, "tools.domains", &unknown.to_string(), problems);
    }
}
