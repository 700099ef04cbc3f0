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
    secrets::Log,
    support::{Called, Served, portkey_at, settings},
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

    fn count(&self, place: usize) -> usize {
        self.planted[place].load(Ordering::Relaxed)
    }

    fn total(&self) -> usize {
        (0..PLACES.len()).map(|place| self.count(place)).sum()
    }

    async fn call(&self, call: &Call) -> Result<Called, String> {
        let sandbox = calls::sandbox().await;
        let between = self.serve(&sandbox).await;
        let portkey = portkey_at(between.base_url.clone(), &sandbox, &call.key);
        let endpoint = Endpoint::new(settings(), Arc::clone(&CATALOGUE), portkey);
        calls::told(&Served { endpoint, sandbox }, call).await
    }
}

#[tokio::test]
async fn no_call_lets_a_documented_secret_out() {
    let (log, _guard) = Log::begin();
    let (whole, cutting) = (Rewriter::new(false), Rewriter::new(true));
    let (mut leaks, mut shown) = (BTreeSet::new(), BTreeSet::new());
    let (mut refused, mut unread) = (Vec::new(), 0);
    for call in calls::corpus() {
        let before = whole.total();
        let called = whole.call(&call).await.unwrap();
        if called.failed() {
            refused.push(format!("{}: {}", call.title(), called.error()));
        }
        let one_time = CATALOGUE.get(&call.tool).unwrap().tool.one_time;
        for number in found(&called.wire()) {
            let place = &PLACES[number];
            if place.once && place.field.split('.').any(|name| one_time.contains(&name)) {
                shown.insert(number);
            } else {
                leaks.insert(format!("{} shows {place}", call.title()));
            }
        }
        // What an answer that cannot be read says is in no error either.
        if whole.total() > before {
            let error = match cutting.call(&call).await {
                Ok(called) => called.wire(),
                Err(before) => before,
            };
            unread += usize::from(error.contains("\"isError\":true"));
            let places = found(&error).into_iter().map(|number| &PLACES[number]);
            leaks.extend(places.map(|place| format!("{} fails with {place}", call.title())));
        }
    }
    let log = log.text();
    leaks.extend(found(&log).into_iter().map(|number| format!("{} is logged", PLACES[number])));
    let leaks: Vec<_> = leaks.into_iter().collect();
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
    assert!(log.contains("tool error"), "errors are logged: {log}");
    assert!(unread > 50, "only {unread} answers could not be read");
    for (number, place) in PLACES.iter().enumerate() {
        assert!(whole.count(number) > 0, "nothing asks for {place}");
        assert_eq!(shown.contains(&number), place.once, "{place} is shown one time");
    }
    // Where more secrets are stored than in the sandbox, a few changes would lose them.
    assert!(refused.len() < 5, "{}", refused.join("\n"));
    assert!(refused.iter().all(|why| why.contains("stored secret")), "{}", refused.join("\n"));
}

#[test]
fn the_places_are_of_operations_that_are_there() {
    let known: BTreeSet<_> = include_str!("routes.txt").lines().collect();
    let lost: BTreeSet<_> =
        PLACES.iter().map(|place| place.operation).filter(|it| !known.contains(it)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert!(PLACES.len() > 70, "{}", PLACES.len());
}
