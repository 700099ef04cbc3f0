//! The rules that the corpus keeps. One failure names every breach.

use std::collections::{BTreeMap, BTreeSet};

use portkey_admin_mcp::{portkey::Base, tool::Tool, tools::DOMAINS};
use serde_json::Value;

use super::{
    Call, by_domain, corpus, file,
    run::{CATALOGUE, start, told, without},
};

/// Names of the reference that are only taken to be answered with the right ones.
const UNKNOWN_TO_PORTKEY: &[(&str, &[&str])] = &[
    ("create_integration", &["api_version", "deployment_name", "resource_name"]),
    ("update_integration", &["api_version", "deployment_name", "resource_name"]),
];

fn calls_by_tool() -> BTreeMap<String, Vec<Call>> {
    let mut calls: BTreeMap<String, Vec<Call>> = BTreeMap::new();
    for call in corpus() {
        calls.entry(call.tool.clone()).or_default().push(call);
    }
    calls
}

/// Fails with all that `broken` says of the tools and their calls.
fn for_every_tool(broken: impl Fn(&Tool, &[Call]) -> Vec<String>) {
    let calls = calls_by_tool();
    let breaches: Vec<_> = CATALOGUE
        .entries()
        .iter()
        .flat_map(|entry| {
            let calls = calls.get(entry.tool.name).map(Vec::as_slice).unwrap_or_default();
            let of_tool = move |why| format!("{}: {why}", entry.tool.name);
            broken(entry.tool, calls).into_iter().map(of_tool)
        })
        .collect();
    assert!(breaches.is_empty(), "{}\n{} breaches", breaches.join("\n"), breaches.len());
}

#[test]
fn every_tool_is_called_with_the_least_and_with_all() {
    for_every_tool(|_, calls| {
        let count = |is: fn(&Call) -> bool| calls.iter().filter(|call| is(call)).count();
        let whole = |call: &Call| call.call == "all" || call.call.starts_with("all: ");
        let titles: BTreeSet<_> = calls.iter().map(|call| &call.call).collect();
        [
            (count(Call::is_least) != 1, "has to have one call `least`"),
            (count(whole) == 0, "has no call `all`"),
            (count(whole) + count(Call::is_least) != calls.len(), "has a call of another kind"),
            (titles.len() != calls.len(), "has two calls of one kind"),
        ]
        .into_iter()
        .filter(|(broken, _)| *broken)
        .map(|(_, why)| why.to_owned())
        .collect()
    });
}

#[test]
fn every_call_is_of_a_tool_of_its_domain() {
    let known: BTreeMap<_, _> = DOMAINS.iter().copied().collect();
    let lost: Vec<_> = by_domain()
        .into_iter()
        .flat_map(|(domain, calls)| calls.into_iter().map(move |call| (domain, call)))
        .filter(|(domain, call)| !known[domain].iter().any(|tool| tool.name == call.tool))
        .map(|(domain, call)| format!("{} in {domain}.json", call.title()))
        .collect();
    assert!(lost.is_empty(), "{}", lost.join("\n"));
    let files = std::fs::read_dir(file::FOLDER).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|it| it == "json"));
    let names: BTreeSet<_> =
        files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(names, known.into_keys().map(str::to_owned).collect());
}

#[test]
fn the_calls_with_all_give_every_argument() {
    for_every_tool(|tool, calls| {
        let given: BTreeSet<&String> = calls
            .iter()
            .filter(|call| !call.is_least())
            .flat_map(|call| call.args.as_object().unwrap().keys())
            .collect();
        let full = Value::from(tool.input().full);
        let known = full["properties"].as_object().unwrap().keys();
        let refused = |name: &str| {
            let of_tool = UNKNOWN_TO_PORTKEY.iter().find(|(it, _)| *it == tool.name);
            of_tool.is_some_and(|(_, names)| names.contains(&name))
        };
        let left_out = known.filter(|name| !given.contains(name) && !refused(name));
        left_out.map(|name| format!("no call gives `{name}`")).collect()
    });
}

#[test]
fn a_tool_of_one_request_sends_its_route_first() {
    for_every_tool(|tool, calls| {
        let Some((method, path)) = tool.route() else { return Vec::new() };
        let path = path.split("{?").next().unwrap_or_default();
        let fits = |line: &str| {
            let Some(sent) = line.strip_prefix(&format!("{} ", method.as_str())) else {
                return false;
            };
            let sent =
                ["/v1", "/v2"].iter().find_map(|base| sent.strip_prefix(base)).unwrap_or(sent);
            let (sent, path) = (sent.split('/'), path.split('/'));
            sent.clone().count() == path.clone().count()
                && sent.zip(path).all(|(sent, part)| part.starts_with('{') || sent == part)
        };
        calls
            .iter()
            .filter(|call| {
                // Where a family of routes lives is asked first.
                let asks = matches!(tool.base, Base::Disputed { .. }) && call.sends.len() == 2;
                let first = call.sends.get(usize::from(asks));
                call.sends.len() > 1 + usize::from(asks)
                    || !first.is_some_and(|sent| fits(&sent.line))
            })
            .map(|call| format!("`{}` sends {:?}", call.call, call.sends))
            .collect()
    });
}

/// An argument that the schema does not require may still be one that Portkey asks for, depending on
/// the rest or on the key.
#[tokio::test]
async fn nothing_can_be_left_out_of_the_least() {
    let mut breaches = Vec::new();
    for call in corpus().into_iter().filter(Call::is_least) {
        let required = required(&call.tool);
        for name in call.args.as_object().unwrap().keys() {
            let less = Call { args: without(&call.args, name), ..call.clone() };
            let served = start(&call.key).await;
            let called = told(&served, &less).await.unwrap();
            let kind = called.failed().then(|| called.error());
            let sent = served.sent_lines();
            let is_refused = kind.is_some_and(|error| {
                (error["kind"] == "invalid_arguments" && sent.is_empty())
                    || (error["status"] == 400 && !required.contains(name))
            });
            if !is_refused {
                breaches.push(format!("{} without `{name}`: {}", call.title(), called.answer.body));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[tokio::test]
async fn arguments_that_no_call_can_give_are_refused() {
    let served = start("admin").await;
    for call in corpus().into_iter().filter(Call::is_least) {
        let unknown = UNKNOWN_TO_PORTKEY.iter().filter(|(tool, _)| *tool == call.tool);
        for name in unknown.flat_map(|(_, names)| *names) {
            let mut args = call.args.clone();
            args[name] = "x".into();
            let error = served.refused(&call.tool, args).await;
            assert!(error["message"].as_str().unwrap().contains(name), "{name}: {error}");
        }
    }
}

fn required(tool: &str) -> BTreeSet<String> {
    let full = Value::from(CATALOGUE.get(tool).unwrap().tool.input().full);
    let names = full["required"].as_array().into_iter().flatten();
    names.map(|name| name.as_str().unwrap().to_owned()).collect()
}
