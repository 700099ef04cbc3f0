//! A corpus of calls that holds every tool at least twice: with the least that it takes, and with
//! everything. `calls/<domain>.json` says what is given, what leaves for it and what comes back.
//!
//! Arguments are written by hand; `sends` and `answer` are rewritten with `UPDATE=1` and reviewed
//! as part of the change. Ids are literal: a sandbox is a function of its seed and of its end.

mod file;
mod normal;
mod rules;
mod run;

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::run::{CATALOGUE, sandbox, start, told};

/// One call of a tool, and what is known to come of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    pub tool: String,
    /// `least`, `all`, or `all: ` and how it differs from the other.
    pub call: String,
    /// The seeded key that it is made with.
    #[serde(default = "admin", skip_serializing_if = "is_admin")]
    pub key: String,
    /// What is called before, with the same key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Before>,
    pub args: Value,
    /// All requests, in order.
    #[serde(default)]
    pub sends: Vec<Sent>,
    /// The structured content.
    #[serde(default)]
    pub answer: Value,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Before {
    pub tool: String,
    pub args: Value,
}

/// One request, as it left.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// `METHOD /path`.
    pub line: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub query: String,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub body: Value,
}

fn admin() -> String {
    "admin".to_owned()
}

fn is_admin(key: &str) -> bool {
    key == "admin"
}

impl Call {
    /// How a failure names it.
    pub fn title(&self) -> String {
        format!("{} ({})", self.tool, self.call)
    }

    pub fn is_least(&self) -> bool {
        self.call == "least"
    }
}

impl Sent {
    fn is_read(&self) -> bool {
        self.line.starts_with("GET ")
    }
}

/// All calls of all domains.
pub fn corpus() -> Vec<Call> {
    by_domain().into_values().flatten().collect()
}

fn by_domain() -> BTreeMap<&'static str, Vec<Call>> {
    let domains = portkey_admin_mcp::tools::DOMAINS.iter();
    domains.map(|(domain, _)| (*domain, file::read(domain))).collect()
}

/// Runs every call on a sandbox of its own, and shows what is not as it was last reviewed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_sends_and_answers_what_was_last_reviewed() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut failures = Vec::new();
    for (domain, calls) in by_domain() {
        let again = stream::iter(calls.clone()).map(|call| tokio::spawn(run::again(call)));
        let again: Vec<_> = again.buffered(4).map(Result::unwrap).collect().await;
        let mut reviewed = Vec::new();
        for (old, new) in calls.into_iter().zip(again) {
            match new {
                Ok(new) if update => reviewed.push(new),
                Ok(new) => failures.extend(run::differs(&old, &new)),
                Err(why) => {
                    failures.push(format!("{}: {why}", old.title()));
                    reviewed.push(old);
                }
            }
        }
        if update {
            file::write(domain, &reviewed);
        }
    }
    let count = failures.len();
    assert!(failures.is_empty(), "{}\n{count} calls differ", failures.join("\n"));
}
