//! Arguments that several domains share.

pub mod change;
pub mod limits;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;

use crate::tool::JsonObject;

/// Any object, carried as it is.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = describe_open)]
pub struct Open(pub JsonObject);

fn describe_open(schema: &mut schemars::Schema) {
    // What is said of the type is for us.
    schema.remove("description");
    schema.insert("additionalProperties".into(), json!({ "description": "Any JSON value." }));
}

/// Refuses a provider's key as an answer shows it: stored, it would take the place of the real one.
pub fn unmasked(key: Option<&str>) -> Result<(), String> {
    match key {
        Some(key) if key.contains("***") => {
            Err("`key` is masked: give the provider's key itself, or leave it out".into())
        }
        _ => Ok(()),
    }
}

/// A page of a list.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
pub struct Paging {
    /// From 0.
    pub current_page: Option<u32>,
    #[schemars(range(min = 1, max = 100))]
    pub page_size: Option<u32>,
}

/// A page of a list whose pages may be larger.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
pub struct LargePaging {
    /// From 0.
    current_page: Option<u32>,
    #[schemars(range(min = 1, max = 500))]
    page_size: Option<u32>,
}

/// A page of a list that comes whole unless a page is asked for.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
pub struct PagingIfAsked {
    /// From 0; default: all.
    current_page: Option<u32>,
    #[schemars(range(min = 1, max = 100))]
    page_size: Option<u32>,
}

/// The same for the few lists whose pages nobody but a caller of a cut answer asks for.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
pub struct HiddenPaging {
    #[schemars(extend("x-hidden" = true))]
    current_page: Option<u32>,
    #[schemars(range(min = 1, max = 100), extend("x-hidden" = true))]
    page_size: Option<u32>,
}

// Of what is archived and not deleted.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Active,
    Archived,
}

// A member's role in a workspace.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WorkspaceRole {
    Admin,
    Manager,
    Member,
}

// Names with text values; one that is null is absent.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct TextMap(
    #[serde(deserialize_with = "without_nulls")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub JsonObject,
);

fn without_nulls<'de, D: Deserializer<'de>>(deserializer: D) -> Result<JsonObject, D::Error> {
    let mut map = JsonObject::deserialize(deserializer)?;
    map.retain(|_, value| !value.is_null());
    Ok(map)
}
