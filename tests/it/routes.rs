//! The routes of the Admin API: `routes.txt` says of each where it is told of and, where no tool
//! reaches it, why.
//!
//! A line is `METHOD /path | sources | why no tool reaches it`, names of path fields and the version
//! left out. `openapi` is Portkey's official description of June 2026 and stands alone; for what is
//! not in that, the sources are its edition of September 2026 (`openapi-2026-09`), Portkey's SDK,
//! documentation, changelog and Terraform provider, and the npm package that this server replaces
//! (`reference`).

use std::{collections::BTreeSet, sync::LazyLock};

use portkey_admin_mcp::tools::DOMAINS;
use serde_json::Value;

use crate::{
    calls::{Call, corpus},
    contract::{SKIPPED, description},
    support::{serve, settings},
};

/// One method and path.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// `METHOD /path`, with `{}` for each path field.
    pub line: &'static str,
    pub sources: Vec<&'static str>,
    /// Why no tool reaches it; absent where one does.
    pub why_left_out: Option<&'static str>,
}

/// All of them, sorted.
pub static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| {
    let lines = include_str!("routes.txt").lines();
    lines
        .map(|text| {
            let mut columns = text.split(" | ");
            let line = columns.next().unwrap();
            let sources = columns.next().unwrap_or_else(|| panic!("`{line}` names no source"));
            let why_left_out = columns.next();
            assert!(columns.next().is_none(), "`{line}` has more than three columns");
            Route { line, sources: sources.split(", ").collect(), why_left_out }
        })
        .collect()
});

impl Route {
    /// The route of a request, `METHOD /v1/path`: fixed segments are preferred to fields.
    pub fn of(request: &str) -> Option<&'static Self> {
        let request = request.replacen(" /v1/", " /", 1).replacen(" /v2/", " /", 1);
        let fitting = ROUTES.iter().filter(|route| route.fits(&request));
        fitting.min_by_key(|route| route.line.split('/').map(is_field).collect::<Vec<_>>())
    }

    fn fits(&self, request: &str) -> bool {
        let (parts, given) = (self.line.split('/'), request.split('/'));
        parts.clone().count() == given.clone().count()
            && parts.zip(given).all(|(part, given)| match part.split_once("{}") {
                None => part == given,
                Some((before, after)) => given
                    .strip_prefix(before)
                    .and_then(|rest| rest.strip_suffix(after))
                    .is_some_and(|value| !value.is_empty()),
            })
    }

    pub fn is_in_the_description(&self) -> bool {
        self.sources == ["openapi"]
    }
}

fn is_field(part: &str) -> bool {
    part.contains("{}")
}

/// A path without the names of its fields: `/configs/{}` for `/configs/{slug}`.
pub fn nameless(path: &str) -> String {
    let mut parts = path.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| {
        all + "{}" + part.split_once('}').map_or("", |(_, literal)| literal)
    })
}

