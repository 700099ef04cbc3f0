//! Every tool that changes a stored thing in place: what is sent back as it was shown changes
//! nothing, and a change changes what was asked for and nothing else in the whole account.

mod pair;
mod pairs;
mod stored;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use portkey_admin_mcp::{mask::SENTINEL, tool::Effect, tools::DOMAINS};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

use self::{
    pair::{Field, Pair},
    stored::Stored,
    values::CANARY,
};
use crate::support::{Called, Served, joined, serve, settings};

/// For each tool; a change and a round trip each.
const CASES: u32 = 12;
const VERBS: [&str; 3] = ["update_", "replace_", "upsert_"];

#[tokio::test]
async fn every_tool_that_changes_in_place_has_its_pair() {
    let served = serve(settings()).await;
    let there: BTreeSet<_> = pairs::of(&served).await.iter().map(|pair| pair.tool).collect();
    let tools = DOMAINS.iter().flat_map(|(_, tools)| *tools);
    let wanted = tools.filter(|tool| {
        tool.effect == Effect::Replaces && VERBS.iter().any(|verb| tool.name.starts_with(verb))
    });
    let missing: Vec<_> =
        wanted.map(|tool| tool.name).filter(|name| !there.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// A random choice of the fields, with values.
fn changes(fields: &[Field]) -> BoxedStrategy<BTreeMap<usize, Value>> {
    let count = fields.len();
    let values: Vec<_> = fields.iter().map(|field| field.values.clone()).collect();
    let chosen = prop::sample::subsequence((0..count).collect::<Vec<_>>(), 1..=count);
    (chosen, values)
        .prop_map(|(chosen, values)| {
            chosen.into_iter().map(|index| (index, values[index].clone())).collect()
        })
        .boxed()
}

fn tell(called: &Called) -> Result<(), TestCaseError> {
    prop_assert!(!called.failed(), "{}: {}", called.tool, called.text());
    prop_assert!(!called.wire().contains(CANARY), "{}: {}", called.tool, called.wire());
    Ok(())
}

/// Fails with the leaves that differ.
fn same(what: &str, before: &Stored, after: &Stored) -> Result<(), TestCaseError> {
    let patch = json_patch::diff(&before.0, &after.0);
    prop_assert!(patch.is_empty(), "{what}: {}", json!(patch));
    Ok(())
}

/// What a caller is told to do with what it was shown masked, where that cannot be sent back.
fn leave_out_masked(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(leave_out_masked),
        Value::Object(fields) => {
            fields.retain(|_, value| value != SENTINEL);
            fields.values_mut().for_each(leave_out_masked);
        }
        _ => {}
    }
}

/// Sends back what is shown.
async fn round_trip(served: &Served, pair: &Pair) -> Result<(), TestCaseError> {
    let Some((tool, args)) = &pair.read else { return Ok(()) };
    let got = served.call(tool, args.clone()).await;
    tell(&got)?;
    let before = Stored::of(&served.sandbox);
    let mut shown = (pair.echo)(got.data());
    if shown.is_null() {
        return Ok(());
    }
    let mut tools = DOMAINS.iter().flat_map(|(_, tools)| *tools);
    let document = tools.find(|tool| tool.name == pair.tool).and_then(|tool| tool.document);
    for (name, value) in shown.as_object_mut().unwrap() {
        if Some(name.as_str()) != document {
            leave_out_masked(value);
        }
    }
    let args = joined(pair.named.clone(), &shown);
    let told = served.call(pair.tool, args.clone()).await;
    tell(&told)?;
    same(
        &format!("{} with what was shown: {args}", pair.tool),
        &before,
        &Stored::of(&served.sandbox),
    )
}

/// Makes changes and looks at what is stored.
async fn write(
    served: &Served,
    pair: &Pair,
    changes: &BTreeMap<usize, Value>,
) -> Result<(), TestCaseError> {
    let mut wanted = Stored::of(&served.sandbox);
    let mut args = pair.named.clone();
    for (index, given) in changes {
        args = joined(args, given);
        (pair.fields[*index].keep)(&mut wanted.0[pair.row.0][&pair.row.1], given);
    }
    let told = served.call(pair.tool, args.clone()).await;
    tell(&told)?;
    same(&format!("{} {args}", pair.tool), &wanted, &Stored::of(&served.sandbox))
}

async fn change(
    served: &Served,
    pair: &Pair,
    changes: &BTreeMap<usize, Value>,
) -> Result<(), TestCaseError> {
    write(served, pair, changes).await?;
    let Some((tool, args)) = &pair.read else { return Ok(()) };
    let got = served.call(tool, args.clone()).await;
    tell(&got)?;
    for (index, given) in changes {
        let field = &pair.fields[*index];
        if !field.shown.is_empty() {
            let (name, value) = given.as_object().unwrap().iter().next().unwrap();
            prop_assert_eq!(got.data().pointer(&field.shown), Some(value), "{} {}", tool, name);
        }
    }
    Ok(())
}

#[test]
fn what_is_not_asked_for_stays_as_it_is_stored() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut served = runtime.block_on(serve(settings()));
    let pairs = runtime.block_on(pairs::of(&served));
    let mut failures = Vec::new();
    for pair in pairs {
        served = served.keyed(pair.key);
        let first = runtime.block_on(round_trip(&served, &pair));
        let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
        let outcome = first.map_err(|error| error.to_string()).and_then(|()| {
            let run = TestRunner::new(config).run(&changes(&pair.fields), |chosen| {
                runtime.block_on(async {
                    change(&served, &pair, &chosen).await?;
                    round_trip(&served, &pair).await
                })
            });
            run.map_err(|error| error.to_string())
        });
        failures.extend(outcome.err().map(|why| format!("{}: {why}", pair.tool)));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// Each change is built upon a read, if it is, that does not show the one before it yet.
#[tokio::test]
async fn no_change_undoes_the_one_before_it_where_reads_lag_behind() {
    let mut served = serve(settings()).await;
    let pairs = pairs::of(&served).await;
    served.sandbox.faults().stale_for_reads(1);
    let mut runner = TestRunner::deterministic();
    let mut failures = Vec::new();
    for pair in pairs {
        served = served.keyed(pair.key);
        // Each field twice, and beside each neighbour.
        let count = pair.fields.len();
        for index in (0..2 * count).map(|step| step / 2).chain(0..count) {
            let value = pair.fields[index].values.new_tree(&mut runner).unwrap().current();
            let outcome = write(&served, &pair, &BTreeMap::from([(index, value)])).await;
            if let Err(why) = outcome {
                failures.push(format!("{}: {why}", pair.tool));
                break;
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
