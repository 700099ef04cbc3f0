//! A JSON document that borrows from its text: what answers are tidied as.
//!
//! `serde_json::Value` copies every name and hashes it, which costs more than all the rest of an
//! answer's way. Here fields stay in the order of the text, and names and texts without escapes are
//! slices of it. A field given twice is kept twice, and a number is kept as it was written.

mod fault;
mod read;
mod scan;
mod write;

use std::borrow::Cow;

use serde_json::Value;

pub use fault::{Fault, depth, fault};
pub use read::NotJson;
pub use write::quote;

type Text<'a> = Cow<'a, str>;

#[derive(Clone, Debug, PartialEq)]
pub enum Json<'a> {
    Null,
    Bool(bool),
    Number(Number<'a>),
    Text(Text<'a>),
    List(Vec<Json<'a>>),
    Object(Vec<(Text<'a>, Json<'a>)>),
}

/// A number as it is written: none is too large or too precise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number<'a>(Cow<'a, str>);

impl Number<'_> {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number, where it is a whole one of that range.
    pub fn as_u64(&self) -> Option<u64> {
        self.0.parse().ok()
    }
}

impl From<u64> for Number<'static> {
    fn from(number: u64) -> Self {
        Self(number.to_string().into())
    }
}

impl From<usize> for Number<'static> {
    fn from(number: usize) -> Self {
        Self(number.to_string().into())
    }
}

impl From<serde_json::Number> for Number<'static> {
    fn from(number: serde_json::Number) -> Self {
        Self(number.to_string().into())
    }
}

impl<'a> Json<'a> {
    /// Reads a whole text.
    ///
    /// # Errors
    /// When it is not JSON, or nested more deeply than 127 levels.
    pub fn read(text: &'a str) -> Result<Self, NotJson> {
        read::tree(text)
    }

    /// The field of that name, where this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        let Self::Object(fields) = self else { return None };
        fields.iter().find(|(field, _)| field == name).map(|(_, value)| value)
    }

    /// Takes a field out of an object.
    pub fn take(&mut self, name: &str) -> Option<Json<'a>> {
        let Self::Object(fields) = self else { return None };
        let at = fields.iter().position(|(field, _)| field == name)?;
        Some(fields.remove(at).1)
    }

    /// The rows of a list, mutable.
    pub fn rows_mut(&mut self, name: &str) -> Option<&mut Vec<Json<'a>>> {
        let Self::Object(fields) = self else { return None };
        match fields.iter_mut().find(|(field, _)| field == name) {
            Some((_, Self::List(rows))) => Some(rows),
            _ => None,
        }
    }

    /// Whether a field anywhere in it has a name for which `is` holds.
    pub fn has_name(&self, is: impl Fn(&str) -> bool + Copy) -> bool {
        match self {
            Self::Object(fields) => {
                fields.iter().any(|(name, value)| is(name) || value.has_name(is))
            }
            Self::List(items) => items.iter().any(|item| item.has_name(is)),
            _ => false,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The same without borrowing.
    pub fn into_owned(self) -> Json<'static> {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(value),
            Self::Number(number) => Json::Number(Number(number.0.into_owned().into())),
            Self::Text(text) => Json::Text(text.into_owned().into()),
            Self::List(items) => Json::List(items.into_iter().map(Json::into_owned).collect()),
            Self::Object(fields) => {
                let owned = |(name, value): (Text<'_>, Json<'_>)| {
                    (Cow::Owned(name.into_owned()), value.into_owned())
                };
                Json::Object(fields.into_iter().map(owned).collect())
            }
        }
    }
}

/// The value of a whole text, with nothing in it taken for more than data: serde_json's own reader
/// takes an object with a field `$serde_json::private::RawValue` for what that field's text holds.
///
/// # Errors
/// As [`Json::read`].
pub fn value(text: &str) -> Result<Value, NotJson> {
    Json::read(text).map(Value::from)
}

impl From<Value> for Json<'static> {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => Self::Number(number.into()),
            Value::String(text) => Self::Text(text.into()),
            Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Object(fields) => {
                let field = |(name, value)| (Cow::Owned(name), Self::from(value));
                Self::Object(fields.into_iter().map(field).collect())
            }
        }
    }
}

impl From<Json<'_>> for Value {
    fn from(json: Json<'_>) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(value),
            Json::Number(Number(text)) => {
                text.parse().map_or_else(|_| Self::String(text.into_owned()), Self::Number)
            }
            Json::Text(text) => Self::String(text.into_owned()),
            Json::List(items) => items.into_iter().map(Self::from).collect(),
            Json::Object(fields) => fields
                .into_iter()
                .map(|(name, value)| (name.into_owned(), Self::from(value)))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_as_it_was() {
        let text = r#"{"b":[1,-2,2.50,1e100,123456789012345678901,true,null],"a":{"é\n":"x\u0001"},"c":""}"#;
        let json = Json::read(text).unwrap();
        assert_eq!(json.write(0), text);
        assert!(matches!(json.get("c"), Some(Json::Text(Cow::Borrowed("")))));
        assert_eq!(json.clone().into_owned(), json);
        let text = r#"{"b":[1,-2,2.5,true,null],"a":{"é\n":"x"},"c":""}"#;
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(Value::from(Json::read(text).unwrap()), value);
        assert_eq!(Json::from(value), Json::read(text).unwrap());
        let private = r#"{"$serde_json::private::RawValue":"1"}"#;
        assert_eq!(super::value(private).unwrap().to_string(), private);
    }
}