#[test]
fn every_row_has_a_route_of_the_api() {
    let known: BTreeSet<_> = ROUTES.iter().map(|route| route.line).collect();
    let rows = DOMAINS.iter().flat_map(|(_, tools)| *tools);
    let unknown: Vec<_> = rows
        .filter_map(|tool| {
            let (method, path) = tool.route()?;
            let path = path.split("{?").next()?.split("{!").next()?;
            let route = format!("{} {}", method.as_str(), nameless(path));
            (!known.contains(&*route)).then(|| format!("{}: {route}", tool.name))
        })
        .collect();
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

#[test]
fn the_routes_are_sorted_and_name_known_sources() {
    const SOURCES: &[&str] =
        &["openapi-2026-09", "sdk", "docs", "changelog", "terraform", "reference"];
    assert!(ROUTES.iter().is_sorted_by(|one, other| one.line < other.line));
    for route in ROUTES.iter() {
        let known = route.sources.iter().all(|source| SOURCES.contains(source));
        assert!(route.is_in_the_description() || known, "{route:?}");
        assert!(route.why_left_out.is_none_or(|why| !why.is_empty()), "{route:?}");
    }
}

/// What tools reach is what the corpus saw them send, workflows among them.
#[test]
fn tools_reach_every_route_but_those_that_are_left_out() {
    let requests = corpus().into_iter().flat_map(|call| call.sends);
    let mut reached = BTreeSet::new();
    for request in requests {
        let route = Route::of(&request.line);
        reached.insert(route.unwrap_or_else(|| panic!("{} is no route", request.line)));
    }
    let wanted = ROUTES.iter().filter(|route| route.why_left_out.is_none()).collect();
    let missing: Vec<_> = reached.symmetric_difference(&wanted).collect();
    assert!(missing.is_empty(), "reached although left out, or not reached: {missing:#?}");
}

/// The argument of a call that filled the field of a route, and a word that the API has in the place
/// of that field in another route.
fn words_for_fields(call: &Call) -> Vec<(String, &'static str)> {
    let mut words = Vec::new();
    for sent in &call.sends {
        let route = Route::of(&sent.line).unwrap();
        let parts: Vec<_> = route.line.split('/').collect();
        let given: Vec<_> = sent.line.split('/').collect();
        // The version stands before the path.
        let given = [&given[..1], &given[2..]].concat();
        for (at, part) in parts.iter().enumerate().filter(|(_, part)| **part == "{}") {
            let prefix = parts[1..at].join("/");
            let siblings = ROUTES.iter().filter_map(|other| {
                let (_, path) = other.line.split_once('/')?;
                let word = path.strip_prefix(&*prefix)?.strip_prefix('/')?.split('/').next()?;
                (word != *part).then_some(word)
            });
            let args = call.args.as_object().unwrap().iter();
            let named = args.filter(|(_, value)| value.as_str() == Some(given[at]));
            for word in siblings.collect::<BTreeSet<_>>() {
                words.extend(named.clone().map(|(name, _)| (name.clone(), word)));
            }
        }
    }
    words
}

/// As an id, such a word would have a tool do another one's work.
#[tokio::test]
async fn no_argument_leads_to_the_route_of_another_tool() {
    // Each of these words is a dimension as well, and both routes tell the same of it.
    const SAME: &str = "get_analytics_group";
    let served = serve(settings()).await;
    let mut tried = BTreeSet::new();
    for call in corpus().into_iter().filter(|call| call.tool != SAME) {
        for (argument, word) in words_for_fields(&call) {
            let mut args = call.args.clone();
            args[&argument] = word.into();
            served.sent();
            let complaints = served.call(&call.tool, args).await.complaints();
            assert_eq!(complaints, [&*argument], "{} {argument} {word}", call.tool);
            assert_eq!(served.sent_lines(), [""; 0], "{} {argument} {word}", call.tool);
            tried.insert((call.tool.clone(), word));
        }
    }
    let words: BTreeSet<_> = tried.iter().map(|(_, word)| *word).collect();
    let wanted = ["exports", "field-restrictions", "invites", "partials", "rotate"];
    assert!(words.is_superset(&wanted.into()), "{words:?}");
    for tool in ["get_user", "delete_user", "get_log", "get_prompt", "publish_prompt"] {
        assert!(tried.iter().any(|(tried, _)| tried == tool), "{tool}");
    }
}

/// The project's own list of operations, where it lies beside the description.
#[test]
fn the_routes_agree_with_the_list_of_operations() {
    let Some(file) = description().map(|path| path.with_file_name("operations.json")) else {
        return println!("{SKIPPED}");
    };
    let Ok(text) = std::fs::read_to_string(&file) else {
        return println!("skipped: no {} is here", file.display());
    };
    let operations: Vec<Value> = serde_json::from_str(&text).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let told: BTreeSet<_> = operations
        .iter()
        .map(|it| {
            let line = format!("{} {}", text(&it["method"]), nameless(&text(&it["path"])));
            let sources = it["sources"].as_array().unwrap();
            let why = (it["expose"] != true).then(|| text(&it["why"]));
            (line, sources.contains(&"openapi".into()), why)
        })
        .collect();
    let listed = ROUTES.iter().map(|route| {
        let why = route.why_left_out.map(str::to_owned);
        (route.line.to_owned(), route.is_in_the_description(), why)
    });
    let differs: Vec<_> = told.symmetric_difference(&listed.collect()).cloned().collect();
    assert!(differs.is_empty(), "{differs:#?}");
}
