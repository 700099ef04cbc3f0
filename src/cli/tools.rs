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
        let title = entry.definition.title.as_deref().unwrap_or_default();
        output.line(format!("  {name:width$}  {effect:8}  {title}").trim_end());
    }
    Ok(())
}

fn row(entry: &Entry) -> Value {
    let mut row = json!({
        "domain": entry.domain,
        "effect": entry.tool.effect,
        "scopes": entry.tool.scopes,
        "enterprise": entry.tool.enterprise,
        "secret_fields": entry.tool.secrets,
        "one_time_fields": entry.tool.one_time,
        "intents": entry.tool.intents,
        "aliases": entry.tool.aliases,
        "replayable": entry.tool.replayable,
        "read_back": entry.tool.read_back,
    });
    if let (Some(row), Ok(Value::Object(definition))) =
        (row.as_object_mut(), serde_json::to_value(&entry.definition))
    {
        row.extend(definition);
    }
    row
}
