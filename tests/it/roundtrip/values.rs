//! Values that a field takes, hostile ones among them.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

pub type Values = BoxedStrategy<Value>;

/// Stands in every secret; no answer may show it.
pub const CANARY: &str = "canary";

/// Text with what breaks carriers: control characters, bidi marks, quotes, letters of four bytes.
pub fn text() -> BoxedStrategy<String> {
    prop_oneof![
        any::<String>(),
        "\\PC{1,8}",
        "[\u{0}-\u{1f}\u{7f}-\u{9f}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{e0041}-\u{e0045}\"\\\\]{0,6}",
        "[😀-😏]{1,9}",
        Just("long 'ß\" ".repeat(27)),
        prop::sample::select(vec!["null", "true", "1.0", "{}", "[]", "{{>x}}", "${x}", "</script>"])
            .prop_map(str::to_owned),
    ]
    // A name of blanks is none, and a mask is another test.
    .prop_filter("is a name", |it| !it.trim().is_empty() && !it.contains("***"))
    .prop_map(|it| it.chars().take(240).collect())
    .boxed()
}

/// Text of one line, as names have to be: whatever is left of hostile text without what is refused.
pub fn line() -> BoxedStrategy<String> {
    let refused = |it: &char| {
        it.is_control() || matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text()
        .prop_map(move |text| {
            format!("n{}", text.chars().filter(|it| !refused(it)).collect::<String>())
        })
        .boxed()
}

pub fn value_line() -> Values {
    line().prop_map(Value::from).boxed()
}

pub fn value_text() -> Values {
    text().prop_map(Value::from).boxed()
}

pub fn one_of(values: &[&str]) -> Values {
    let values: Vec<Value> = values.iter().map(|it| json!(it)).collect();
    prop::sample::select(values).boxed()
}

pub fn flag() -> Values {
    any::<bool>().prop_map(Value::from).boxed()
}

pub fn list(item: Values, least: usize) -> Values {
    prop::collection::vec(item, least..4).prop_map(Value::from).boxed()
}

pub fn at_most_one(item: Values) -> Values {
    prop::collection::vec(item, 0..=1).prop_map(Value::from).boxed()
}

/// Objects of which no two have the same value in this field.
pub fn unlike(item: Values, field: &'static str) -> Values {
    prop::collection::vec(item, 1..4)
        .prop_map(move |mut items: Vec<Value>| {
            let mut seen = Vec::new();
            items.retain(|item| {
                let new = !seen.contains(&item[field]);
                seen.push(item[field].clone());
                new
            });
            Value::from(items)
        })
        .boxed()
}

/// Some of these, each once.
pub fn some_of(values: &[String], least: usize) -> Values {
    prop::sample::subsequence(values.to_vec(), least..=values.len()).prop_map(Value::from).boxed()
}

/// An object of all these.
pub fn all(fields: Vec<(&'static str, Values)>) -> Values {
    let (names, values): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
    values
        .prop_map(move |values| {
            Value::Object(names.iter().map(|it| (*it).to_owned()).zip(values).collect())
        })
        .boxed()
}

pub fn number(least: u32, most: u32) -> Values {
    (least..=most).prop_map(Value::from).boxed()
}

pub fn date() -> Values {
    prop::sample::select(vec![json!("2091-02-03T04:05:06.000Z"), json!("2099-12-31T00:00:00Z")])
        .boxed()
}

/// Names with text values.
pub fn tags() -> Values {
    prop::collection::btree_map("[a-c]{1,2}", value_text(), 0..4)
        .prop_map(|it| Value::Object(it.into_iter().collect()))
        .boxed()
}

pub fn canary() -> Values {
    "[a-z]{6}".prop_map(|it| format!("{CANARY}-{it}").into()).boxed()
}

/// Headers of which none is shown.
pub fn headers() -> Values {
    prop::collection::btree_map("x-[a-c]", canary(), 1..3)
        .prop_map(|it| Value::Object(it.into_iter().collect()))
        .boxed()
}

fn leaf() -> Values {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        value_text(),
    ]
    .boxed()
}

/// A document that merges as one would think: no null, no host, no secret inside a list.
pub fn document() -> Values {
    let inner = leaf().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec(("[a-d]{1,2}", inner), 0..3).prop_map(Value::from_iter),
        ]
    });
    let open = prop::collection::vec(("[a-d]{1,2}|\\PC{3}", inner), 0..4);
    (open, prop::option::of(canary()), prop::option::of(headers()))
        .prop_map(|(open, key, headers)| {
            let mut document: Map<String, Value> = open.into_iter().collect();
            document.extend(key.map(|key| ("api_key".to_owned(), key)));
            document.extend(headers.map(|it| ("headers".to_owned(), it)));
            document.into()
        })
        .boxed()
}

/// A budget that says all there is to say.
pub fn budget() -> Values {
    let reset = prop_oneof![
        one_of(&["weekly", "monthly"]).prop_map(|it| json!({ "periodic_reset": it })),
        (1_u16..=365).prop_map(|it| json!({ "periodic_reset_days": it })),
    ];
    let number =
        || prop_oneof![number(1, 900), (1..900).prop_map(|it| json!(f64::from(it) + 0.25))];
    (one_of(&["cost", "tokens"]), number(), number(), reset)
        .prop_map(|(kind, alert, more, reset)| {
            let limit = alert.as_f64().unwrap() + more.as_f64().unwrap();
            let mut budget = reset;
            budget["type"] = kind;
            budget["credit_limit"] = limit.into();
            budget["alert_threshold"] = alert;
            budget
        })
        .boxed()
}

pub fn rate(units: &[&str]) -> Values {
    all(vec![
        ("type", one_of(&["requests", "tokens"])),
        ("unit", one_of(units)),
        ("value", number(1, 1_000_000)),
    ])
}
