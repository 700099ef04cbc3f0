//! Arguments that several domains share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
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

/// A page of a list.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
pub struct Paging {
    /// Page number, from 0.
    pub current_page: Option<u32>,
    /// Rows on a page (default 20).
    #[schemars(range(min = 1, max = 100))]
    pub page_size: Option<u32>,
}

/// A page of a list that comes whole unless a page is asked for.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
pub struct PagingIfAsked {
    /// Page number, from 0; default: all rows.
    current_page: Option<u32>,
    /// Rows on a page.
    #[schemars(range(min = 1, max = 100))]
    page_size: Option<u32>,
}
