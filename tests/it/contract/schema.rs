//! Schemas of OpenAPI 3.0 as JSON Schema 2020-12, compiled.
//!
//! <https://spec.openapis.org/oas/v3.0.3#schema-object>. A `discriminator` is only a hint for code
//! generators: the enums of the branches decide. `oneOf` is read as `anyOf`, since the branches are
//! seldom written to exclude each other. What only annotates is dropped.

use std::collections::BTreeSet;

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

const SCHEMAS: &str = "#/components/schemas/";
/// Read in the same way by both.
const SAME: &[&str] = &[
    "type",
    "enum",
    "minimum",
    "maximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "format",
];

/// Whether an object may have fields that its schema does not name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fields {
    /// Where the schema does not forbid it.
    Any,
    /// Only where the schema says so: what users mistype would be sent.
    Known,
}

pub fn compile(document: &Value, schema: &Value, fields: Fields) -> Validator {
    let mut writer = Writer { document, fields, defs: Map::new() };
    let mut root = writer.whole(schema);
    root["$defs"] = Value::Object(writer.defs);
    let options =
        jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
    options.build(&root).unwrap_or_else(|error| panic!("{error}: {root}"))
}

/// What a reference leads to, or the value itself.
pub fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let Some(target) = value["$ref"].as_str() else { return value };
    let target = target.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
    resolved(document, target.unwrap_or_else(|| panic!("{value} leads nowhere")))
}

/// The fields that a schema and its parts name, also of the items of a list.
pub fn names(document: &Value, schema: &Value) -> BTreeSet<String> {
    let schema = resolved(document, schema);
    let fields = schema["properties"].as_object().into_iter().flatten();
    let mut all: BTreeSet<_> = fields.map(|(name, _)| name.clone()).collect();
    let parts = ["allOf", "anyOf", "oneOf"].iter().filter_map(|it| schema[*it].as_array());
    for part in parts.flatten().chain(schema.get("items")) {
        all.extend(names(document, part));
    }
    all
}

struct Writer<'d> {
    document: &'d Value,
    fields: Fields,
    /// What has been referred to.
    defs: Map<String, Value>,
}

impl Writer<'_> {
    /// The schema of one value, and not a part of it.
    fn whole(&mut self, schema: &Value) -> Value {
        let mut written = self.part(schema);
        if self.fields == Fields::Known && self.names_fields(schema) {
            written["unevaluatedProperties"] = false.into();
        }
        written
    }

    fn part(&mut self, schema: &Value) -> Value {
        let mut written = Map::new();
        // A reference that says more of itself stands alone in an `allOf`.
        let parts = schema["allOf"].as_array().filter(|_| schema.get("properties").is_none());
        let alone = parts.filter(|parts| parts.len() == 1);
        if let Some(name) = alone.map_or(schema, |parts| &parts[0])["$ref"].as_str() {
            let name = name.strip_prefix(SCHEMAS).unwrap_or_else(|| panic!("{name} is no schema"));
            if !self.defs.contains_key(name) {
                // It may refer to itself.
                self.defs.insert(name.to_owned(), Value::Null);
                let target = self.part(&self.document["components"]["schemas"][name]);
                self.defs.insert(name.to_owned(), target);
            }
            written.insert("$ref".to_owned(), format!("#/$defs/{name}").into());
        } else {
            self.write(schema, &mut written);
            let is_open = schema["type"] == "object" && !self.names_fields(schema);
            if is_open && !written.contains_key("additionalProperties") {
                written.insert("additionalProperties".to_owned(), true.into());
            }
        }
        if schema["nullable"] == true { or_null(written) } else { Value::Object(written) }
    }

    fn write(&mut self, schema: &Value, written: &mut Map<String, Value>) {
        for (keyword, value) in schema.as_object().unwrap() {
            let value = match (keyword.as_str(), value) {
                ("properties", Value::Object(fields)) => {
                    let fields = fields.iter().map(|(name, it)| (name.clone(), self.whole(it)));
                    fields.collect::<Map<_, _>>().into()
                }
                ("items" | "additionalProperties", Value::Object(_)) => self.whole(value),
                ("anyOf" | "oneOf", Value::Array(parts)) => {
                    parts.iter().map(|part| self.part(part)).collect()
                }
                // All in one, since a part that fails leaves it open which fields are known.
                ("allOf", Value::Array(parts)) => {
                    for part in parts {
                        self.write(resolved(self.document, part), written);
                    }
                    continue;
                }
                // Some fields say it of themselves, as parameters do.
                ("required", Value::Array(_)) | ("additionalProperties", Value::Bool(_)) => {
                    value.clone()
                }
                (same, _) if SAME.contains(&same) => value.clone(),
                _ => continue,
            };
            let keyword = if keyword == "oneOf" { "anyOf" } else { keyword };
            match (written.get_mut(keyword), value) {
                (Some(Value::Object(all)), Value::Object(more)) if keyword == "properties" => {
                    all.extend(more);
                }
                (Some(Value::Array(all)), Value::Array(more)) if keyword == "required" => {
                    all.extend(more);
                }
                (Some(other), value) => assert_eq!(*other, value, "two of `{keyword}`"),
                (None, value) => {
                    written.insert(keyword.to_owned(), value);
                }
            }
        }
    }

    /// Whether a schema or a part of it names fields.
    fn names_fields(&self, schema: &Value) -> bool {
        let schema = resolved(self.document, schema);
        let parts = ["allOf", "anyOf", "oneOf"].iter().filter_map(|it| schema[*it].as_array());
        schema["properties"].as_object().is_some_and(|fields| !fields.is_empty())
            || parts.flatten().any(|part| self.names_fields(part))
    }
}

fn or_null(mut schema: Map<String, Value>) -> Value {
    let kind = schema.get("type").filter(|_| !schema.contains_key("anyOf"));
    let Some(kind) = kind.cloned() else {
        return json!({ "anyOf": [schema, { "type": "null" }] });
    };
    schema.insert("type".to_owned(), json!([kind, "null"]));
    if let Some(Value::Array(options)) = schema.get_mut("enum") {
        options.push(Value::Null);
    }
    Value::Object(schema)
}
