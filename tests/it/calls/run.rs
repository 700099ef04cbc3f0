//! Makes a call of the corpus and tells what came of it.

use std::sync::{Arc, LazyLock};

use portkey_admin_mcp::{
    mcp::Endpoint,
    sandbox::{self, Received, Sandbox},
    tools::Catalogue,
};
use serde_json::Value;

use super::{
    Call, Sent,
    normal::{self, END, Varying},
};
use crate::support::{Called, Served, line, portkey_of, settings};

/// Compiling it takes longer than a call.
pub static CATALOGUE: LazyLock<Arc<Catalogue>> =
    LazyLock::new(|| Arc::new(Catalogue::new(&[]).unwrap()));

/// The sandbox that the ids of the corpus are of.
pub async fn sandbox() -> Sandbox {
    let settings = sandbox::Settings { end: Some(*END), ..sandbox::Settings::default() };
    Sandbox::start(settings).await.unwrap()
}

/// The same, behind an endpoint with this key.
pub async fn start(key: &str) -> Served {
    let sandbox = sandbox().await;
    let portkey = portkey_of(&sandbox, key);
    let endpoint = Endpoint::new(settings(), Arc::clone(&CATALOGUE), portkey);
    Served { endpoint, sandbox }
}

/// Makes the calls that come before, and then this one; what it sent is left to be asked for.
///
/// # Errors
/// When a call before it fails.
pub async fn told(served: &Served, call: &Call) -> Result<Called, String> {
    for before in &call.before {
        let called = served.call(&before.tool, before.args.clone()).await;
        if called.failed() {
            return Err(format!("before it, {}", called.answer.body));
        }
    }
    served.sent();
    Ok(served.call(&call.tool, call.args.clone()).await)
}

/// The call with what came of it this time.
pub async fn again(call: Call) -> Result<Call, String> {
    let served = start(&call.key).await;
    let called = told(&served, &call).await?;
    if called.failed() || !called.answer.body["result"].is_object() {
        return Err(format!("failed with {}", called.answer.body));
    }
    let base = served.sandbox.base_url();
    let host = base.as_str().trim_end_matches("/v1");
    let row = CATALOGUE.get(&call.tool);
    let varying = Varying { once: row.map_or(&[], |row| row.tool.one_time), host };
    let mut answer = called.data().clone();
    varying.settle(&mut answer);
    let mut sends: Vec<_> = served.sent().iter().map(|request| sent(request, &varying)).collect();
    if row.is_none_or(|row| row.tool.route().is_none()) {
        // What a workflow reads it may ask for at the same time.
        for reads in sends.chunk_by_mut(|one, other| one.is_read() && other.is_read()) {
            reads.sort_by(|one, other| (&one.line, &one.query).cmp(&(&other.line, &other.query)));
        }
    }
    Ok(Call { sends, answer: normal::short(&answer), ..call })
}

fn sent(request: &Received, varying: &Varying<'_>) -> Sent {
    let mut body = request.json();
    assert!(request.body.is_empty() != body.is_object() || body.is_array(), "{request:?}");
    varying.settle(&mut body);
    Sent { line: line(request), query: normal::query(&request.query), body: normal::short(&body) }
}

/// What is not as before, where something is.
pub fn differs(old: &Call, new: &Call) -> Option<String> {
    let show = |call: &Call| {
        let sends: Vec<_> =
            call.sends.iter().map(|sent| serde_json::to_string(sent).unwrap()).collect();
        format!("  sends {}\n  answer {}", sends.join("\n        "), call.answer)
    };
    let same = old.sends == new.sends && old.answer == new.answer;
    (!same)
        .then(|| format!("{}, as reviewed:\n{}\nand now:\n{}", old.title(), show(old), show(new)))
}

/// The arguments without one of them.
pub fn without(args: &Value, name: &str) -> Value {
    let mut args = args.clone();
    args.as_object_mut().unwrap().shift_remove(name);
    args
}
