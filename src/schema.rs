//! JSON Schemas as MCP clients like them: inline, no unions, and an absent field is absent, not
//! null. JSON Schema 2020-12; portable subset: design §3.
//!
//! Five keywords are ours and are not published: `x-aliases` on a property lists other names that
//! are accepted for it, `x-hidden` marks a property that is accepted and not listed, `x-text` on an
//! object names the field that a bare string stands for, `x-line` marks a text of one line, `x-brief` on a property is published as its
//! description in place of all that stands inside it, which another tool or argument shows.
//!
//! What is published costs every model that sees it: bounds and formats that a caller keeps to
//! unasked are checked and not told.

use std::sync::OnceLock;

use jsonschema::Validator;
use schemars::{JsonSchema, Schema, generate::SchemaSettings, transform::transform_subschemas};
use serde_json::{Map, Value, json};

use crate::tool::JsonObject;

/// What a tool takes: the schema that is published, and the one that arguments are held to.
pub struct Input {
    /// Without our own keywords, hidden properties and what need not be told.
    pub published: JsonObject,
    pub full: JsonObject,
    validator: OnceLock<Validator>,
}

impl Input {
    /// The same for a tool that only reads, of which every text chooses what is read.
    #[must_use]
    pub fn of_filters(mut self) -> Self {
        if let Some(Value::Object(properties)) = self.full.get_mut("properties") {
            properties.values_mut().for_each(|property| {
                say_something(property);
                on_one_line(property);
            });
        }
        self
    }

    /// The compiled schema; made on first use, since most runs call few tools.
    pub fn validator(&self) -> &Validator {
        #[expect(clippy::expect_used, reason = "a test compiles every tool's schema")]
        self.validator.get_or_init(|| {
            jsonschema::draft202012::options()
                .should_validate_formats(true)
                .build(&Value::Object(self.full.clone()))
                .expect("a generated schema is valid")
        })
    }
}

/// The schema of what a tool takes.
pub fn input<T: JsonSchema>() -> Input {
    let mut schema = settings().into_generator().into_root_schema_for::<T>();
    tidy(&mut schema);
    names_say_something(&mut schema);
    let full = into_object(schema);
    let mut published = full.clone();
    publish(&mut published);
    Input { published, full, validator: OnceLock::new() }
}

/// The schema of what a tool returns.
pub fn output<T: JsonSchema>() -> JsonObject {
    let mut schema = settings().for_serialize().into_generator().into_root_schema_for::<T>();
    tidy(&mut schema);
    let mut schema = into_object(schema);
    publish(&mut schema);
    schema
}

fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    })
}

fn into_object(schema: Schema) -> JsonObject {
    let Value::Object(mut object) = Value::from(schema) else { return JsonObject::new() };
    object.shift_remove("title");
    object.shift_remove("description");
    object
}

/// `Option<T>` reads as an optional `T`, not as "T or null"; an object takes no fields but its
/// own, unless it says otherwise; what only matters to Rust (integer widths) goes.
fn tidy(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(inner) = only_branch(schema) {
        let outer = schema.ensure_object();
        outer.shift_remove("anyOf");
        for (key, value) in inner {
            // The field's own description wins over its type's.
            outer.entry(key).or_insert(value);
        }
    }
    for keyword in ["default", "writeOnly", "readOnly"] {
        if schema.get(keyword).is_some_and(|value| value.is_null() || keyword != "default") {
            schema.remove(keyword);
        }
    }
    let rust_only = schema.get("format").and_then(Value::as_str).is_some_and(|format| {
        format.starts_with("int")
            || format.starts_with("uint")
            || matches!(format, "double" | "float")
    });
    if rust_only && schema.remove("format").is_some_and(|format| format == "uint32") {
        schema.ensure_object().entry("maximum").or_insert(u32::MAX.into());
    }
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    if schema.get("type").is_some_and(|kind| kind == "object") {
        let object = schema.ensure_object();
        object.entry("properties").or_insert_with(|| Value::Object(Map::new()));
        let named = object.get("properties").is_some_and(|names| *names != json!({}));
        let open = object.entry("additionalProperties").or_insert(Value::Bool(false));
        if !named && *open == Value::Bool(true) {
            // Some clients take an object without named fields for one that has none.
            *open = json!({});
        }
    }
    transform_subschemas(&mut tidy, schema);
}

/// An empty text names nothing: not as an id or slug, and not in a list of texts.
fn names_say_something(schema: &mut Schema) {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for (name, property) in properties.iter_mut() {
            if is_name(name) {
                say_something(property);
            }
            if is_name(name) || is_line(name) {
                on_one_line(property);
            }
        }
    }
    if let Some(items) = schema.get_mut("items") {
        say_something(items);
    }
    transform_subschemas(&mut names_say_something, schema);
}

