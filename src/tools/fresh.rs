//! Reads that a change is built upon: they must not lag behind what this server wrote before.
//!
//! For things whose reads carry no version's id: what a read shows stands for its version.

use serde_json::{Value, json};

use crate::tool::{Call, Error, JsonObject, Result, unwrapped};

/// One thing that is read and written.
#[derive(Clone, Copy)]
pub struct Resource<'a> {
    /// Template of the path that shows it.
    pub path: &'static str,
    /// The path's field, and what fills it; none where there is only one such thing.
    pub named: Option<(&'static str, &'a str)>,
    /// What of it changes are built upon. Of what is stored and of what is written it has to say the
    /// same where that is the same: another version would pass for a replaced one.
    pub version: fn(&Value) -> Value,
}

impl Resource<'_> {
    /// What is there now, after a wait where reads lag behind a write of the last minute.
    ///
    /// # Errors
    /// Also when they still lag after it: then nothing may be built upon them.
    pub async fn read(self, call: &Call) -> Result<Value> {
        let (shown, fresh) = self.look(call).await?;
        if !fresh {
            let message =
                "Portkey still shows a state that was replaced moments ago; nothing was written";
            return Err(Error::Stale(message.into()));
        }
        Ok(shown)
    }

    /// Remembers that a write put the fields of `body` over what was read, and says so if reads do
    /// not show that yet.
    pub async fn wrote(
        self,
        call: &Call,
        before: &Value,
        body: &JsonObject,
    ) -> Option<&'static str> {
        let key = self.key(before);
        let mut after = before.as_object().cloned().unwrap_or_default();
        after.extend(body.clone());
        let [before, after] = [before, &Value::Object(after)].map(|it| self.version_of(it));
        if before == after {
            return None;
        }
        call.wrote(&key, &before, Some(&after));
        match self.look(call).await {
            Ok((_, true)) => None,
            Ok((_, false)) => Some("saved; Portkey's reads still show the older state"),
            Err(_) => Some("saved; it could not be read back to see that reads show it"),
        }
    }

    async fn look(self, call: &Call) -> Result<(Value, bool)> {
        call.patiently(move || async move {
            let named = self.named.map(|(field, id)| (field.to_owned(), Value::from(id)));
            let args = JsonObject::from_iter(named);
            let shown = unwrapped(call.get(self.path, args.into()).await?);
            let fresh = !call.is_stale(&self.key(&shown), &self.version_of(&shown));
            Ok((shown, fresh))
        })
        .await
    }

    /// One thing may be named by its slug or its id; what is shown has the id.
    fn key(self, shown: &Value) -> String {
        let id = shown.get("id").and_then(Value::as_str).or(self.named.map(|(_, id)| id));
        format!("{} {}", self.path, id.unwrap_or_default())
    }

    fn version_of(self, shown: &Value) -> String {
        let mut version = (self.version)(shown);
        even(&mut version);
        version.to_string()
    }
}

/// These fields, for a [`Resource::version`].
pub fn picked(shown: &Value, names: &[&str]) -> Value {
    names.iter().map(|name| shown.get(name)).map(|it| json!(it)).collect()
}

/// Takes out in what one state can differ from itself: the order of fields, and a whole number that
/// is written as a fraction.
fn even(value: &mut Value) {
    match value {
        Value::Number(number) => {
            let float = number.as_f64().filter(|it| number.is_f64() && it.fract() == 0.0);
            if let Some(float) = float.filter(|it| it.abs() < 9_007_199_254_740_992.0) {
                #[expect(clippy::cast_possible_truncation, reason = "integral and in range")]
                let whole = float as i64;
                *value = whole.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(even),
        Value::Object(fields) => {
            fields.values_mut().for_each(even);
            fields.sort_keys();
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_one_however_it_is_written() {
        let resource = Resource { path: "/x", named: None, version: |it| picked(it, &["a"]) };
        let version = |value: Value| resource.version_of(&json!({ "a": value, "b": 1 }));
        assert_eq!(version(json!({ "x": 1, "y": [2.0] })), version(json!({ "y": [2], "x": 1.0 })));
        assert_eq!(resource.version_of(&json!({})), version(Value::Null));
        for other in [json!("1"), json!(1.5), json!({}), json!(null), json!([1])] {
            assert_ne!(version(json!(1)), version(other));
        }
        assert_ne!(version(json!(i64::MAX)), version(json!(i64::MAX - 1)));
        assert_ne!(version(json!({ "x": {} })), version(json!({})));
        assert_ne!(version(json!([1, 2])), version(json!([2, 1])));
    }
}
