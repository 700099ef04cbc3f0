//! Which logs an export holds.
//!
//! The description gives the period as `time_of_generation_min` and `_max`, the documentation as
//! `created_at` with `gte` and `lte` (facts.md, "Spec against reality" 11). The first is sent unless
//! the other is chosen. Lists are comma strings at the API.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    args,
    tool::{Error, JsonObject, Result},
};

/// Filters of the API that are lists.
const LISTS: [&str; 6] =
    ["ai_model", "ai_org_model", "configs", "status_code", "trace_id", "virtual_keys"];
const MIN: &str = "time_of_generation_min";
const MAX: &str = "time_of_generation_max";
const WINDOW: &str = "created_at";

/// Every key passes through, so that no filter which Portkey stores is lost.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = describe)]
pub struct Filters(pub JsonObject);

/// The same for an update, whose schema need not say it all again.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = describe_patch)]
pub struct FilterPatch(pub JsonObject);

fn describe_patch(schema: &mut schemars::Schema) {
    describe(schema);
    let about = "As in create_log_export; null removes one.";
    schema.insert("description".into(), about.into());
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    for (name, property) in properties {
        if ![MIN, MAX, "ai_model", "status_code"].contains(&name.as_str()) {
            property["x-hidden"] = true.into();
        }
    }
}

fn describe(schema: &mut schemars::Schema) {
    let text = json!({ "type": "string" });
    let texts = json!({ "type": "array", "items": text });
    let time = json!({ "type": "string", "format": "date-time" });
    let count = json!({ "type": "integer", "minimum": 0 });
    let number = json!({ "type": "number" });
    let described = json!({
        "type": "object",
        "description": "Others pass through.",
        "additionalProperties": true,
        "properties": {
            MIN: time, MAX: time,
            "workspace_slug": text,
            "ai_model": texts,
            "ai_org_model": { "type": "array", "items": text, "description": "provider__model" },
            "status_code": { "type": "array", "items": { "type": "integer" } },
            "virtual_keys": texts, "configs": texts, "trace_id": texts, "prompt_slug": text,
            "metadata": { "type": "object", "properties": {}, "additionalProperties": { "type": "string" } },
            "cost_min": number, "cost_max": number,
            "total_units_min": count, "total_units_max": count,
            "prompt_token_min": count, "prompt_token_max": count,
            "completion_token_min": count, "completion_token_max": count,
            "weighted_feedback_min": number, "weighted_feedback_max": number,
            "page_size": { "type": "integer", "description": "Logs at most.", "minimum": 1, "maximum": 50_000 },
            "current_page": count,
        },
    });
    if let Value::Object(described) = described {
        *schema = described.into();
    }
}

/// How the API is told the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    TimeOfGeneration,
    CreatedAt,
}

/// The flat arguments of the reference, accepted and folded into the filters.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
pub struct Flat {
    #[schemars(extend("x-hidden" = true, "format" = "date-time", "x-aliases" = ["time_min"]))]
    time_of_generation_min: Option<String>,
    #[schemars(extend("x-hidden" = true, "format" = "date-time", "x-aliases" = ["time_max"]))]
    time_of_generation_max: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    cost_min: Option<f64>,
    #[schemars(extend("x-hidden" = true))]
    cost_max: Option<f64>,
    #[schemars(extend("x-hidden" = true))]
    total_units_min: Option<u64>,
    #[schemars(extend("x-hidden" = true))]
    total_units_max: Option<u64>,
    #[schemars(extend("x-hidden" = true))]
    ai_model: Option<Vec<String>>,
}

/// The filters that were given, the flat ones among them; `None` where there are none.
///
/// # Errors
/// Names a filter that came in both forms.
pub fn fold(filters: Option<JsonObject>, flat: &Flat) -> Result<Option<JsonObject>> {
    let mut folded = filters;
    let Value::Object(flat) = json!(flat) else { return Ok(folded) };
    for (name, value) in flat.into_iter().filter(|(_, value)| !value.is_null()) {
        if folded.get_or_insert_default().insert(name.clone(), value).is_some() {
            let why = format!("and `filters.{name}` are the same: give one");
            return Err(Error::argument(name, why));
        }
    }
    Ok(folded)
}

