//! The routing document: carried as it is, with the keys that help a model named in its schema.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    json::value,
    tool::{Error, JsonObject, Result},
};

/// Routing document: strategy, targets, cache, retry, guardrails.
///
/// Every key passes through, so that nothing which Portkey stores is lost.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = describe)]
pub struct Document(pub JsonObject);

/// The documented keys. Everything is open: the gateway knows more, and more with time.
fn describe(schema: &mut schemars::Schema) {
    let open = |properties: Value| json!({ "type": "object", "properties": properties, "additionalProperties": true });
    let list = |items: Value| json!({ "type": "array", "items": items });
    let text = json!({ "type": "string" });
    let described = json!({
        "type": "object",
        "description": "Other keys pass through.",
        "additionalProperties": true,
        "properties": {
            "strategy": open(json!({
                "mode": { "type": "string", "enum": ["single", "loadbalance", "fallback", "conditional"] },
                "on_status_codes": list(json!({ "type": "integer" })),
                "conditions": { "type": "array", "description": "Such as query {\"metadata.plan\": {\"$eq\": \"paid\"}}, then a target's name.",
                    "items": open(json!({ "query": open(json!({ "$and": list(open(json!({}))) })), "then": text })) },
                "default": { "type": "string", "description": "Target name when no condition holds." },
            })),
            "targets": { "type": "array", "description": "May have a strategy and targets of their own.",
                "items": open(json!({
                    "name": text, "provider": text, "virtual_key": text,
                    "weight": { "type": "number", "minimum": 0 },
                    "override_params": open(json!({ "model": text })),
                })) },
            "cache": open(json!({
                "mode": { "type": "string", "enum": ["simple", "semantic"] },
                "max_age": { "type": "integer", "description": "Seconds.", "minimum": 0 },
            })),
            "retry": open(json!({
                "attempts": { "type": "integer", "minimum": 0, "maximum": 5 },
                "on_status_codes": list(json!({ "type": "integer" })),
            })),
            "request_timeout": { "type": "integer", "description": "Milliseconds.", "minimum": 0 },
            "input_guardrails": list(text.clone()),
            "output_guardrails": list(text),
        },
    });
    if let Value::Object(described) = described {
        *schema = described.into();
    }
}

/// The flat arguments of the reference, accepted and folded into the document.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Flat {
    #[schemars(extend("x-hidden" = true))]
    cache_mode: Option<CacheMode>,
    /// Seconds.
    #[schemars(extend("x-hidden" = true))]
    cache_max_age: Option<u64>,
    #[schemars(extend("x-hidden" = true), range(max = 5))]
    retry_attempts: Option<u64>,
    #[schemars(extend("x-hidden" = true))]
    retry_on_status_codes: Option<Vec<u16>>,
    #[schemars(extend("x-hidden" = true))]
    strategy_mode: Option<StrategyMode>,
    #[schemars(extend("x-hidden" = true))]
    targets: Option<Vec<Target>>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum CacheMode {
    Simple,
    Semantic,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum StrategyMode {
    Single,
    Loadbalance,
    Fallback,
    Conditional,
}

/// A target of the document; open, as there.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
struct Target(JsonObject);

/// Puts the flat arguments into the document; `None` where there is neither.
///
/// # Errors
/// Names a leaf that came in both forms.
pub fn fold(document: Option<Document>, flat: Flat) -> Result<Option<Document>, String> {
    let Flat {
        cache_mode,
        cache_max_age,
        retry_attempts,
        retry_on_status_codes,
        strategy_mode,
        targets,
    } = flat;
    let leaves = [
        ("cache_mode", "cache", "mode", cache_mode.map(|it| json!(it))),
        ("cache_max_age", "cache", "max_age", cache_max_age.map(|it| json!(it))),
        ("retry_attempts", "retry", "attempts", retry_attempts.map(|it| json!(it))),
        (
            "retry_on_status_codes",
            "retry",
            "on_status_codes",
            retry_on_status_codes.map(|it| json!(it)),
        ),
        ("strategy_mode", "strategy", "mode", strategy_mode.map(|it| json!(it))),
        ("targets", "targets", "", targets.map(|it| json!(it))),
    ];
    let mut folded = document.map(|Document(fields)| fields);
    for (name, outer, inner, value) in leaves {
        let Some(value) = value else { continue };
        let fields = folded.get_or_insert_default();
        let place = if inner.is_empty() {
            fields.entry(outer).or_insert(Value::Null)
        } else {
            let group = fields.entry(outer).or_insert_with(|| json!({}));
            let Value::Object(group) = group else {
                return Err(format!(
                    "`config.{outer}` is no object, so `{name}` has no place in it"
                ));
            };
            group.entry(inner).or_insert(Value::Null)
        };
        if !place.is_null() {
            let leaf = format!("{outer}.{inner}");
            return Err(format!(
                "`{name}` and `config.{}` are the same: give one",
                leaf.trim_end_matches('.')
            ));
        }
        *place = value;
    }
    Ok(folded.map(Document))
}

/// An answer with its document read out of JSON text, flat or wrapped.
pub fn with_document(mut config: Value) -> Result<Value> {
    if let Some(document) = config.get_mut("config")
        && let Value::String(text) = document
    {
        let read = value(text);
        *document =
            read.map_err(|_| Error::Answer("the config's document is not JSON".to_owned()))?;
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(args: Value) -> Result<Value, String> {
        let document = args.get("config").map(|it| serde_json::from_value(it.clone()).unwrap());
        fold(document, serde_json::from_value(args).unwrap()).map(|it| json!(it))
    }

    #[test]
    fn flat_arguments_become_the_document() {
        let args = json!({ "cache_mode": "simple", "retry_attempts": 3, "targets": [{ "provider": "p", "weight": 1 }] });
        let want = json!({ "cache": { "mode": "simple" }, "retry": { "attempts": 3 }, "targets": [{ "provider": "p", "weight": 1 }] });
        assert_eq!(folded(args).unwrap(), want);
        assert_eq!(folded(json!({})).unwrap(), Value::Null);
    }

    #[test]
    fn a_leaf_in_both_forms_is_refused() {
        let why = folded(
            json!({ "config": { "cache": { "mode": "simple" } }, "cache_mode": "semantic" }),
        );
        assert_eq!(why.unwrap_err(), "`cache_mode` and `config.cache.mode` are the same: give one");
        let merged =
            folded(json!({ "config": { "cache": { "max_age": 1 } }, "cache_mode": "semantic" }));
        assert_eq!(merged.unwrap(), json!({ "cache": { "max_age": 1, "mode": "semantic" } }));
    }
}