fn is_name(property: &str) -> bool {
    let (_, last) = property.rsplit_once('_').unwrap_or(("", property));
    matches!(last, "id" | "slug")
}

/// What people and requests call a thing by.
fn is_line(property: &str) -> bool {
    let (_, last) = property.rsplit_once('_').unwrap_or(("", property));
    matches!(last, "name" | "search" | "email" | "model" | "provider" | "role" | "uri" | "ip")
}

/// Marks a text, or each of a list of texts, as one of a single line.
fn on_one_line(schema: &mut Value) {
    if let Value::Object(schema) = schema {
        if schema.get("type").is_some_and(|kind| kind == "string") && !schema.contains_key("enum") {
            schema.insert("x-line".into(), true.into());
        }
        schema.get_mut("items").map(on_one_line);
    }
}

/// Refuses an empty text, where no set or form of its own does.
fn say_something(schema: &mut Value) {
    if let Value::Object(schema) = schema
        && schema.get("type").is_some_and(|kind| kind == "string")
        && !["enum", "format", "pattern"].iter().any(|keyword| schema.contains_key(*keyword))
    {
        schema.entry("minLength").or_insert(1.into());
    }
}

fn is_width(maximum: u64) -> bool {
    [u64::from(u8::MAX), u64::from(u16::MAX), u64::from(u32::MAX)].contains(&maximum)
}

/// The one branch of an `anyOf` beside null.
fn only_branch(schema: &Schema) -> Option<JsonObject> {
    let branches = schema.get("anyOf")?.as_array()?;
    let mut others = branches.iter().filter(|branch| branch.get("type") != Some(&"null".into()));
    let only = others.next()?.as_object()?.clone();
    others.next().is_none().then_some(only)
}

/// Takes out what only we read. The widths of Rust's integers bind, but are no rule of the API's.
fn publish(schema: &mut JsonObject) {
    schema.shift_remove("x-aliases");
    schema.shift_remove("x-text");
    schema.shift_remove("x-line");
    if let Some(text) = schema.shift_remove("x-brief") {
        *schema = brief(schema, text);
        return;
    }
    for (keyword, expected) in EXPECTED {
        let is_expected = |value: &Value| expected.is_empty() || expected.contains(&&*text(value));
        if schema.get(*keyword).is_some_and(is_expected) {
            schema.shift_remove(*keyword);
        }
    }
    if schema.get("maximum").and_then(Value::as_u64).is_some_and(is_width) {
        schema.shift_remove("maximum");
    }
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.retain(|_, property| property.get("x-hidden").is_none());
        for property in properties.values_mut().filter_map(Value::as_object_mut) {
            publish(property);
        }
    }
    if let Some(Value::Object(items)) = schema.get_mut("items") {
        publish(items);
    }
    if let Some(each) = schema.get_mut("additionalProperties").filter(|each| each.is_object()) {
        if *each == json!({ "description": "Any JSON value." }) {
            *each = json!({});
        } else if let Value::Object(each) = each {
            publish(each);
        }
    }
}

/// Keywords whose values (any, where none is named) nobody has to be told.
const EXPECTED: &[(&str, &[&str])] = &[
    ("minimum", &["0", "0.0", "1", "1.0", "-10", "-10.0"]),
    ("maximum", &["1", "1.0", "10", "10.0", "365"]),
    ("exclusiveMinimum", &["0", "0.0"]),
    ("minLength", &["1"]),
    ("maxLength", &[]),
    ("minItems", &["1"]),
    ("pattern", &[]),
    ("default", &[]),
    ("format", &["email", "uri", "uuid"]),
];

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A schema that says what kind of value it is, and the rest in words.
fn brief(schema: &JsonObject, text: Value) -> JsonObject {
    let mut short = bare(schema);
    short.insert("description".into(), text);
    short
}

fn bare(schema: &JsonObject) -> JsonObject {
    let mut bare = JsonObject::new();
    bare.extend(schema.get("type").map(|kind| ("type".to_owned(), kind.clone())));
    if let Some(Value::Object(items)) = schema.get("items") {
        bare.insert("items".into(), self::bare(items).into());
    }
    if schema.get("type").is_some_and(|kind| kind == "object") {
        bare.insert("properties".into(), json!({}));
        bare.insert("additionalProperties".into(), json!({}));
    }
    bare
}

/// Marks properties of an object as told elsewhere.
pub fn tell_briefly(schema: &mut Schema, told: &[(&str, &str)]) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    for (name, text) in told {
        if let Some(Value::Object(property)) = properties.get_mut(*name) {
            property.insert("x-brief".into(), (*text).into());
        }
    }
}
