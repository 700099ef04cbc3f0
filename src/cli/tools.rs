//! `tools`: what there is.

use serde_json::{Value, json};

use super::{Failure, Output, upstream::configured};
use crate::{
    config::{self, Inputs, Purpose},
    tool::{Effect, JsonObject, Tool},
    tools::{Catalogue, Entry, REFUSED},
};

/// List the tools
///
/// Those of the domains in PORTKEY_TOOL_DOMAINS, or of all, unless --domain names others.
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
    let catalogue = if args.domain.is_empty() {
        let environment = config::environment();
        let inputs = Inputs { environment, purpose: Purpose::Show, ..Inputs::default() };
        let config = config::load(&inputs).config;
        let config = config.map_err(|problems| Failure::Usage(problems.to_string()))?;
        configured(&config)?
    } else {
        Catalogue::new(&args.domain).map_err(|error| Failure::Usage(error.to_string()))?
    };
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
        "any_scope": tool.any_scope,
        "read_scopes": tool.read_scopes,
        "enterprise": tool.enterprise,
        "secret_fields": tool.secrets,
        "shown_fields": tool.shown,
        "one_time_fields": tool.one_time,
        "intents": tool.intents,
        "aliases": tool.aliases,
        "argument_aliases": argument_aliases(tool),
        "open_world": tool.open_world,
        "listing": listing(tool),
        "replayable": tool.replayable,
        "read_back": tool.read_back,
        "document": tool.document,
        "annotations": definition.annotations,
        "input_schema": definition.input_schema,
        "output_schema": definition.output_schema,
    })
}

/// Where the rows of a list are and how it is paged; null of other tools.
fn listing(tool: &Tool) -> Option<Value> {
    tool.listing.map(|listing| {
        let pages = listing.pages.map(|pages| {
            json!({
                "number": pages.number,
                "size": pages.size,
                "first": pages.first,
                "if_asked": pages.if_asked,
            })
        });
        json!({ "rows": listing.rows, "pages": pages })
    })
}

/// Other names that are accepted for arguments, by the path of each, such as `filter.status`.
fn argument_aliases(tool: &Tool) -> JsonObject {
    let mut found = JsonObject::new();
    collect_aliases(&tool.input().full, "", &mut found);
    found
}

fn collect_aliases(schema: &JsonObject, path: &str, found: &mut JsonObject) {
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        if let Some(aliases) = property.get("x-aliases") {
            found.insert(path.clone(), aliases.clone());
        }
        for schema in [Some(property), property.get("items")].into_iter().flatten() {
            if let Value::Object(schema) = schema {
                collect_aliases(schema, &path, found);
            }
        }
    }
}
