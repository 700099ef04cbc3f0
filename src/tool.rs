//! What a tool is: a row of plain data that carries all its facts and says how it runs.
//!
//! A domain file lists its tools as rows, each of which reads like a route:
//! `get::<ConfigSlug>("get_config", "/configs/{slug}", "Get one config …").scopes(&["configs.read"])`.

mod answer;
mod call;
mod error;
mod given;
mod list;
mod prepare;
mod problem;
mod recent;
mod row;

pub(crate) use answer::unwrapped;
pub use call::{Call, Progress};
pub use error::{Error, Result};
pub(crate) use list::cut;
pub use list::{
    CAMEL_CASE_PAGES, LIST, Listing, OFFSET, PAGES, PAGES_FROM_ONE, PAGES_IF_ASKED, Pages, WHOLE,
};
pub(crate) use prepare::fields;
pub use problem::{Problem, Problems};
pub use recent::Recent;
pub use row::{Effect, Run, Tool, Workflow, delete, get, post, put, run, run_typed};

/// A JSON object: arguments, answers and schemas.
pub type JsonObject = serde_json::Map<String, serde_json::Value>;
