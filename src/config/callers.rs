//! What must hold of `[auth]`: who may call, and what rules can ask of them.

use super::{Inputs, Purpose, access::Tables, check::fault, clerk, problem::Problem, read::Reader};
use crate::{
    auth::{self, Method},
    http,
};

/// Name of the bearer token that the environment gives.
const DEFAULT_TOKEN: &str = "default";

/// What callers show.
pub fn shown(reader: Reader<'_>, http: &http::Settings) -> auth::Shown {
    let certificate = asks_certificates(http);
    if reader.is("auth.mode", "clerk") {
        let constraints = clerk::constraints(reader);
        return auth::Shown { method: Method::Clerk, certificate, constraints };
    }
    let method = match certificate {
        _ if reader.is("auth.mode", "bearer") => Method::Bearer,
        true => Method::Certificate,
        false => Method::None,
    };
    auth::Shown { method, certificate, ..auth::Shown::default() }
}

/// Who may call; `None` where that was not safe, with the problem noted.
pub fn settings(
    reader: Reader<'_>,
    http: &http::Settings,
    tables: &Tables,
    shown: &auth::Shown,
    inputs: &Inputs,
    problems: &mut Vec<Problem>,
) -> Option<auth::Settings> {
    let for_bearer = [
        ("`auth.token` is set", reader.0.is_given("auth.token")),
        ("`[tokens]` are there", !tables.tokens.is_empty()),
    ];
    let unused = for_bearer.into_iter().find(|(_, given)| *given);
    if let Some((what, _)) = unused.filter(|_| inputs.purpose.admits())
        && shown.method != Method::Bearer
    {
        let remedy = format!("but {what}, which only `bearer` asks for: unset one of them");
        fault(reader, "auth.mode", &remedy, problems);
        return None;
    }
    let allow_unauthenticated_http = reader.flag("auth.allow_unauthenticated_http");
    let mode = match shown.method {
        // Nothing is verified here, and no secret needed.
        _ if inputs.purpose != Purpose::Serve => auth::Mode::None,
        Method::Bearer => auth::Mode::Bearer(tokens(reader, tables, problems)?),
        Method::Clerk => auth::Mode::Clerk(Box::new(clerk::settings(reader, http, problems)?)),
        Method::None | Method::Certificate | Method::Stdio => {
            let exposed = exposed(reader, http).filter(|_| !allow_unauthenticated_http);
            if let Some(why) = exposed {
                problems.push(Problem::new(format!(
                    "`auth.mode` is `none`, which is for this machine alone, but {why}: set \
                     MCP_AUTH_MODE=bearer with MCP_AUTH_TOKEN, or \
                     MCP_ALLOW_UNAUTHENTICATED_HTTP=true if something else guards the server"
                )));
                return None;
            }
            auth::Mode::None
        }
    };
    let access = access(reader, tables, shown, &mode, inputs, problems)?;
    Some(auth::Settings { mode, allow_unauthenticated_http, access })
}

/// What the rules say, and what Clerk's own constraints leave to them.
fn access(
    reader: Reader<'_>,
    tables: &Tables,
    shown: &auth::Shown,
    mode: &auth::Mode,
    inputs: &Inputs,
    problems: &mut Vec<Problem>,
) -> Option<auth::Access> {
    let names: Vec<&str> = match mode {
        auth::Mode::Bearer(tokens) => tokens.names().collect(),
        // The environment's may be elsewhere.
        auth::Mode::None | auth::Mode::Clerk(_) => {
            tables.tokens.iter().map(|(name, _)| &**name).chain([DEFAULT_TOKEN]).collect()
        }
    };
    let mut shown = inputs.purpose.admits().then_some(shown);
    if shown.is_some_and(|it| it.method == Method::None) && !tables.rules.is_empty() {
        problems.push(Problem::new(
            "`[[rules]]` are there, but with `auth.mode` `none` nobody shows who they are, and no \
             rule would match: set MCP_AUTH_MODE, or MCP_TLS_CLIENT_CA_PATH for certificates",
        ));
        shown = None;
    }
    let access = tables.access(&names, shown, problems);
    if shown.is_some_and(|it| it.method == Method::Clerk) {
        clerk::needs_an_organisation(reader, problems);
    }
    if matches!(mode, auth::Mode::Clerk(_)) && access.is_uniform() && !clerk::is_constrained(reader)
    {
        problems.push(Problem::new(clerk::ANYONE));
        return None;
    }
    Some(access)
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
            Ok(token) => {
                if let Some((name, _)) = tokens.iter().find(|(_, known)| *known == token) {
                    fault(reader, "auth.token", &auth::Bearer::same_as(name), problems);
                    return None;
                }
                tokens.push((DEFAULT_TOKEN.to_owned(), token));
            }
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
