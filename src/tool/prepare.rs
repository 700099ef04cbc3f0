//! From the model's arguments to the fields that Portkey is sent.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    JsonObject,
    error::{Error, Result},
    given::given,
    row::Args,
};

/// Reads arguments that have been fitted to their schema.
pub(super) fn parse<T: DeserializeOwned>(args: JsonObject) -> Result<T> {
    serde_json::from_value(Value::Object(args))
        .map_err(|error| Error::argument("", error.to_string()))
}

pub(super) fn to_value(value: impl Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(|error| Error::Answer(error.to_string()))
}

/// Writes arguments as Portkey names them.
pub(super) fn prepare<A: Args>(args: JsonObject) -> Result<Value> {
    Ok(Value::Object(fields(parse::<A>(args)?)?))
}

/// The fields to send: an absent one is left out, one that is named in `clear` is null.
pub(crate) fn fields(args: impl Serialize) -> Result<JsonObject> {
    let mut fields = given(&args).map_err(|error| Error::argument("", error.to_string()))?;
    if let Some(Value::Array(names)) = fields.remove("clear") {
        for name in names.iter().filter_map(Value::as_str) {
            if fields.insert(name.to_owned(), Value::Null).is_some() {
                return Err(Error::argument(
                    "clear",
                    format!("`{name}` is set and cleared at once"),
                ));
            }
        }
    }
    Ok(fields)
}
