//! Arguments of every tool: what does not fit is named before anything is sent, and what fits
//! reaches the tool's own route alone.

mod generated;

use std::collections::HashSet;

use portkey_admin_mcp::{
    tool::Effect,
    tools::{Catalogue, Entry},
};
use serde_json::{Map, Value, json};

use crate::support::{serve, settings};

/// The schema that arguments are held to, hidden properties included.
fn schema(entry: &Entry) -> Value {
    json!(entry.tool.input().full)
}

/// Every tool but those whose schema another before it has: the graphs take the same.
fn unlike() -> Vec<(&'static str, Value)> {
    let mut seen = HashSet::new();
    let catalogue = Catalogue::new(&[]).unwrap();
    let all = catalogue.entries().iter().map(|entry| (entry.tool.name, schema(entry)));
    all.filter(|(_, schema)| seen.insert(schema.to_string())).collect()
}

fn required(schema: &Value) -> Vec<&str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The least that the schema takes.
pub fn least(schema: &Value) -> Value {
    match schema["type"].as_str().unwrap_or_default() {
        "object" => {
            let names = required(schema);
            let fields =
                names.iter().map(|name| ((*name).to_owned(), least(&schema["properties"][*name])));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        "array" => match schema["minItems"].as_u64() {
            None | Some(0) => json!([]),
            Some(count) => (0..count).map(|_| least(&schema["items"])).collect(),
        },
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(json!(1)),
        "boolean" => true.into(),
        _ => match (schema["enum"].get(0), schema["format"].as_str()) {
            (Some(first), _) => first.clone(),
            (_, Some("date-time")) => "2026-01-01T00:00:00Z".into(),
            (_, Some("uri")) => "https://example.com".into(),
            (_, Some("email")) => "somebody@example.com".into(),
            (_, Some("uuid")) => "3fa85f64-5717-4562-b3fc-2c963f66afa6".into(),
            _ => "some-text".into(),
        },
    }
}

/// Values that no forgiveness turns into what the schema wants.
fn wrong(schema: &Value) -> Vec<Value> {
    match schema["type"].as_str().unwrap_or_default() {
        "object" => vec![json!(5), json!([1]), json!(true)],
        "array" => match schema["items"]["type"].as_str() {
            Some("string") => vec![json!({ "a": 1 }), json!([["a"]]), json!([null])],
            Some("integer" | "number") => vec![json!("many"), json!([{}]), json!([true])],
            Some("object") => vec![json!(5), json!([5]), json!([[]])],
            _ => vec![],
        },
        "integer" => vec![json!("many"), json!(1.5), json!({}), json!([1])],
        "number" => vec![json!("many"), json!({}), json!([1])],
        "boolean" => vec![json!("maybe"), json!(7), json!({})],
        _ => vec![json!({ "a": 1 }), json!(["a"]), json!(true)],
    }
}

#[tokio::test]
async fn an_unknown_field_is_named_with_the_known_ones() {
    let served = serve(settings()).await;
    for entry in Catalogue::new(&[]).unwrap().entries() {
        let schema = schema(entry);
        let mut args = least(&schema);
        args["no_such_field"] = 1.into();
        let called = served.call(entry.tool.name, args).await;
        assert_eq!(called.complaints(), ["no_such_field"], "{}", entry.tool.name);
        let published = json!(entry.tool.input().published);
        for (name, _) in published["properties"].as_object().unwrap() {
            assert!(called.text().contains(name.as_str()), "{} does not name {name}", called.tool);
        }
        for (name, property) in schema["properties"].as_object().unwrap() {
            let hidden = property.get("x-hidden").is_some();
            let shown = called.text().contains(&format!(" {name},"));
            assert!(!(hidden && shown), "{} names the hidden {name}", called.tool);
        }
    }
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn a_wrong_type_is_named_wherever_it_stands() {
    let served = serve(settings()).await;
    let mut tried = 0;
    for (tool, schema) in unlike() {
        for (name, property) in schema["properties"].as_object().unwrap() {
            for value in wrong(property) {
                let mut args = least(&schema);
                args[name] = value.clone();
                let called = served.call(tool, args).await;
                let complaints = called.complaints();
                let named = complaints.iter().any(|path| {
                    path.strip_prefix(name.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                });
                assert!(named, "{} {name} = {value}: {}", called.tool, called.text());
                tried += 1;
            }
        }
    }
    assert!(tried > 300);
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let served = serve(settings()).await;
    for entry in Catalogue::new(&[]).unwrap().entries() {
        let schema = schema(entry);
        let whole = least(&schema);
        for name in required(&schema) {
            for absent in [None, Some(Value::Null)] {
                let mut args = whole.clone();
                args.as_object_mut().unwrap().remove(name);
                args.as_object_mut().unwrap().extend(absent.map(|it| (name.to_owned(), it)));
                let called = served.call(entry.tool.name, args).await;
                assert_eq!(called.complaints(), [name], "{}", called.tool);
                assert!(called.text().contains("is required"), "{}", called.text());
            }
        }
        if !required(&schema).is_empty() {
            let mut complaints = served.call(entry.tool.name, json!({})).await.complaints();
            let mut wanted = required(&schema);
            complaints.sort();
            wanted.sort_unstable();
            assert_eq!(complaints, wanted, "{}: all at once", entry.tool.name);
        }
    }
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn what_is_outside_a_range_a_set_or_a_form_is_named() {
    let served = serve(settings()).await;
    let mut tried = 0;
    for (tool, schema) in unlike() {
        for (name, property) in schema["properties"].as_object().unwrap() {
            let one = |value: Value| {
                let mut args = least(&schema);
                args[name] = value;
                args
            };
            let mut outside = Vec::new();
            outside.extend(property["minimum"].as_f64().map(|least| json!(least - 1.0)));
            outside.extend(property["maximum"].as_f64().map(|most| json!(most + 1.0)));
            outside.extend(property.get("enum").map(|_| json!("none of these")));
            outside.extend(property.get("format").map(|_| json!("no such form")));
            outside.extend(property["minLength"].as_u64().filter(|it| *it > 0).map(|_| json!("")));
            for value in outside {
                let called = served.call(tool, one(value.clone())).await;
                assert_eq!(called.complaints(), [name.as_str()], "{} {value}", called.tool);
                tried += 1;
            }
        }
    }
    assert!(tried > 60);
    assert_eq!(served.sent_lines(), [""; 0]);
}

/// Sent, an empty one would mean another thing, or everything.
#[tokio::test]
async fn an_empty_id_slug_or_filter_is_named() {
    let served = serve(settings()).await;
    let mut tried = 0;
    for entry in Catalogue::new(&[]).unwrap().entries() {
        let (tool, schema) = (entry.tool, schema(entry));
        for (name, property) in schema["properties"].as_object().unwrap() {
            let is_name = matches!(name.rsplit('_').next().unwrap(), "id" | "slug");
            let is_filter = tool.effect == Effect::Reads;
            let (empty, place) =
                match (property["type"].as_str(), property["items"]["type"].as_str()) {
                    (Some("string"), _) if is_name || is_filter => (json!(""), name.clone()),
                    (Some("array"), Some("string")) => (json!([""]), format!("{name}[0]")),
                    _ => continue,
                };
            let mut args = least(&schema);
            args[name] = empty;
            let complaints = served.call(tool.name, args).await.complaints();
            assert_eq!(complaints, [place], "{}", tool.name);
            tried += 1;
        }
    }
    assert!(tried > 300, "{tried}");
    assert_eq!(served.sent_lines(), [""; 0]);
}

/// Every place of a schema, as a value with null there and the least everywhere else.
fn nulled(schema: &Value) -> Vec<Value> {
    let within = |inner: &Value| {
        let mut nulled = nulled(inner);
        nulled.push(Value::Null);
        nulled
    };
    match schema["type"].as_str().unwrap_or_default() {
        "object" => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            let mut places: Vec<(String, &Value)> =
                properties.map(|(name, inner)| (name.clone(), inner)).collect();
            if schema["additionalProperties"].is_object() {
                places.push(("any".to_owned(), &schema["additionalProperties"]));
            }
            let base = least(schema);
            let with = |(name, inner): (String, &Value)| {
                let (base, name) = (base.clone(), name);
                within(inner).into_iter().map(move |value| {
                    let mut object = base.clone();
                    object[&name] = value;
                    object
                })
            };
            places.into_iter().flat_map(with).collect()
        }
        "array" => within(&schema["items"]).into_iter().map(|value| json!([value])).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn no_null_is_told_of_in_words_for_programmers() {
    const WORDS: [&str; 6] = [
        "invalid type",
        "invalid value",
        "missing field",
        "unknown variant",
        "expected",
        "at line",
    ];
    let served = serve(settings()).await;
    let mut tried = 0;
    for (tool, schema) in unlike() {
        for args in nulled(&schema) {
            let called = served.call(tool, args.clone()).await;
            if called.failed() {
                let error = called.error();
                let message = error["message"].as_str().unwrap();
                let word = WORDS.iter().find(|word| message.contains(**word));
                assert!(word.is_none(), "{tool} {args}: {message}");
            }
            tried += 1;
        }
    }
    assert!(tried > 700, "{tried}");
}

/// Larger than any number of the kind that the server keeps.
#[tokio::test]
async fn a_number_that_does_not_fit_is_named() {
    let served = serve(settings()).await;
    for (tool, schema) in unlike() {
        for (name, property) in schema["properties"].as_object().unwrap() {
            let values = match (property["type"].as_str(), property["items"]["type"].as_str()) {
                (Some("integer"), _) => vec![json!(1e30), json!(-1e30), json!(u64::MAX)],
                (_, Some("integer")) => vec![json!([1e30]), json!([70_000]), json!([-1])],
                _ => continue,
            };
            for value in values {
                let mut args = least(&schema);
                args[name] = value.clone();
                served.sent();
                let called = served.call(tool, args).await;
                if value.as_f64().is_some_and(|it| it.abs() > 1e29) {
                    let kind = called.failed().then(|| called.error()["kind"].clone());
                    assert_eq!(kind, Some(json!("invalid_arguments")), "{} {name}", called.tool);
                    assert_eq!(served.sent_lines(), [""; 0], "{} {name}", called.tool);
                }
                if called.failed() && called.error()["kind"] == "invalid_arguments" {
                    let complaints = called.complaints();
                    let named = complaints.iter().any(|path| path.starts_with(name.as_str()));
                    assert!(named, "{} {name} = {value}: {}", called.tool, called.text());
                }
            }
        }
    }
}

#[tokio::test]
async fn a_list_of_arguments_or_text_is_no_object_of_them() {
    let served = serve(settings()).await;
    for args in [json!([]), json!("{}"), json!(5)] {
        let called = served.call("list_configs", args).await;
        assert_eq!(called.answer.code(), Some(-32602), "{}", called.answer.body);
    }
    assert_eq!(served.sent_lines(), [""; 0]);
    served.call("list_configs", Value::Null).await.data();
}

/// A name, an id or a filter is a line of text that shows what it holds, of a length that people write.
#[tokio::test]
async fn names_and_filters_with_hidden_characters_are_refused_before_anything_is_sent() {
    let served = serve(settings()).await;
    let long = "x".repeat(1 << 20);
    let mut tried = 0;
    for (tool, schema) in unlike() {
        for (name, property) in schema["properties"].as_object().unwrap() {
            if property.get("x-line").is_none() {
                continue;
            }
            tried += 1;
            for hostile in ["a\0b", "a\u{1b}[31mred", "a\r\nX-Evil: 1", "a\u{202e}b", &long] {
                let mut args = least(&schema);
                args[name] = hostile.into();
                let called = served.call(tool, args).await;
                let told = called.complaints();
                assert!(told.iter().any(|it| it == name), "{tool} {name}: {told:?}");
            }
        }
    }
    assert!(tried > 150, "{tried}");
    assert_eq!(served.sent_lines(), [""; 0]);
}
