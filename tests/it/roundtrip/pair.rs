//! A tool that changes a stored thing in place, with the tool that shows it and what it may change.

use proptest::prelude::Strategy;
use serde_json::{Value, json};

use super::values::Values;

type Echo = Box<dyn Fn(&Value) -> Value>;
type Keep = Box<dyn Fn(&mut Value, &Value)>;

pub struct Pair {
    pub tool: &'static str,
    /// The tool that shows it, and what that takes.
    pub read: Option<(&'static str, Value)>,
    /// Arguments that name it.
    pub named: Value,
    /// Table and id of the row.
    pub row: (&'static str, String),
    /// What was shown, as the tool takes it back.
    pub echo: Echo,
    pub fields: Vec<Field>,
    /// Name of the seeded key.
    pub key: &'static str,
}

/// Arguments that belong together.
pub struct Field {
    /// Objects of arguments.
    pub values: Values,
    /// What they make of the row.
    pub keep: Keep,
    /// Pointer to the first of them in what is shown; empty where it is not shown as it was given.
    pub shown: String,
}

impl Pair {
    pub fn new(
        tool: &'static str,
        read: &'static str,
        named: Value,
        row: (&'static str, String),
    ) -> Self {
        let read = Some((read, named.clone()));
        Self { tool, read, named, row, echo: Box::new(|_| json!({})), fields: vec![], key: "admin" }
    }

    /// Fields that are sent back under the name under which they were shown.
    pub fn echoes(self, names: &'static [&'static str]) -> Self {
        self.echo(move |shown| pick(shown, names))
    }

    pub fn echo(self, echo: impl Fn(&Value) -> Value + 'static) -> Self {
        Self { echo: Box::new(echo), ..self }
    }

    pub fn fields(self, fields: Vec<Field>) -> Self {
        Self { fields, ..self }
    }

    /// What the reading tool takes, where it is not what names the thing for a change.
    pub fn reads(mut self, args: Value) -> Self {
        self.read = self.read.map(|(tool, _)| (tool, args));
        self
    }
}

/// These fields of an object, where they are set.
pub fn pick(shown: &Value, names: &[&str]) -> Value {
    let set = names.iter().map(|name| ((*name).to_owned(), shown[*name].clone()));
    Value::Object(set.filter(|(_, value)| !value.is_null()).collect())
}

/// One argument, kept in the row at a pointer.
pub fn field(argument: &'static str, at: &str, values: Values) -> Field {
    let at = at.to_owned();
    Field {
        values: values.prop_map(move |value| json!({ argument: value })).boxed(),
        keep: Box::new(move |row, given| *place(row, &at) = given[argument].clone()),
        shown: format!("/{argument}"),
    }
}

/// One argument, kept under its own name.
pub fn plain(argument: &'static str, values: Values) -> Field {
    field(argument, &format!("/fields/{argument}"), values)
}

/// One argument that is merged into what is at a pointer.
pub fn merged(argument: &'static str, at: &'static str, values: Values) -> Field {
    field(argument, at, values).hidden().keep(move |row, given| {
        json_patch::merge(place(row, at), &given[argument]);
    })
}

impl Field {
    /// Not shown as it was given.
    pub fn hidden(self) -> Self {
        self.shown("")
    }

    pub fn shown(self, at: &str) -> Self {
        Self { shown: at.to_owned(), ..self }
    }

    pub fn keep(self, keep: impl Fn(&mut Value, &Value) + 'static) -> Self {
        Self { keep: Box::new(keep), ..self }
    }

    /// With these arguments beside it.
    pub fn with(self, more: Value) -> Self {
        let values = self.values.prop_map(move |given| crate::support::joined(given, &more));
        Self { values: values.boxed(), ..self }
    }
}

/// The value at a pointer, made where it is not there.
pub fn place<'a>(row: &'a mut Value, at: &str) -> &'a mut Value {
    at.split('/').skip(1).fold(row, |value, name| {
        if value.is_null() {
            *value = json!({});
        }
        &mut value[name]
    })
}
