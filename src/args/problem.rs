//! Problems with arguments, in words that say what would be right.

use jsonschema::{
    ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
};
use serde_json::Value;

use crate::{
    near::near,
    tool::{self, JsonObject, Problem},
};

#[derive(Default)]
pub(super) struct Problems(tool::Problems);

impl Problems {
    pub fn add(&mut self, argument: impl AsRef<str>, why: impl Into<String>) {
        self.0.add(argument.as_ref(), why);
    }

    pub fn add_unknown(&mut self, path: &str, name: &str, known: &JsonObject) {
        if self.0.is_full() {
            return;
        }
        let names = || {
            known
                .iter()
                .filter(|(_, schema)| schema.get("x-hidden").is_none())
                .map(|(name, _)| name.as_str())
        };
        let hint = near(name, names()).map(|other| format!(" (did you mean `{other}`?)"));
        let list = names().collect::<Vec<_>>().join(", ");
        let there = if list.is_empty() {
            "there are none".to_owned()
        } else {
            format!("there are: {list}")
        };
        let shown: String = path.chars().take(120).collect();
        self.add(shown, format!("is no field here{}; {there}", hint.unwrap_or_default()));
    }

    pub fn add_invalid(&mut self, error: &ValidationError<'_>) {
        let path = dotted(error.instance_path().as_str());
        let why = match error.kind() {
            // Told with the known names by `add_unknown`.
            Kind::AdditionalProperties { .. } => return,
            Kind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                let inner = if path.is_empty() { name.into() } else { format!("{path}.{name}") };
                return self.add(inner, "is required");
            }
            Kind::Type { kind: TypeKind::Single(kind) } => format!("has to be of type {kind}"),
            Kind::Enum { options } => format!("has to be one of {}", choices(options)),
            Kind::Format { format } => format!("has to be {}", form(format)),
            Kind::Minimum { limit } => format!("has to be {limit} or more"),
            Kind::ExclusiveMinimum { limit } => format!("has to be more than {limit}"),
            Kind::Maximum { limit } => format!("has to be {limit} or less"),
            Kind::ExclusiveMaximum { limit } => format!("has to be less than {limit}"),
            Kind::MinLength { limit } if *limit == 1 => "must not be empty".into(),
            Kind::MinLength { limit } => format!("has to have {limit} characters or more"),
            Kind::MaxLength { limit } => format!("has to have {limit} characters or fewer"),
            Kind::MinItems { limit } => format!("has to have {limit} elements or more"),
            Kind::MaxItems { limit } => format!("has to have {limit} elements or fewer"),
            Kind::Pattern { pattern } => format!("has to match `{pattern}`"),
            _ => error.masked_with("the value").to_string(),
        };
        self.add(path, why);
    }

    pub fn into_result(self) -> Result<(), Vec<Problem>> {
        self.0.into_result()
    }
}

fn choices(options: &Value) -> String {
    let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
    options.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn form(format: &str) -> String {
    match format {
        "date-time" => "a time in ISO 8601 with offset, such as 2026-01-31T00:00:00Z".into(),
        "uuid" => "a UUID, such as 3fa85f64-5717-4562-b3fc-2c963f66afa6".into(),
        other => format!("in the form `{other}`"),
    }
}

/// A JSON pointer as people write paths: `/targets/0/weight` is `targets[0].weight`.
fn dotted(pointer: &str) -> String {
    let mut path = String::new();
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        if token.bytes().all(|byte| byte.is_ascii_digit()) && !token.is_empty() && !path.is_empty()
        {
            path.extend(["[", &token, "]"]);
        } else {
            path.extend([if path.is_empty() { "" } else { "." }, &token]);
        }
    }
    path
}
