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
use crate::{auth, http, near::near, portkey, sandbox::Sandbox, tools::Catalogue};

const PREFIXES: &[&str] = &["MCP_", "CLERK_", "PORTKEY_", "RATE_LIMIT_"];
/// Known, and set by no key: the file's path, one that other servers have, and one for tests.
const OTHERS: &[&str] = &["MCP_CONFIG", "MCP_TRANSPORT", "PORTKEY_OPENAPI"];
/// Name of the bearer token that the environment gives.
const DEFAULT_TOKEN: &str = "default";
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
    if values.is_given("auth.token") && !values.is_given("auth.mode") {
        let why = "because auth.token is set";
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

/// Who may call; `None` where that was not safe, with the problem noted.
pub fn auth(
    reader: Reader<'_>,
    http: &http::Settings,
    tables: &Tables,
    inputs: &Inputs,
    problems: &mut Vec<Problem>,
) -> Option<auth::Settings> {
    let allow_unauthenticated_http = reader.flag("auth.allow_unauthenticated_http");
    let mode = match inputs.purpose {
        Purpose::Serve if reader.is("auth.mode", "bearer") => {
            auth::Mode::Bearer(tokens(reader, tables, problems)?)
        }
        Purpose::Serve if reader.0.is_given("auth.token") => {
            fault(
                reader,
                "auth.mode",
                "but `auth.token` is set, which only `bearer` asks for: unset one of them",
                problems,
            );
            return None;
        }
        Purpose::Serve if reader.is("auth.mode", "clerk") => {
            auth::Mode::Clerk(Box::new(clerk::settings(reader, http, problems)?))
        }
        Purpose::Serve if !allow_unauthenticated_http => {
            if let Some(why) = exposed(reader, http) {
                problems.push(Problem::new(format!(
                    "`auth.mode` is `none`, which is for this machine alone, but {why}: set \
                     MCP_AUTH_MODE=bearer with MCP_AUTH_TOKEN, or \
                     MCP_ALLOW_UNAUTHENTICATED_HTTP=true if something else guards the server"
                )));
                return None;
            }
            auth::Mode::None
        }
        Purpose::Serve | Purpose::Client | Purpose::Show => auth::Mode::None,
    };
    let names: Vec<&str> = match &mode {
        auth::Mode::Bearer(tokens) => tokens.names().collect(),
        auth::Mode::Clerk(_) => Vec::new(),
        auth::Mode::None if inputs.purpose == Purpose::Serve => Vec::new(),
        // Nobody is let in here, and nothing is kept from the rules.
        auth::Mode::None => {
            tables.tokens.iter().map(|(name, _)| &**name).chain([DEFAULT_TOKEN]).collect()
        }
    };
    let access = tables.access(&names, problems);
    if let auth::Mode::Clerk(settings) = &mode
        && settings.constraints.is_empty()
        && access.is_uniform()
    {
        problems.push(Problem::new(clerk::ANYONE));
        return None;
    }
    let shows_nothing = matches!(mode, auth::Mode::None) && !asks_certificates(http);
    if inputs.purpose == Purpose::Serve && shows_nothing && !access.is_uniform() {
        problems.push(Problem::new(
            "`[[rules]]` are there, but with `auth.mode` `none` nobody shows who they are, and no \
             rule would match: set MCP_AUTH_MODE, or MCP_TLS_CLIENT_CA_PATH for certificates",
        ));
    }
    Some(auth::Settings { mode, allow_unauthenticated_http, access })
}

fn asks_certificates(http: &http::Settings) -> bool {
    http.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some())
}

/// Why others than this machine may reach the server, as far as the configuration shows it.
fn exposed(reader: Reader<'_>, http: &http::Settings) -> Option<String> {
    // Whoever reaches it has to show a certificate.
    if asks_certificates(http) {
        return None;
    }
    if !http.is_loopback() {
        let source = &reader.0.get("http.host")?.source;
        return Some(format!("`http.host` is `{}` ({source})", http.host));
    }
    if http.public_base_url.is_some() {
        return Some("`http.public_base_url` is set".into());
    }
    if http.trust_proxy != http::TrustProxy::None {
        return Some("`http.trust_proxy` is set".into());
    }
    None
}

fn tokens(
    reader: Reader<'_>,
    tables: &Tables,
    problems: &mut Vec<Problem>,
) -> Option<auth::Tokens> {
    let mut tokens = tables.tokens.clone();
    match reader.secret("auth.token") {
        Some(token) => match auth::Bearer::new(&token) {
            Ok(_) if tokens.iter().any(|(name, _)| name == DEFAULT_TOKEN) => {
                problems.push(Problem::new(format!(
                    "`tokens.{DEFAULT_TOKEN}` is the name of MCP_AUTH_TOKEN: choose another"
                )));
                return None;
            }
            Ok(token) => tokens.push((DEFAULT_TOKEN.to_owned(), token)),
            Err(why) => {
                let remedy = format!("{why}; `openssl rand -hex 32` makes a good one");
                fault(reader, "auth.token", &remedy, problems);
                return None;
            }
        },
        // Given, and its problem has been told.
        None if reader.0.is_given("auth.token") => return None,
        None if tokens.is_empty() => {
            problems.push(Problem::new(
                "`auth.mode` is `bearer` but `auth.token` is not set: set MCP_AUTH_TOKEN or \
                 MCP_AUTH_TOKEN_FILE, for example to the output of `openssl rand -hex 32`",
            ));
            return None;
        }
        None => {}
    }
    Some(tokens.into_iter().collect())
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
            || inputs.purpose == Purpose::Show
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
    for credential in tables.credentials.iter().filter(|_| inputs.purpose != Purpose::Show) {
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
    for (path, url) in addresses.into_iter().filter(|_| inputs.purpose != Purpose::Show) {
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
