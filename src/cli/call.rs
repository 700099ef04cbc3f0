//! `call`: one tool from the shell.

use std::{io::Read, sync::Arc};

use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    Failure, Output,
    options::{Options, configure},
    upstream::Upstream,
};
use crate::{
    answer::visible,
    auth::{Decision, Method, Principal, decide},
    config::Purpose,
    near::near,
    surface::Surface,
    tool::{Call, Error, JsonObject, Recent},
    tools::{Catalogue, Entry, REFUSED},
};

/// Run one tool and print its answer as JSON
///
/// If the tool fails, exits with 1 and prints its error as one line of JSON on standard error, where
/// logs go too unless LOG_LEVEL is off.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  portkey-admin-mcp call list_configs --sandbox
  portkey-admin-mcp call get_config '{\"slug\":\"pc-abc123\"}'
  portkey-admin-mcp call create_config - < config.json
  LOG_LEVEL=off portkey-admin-mcp call list_configs 2>&1 >/dev/null | jq -r .error.remedy")]
pub struct Args {
    /// Name of the tool, as `tools` lists it
    tool: String,
    /// Arguments as a JSON object, or `-` to read them from standard input
    #[arg(default_value = "{}", value_name = "JSON|-")]
    arguments: String,
    #[command(flatten)]
    options: Options,
}

pub async fn run(args: Args, output: &mut Output) -> Result<(), Failure> {
    let config = configure(&args.options.inputs(Purpose::Client))?;
    let arguments = arguments(&args.arguments)?;
    let upstream = Upstream::connect(&config).await?;
    let portkey = upstream.portkey()?.clone();
    let principal = Principal::new(Method::Stdio, portkey.credential_name());
    let entry = find(&upstream.catalogue, &args.tool)?;
    let surface = Surface { read_only: config.mcp.read_only };
    if decide(&principal, &surface, entry.tool) != Decision::Visible {
        let message = format!("`{}` writes, and MCP_READ_ONLY is true", entry.tool.name);
        let error = Error::precondition(message, "unset MCP_READ_ONLY to allow writes");
        return Err(failed(&error, entry, &principal));
    }
    let principal = Arc::new(principal);
    let mut call = Call::new(
        Arc::clone(&principal),
        portkey,
        Recent::default(),
        Instant::now() + config.mcp.call_timeout,
        CancellationToken::new(),
        config.mcp.read_only,
    );
    match entry.call(&mut call, arguments).await {
        Ok(answer) => {
            output.line(&shown(&format!("{answer:#}")));
            Ok(())
        }
        Err(error) => Err(failed(&error, entry, &principal)),
    }
}

fn failed(error: &Error, entry: &Entry, principal: &Principal) -> Failure {
    Failure::Tool(shown(&error.report(entry.tool, principal).to_string()))
}

/// JSON in which nothing is hidden from whoever reads the terminal, and nothing commands it.
fn shown(json: &str) -> String {
    visible(json).into_owned()
}

fn arguments(text: &str) -> Result<JsonObject, Failure> {
    let mut read = String::new();
    let text = if text == "-" {
        std::io::stdin().read_to_string(&mut read).map_err(|error| {
            Failure::Usage(format!("standard input cannot be read as text ({error})"))
        })?;
        &read
    } else {
        text
    };
    match serde_json::from_str(text) {
        Ok(Value::Object(arguments)) => Ok(arguments),
        Ok(_) => Err(Failure::Usage("the arguments must be one JSON object, as in {}".into())),
        Err(error) => Err(Failure::Usage(format!("the arguments are not JSON: {error}"))),
    }
}

fn find<'a>(catalogue: &'a Catalogue, name: &str) -> Result<&'a Entry, Failure> {
    if let Some(entry) = catalogue.get(name) {
        return Ok(entry);
    }
    if let Some((_, instead)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return Err(Failure::Usage(format!("`{name}` cannot be served: {instead}")));
    }
    let hint = near(name, catalogue.entries().iter().map(|entry| entry.tool.name))
        .map(|known| format!("did you mean `{known}`? "))
        .unwrap_or_default();
    Err(Failure::Usage(format!("there is no tool `{name}`; {hint}see `portkey-admin-mcp tools`")))
}
