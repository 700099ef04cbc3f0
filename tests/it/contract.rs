//! What tools send and what the sandbox answers, held to Portkey's official description where that
//! is present: `../shared/portkey/openapi.yaml` beside the checkout, or the file that
//! `PORTKEY_OPENAPI` names.
//!
//! `contract/known.toml` holds what the description says otherwise than the live service, each with
//! its reason.

mod check;
mod description;
mod divergence;
mod known;
mod refusals;
mod schema;
mod tests;

use std::{collections::BTreeMap, env, fs, path::PathBuf, sync::LazyLock};

use futures_util::{StreamExt, stream};
use portkey_admin_mcp::sandbox::Received;

use self::{
    description::Description,
    known::{KNOWN, Known},
    refusals::refused,
};
use crate::{
    calls::{self, Call, corpus},
    routes::{ROUTES, Route},
    support::line,
};

pub const SKIPPED: &str =
    "skipped: no description of the API is here, and PORTKEY_OPENAPI names none";

/// The file of the description, where there is one.
pub fn description() -> Option<PathBuf> {
    if let Some(named) = env::var_os("PORTKEY_OPENAPI") {
        let named = PathBuf::from(named);
        assert!(named.is_file(), "PORTKEY_OPENAPI names {}, which is no file", named.display());
        return Some(named);
    }
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/portkey/openapi.yaml");
    Some(PathBuf::from(beside)).filter(|path| path.is_file())
}

fn read() -> Option<&'static Description> {
    static READ: LazyLock<Option<Description>> = LazyLock::new(|| {
        let text = description().map(|path| fs::read_to_string(path).unwrap());
        text.map(|text| Description::new(&text))
    });
    READ.as_ref()
}

#[test]
fn the_routes_say_what_the_description_holds() {
    let Some(description) = read() else { return println!("{SKIPPED}") };
    let wrong: Vec<_> = ROUTES
        .iter()
        .filter(|route| route.is_in_the_description() != description.holds(route.line))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// All that a call of the corpus sent, those before it included, with the answers.
async fn exchanged(call: Call) -> Vec<Received> {
    let served = calls::start(&call.key).await;
    for before in &call.before {
        served.call(&before.tool, before.args.clone()).await.data();
    }
    served.call(&call.tool, call.args.clone()).await.data();
    served.sent()
}

fn route(exchange: &Received) -> &'static str {
    let line = line(exchange);
    Route::of(&line).unwrap_or_else(|| panic!("{line} is no route")).line
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tools_and_the_sandbox_keep_to_the_description() {
    let Some(description) = read() else { return println!("{SKIPPED}") };
    let calls = stream::iter(corpus()).map(|call| async {
        let tool = call.tool.clone();
        (tool, tokio::spawn(exchanged(call)).await.unwrap())
    });
    let calls: Vec<_> = calls.buffered(4).collect().await;

    let mut found = BTreeMap::new();
    let mut by_route: BTreeMap<&str, Vec<&Received>> = BTreeMap::new();
    for (tool, exchanges) in &calls {
        for exchange in exchanges {
            let route = route(exchange);
            let Some(operation) = description.operation(route) else { continue };
            by_route.entry(route).or_default().push(exchange);
            for (divergence, words) in check::divergences(operation, exchange) {
                found.entry((route, divergence)).or_insert(format!("{tool}: {words}"));
            }
        }
    }
    let is_wanted = |route: &&Route| route.is_in_the_description() && route.why_left_out.is_none();
    let wanted: Vec<_> = ROUTES.iter().filter(is_wanted).map(|route| route.line).collect();
    assert_eq!(by_route.keys().copied().collect::<Vec<_>>(), wanted);
    for (route, exchanges) in &by_route {
        let operation = description.operation(route).unwrap();
        for divergence in check::unused(operation, exchanges.iter().copied()) {
            found.entry((route, divergence)).or_insert("all tools".to_owned());
        }
    }

    let refused = refused(by_route.values().map(|exchanges| exchanges[0])).await;
    assert!(refused.len() > 2 * wanted.len(), "only {} were refused", refused.len());
    for exchange in &refused {
        let route = route(exchange);
        let operation = description.operation(route).unwrap();
        for (divergence, words) in check::answered(operation, exchange) {
            found.entry((route, divergence)).or_insert(format!("a refusal: {words}"));
        }
    }

    let known = Known::new(KNOWN);
    let stale = known.stale(found.keys().map(|(line, it)| (*line, it)));
    let new: Vec<_> = found
        .iter()
        .filter(|((line, it), _)| !known.explains(line, it))
        .map(|((line, it), words)| format!("{line} {it}, by {words}"))
        .collect();
    println!("{} divergences, {} of them known", found.len(), found.len() - new.len());
    assert!(
        new.is_empty() && stale.is_empty(),
        "not as described:\n{}\nknown to differ, but found no more:\n{}",
        new.join("\n"),
        stale.join("\n"),
    );
}
