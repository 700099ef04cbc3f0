//! Writes the fields of arguments that are given. Most are not: serde_json would make a null of
//! each, with its name, to be taken out again.

use serde::{
    Serialize, Serializer,
    ser::{Error as _, Impossible, SerializeMap, SerializeStruct},
};
use serde_json::{Error, Value, value};

use super::JsonObject;

/// The fields of a struct that are not null.
///
/// # Errors
/// When `args` is no struct or map, or a field cannot be written.
pub(super) fn given(args: &impl Serialize) -> Result<JsonObject, Error> {
    args.serialize(Given)
}

struct Given;

struct Fields {
    fields: JsonObject,
    name: String,
}

impl Fields {
    fn new() -> Self {
        Self { fields: JsonObject::new(), name: String::new() }
    }

    fn add<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        let value = value.serialize(value::Serializer)?;
        if !value.is_null() {
            self.fields.insert(name.to_owned(), value);
        }
        Ok(())
    }
}

impl SerializeStruct for Fields {
    type Ok = JsonObject;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.add(name, value)
    }

    fn end(self) -> Result<JsonObject, Error> {
        Ok(self.fields)
    }
}

impl SerializeMap for Fields {
    type Ok = JsonObject;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Result<(), Error> {
        match name.serialize(value::Serializer)? {
            Value::String(name) => self.name = name,
            _ => return Err(Error::custom("a field's name is a text")),
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let name = std::mem::take(&mut self.name);
        self.add(&name, value)
    }

    fn end(self) -> Result<JsonObject, Error> {
        Ok(self.fields)
    }
}

/// What arguments never are.
macro_rules! never {
    ($($method:ident($($name:ident: $type:ty),*) -> $made:ty;)*) => {
        $(fn $method(self, $($name: $type),*) -> Result<$made, Error> {
            $(let _ = $name;)*
            Err(Error::custom("arguments are an object"))
        })*
    };
}

type Never = Impossible<JsonObject, Error>;

impl Serializer for Given {
    type Ok = JsonObject;
    type Error = Error;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Fields;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Never;

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields, Error> {
        Ok(Fields::new())
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Fields, Error> {
        Ok(Fields::new())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<JsonObject, Error> {
        Ok(JsonObject::new())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<JsonObject, Error> {
        value.serialize(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<JsonObject, Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<JsonObject, Error> {
        Err(Error::custom("arguments are an object"))
    }

    never! {
        serialize_bool(v: bool) -> JsonObject;
        serialize_i8(v: i8) -> JsonObject;
        serialize_i16(v: i16) -> JsonObject;
        serialize_i32(v: i32) -> JsonObject;
        serialize_i64(v: i64) -> JsonObject;
        serialize_u8(v: u8) -> JsonObject;
        serialize_u16(v: u16) -> JsonObject;
        serialize_u32(v: u32) -> JsonObject;
        serialize_u64(v: u64) -> JsonObject;
        serialize_f32(v: f32) -> JsonObject;
        serialize_f64(v: f64) -> JsonObject;
        serialize_char(v: char) -> JsonObject;
        serialize_str(v: &str) -> JsonObject;
        serialize_bytes(v: &[u8]) -> JsonObject;
        serialize_none() -> JsonObject;
        serialize_unit() -> JsonObject;
        serialize_unit_variant(n: &'static str, i: u32, v: &'static str) -> JsonObject;
        serialize_seq(len: Option<usize>) -> Never;
        serialize_tuple(len: usize) -> Never;
        serialize_tuple_struct(n: &'static str, len: usize) -> Never;
        serialize_tuple_variant(n: &'static str, i: u32, v: &'static str, len: usize) -> Never;
        serialize_struct_variant(n: &'static str, i: u32, v: &'static str, len: usize) -> Never;
    }
}
