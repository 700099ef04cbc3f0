//! What both kinds of policies have.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

pub const NOTHING: &str = "nothing to change: give a field besides `id`";

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Policy {
    /// Id, from the list.
    #[schemars(length(min = 1))]
    id: String,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Condition {
    /// Such as api_key, workspace_id, virtual_key, provider, config, prompt, model, metadata.NAME.
    #[schemars(length(min = 1))]
    key: String,
    /// Any of these; * is a wildcard.
    #[schemars(length(min = 1))]
    #[serde(serialize_with = "one_or_list")]
    value: Vec<String>,
    /// But none of these.
    #[schemars(length(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "one_or_list_if_any")]
    excludes: Option<Vec<String>>,
}

/// One value is sent as text, which is all that the official description knows.
fn one_or_list<S: Serializer>(values: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    match values {
        [one] => one.serialize(serializer),
        several => several.serialize(serializer),
    }
}

#[expect(clippy::ref_option, reason = "serde's signature")]
fn one_or_list_if_any<S: Serializer>(
    values: &Option<Vec<String>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    one_or_list(values.as_deref().unwrap_or_default(), serializer)
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct GroupBy {
    /// Such as api_key, workspace_id, metadata._user, metadata.NAME.
    #[schemars(length(min = 1))]
    key: String,
}

/// What both kinds of policies have.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Scope {
    /// All must hold.
    #[schemars(length(min = 1))]
    conditions: Vec<Condition>,
    /// What is counted apart.
    #[schemars(length(min = 1))]
    group_by: Vec<GroupBy>,
    #[schemars(length(max = 255))]
    name: Option<String>,
    /// Needed with an organisation key.
    workspace_id: Option<String>,
    #[schemars(extend("format" = "uuid", "x-hidden" = true))]
    organisation_id: Option<String>,
}
