//! The configuration: four layers over one table of keys, checked as a whole before anything starts.
//!
//! Order: `config/default.toml` (compiled in), the file of `--config` or `MCP_CONFIG`, the
//! environment, flags. The environment is read here, once, and nowhere else. The sections' types
//! stand beside the code that they configure.

mod access;
mod callers;
mod check;
mod clerk;
mod edge;
mod keys;
mod later;
mod problem;
mod read;
mod show;
#[cfg(test)]
mod tests;
mod values;

use std::{collections::BTreeMap, fmt, path::PathBuf};

use rmcp::model::CacheScope;
use secrecy::SecretString;

pub use self::{
    access::Credential,
    problem::{Problem, Problems},
    show::variables_table,
    values::Values,
};
use self::{access::Tables, read::Reader, values::Source};
use crate::{auth, http, mcp, portkey, sandbox, telemetry};

/// What a configuration is made from. Debug shows nothing of it.
#[derive(Clone, Default)]
pub struct Inputs {
    pub environment: BTreeMap<String, String>,
    /// The file of `--config`.
    pub file: Option<PathBuf>,
    /// Key, flag and text of each flag that was given.
    pub flags: Vec<(&'static str, &'static str, String)>,
    pub sandbox: bool,
    /// What is to go wrong in the sandbox.
    pub faults: Vec<sandbox::Planned>,
    pub purpose: Purpose,
}

impl fmt::Debug for Inputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inputs").finish_non_exhaustive()
    }
}

/// What the configuration is for: not every command needs everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// Serves HTTP: needs an upstream and safe authentication.
    #[default]
    Serve,
    /// Speaks to Portkey without listening.
    Client,
    /// Prints something; needs nothing.
    Show,
    /// Says who may do what; needs no secret.
    Explain,
}

impl Purpose {
    /// Whether somebody is let in, or asks who would be.
    fn admits(self) -> bool {
        matches!(self, Self::Serve | Self::Explain)
    }

    /// Whether Portkey is spoken to.
    fn sends(self) -> bool {
        matches!(self, Self::Serve | Self::Client)
    }
}

/// A configuration that may be used.
#[derive(Debug)]
pub struct Config {
    pub http: http::Settings,
    pub auth: auth::Settings,
    /// What callers show.
    pub shown: auth::Shown,
    /// Absent: nothing is limited.
    pub rate_limit: Option<http::rate::Settings>,
    pub mcp: mcp::Settings,
    pub portkey: portkey::Settings,
    /// Absent with the sandbox, and where nothing is sent.
    pub api_key: Option<SecretString>,
    /// Those of the file, beside the API key.
    pub credentials: Vec<Credential>,
    /// Empty: all.
    pub tool_domains: Vec<String>,
    pub log: telemetry::Settings,
    pub sandbox: Option<sandbox::Settings>,
    /// Name of the seeded key that the sandbox is used with.
    pub sandbox_key: String,
}

/// A configuration and what was found while it was read.
#[derive(Debug)]
pub struct Loaded {
    pub values: Values,
    /// One line each; to be shown once logging has started.
    pub warnings: Vec<String>,
    pub config: Result<Config, Problems>,
}

/// The process's environment. A name or value that is not Unicode is read as far as it is.
pub fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into(), value.to_string_lossy().into()))
        .collect()
}

/// Lays the layers over each other and checks the whole; every problem is found in one go.
pub fn load(inputs: &Inputs) -> Loaded {
    let mut problems = Vec::new();
    let mut warnings = Vec::new();
    let environment = &inputs.environment;
    let variable = |name: &str| environment.get(name).filter(|value| !value.trim().is_empty());

    let mut values = Values::defaults(&mut problems);
    if let Some(file) = inputs.file.clone().or_else(|| variable("MCP_CONFIG").map(PathBuf::from)) {
        values.overlay_file(&file, &mut problems);
    }
    values.overlay_environment(environment, &mut problems);
    for (path, flag, text) in &inputs.flags {
        values.set(path, vec![text.clone()], Source::Flag(flag));
    }
    if inputs.sandbox {
        check::leave_out_portkey(&mut values, &mut warnings);
    }
    read::check(&values, &mut problems);
    check::derive(&mut values);
    check::environment(&values, environment, &mut problems, &mut warnings);

    let reader = Reader(&values);
    let http = http_settings(reader);
    let tables = Tables::read(&values, inputs, &mut problems);
    let shown = callers::shown(reader, &http);
    let auth = callers::settings(reader, &http, &tables, &shown, inputs, &mut problems);
    check::http(reader, &http, &mut problems);
    edge::proxies(reader, environment, &mut problems, &mut warnings);
    edge::connections(reader, &http, &mut problems);
    edge::tls(reader, &http, inputs.purpose, &mut problems);
    let rate_limit = edge::rate_limit(reader, &http, inputs.purpose, &mut problems, &mut warnings);
    check::sessions(reader, inputs, &mut problems);
    check::upstream(reader, &tables, inputs, &mut problems);
    check::tools(reader, &mut problems);
    let portkey = portkey_settings(reader);
    if let Some(portkey) = &portkey {
        check::addresses(reader, portkey, &tables, inputs, &mut problems);
    }

    let issued = matches!(&auth, Some(auth) if matches!(auth.mode, auth::Mode::Clerk(_)));
    let base = http.public_base_url.as_ref().filter(|_| issued);
    let resource_metadata = base.map(http::resource_url);
    let config = match (auth, portkey, problems.is_empty()) {
        (Some(auth), Some(portkey), true) => Ok(Config {
            http,
            mcp: mcp_settings(reader, &auth, resource_metadata, inputs.sandbox),
            auth,
            shown,
            rate_limit,
            portkey,
            api_key: reader.secret("portkey.api_key"),
            credentials: tables.credentials,
            tool_domains: reader.list("tools.domains"),
            log: log_settings(reader),
            sandbox: inputs.sandbox.then(|| sandbox_settings(reader, inputs)),
            sandbox_key: reader.word("sandbox.key").to_owned(),
        }),
        _ => Err(Problems(problems)),
    };
    Loaded { values, warnings, config }
}

