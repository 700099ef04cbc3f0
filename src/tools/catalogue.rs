//! The tools of this process with their schemas, built once at start.

use std::collections::HashMap;

use serde_json::Value;

use super::DOMAINS;
use crate::{
    answer, args,
    json::{self, Json},
    mask::Names,
    schema::Input,
    tool::{Call, Effect, Error, JsonObject, Result, Tool, cut},
};

/// A domain's name and its rows.
pub type Domain = (&'static str, &'static [Tool]);

/// The tools that this process serves.
pub struct Catalogue {
    entries: Vec<Entry>,
    /// By name and by hidden alias.
    by_name: HashMap<&'static str, usize>,
}

/// A tool with what is derived from its row.
pub struct Entry {
    pub tool: &'static Tool,
    pub domain: &'static str,
    /// Its entry in `tools/list`.
    pub definition: rmcp::model::Tool,
    /// The same as compact JSON.
    pub json: Box<str>,
    input: Input,
}

/// A domain that is not there.
#[derive(Debug, thiserror::Error)]
#[error("no tool domain `{name}`; there are: {known}")]
pub struct UnknownDomain {
    pub name: String,
    pub known: String,
}

impl Catalogue {
    /// Whether each of these domains is there.
    ///
    /// # Errors
    /// Names the first that is not, and those that are.
    pub fn check(domains: &[String]) -> Result<(), UnknownDomain> {
        let is_known = |name: &String| DOMAINS.iter().any(|(known, _)| known == name);
        domains.iter().find(|name| !is_known(name)).map_or(Ok(()), |name| {
            let known = DOMAINS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
            Err(UnknownDomain { name: name.clone(), known })
        })
    }

    /// The tools of these domains, or of all where none is named.
    ///
    /// # Errors
    /// If a domain is not known.
    pub fn new(domains: &[String]) -> Result<Self, UnknownDomain> {
        Self::check(domains)?;
        let wanted = |name: &str| domains.is_empty() || domains.iter().any(|domain| domain == name);
        Ok(Self::from_domains(DOMAINS.iter().filter(|(domain, _)| wanted(domain))))
    }

    /// The tools of these rows.
    pub fn from_domains(domains: impl IntoIterator<Item = &'static Domain>) -> Self {
        let entries: Vec<Entry> = domains
            .into_iter()
            .flat_map(|(domain, tools)| tools.iter().map(|tool| Entry::new(domain, tool)))
            .collect();
        let by_name = entries
            .iter()
            .enumerate()
            .flat_map(|(i, entry)| {
                let names =
                    std::iter::once(entry.tool.name).chain(entry.tool.aliases.iter().copied());
                names.map(move |name| (name, i))
            })
            .collect();
        Self { entries, by_name }
    }

    /// The effective tool behind a name: its own, or a hidden alias.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.get(*self.by_name.get(name)?)
    }

    /// The names of all arguments that are shown.
    #[cfg(test)]
    pub fn arguments(&self) -> std::collections::HashSet<String> {
        let properties = |entry: &Entry| entry.input.published.get("properties").cloned();
        let shown = self.entries.iter().filter_map(properties);
        shown.flat_map(|it| it.as_object().cloned().unwrap_or_default()).map(|it| it.0).collect()
    }

    /// In the order of `tools/list`.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

impl Entry {
    fn new(domain: &'static str, tool: &'static Tool) -> Self {
        let input = tool.input();
        let definition = tool.definition(input.published.clone());
        let json = serde_json::to_string(&definition).unwrap_or_default().into();
        Self { tool, domain, definition, json, input }
    }

    /// Checks the arguments against the schema, runs the tool and tidies its answer: an object, as
    /// compact JSON. Of a list, as many rows are kept as fit into `max_bytes` when it is shown.
    pub async fn answer(
        &self,
        call: &mut Call,
        mut args: JsonObject,
        max_bytes: usize,
    ) -> Result<String> {
        let stored = matches!(self.tool.effect, Effect::Replaces | Effect::Destroys);
        args::fit(&mut args, &self.input, self.tool.document, stored)?;
        call.facts = self.tool.into();
        let &Tool { secrets: secret, shown, one_time, .. } = self.tool;
        let names = Names { secret, shown, one_time };
        let write = |mut json: Json<'_>| {
            if !matches!(json, Json::Object(_)) {
                json = Json::Object(vec![("data".into(), json)]);
            }
            answer::tidy(&mut json, names);
            let text = json.write(4096);
            let length = |json: &Json<'_>| answer::visible(&json.write(256)).len();
            // An escape is up to six times as long as what it stands for.
            let is_long = text.len() > max_bytes / 6 && answer::visible(&text).len() > max_bytes;
            if is_long && cut(&mut json, max_bytes, length) { json.write(max_bytes) } else { text }
        };
        self.tool.answer(call, args, write).await
    }

    /// The same as a value, whole.
    pub async fn call(&self, call: &mut Call, args: JsonObject) -> Result<Value> {
        let text = self.answer(call, args, usize::MAX).await?;
        json::value(&text).map_err(|_| Error::Answer("it is not JSON".to_owned()))
    }
}
