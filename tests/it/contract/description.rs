//! Portkey's description of its API (OpenAPI 3.0): the operations of `routes.txt`, compiled.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::Validator;
use serde_json::Value;

use super::schema;
use crate::routes::{ROUTES, nameless};

/// The operations of the description that are routes of the Admin API, by `METHOD /path`.
pub struct Description(BTreeMap<String, Operation>);

pub struct Operation {
    /// Its path with the names of its fields.
    pub path: String,
    pub parameters: Vec<Parameter>,
    pub body: Option<Body>,
    /// By status. None where no JSON is described.
    pub answers: BTreeMap<String, Option<Validator>>,
}

pub struct Parameter {
    pub name: String,
    /// `path` or `query`.
    pub place: String,
    pub required: bool,
    pub schema: Validator,
}

pub struct Body {
    pub required: bool,
    /// Names of its fields.
    pub names: BTreeSet<String>,
    pub schema: Validator,
}

impl Description {
    /// From YAML.
    pub fn new(text: &str) -> Self {
        let options = serde_saphyr::options! { strict_booleans: true };
        let document: Value = serde_saphyr::from_str_with_options(text, options).unwrap();
        let mut operations = BTreeMap::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in ["get", "post", "put", "delete"] {
                let line = format!("{} {}", method.to_uppercase(), nameless(path));
                let is_route = ROUTES.iter().any(|route| route.line == line);
                if let Some(operation) = item.get(method).filter(|_| is_route) {
                    let operation = Operation::new(&document, path, item, operation);
                    let twice = operations.insert(line, operation);
                    assert!(twice.is_none(), "{method} {path} stands there twice");
                }
            }
        }
        Self(operations)
    }

    pub fn holds(&self, line: &str) -> bool {
        self.0.contains_key(line)
    }

    pub fn operation(&self, line: &str) -> Option<&Operation> {
        self.0.get(line)
    }
}

impl Operation {
    fn new(document: &Value, path: &str, item: &Value, operation: &Value) -> Self {
        let parameters = [item, operation]
            .into_iter()
            .flat_map(|it| it["parameters"].as_array().into_iter().flatten())
            .map(|it| Parameter::new(document, it))
            .filter(|it| ["path", "query"].contains(&it.place.as_str()))
            .collect();
        let body = operation.get("requestBody").map(|body| {
            let body = schema::resolved(document, body);
            let schema = json_of(body).unwrap_or_else(|| panic!("{path} takes no JSON"));
            Body {
                required: body["required"] == true,
                names: schema::names(document, schema),
                schema: schema::compile(document, schema, schema::Fields::Known),
            }
        });
        let answers = operation["responses"].as_object().unwrap().iter();
        let answers = answers.map(|(status, answer)| {
            let schema = json_of(schema::resolved(document, answer));
            let compiled =
                schema.map(|schema| schema::compile(document, schema, schema::Fields::Any));
            (status.clone(), compiled)
        });
        Self { path: path.to_owned(), parameters, body, answers: answers.collect() }
    }
}

impl Parameter {
    fn new(document: &Value, parameter: &Value) -> Self {
        let parameter = schema::resolved(document, parameter);
        let text = |name: &str| parameter[name].as_str().unwrap().to_owned();
        Self {
            name: text("name"),
            place: text("in"),
            required: parameter["required"] == true,
            schema: schema::compile(document, &parameter["schema"], schema::Fields::Known),
        }
    }
}

fn json_of(body: &Value) -> Option<&Value> {
    body["content"].get("application/json")?.get("schema")
}
