//! The rules that every tool keeps. One failure names every tool that breaks a rule.

use std::collections::{HashMap, HashSet};

use portkey_admin_mcp::{
    portkey::Base,
    tool::{Effect, Tool},
    tools::{Catalogue, DOMAINS},
};
use serde_json::{Value, json};

/// What tools and domains refer to is told by name in these prefixes.
const VERBS: &[&str] = &[
    "list_",
    "get_",
    "create_",
    "update_",
    "delete_",
    "publish_",
    "render_",
    "run_",
    "migrate_",
    "promote_",
    "reset_",
    "rotate_",
    "validate_",
    "invite_",
    "resend_",
    "add_",
    "remove_",
    "insert_",
    "start_",
    "cancel_",
    "download_",
    "replace_",
    "upsert_",
    "archive_",
    "check_",
    "disconnect_",
    "ping_",
    "register_",
    "sync_",
    "test_",
];

fn tools() -> impl Iterator<Item = &'static Tool> {
    DOMAINS.iter().flat_map(|(_, tools)| *tools)
}

/// Fails with the name of every tool for which `broken` says what is wrong.
fn for_every_tool(broken: impl Fn(&Tool, &Value) -> Option<String>) {
    let failures: Vec<_> = tools()
        .filter_map(|tool| {
            let definition = json!(tool.definition(tool.input().published));
            broken(tool, &definition).map(|why| format!("{}: {why}", tool.name))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn names_and_aliases_are_unique() {
    let mut seen = HashSet::new();
    let names =
        tools().flat_map(|tool| std::iter::once(tool.name).chain(tool.aliases.iter().copied()));
    let twice: Vec<_> = names.filter(|name| !seen.insert(*name)).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn the_first_tool_is_harmless_without_arguments() {
    let first = tools().next().unwrap();
    assert_eq!((first.name, first.effect), ("list_configs", Effect::Reads));
    assert!(first.input().published.get("required").is_none());
}

/// Clients stumble over references, unions and lists of types.
#[test]
fn schemas_are_portable_and_valid() {
    fn lint(schema: &Value, path: &str, output: bool) -> Option<String> {
        let object = schema.as_object()?;
        for keyword in [
            "$ref",
            "$defs",
            "anyOf",
            "oneOf",
            "allOf",
            "not",
            "if",
            "x-aliases",
            "x-hidden",
            "x-text",
            "x-line",
            "x-brief",
        ] {
            if object.contains_key(keyword) && !(output && keyword == "anyOf") {
                return Some(format!("{path} has `{keyword}`"));
            }
        }
        if object.get("type").is_some_and(Value::is_array) {
            return Some(format!("{path} has several types"));
        }
        let is_object = object.get("type") == Some(&json!("object"));
        if is_object && object.get("properties").and_then(Value::as_object).is_none() {
            return Some(format!("{path} has no `properties`"));
        }
        if is_object && !object.contains_key("additionalProperties") {
            return Some(format!("{path} does not say whether it is open"));
        }
        if is_object && object["properties"] == json!({}) && object["additionalProperties"] == true
        {
            return Some(format!("{path} is open and names nothing"));
        }
        let inner = object.get("properties").and_then(Value::as_object).into_iter().flatten();
        inner
            .map(|(name, schema)| (format!("{path}.{name}"), schema))
            .chain(object.get("items").map(|items| (format!("{path}[]"), items)))
            .find_map(|(path, schema)| lint(schema, &path, output))
    }
    for_every_tool(|tool, definition| {
        let input = &definition["inputSchema"];
        jsonschema::draft202012::new(&json!(tool.input().full))
            .err()
            .map(|error| error.to_string())
            .or_else(|| (input["type"] != "object").then(|| "the root is no object".into()))
            .or_else(|| lint(input, "input", false))
            .or_else(|| lint(definition.get("outputSchema")?, "output", true))
    });
}

/// rmcp compares arguments that headers repeat only where `ServerHandler::get_tool` gives it the
/// schema, and a call's arguments go past it: the first tool with such an argument needs both.
#[test]
fn no_argument_is_repeated_in_a_header() {
    for_every_tool(|tool, _| {
        let schema = json!(tool.input().full).to_string();
        schema.contains("x-mcp-header").then(|| "an argument has `x-mcp-header`".into())
    });
}

#[test]
fn path_fields_are_required_arguments() {
    for_every_tool(|tool, definition| {
        let (_, path) = tool.route()?;
        let required = definition["inputSchema"]["required"].as_array().cloned();
        path.split("{?")
            .next()?
            .split('/')
            .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
            .find(|field| !required.iter().flatten().any(|name| name == field))
            .map(|field| format!("`{field}` of {path} is not a required argument"))
    });
}

#[test]
fn texts_say_enough_and_not_too_much() {
    for_every_tool(|_, definition| {
        let about = definition["description"].as_str().unwrap();
        let length = about.chars().count();
        let properties = definition["inputSchema"]["properties"].as_object().unwrap();
        (!(20..=400).contains(&length)).then(|| format!("{length} characters")).or_else(|| {
            properties.iter().find_map(|(name, schema)| {
                let words = schema["description"].as_str()?.split_whitespace().count();
                (!(1..=20).contains(&words)).then(|| format!("`{name}` has {words} words"))
            })
        })
    });
}

#[test]
fn rows_carry_their_facts() {
    for_every_tool(|tool, _| {
        let verb = VERBS.iter().any(|verb| tool.name.starts_with(verb));
        let facts = [
            (!verb, "begins with no verb"),
            (!(3..=8).contains(&tool.intents.len()), "has to have 3 to 8 intents"),
            (
                tool.open_world
                    && tool.scopes.is_empty()
                    && !matches!(tool.base, Base::Root | Base::Prices),
                "names no scope",
            ),
            (
                tool.effect != Effect::Reads && tool.read_back.is_none(),
                "does not say how to read back",
            ),
            (
                tool.name.starts_with("delete_") && tool.effect != Effect::Destroys,
                "does not destroy",
            ),
        ];
        facts.iter().find(|(broken, _)| *broken).map(|(_, why)| (*why).to_owned())
    });
}

#[test]
fn scopes_and_tools_that_are_named_exist() {
    let names: HashSet<_> = tools().map(|tool| tool.name).collect();
    let scopes: HashSet<&str> = include_str!("scopes.txt").lines().collect();
    for_every_tool(|tool, _| {
        let named = tool.scopes.iter().chain(tool.read_scopes);
        let unknown = named.copied().find(|scope| !scopes.contains(scope));
        let lost = tool.read_back.filter(|other| !names.contains(other));
        unknown
            .map(|scope| format!("no scope `{scope}`"))
            .or(lost.map(|other| format!("no tool `{other}`")))
    });
}

/// What a text calls by the name of a tool is one: `list_…` above all, which yields ids.
#[test]
fn tools_that_texts_speak_of_exist() {
    fn texts<'a>(schema: &'a Value, found: &mut Vec<&'a str>) {
        match schema {
            Value::Object(fields) => {
                found.extend(fields.get("description").and_then(Value::as_str));
                found.extend(fields.get("x-brief").and_then(Value::as_str));
                fields.values().for_each(|value| texts(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| texts(value, found)),
            _ => {}
        }
    }
    let names: HashSet<_> = tools()
        .flat_map(|tool| std::iter::once(tool.name).chain(tool.aliases.iter().copied()))
        .collect();
    for_every_tool(|tool, definition| {
        let full = json!(tool.input().full);
        let fields: HashSet<_> =
            full["properties"].as_object().into_iter().flatten().map(|(name, _)| &**name).collect();
        let mut found = vec![definition["description"].as_str().unwrap()];
        texts(&full, &mut found);
        let words = found
            .iter()
            .flat_map(|text| text.split(|it: char| !it.is_ascii_alphanumeric() && it != '_'));
        let called = |word: &&str| {
            ["list_", "get_", "create_", "update_", "delete_"].iter().any(|it| word.starts_with(it))
                && word.len() > "delete_".len()
        };
        let lost = words.filter(called).find(|it| !names.contains(it) && !fields.contains(it));
        lost.map(|word| format!("speaks of `{word}`"))
    });
}

#[test]
fn one_intent_leads_to_one_tool() {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    let mut twice = Vec::new();
    for tool in tools() {
        for intent in tool.intents {
            if let Some(other) = seen.insert(intent, tool.name) {
                twice.push(format!("`{intent}` is of {other} and {}", tool.name));
            }
        }
    }
    assert!(twice.is_empty(), "{}", twice.join("\n"));
}

/// What one tool says of a document for another, too, is there to be read: in the same domain, since
/// a server may be narrowed to that.
#[test]
fn documents_that_are_told_elsewhere_are_told_there() {
    let mut told = 0;
    for (domain, tools) in DOMAINS {
        for tool in *tools {
            let full = json!(tool.input().full);
            for (name, property) in full["properties"].as_object().unwrap() {
                let Some(text) = property["x-brief"].as_str() else { continue };
                let Some((_, there)) = text.split_once("s in ") else { continue };
                let there = there.split(['.', ';']).next().unwrap();
                let other = tools.iter().find(|other| other.name == there);
                let shown = match other {
                    Some(other) => json!(other.input().published)["properties"][name].clone(),
                    None => json!(tool.input().published)["properties"][there].clone(),
                };
                let shown = shown.get("items").cloned().unwrap_or(shown);
                let is_whole = shown["enum"].is_array()
                    || shown["properties"].as_object().is_some_and(|fields| !fields.is_empty());
                assert!(is_whole, "`{name}` of {} is not told in {there} of {domain}", tool.name);
                told += 1;
            }
        }
    }
    assert!(told > 20, "{told}");
}

/// What a model sees, as last reviewed: rewritten with `UPDATE=1`.
#[test]
fn the_list_is_as_last_reviewed() {
    let catalogue = Catalogue::new(&[]).unwrap();
    let list: Vec<_> = catalogue.entries().iter().map(|entry| &entry.definition).collect();
    let text = serde_json::to_string_pretty(&list).unwrap() + "\n";
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/tools.json");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(file, &text).unwrap();
    }
    assert!(
        text == std::fs::read_to_string(file).unwrap(),
        "review the change, then run with UPDATE=1"
    );
}
