//! Changing a document that a PUT replaces whole, without losing what was not mentioned.

use serde_json::Value;

use crate::{
    mask::{self, Names},
    tool::{Error, JsonObject, Result},
};

/// The stored document with `patch` merged into it (RFC 7396: null deletes a key, a list replaces a
/// list). A mask in it stands for the stored value, and a secret that the patch leaves out is kept
/// by the rules of one that came masked.
///
/// # Errors
/// Names every mask that stands for no stored value.
pub fn merged(stored: &Value, patch: JsonObject, name: &str) -> Result<Value> {
    let mut after =
        if stored.is_object() { stored.clone() } else { Value::Object(JsonObject::new()) };
    mask::mask(&mut after, name, Names::default());
    json_patch::merge(&mut after, &Value::Object(patch));
    mask::restore(&mut after, stored, name).map_err(Error::Arguments)?;
    Ok(after)
}
