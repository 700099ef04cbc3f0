//! Running a tool, and what its answer is made of.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    JsonObject,
    call::Call,
    error::Result,
    list::{Listing, Page},
    row::{Effect, Read, Run, Tool},
};
use crate::json::Json;

impl Tool {
    /// Runs the tool once, with arguments that fit its schema, and hands its answer to `with`.
    pub(crate) async fn answer<T: Send>(
        &self,
        call: &Call,
        args: JsonObject,
        with: impl Fn(Json<'_>) -> T + Sync,
    ) -> Result<T> {
        match self.run {
            Run::Request { method, path, write, read } => {
                let mut args = write(args)?;
                let asked = |listing: Listing| listing.ask(args.as_object_mut()?);
                let page = self.listing.and_then(asked);
                let reads = self.effect == Effect::Reads;
                let named = if reads { JsonObject::new() } else { path_arguments(path, &args) };
                let shaped = |answer: Json<'_>| with(self.shaped(answer, read, page, &named));
                call.send_and_read(method, path, args, shaped).await
            }
            Run::Workflow(run) => Ok(with(self.handled(run(call, args).await?.into()))),
        }
    }

    /// What Portkey answered, as the tool answers it. `named` are the arguments that named what was
    /// asked for.
    fn shaped<'a>(
        &self,
        answer: Json<'a>,
        read: Read,
        page: Option<Page>,
        named: &JsonObject,
    ) -> Json<'a> {
        let mut answer = match self.listing {
            Some(listing) => listing.read(answer, page),
            None if self.effect == Effect::Reads => bare(answer),
            None => told(bare(answer), named),
        };
        read(&mut answer);
        self.handled(answer)
    }

    /// Whether a success holds a secret that is shown this one time: nothing may keep it.
    pub(crate) fn shows_once(&self) -> bool {
        !self.one_time.is_empty()
    }

    /// The answer with a note on what to do with the secrets in it that are shown this one time.
    fn handled<'a>(&self, mut answer: Json<'a>) -> Json<'a> {
        let shown = self.one_time.iter().filter(|name| holds(&answer, name));
        let shown = shown.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
        if !shown.is_empty()
            && let Json::Object(fields) = &mut answer
        {
            let note = format!(
                "{shown} is shown this one time: store it where it belongs now, it cannot be read \
                 again, and do not repeat it elsewhere"
            );
            fields.push(("handling".into(), Json::Text(note.into())));
        }
        answer
    }
}

/// Whether there is anything in a field of that name, at any depth.
fn holds(answer: &Json<'_>, name: &str) -> bool {
    match answer {
        Json::Object(fields) => fields.iter().any(|(field, value)| {
            let empty = matches!(value, Json::Null) || value.as_str() == Some("");
            (field == name && !empty) || holds(value, name)
        }),
        Json::List(items) => items.iter().any(|item| holds(item, name)),
        _ => false,
    }
}

/// `{success, data: {…}}` is its data: the API wraps some answers and documents others as wrapped.
pub(crate) fn unwrapped(answer: Value) -> Value {
    bare(answer.into()).into()
}

fn bare(mut answer: Json<'_>) -> Json<'_> {
    let is_wrapped = match &answer {
        Json::Object(fields) => {
            fields.iter().any(|(name, _)| name == "success")
                && fields.iter().all(|(name, _)| name == "success" || name == "data")
                && matches!(answer.get("data"), Some(Json::Object(_)))
        }
        _ => false,
    };
    if is_wrapped { answer.take("data").unwrap_or(answer) } else { answer }
}

/// What an empty answer to a write says: that it was done, and to what.
fn told<'a>(answer: Json<'a>, named: &JsonObject) -> Json<'a> {
    match answer {
        Json::Object(fields) if fields.is_empty() => {
            let named = named
                .iter()
                .map(|(name, value)| (Cow::Owned(name.clone()), Json::from(value.clone())));
            Json::Object(
                std::iter::once(("success".into(), Json::Bool(true))).chain(named).collect(),
            )
        }
        other => other,
    }
}

/// The arguments that fill the path.
pub(super) fn path_arguments(path: &str, args: &Value) -> JsonObject {
    let (path, _) = path.split_once("{?").unwrap_or((path, ""));
    path.split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .filter_map(|name| Some((name.to_owned(), args.get(name)?.clone())))
        .collect()
}
