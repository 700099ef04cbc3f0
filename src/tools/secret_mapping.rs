//! Secrets that Portkey fetches from a secret store when it needs them.
//!
//! Schema `SecretMapping` of the official description.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Of what moves while they stay.
pub const MOVED: &str = "changes while the stored `secret_mappings` stay, whose secrets would go \
                         there: give `secret_mappings` too";

// What fills a field of an integration or of a virtual key.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct SecretMapping {
    #[schemars(length(min = 1))]
    pub target_field: String,
    /// From list_secret_references.
    #[schemars(length(min = 1))]
    secret_reference_id: String,
    /// Of a secret with several.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_format: Option<ValueFormat>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum ValueFormat {
    String,
    Json,
}

/// Whether a field will be filled: by the mappings that are given, else by the stored ones.
pub fn is_mapped(given: Option<&[SecretMapping]>, stored: &Value, field: &str) -> bool {
    if let Some(given) = given {
        return given.iter().any(|mapping| mapping.target_field == field);
    }
    targets(stored).contains(&field)
}

/// Whether what the stored mappings fill stays: its secrets go where the rest says.
pub fn stay(given: Option<&[SecretMapping]>, stored: &Value) -> bool {
    given.is_none() && !targets(stored).is_empty()
}

/// The fields that stored mappings fill.
pub fn targets(stored: &Value) -> Vec<&str> {
    let stored = stored.get("secret_mappings").and_then(Value::as_array);
    let fields = stored.into_iter().flatten().filter_map(|it| it.get("target_field")?.as_str());
    let mut fields: Vec<_> = fields.collect();
    fields.sort_unstable();
    fields
}

/// Refuses mappings of which one cannot be.
///
/// # Errors
/// Names the mapping.
pub fn check(mappings: Option<&[SecretMapping]>, fields: &[&str]) -> Result<(), String> {
    let mut seen = Vec::new();
    for mapping in mappings.unwrap_or_default() {
        let field = &*mapping.target_field;
        let known = fields.iter().any(|known| match known.strip_suffix('.') {
            Some(_) => field.len() > known.len() && field.starts_with(known),
            None => field == *known,
        });
        if !known {
            let forms = fields.iter().map(|known| known.replace('.', ".FIELD"));
            let forms = forms.collect::<Vec<_>>().join(" or ");
            return Err(format!("`secret_mappings`: each `target_field` has to be {forms}"));
        }
        if seen.contains(&field) {
            return Err(format!("`secret_mappings` fills `{field}` twice: give one"));
        }
        seen.push(field);
    }
    Ok(())
}
