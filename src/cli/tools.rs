//! `tools`: what there is.

use serde_json::{Value, json};

use super::{Failure, Output};
use crate::{
    tool::Effect,
    tools::{Catalogue, Entry, REFUSED},
};

/// List the tools
#[derive(clap::Args)]
pub struct Args {
    /// Print whole rows as JSON, hidden aliases and refused names included
    #[arg(long)]
    json: bool,
    /// Only these domains, separated by commas
    #[arg(long, value_name = "DOMAIN", value_delimiter = ',')]
    domain: Vec<String>,
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let catalogue =
        Catalogue::new(&args.domain).map_err(|error| Failure::Usage(error.to_string()))?;
    if args.json {
        let tools: Vec<Value> = catalogue.entries().iter().map(row).collect();
        let refused: serde_json::Map<String, Value> =
            REFUSED.iter().map(|(name, instead)| ((*name).into(), (*instead).into())).collect();
        output.line(&format!("{:#}", json!({ "tools": tools, "refused": refused })));
        return Ok(());
    }
    let width = catalogue.entries().iter().map(|entry| entry.tool.name.len()).max().unwrap_or(0);
    let mut domain = "";
    for entry in catalogue.entries() {
        if entry.domain != domain {
            let gap = if domain.is_empty() { "" } else { "\n" };
            domain = entry.domain;
            output.line(&format!("{gap}{domain}"));
        }
        let effect = match entry.tool.effect {
            Effect::Reads => "reads",
            Effect::Adds => "adds",
            Effect::Replaces => "replaces",
            Effect::Destroys => "destroys",
        };
        let name = entry.tool.name;
        let about = entry.tool.description();
        let about = about.split_inclusive(['.', ':']).next().unwrap_or_default();
        output
            .line(&format!("  {name:width$}  {effect:8}  {}", about.trim_end_matches(['.', ':'])));
    }
    Ok(())
}

/// Everything that a row says, and its entry in `tools/list`.
fn row(entry: &Entry) -> Value {
    let Entry { tool, domain, definition, .. } = entry;
    let (method, path) = tool.route().map(|(method, path)| (method.as_str(), path)).unzip();
    json!({
        "name": tool.name,
        "title": tool.title(),
        "description": definition.description,
        "domain": domain,
        "method": method,
        "path": path,
        "effect": tool.effect,
        "scopes": tool.scopes,
        "enterprise": tool.enterprise,
        "secret_fields": tool.secrets,
        "one_time_fields": tool.one_time,
        "intents": tool.intents,
        "aliases": tool.aliases,
        "replayable": tool.replayable,
        "read_back": tool.read_back,
        "document": tool.document,
        "annotations": definition.annotations,
        "input_schema": definition.input_schema,
        "output_schema": definition.output_schema,
    })
}
