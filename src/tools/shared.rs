//! Arguments that several domains share.

pub mod change;
pub mod limits;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
