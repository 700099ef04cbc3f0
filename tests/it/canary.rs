//! With a canary wherever the API is known to answer with a secret, none comes out of any call of
//! the corpus: not in a result or error, not in a log line. A secret that is shown one time is in
//! the one result that is for it.

mod places;
mod rewriter;

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use portkey_admin_mcp::mcp::Endpoint;

use self::{
    places::PLACES,
    rewriter::{CANARY, Rewriter},
};
use crate::{
    calls::{self, CATALOGUE, Call},
    routes::{ROUTES, Route},
    secrets::Log,
    support::{CREDENTIAL, Called, Served, portkey_at, settings},
};

/// The numbers of the places whose canaries are in a text.
fn found(text: &str) -> BTreeSet<usize> {
    let numbers = text.split(CANARY).skip(1).map(|rest| {
        let digits = rest.trim_start_matches('-').split('-').next().unwrap_or_default();
        digits.parse().unwrap_or_else(|_| panic!("a piece of a canary in {text}"))
    });
    numbers.collect()
}

impl Rewriter {
    fn new(cuts: bool) -> Self {
        // reqwest wants a provider, even in clear; an error says that one is installed already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { http, planted: Arc::new(PLACES.iter().map(|_| AtomicUsize::new(0)).collect()), cuts }
    }

    async fn call(&self, call: &Call) -> Result<Called, String> {
        let sandbox = calls::sandbox().await;
        let between = self.serve(&sandbox).await;
        let portkey = portkey_at(between.base_url.clone(), &sandbox, &call.key, CREDENTIAL);
        let endpoint = Endpoint::new(settings(), Arc::clone(&CATALOGUE), portkey);
        calls::told(&Served { endpoint, sandbox }, call).await
    }
}

/// The calls that get an answer with canaries.
fn calls_with_canaries() -> Vec<Call> {
    let mut calls = calls::corpus();
    calls.retain(|call| {
        call.sends
            .iter()
            .filter_map(|sent| Route::of(&sent.line))
            .any(|route| PLACES.iter().any(|place| place.operation == route.line))
    });
    calls
}

/// What a text tells that it must not, said as `how`.
fn leaks(text: &str, how: &str) -> Vec<String> {
    found(text).into_iter().map(|number| format!("{how} {}", PLACES[number])).collect()
}

#[tokio::test]
async fn no_call_lets_a_documented_secret_out() {
    let (log, _guard) = Log::begin();
    let rewriter = Rewriter::new(false);
    let (mut told, mut shown, mut refused) = (Vec::new(), BTreeSet::new(), Vec::new());
    for call in calls_with_canaries() {
        let called = rewriter.call(&call).await.unwrap();
        if called.failed() {
            refused.push(format!("{}: {}", call.title(), called.error()));
        }
        let one_time = CATALOGUE.get(&call.tool).unwrap().tool.one_time;
        for number in found(&called.wire()) {
            let place = &PLACES[number];
            if place.once && place.field.split('.').any(|name| one_time.contains(&name)) {
                shown.insert(number);
            } else {
                told.push(format!("{} shows {place}", call.title()));
            }
        }
    }
    let log = log.text();
    told.extend(leaks(&log, "a log line has"));
    assert!(told.is_empty(), "{}", told.join("\n"));
    assert!(log.contains("tool error"), "errors are logged: {log}");
    for (number, place) in PLACES.iter().enumerate() {
        let count = rewriter.planted[number].load(Ordering::Relaxed);
        assert!(count > 0, "nothing asks for {place}");
        assert_eq!(shown.contains(&number), place.once, "{place} is shown one time");
    }
    // Where more secrets are stored than in the sandbox, a few changes would lose them.
    assert!(refused.len() < 5, "{}", refused.join("\n"));
    assert!(refused.iter().all(|why| why.contains("stored secret")), "{}", refused.join("\n"));
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_tells_none_of_its_secrets() {
    let (log, _guard) = Log::begin();
    let rewriter = Rewriter::new(true);
    let (mut told, mut failed) = (Vec::new(), 0);
    for call in calls_with_canaries() {
        let error = match rewriter.call(&call).await {
            Ok(called) => called.wire(),
            Err(before) => before,
        };
        failed += usize::from(error.contains("\"isError\":true"));
        told.extend(leaks(&error, &format!("{} fails with", call.title())));
    }
    told.extend(leaks(&log.text(), "a log line has"));
    assert!(told.is_empty(), "{}", told.join("\n"));
    assert!(failed > 50, "only {failed} answers could not be read");
}

#[test]
fn the_places_are_of_operations_that_are_there() {
    let known: BTreeSet<_> = ROUTES.iter().map(|route| route.line).collect();
    let lost: BTreeSet<_> =
        PLACES.iter().map(|place| place.operation).filter(|it| !known.contains(it)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert!(PLACES.len() > 70, "{}", PLACES.len());
}