/// The form in which filters say their period, if they say one.
pub fn form_of(filters: &JsonObject) -> Option<Form> {
    if filters.contains_key(WINDOW) {
        Some(Form::CreatedAt)
    } else {
        [MIN, MAX].iter().any(|name| filters.contains_key(*name)).then_some(Form::TimeOfGeneration)
    }
}

/// The filters with their period as `time_of_generation_*`, and lists as the API takes them.
///
/// # Errors
/// When the period came in both forms.
pub fn plain(mut filters: JsonObject) -> Result<JsonObject> {
    if let Some(Value::Object(window)) = filters.get(WINDOW).cloned() {
        filters.shift_remove(WINDOW);
        let mut rest = JsonObject::new();
        for (name, value) in window {
            let own = match name.as_str() {
                "gte" => MIN,
                "lte" => MAX,
                _ => {
                    rest.insert(name, value);
                    continue;
                }
            };
            if filters.insert(own.into(), value).is_some() {
                let why = format!("and `filters.{own}` are the same: give one");
                return Err(Error::argument(format!("filters.created_at.{name}"), why));
            }
        }
        if !rest.is_empty() {
            filters.insert(WINDOW.into(), rest.into());
        }
    }
    for name in LISTS {
        if let Some(list @ Value::Array(_)) = filters.get_mut(name) {
            let text = |item: &Value| item.as_str().map_or_else(|| item.to_string(), str::to_owned);
            let texts: Vec<String> = list.as_array().into_iter().flatten().map(text).collect();
            *list = texts.join(",").into();
        }
    }
    Ok(filters)
}

/// Plain filters in this form.
pub fn in_form(mut filters: JsonObject, form: Form) -> JsonObject {
    if form == Form::CreatedAt {
        let mut window = match filters.shift_remove(WINDOW) {
            Some(Value::Object(window)) => window,
            _ => JsonObject::new(),
        };
        for (own, name) in [(MIN, "gte"), (MAX, "lte")] {
            window.extend(filters.shift_remove(own).map(|value| (name.to_owned(), value)));
        }
        if !window.is_empty() {
            filters.insert(WINDOW.into(), window.into());
        }
    }
    filters
}

/// Refuses a period that ends before it begins, and bounds that leave nothing.
///
/// # Errors
/// Names both ends.
pub fn check(filters: &JsonObject) -> Result<()> {
    let crossed = args::crossed(filters).next();
    if let Some((name, least)) = crossed {
        let why = format!("is below `filters.{least}`: no log fits both");
        return Err(Error::argument(format!("filters.{name}"), why));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> JsonObject {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn both_forms_say_the_same() {
        let given = json!({ "created_at": { "gte": "a", "lte": "b", "gt": "c" }, "cost_min": 1,
            "ai_model": ["x", "y"], "status_code": [429, 500] });
        let same = plain(object(given)).unwrap();
        let texts = json!({ "cost_min": 1, "ai_model": "x,y", "status_code": "429,500",
            MIN: "a", MAX: "b", "created_at": { "gt": "c" } });
        assert_eq!(Value::from(same.clone()), texts);
        let back = in_form(same, Form::CreatedAt);
        assert_eq!(back["created_at"], json!({ "gt": "c", "gte": "a", "lte": "b" }));
        assert!(form_of(&back) == Some(Form::CreatedAt) && !back.contains_key(MIN));
        let twice = object(json!({ "created_at": { "gte": "a" }, MIN: "a" }));
        assert!(plain(twice).is_err());
    }

    #[test]
    fn crossed_bounds_are_named() {
        for (filters, named) in [
            (json!({ "cost_min": 2, "cost_max": 1.5 }), Some("`filters.cost_max`")),
            (json!({ "cost_min": 2, "cost_max": 2 }), None),
            (json!({ "cost_min": 2 }), None),
            (json!({ MIN: "2026-02-01T00:00:00Z", MAX: "2026-01-31T23:00:00-02:00" }), None),
            (
                json!({ MIN: "2026-02-01T00:00:00Z", MAX: "2026-01-31T23:00:00Z" }),
                Some("`filters.time_of_generation_max`"),
            ),
        ] {
            let error = check(&object(filters.clone())).err().map(|error| error.to_string());
            assert_eq!(error.is_some(), named.is_some(), "{filters}: {error:?}");
            assert!(named.is_none_or(|named| error.unwrap().contains(named)), "{filters}");
        }
    }
}
