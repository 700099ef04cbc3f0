//! `docs/tools.md` is what the rows, the routes and the corpus of calls say; rewritten with
//! `UPDATE=1`. `docs/security.md` names tests that are there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
};

use portkey_admin_mcp::{
    tool::{Effect, Tool},
    tools::{DOMAINS, REFUSED},
};

use crate::{
    calls::corpus,
    routes::{ROUTES, Route},
};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tools.md");

const HEADING: &str = "# Tools

Written from the tools' own rows by a test (`UPDATE=1 cargo test --test it docs`), which also holds
this page to them. A scope is one of the Portkey key that the server uses; where several stand with
*or*, one is enough, and which one depends on what is asked for. Tools of *Enterprise* answer 403 on
other plans. A workflow sends one or several of its requests, or none at all. `PORTKEY_TOOL_DOMAINS` narrows a server to some of these domains.
";

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn count(what: &str, number: usize) -> String {
    format!("| {what} | {number} |\n")
}

fn counts() -> String {
    let tools: Vec<&Tool> = DOMAINS.iter().flat_map(|(_, tools)| *tools).collect();
    let told = ROUTES.iter().filter(|route| route.is_in_the_description()).count();
    let left_out = ROUTES.iter().filter(|route| route.why_left_out.is_some()).count();
    let several = tools.iter().filter(|tool| tool.route().is_none()).count();
    let aliases = tools.iter().map(|tool| tool.aliases.len()).sum();
    let mut table = String::from("\n| what | how many |\n|---|---|\n");
    table += &count("operations of the Admin API that are known", ROUTES.len());
    table += &count("— in Portkey's description of June 2026", told);
    table += &count("— known from elsewhere", ROUTES.len() - told);
    table += &count("— reached by a tool", ROUTES.len() - left_out);
    table += &count("— left out, with the reason below", left_out);
    table += &count("tools", tools.len());
    table += &count("— that are one request", tools.len() - several);
    table += &count("— that are workflows", several);
    table += &count("other names that are accepted for tools", aliases);
    table += &count("names that the API cannot serve, refused with a substitute", REFUSED.len());
    table
}

fn left_out() -> String {
    let mut table =
        String::from("\n## Left out\n\n| operation | known from | why |\n|---|---|---|\n");
    for Route { line, sources, why_left_out } in ROUTES.iter() {
        if let Some(why) = why_left_out {
            writeln!(table, "| `{line}` | {} | {} |", sources.join(", "), cell(why)).unwrap();
        }
    }
    table
}

/// What each workflow was seen to send.
fn seen() -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut seen: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    for call in corpus() {
        let routes = call.sends.iter().filter_map(|sent| Some(Route::of(&sent.line)?.line));
        seen.entry(call.tool.clone()).or_default().extend(routes);
    }
    seen
}

fn row(tool: &Tool, seen: &BTreeMap<String, BTreeSet<&'static str>>) -> String {
    let about = tool.description();
    let first = about.split_inclusive(". ").next().unwrap_or(&about).trim();
    let effect = match tool.effect {
        Effect::Reads => "reads",
        Effect::Adds => "adds",
        Effect::Replaces => "replaces",
        Effect::Destroys => "destroys",
    };
    let quoted = |names: &[&str], between: &str| {
        let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        names.join(between)
    };
    let mut scopes = quoted(tool.scopes, if tool.any_scope { " *or* " } else { ", " });
    if !tool.read_scopes.is_empty() {
        scopes = format!("({scopes}) and ({})", quoted(tool.read_scopes, " *or* "));
    }
    let enterprise = if tool.enterprise { "yes" } else { "" };
    let route = if let Some((method, path)) = tool.route() {
        let path = path.split(['?', '!']).next().unwrap_or(path).trim_end_matches('{');
        format!("`{} {path}`", method.as_str())
    } else {
        let sent = seen.get(tool.name).into_iter().flatten().copied().collect::<Vec<_>>();
        let sent = if sent.is_empty() { "none".to_owned() } else { quoted(&sent, ", ") };
        format!("workflow: {sent}")
    };
    let aliases = quoted(tool.aliases, ", ");
    let name = tool.name;
    let first = cell(first);
    format!("| `{name}` | {first} | {effect} | {scopes} | {enterprise} | {route} | {aliases} |\n")
}

#[test]
fn the_page_of_tools_is_what_the_rows_say() {
    let seen = seen();
    let mut page = HEADING.to_owned() + &counts();
    for (domain, tools) in DOMAINS {
        write!(
            page,
            "\n## {domain}\n\n| tool | what it does | effect | scopes | Enterprise | route | also \
             called |\n|---|---|---|---|---|---|---|\n"
        )
        .unwrap();
        tools.iter().for_each(|tool| page += &row(tool, &seen));
    }
    page += &left_out();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(FILE, &page).unwrap();
    }
    let written = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(written == page, "docs/tools.md is not current: run with UPDATE=1 and review");
}

/// Every Rust file under these directories, as one text.
fn sources(directories: &[&str]) -> String {
    fn collect(directory: &Path, text: &mut String) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, text);
            } else if path.extension().is_some_and(|it| it == "rs") {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut text = String::new();
    for directory in directories {
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(directory), &mut text);
    }
    text
}

#[test]
fn every_promise_of_security_is_held_by_a_test_that_is_there() {
    let text = include_str!("../../docs/security.md");
    let sources = sources(&["src", "tests"]);
    let named: Vec<_> =
        text.split('`').skip(1).step_by(2).filter(|it| it.matches('_').count() > 2).collect();
    assert!(named.len() > 35, "{}", named.len());
    let lost: Vec<_> = named.iter().filter(|it| !sources.contains(&format!("fn {it}("))).collect();
    assert!(lost.is_empty(), "{lost:#?}");
}
