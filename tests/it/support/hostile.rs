//! Documents with all that JSON allows: hostile names and text, secrets in secret places.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// How deep a document may be: the message that carries it has three levels more.
pub const DEEPEST: usize = 61;

/// Fields whose text is secret, and fields of which everything inside is.
const SECRETS: [&str; 5] = ["api_key", "Authorization", "openai_api_key", "token", "clientSecret"];
const SECRET_INSIDE: [&str; 3] = ["headers", "customHeaders", "credentials"];

/// Names of fields: secret ones, hosts, and ones that paths, pointers or prototypes trip over.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => prop::sample::select(SECRETS.to_vec()).prop_map(str::to_owned),
        1 => prop::sample::select(SECRET_INSIDE.to_vec()).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["custom_host", "base_url", "url", "host"]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["", ".", "a.b", "x[0]", "/", "~1", "$ref", "__proto__", "config", "slug", "null"])
            .prop_map(str::to_owned),
        2 => "[a-d]{1,2}",
        1 => "\\PC{1,4}",
    ]
}

/// Text, some of it hostile, some of it with a canary where secrets stand in URLs.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "\\PC{0,8}",
        "[\u{0}-\u{1f}\u{7f}-\u{9f}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{e0041}-\u{e0045}\"\\\\]{0,6}",
        "https://[a-z]{1,3}:canary[0-9]@h\\.example/p\\?token=canary[0-9]&q=1(#f)?",
    ]
    .prop_filter("a mask is another test", |text| !text.contains("***"))
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..5).prop_map(Value::from_iter),
        ]
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Open,
    Secret,
    SecretInside,
}

/// Marks every text in a secret place with a canary.
fn plant(value: &mut Value, place: Place) {
    match value {
        Value::String(text) if place != Place::Open => text.insert_str(0, "canary"),
        Value::Array(items) => items.iter_mut().for_each(|item| plant(item, place)),
        Value::Object(fields) => {
            for (name, inner) in fields.iter_mut() {
                let own = match &**name {
                    name if SECRETS.contains(&name) => Place::Secret,
                    name if SECRET_INSIDE.contains(&name) => Place::SecretInside,
                    _ => Place::Open,
                };
                let inherited = place == Place::SecretInside;
                plant(inner, if inherited { place } else { own });
            }
        }
        _ => {}
    }
}

/// A config's document that creation takes: known keys of the right type, everything else beside them.
pub fn document() -> impl Strategy<Value = Value> {
    let object = || prop::collection::vec((name(), value()), 0..4).prop_map(Map::from_iter);
    let target = (object(), 0.0..10.0).prop_map(|(mut target, weight): (Map<_, _>, f64)| {
        target.insert("weight".into(), weight.into());
        Value::Object(target)
    });
    let targets = prop::collection::vec(target, 0..4);
    (object(), targets, 0..DEEPEST - 1).prop_map(
        |(mut document, targets, depth): (Map<_, _>, Vec<_>, _)| {
            document.insert("targets".into(), targets.into());
            let deep = (0..depth).fold(json!("deepest"), |inner, level| {
                if level % 2 == 0 { json!({ "api_key": inner }) } else { json!([inner]) }
            });
            document.insert("deep".into(), deep);
            let mut document = Value::Object(document);
            plant(&mut document, Place::Open);
            document
        },
    )
}
