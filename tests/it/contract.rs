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
mod schema;

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    path::PathBuf,
};

use futures_util::{StreamExt, stream};
use portkey_admin_mcp::sandbox::Received;

use self::{description::Description, known::Known};
use crate::{
    calls::{self, Call, corpus},
    routes::{ROUTES, Route},
    support::line,
};

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

fn read() -> Option<Description> {
    let read = description().map(|path| Description::read(&path));
    if read.is_none() {
        println!("skipped: no description of the API is here, and PORTKEY_OPENAPI names none");
    }
    read
}

#[test]
fn the_routes_say_what_the_description_holds() {
    let Some(description) = read() else { return };
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tools_and_the_sandbox_keep_to_the_description() {
    let Some(description) = read() else { return };
    let calls = stream::iter(corpus()).map(|call| async {
        let tool = call.tool.clone();
        (tool, tokio::spawn(exchanged(call)).await.unwrap())
    });
    let calls: Vec<_> = calls.buffered(4).collect().await;

    let (mut found, mut checked) = (BTreeMap::new(), BTreeSet::new());
    for (tool, exchanges) in &calls {
        for exchange in exchanges {
            let line = line(exchange);
            let route = Route::of(&line).unwrap_or_else(|| panic!("{tool} sends {line}"));
            if let Some(operation) = description.operation(route.line) {
                checked.insert(route.line);
                for (divergence, words) in check::divergences(operation, exchange) {
                    found.entry((route.line, divergence)).or_insert((tool, words));
                }
            }
        }
    }
    let is_wanted = |route: &&Route| route.is_in_the_description() && route.why_left_out.is_none();
    let wanted: BTreeSet<_> = ROUTES.iter().filter(is_wanted).map(|route| route.line).collect();
    assert_eq!(checked, wanted);

    let known = Known::read();
    let stale = known.stale(found.keys().map(|(line, it)| (*line, it)));
    let new: Vec<_> = found
        .iter()
        .filter(|((line, it), _)| !known.explains(line, it))
        .map(|((line, it), (tool, words))| format!("{line} {it}, by {tool}: {words}"))
        .collect();
    println!("{} divergences, {} of them known", found.len(), found.len() - new.len());
    assert!(
        new.is_empty() && stale.is_empty(),
        "not as described:\n{}\nknown to differ, but found no more:\n{}",
        new.join("\n"),
        stale.join("\n"),
    );
}
