//! The documented places of secrets, and how a canary gets there.

use std::{fmt, sync::LazyLock};

use serde_json::{Map, Value};

/// A place in the answers of one operation.
pub struct Place {
    /// As in `routes.txt`.
    pub operation: &'static str,
    pub field: &'static str,
    steps: Vec<Step>,
    in_url: bool,
    /// The secret is shown this one time by design.
    pub once: bool,
}

enum Step {
    Field(&'static str),
    /// Every field of an object.
    Fields,
    /// Every item of a list.
    Items,
    /// What a text says as JSON.
    Text,
}

pub static PLACES: LazyLock<Vec<Place>> = LazyLock::new(|| {
    let mut operation = "";
    let mut places = Vec::new();
    for line in include_str!("places.txt").lines().filter(|line| !line.starts_with('#')) {
        let Some(place) = line.strip_prefix("  ") else {
            operation = line;
            continue;
        };
        let mut words = place.split(' ');
        let field = words.next().unwrap();
        let marks: Vec<_> = words.collect();
        let (in_url, once) = (marks.contains(&"url"), marks.contains(&"once"));
        let steps = field.split('.').flat_map(steps).collect();
        places.push(Place { operation, field, steps, in_url, once });
    }
    places
});

fn steps(mut part: &'static str) -> Vec<Step> {
    let mut behind = Vec::new();
    while let Some((rest, step)) = part
        .strip_suffix("[]")
        .map(|rest| (rest, Step::Items))
        .or_else(|| part.strip_suffix('!').map(|rest| (rest, Step::Text)))
    {
        behind.insert(0, step);
        part = rest;
    }
    behind.insert(0, if part == "*" { Step::Fields } else { Step::Field(part) });
    behind
}

impl Place {
    /// Puts a secret there, in all rows; what is missing on the way is added, but for rows. Returns
    /// how often it did.
    pub fn plant(&self, answer: &mut Value, canary: &str) -> usize {
        let secret = if self.in_url {
            format!("https://user:{canary}@host.example/path?x=1&token={canary}")
        } else {
            canary.to_owned()
        };
        plant(answer, &self.steps, &secret)
    }
}

fn plant(value: &mut Value, steps: &[Step], secret: &str) -> usize {
    let Some((step, rest)) = steps.split_first() else {
        *value = secret.into();
        return 1;
    };
    match step {
        Step::Field(name) => plant(object(value).entry(*name).or_insert(Value::Null), rest, secret),
        Step::Fields => {
            let fields = object(value);
            fields.entry("x-added").or_insert(Value::Null);
            fields.values_mut().map(|value| plant(value, rest, secret)).sum()
        }
        Step::Items => {
            if value.is_null() {
                *value = Value::Array(vec![Value::Null]);
            }
            let items = value.as_array_mut().into_iter().flatten();
            items.map(|item| plant(item, rest, secret)).sum()
        }
        Step::Text => {
            let Some(text) = value.as_str() else { return plant(value, rest, secret) };
            let mut inner = serde_json::from_str(text).unwrap_or_default();
            let count = plant(&mut inner, rest, secret);
            *value = inner.to_string().into();
            count
        }
    }
}

fn object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut().unwrap()
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.field, self.operation)
    }
}