fn http_settings(reader: Reader<'_>) -> http::Settings {
    let host = reader.word("http.host");
    http::Settings {
        host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
        port: reader.number("http.port"),
        public_base_url: reader.url("http.public_base_url"),
        allowed_hosts: reader.list("http.allowed_hosts"),
        allowed_origins: reader.list("http.allowed_origins"),
        platform_host: edge::platform_host(reader),
        trust_proxy: http::TrustProxy::parse(&reader.list("http.trust_proxy")).unwrap_or_default(),
        tls: edge::tls_settings(reader),
        limits: http::Limits {
            request_bytes: reader.number("http.max_request_bytes"),
            header_bytes: reader.number("http.max_header_bytes"),
            header_timeout: reader.time("http.header_timeout_ms"),
            body_timeout: reader.time("http.body_timeout_ms"),
        },
        connections: http::Most {
            in_all: reader.number("http.max_connections"),
            of_one_address: reader.number("http.max_connections_per_address"),
        },
        keep_alive_timeout: reader.time("http.keep_alive_timeout_ms"),
        shutdown_delay: reader.time("http.shutdown_delay_ms"),
        shutdown_timeout: reader.time("http.shutdown_timeout_ms"),
        ready_check: if reader.is("http.ready_check_mode", "portkey") {
            http::ReadyCheck::Portkey
        } else {
            http::ReadyCheck::Local
        },
    }
}

fn mcp_settings(
    reader: Reader<'_>,
    auth: &auth::Settings,
    resource_metadata: Option<String>,
    sandbox: bool,
) -> mcp::Settings {
    mcp::Settings {
        session_mode: if reader.is("mcp.session_mode", "stateless") {
            mcp::SessionMode::Stateless
        } else {
            mcp::SessionMode::Stateful
        },
        max_sessions: reader.number("mcp.max_sessions"),
        session_timeout: reader.time("mcp.session_timeout_ms"),
        call_timeout: reader.time("mcp.call_timeout_ms"),
        silence: reader.time("mcp.silence_ms"),
        max_streams: reader.number("mcp.max_streams"),
        max_stream_age: reader.time("mcp.max_stream_age_ms"),
        max_answer_bytes: reader.number("mcp.max_answer_bytes"),
        max_json_depth: reader.number("mcp.max_json_depth"),
        read_only: reader.flag("mcp.read_only"),
        sandbox,
        cache_scope: if auth.is_uniform() { CacheScope::Public } else { CacheScope::Private },
        challenge: auth::Challenge { resource_metadata, read_only: reader.flag("mcp.read_only") },
    }
}

fn portkey_settings(reader: Reader<'_>) -> Option<portkey::Settings> {
    Some(portkey::Settings {
        base_url: reader.url("portkey.base_url")?,
        pricing_url: reader.url("portkey.pricing_url")?,
        allow_private_base_url: reader.flag("portkey.allow_private_base_url"),
        allow_insecure_http: reader.flag("portkey.allow_insecure_http"),
        timeout: reader.time("portkey.timeout_ms"),
        connect_timeout: reader.time("portkey.connect_timeout_ms"),
        max_answer_bytes: reader.number("portkey.max_answer_bytes"),
        ..portkey::Settings::default()
    })
}

fn log_settings(reader: Reader<'_>) -> telemetry::Settings {
    telemetry::Settings {
        level: reader.word("log.level").to_ascii_lowercase(),
        format: if reader.is("log.format", "json") {
            telemetry::Format::Json
        } else {
            telemetry::Format::Text
        },
    }
}

fn sandbox_settings(reader: Reader<'_>, inputs: &Inputs) -> sandbox::Settings {
    let (seed, faults) = (reader.number("sandbox.seed"), inputs.faults.clone());
    sandbox::Settings { seed, faults, ..sandbox::Settings::default() }
}
