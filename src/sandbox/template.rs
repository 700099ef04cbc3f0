//! Mustache variables, `{{name}}` and `{{{name}}}`, filled from an object; sections (`{{#…}}`)
//! and partials that were not found (`{{>…}}`) are left as they are.

use serde_json::{Map, Value};

/// The text with every variable in place; a variable without a value is empty.
pub(super) fn fill(text: &str, variables: &Map<String, Value>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let triple = after.starts_with('{');
        let close = if triple { "}}}" } else { "}}" };
        let Some((name, after)) = after.strip_prefix('{').unwrap_or(after).split_once(close) else {
            filled.push_str("{{");
            rest = after;
            continue;
        };
        let name = name.trim();
        if name.starts_with(['#', '/', '^', '>', '!']) {
            filled.push_str(&format!("{{{{{name}}}}}"));
        } else {
            filled.push_str(&text_of(look_up(variables, name)));
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// The document with every text in it changed.
pub(super) fn map_text(document: &Value, change: &dyn Fn(&str) -> String) -> Value {
    match document {
        Value::String(text) => change(text).into(),
        Value::Array(items) => items.iter().map(|item| map_text(item, change)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), map_text(value, change))).collect()
        }
        other => other.clone(),
    }
}

fn look_up<'a>(variables: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    variables.get(name).or_else(|| {
        let (first, path) = name.split_once('.')?;
        path.split('.').try_fold(variables.get(first)?, |value, step| value.get(step))
    })
}

fn text_of(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn variables_are_filled_and_sections_are_left_alone() {
        let variables = json!({ "a": "x{{b}}", "n": 3, "user": { "name": "Ann" }, "none": null });
        let variables = variables.as_object().unwrap();
        for (text, filled) in [
            ("{{a}} {{ n }} {{{a}}}", "x{{b}} 3 x{{b}}"),
            ("{{user.name}}{{none}}{{missing}}!", "Ann!"),
            ("{{#list}}{{n}}{{/list}} {{>part}}", "{{#list}}3{{/list}} {{>part}}"),
            ("open {{n and {{n}}", "open "),
            ("no } braces {", "no } braces {"),
        ] {
            assert_eq!(fill(text, variables), filled, "{text}");
        }
    }
}
