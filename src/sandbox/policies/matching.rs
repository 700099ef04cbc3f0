//! Which requests of the log a policy is for, and how it groups them.

use serde_json::Value;

use crate::sandbox::{
    log::{Entry, Log, Run, Symbol},
    store::{Row, Store},
};

/// The conditions and the grouping of a policy.
pub(super) struct Matcher<'a> {
    log: &'a Log,
    /// UUID of the policy's workspace.
    workspace: Option<Symbol>,
    conditions: Vec<(&'a str, Vec<String>, Vec<String>)>,
    group_by: Vec<&'a str>,
}

impl<'a> Matcher<'a> {
    pub fn new(row: &'a Row, log: &'a Log, store: &Store) -> Self {
        let list = |field: &str| row.fields.get(field).and_then(Value::as_array);
        let conditions = list("conditions").into_iter().flatten().filter_map(|condition| {
            let key = condition.get("key")?.as_str()?;
            let values = |field: &str| {
                let values = texts(condition.get(field));
                if key == "workspace_id" { ids(values, row, store) } else { values }
            };
            Some((key, values("value"), values("excludes")))
        });
        let group_by = list("group_by").into_iter().flatten();
        Self {
            log,
            workspace: row.workspace.as_deref().and_then(|id| log.find(id)),
            conditions: conditions.collect(),
            group_by: group_by.filter_map(|group| group.get("key")?.as_str()).collect(),
        }
    }

    /// What a request of the log counts under, such as `api_key:…`; `None` where the policy is not for
    /// it.
    pub fn group(&self, entry: &Entry) -> Option<String> {
        if Some(entry.workspace) != self.workspace {
            return None;
        }
        self.group_of(|key| self.values(entry, key))
    }

    /// The same of a request that is about to be made.
    pub fn group_run(&self, run: &Run) -> Option<String> {
        self.group_of(|key| match key {
            "api_key" => vec![&*run.api_key],
            "workspace_id" => vec![&*run.workspace],
            "virtual_key" => vec![&*run.virtual_key],
            "provider" => vec![&*run.virtual_key, &*run.provider],
            "prompt" => vec![&*run.prompt],
            "model" => vec![&*run.model],
            _ => {
                let name = key.strip_prefix("metadata.");
                let value = name.and_then(|name| run.metadata.get(name)?.as_str());
                value.into_iter().collect()
            }
        })
    }

    fn group_of<'v>(&self, of: impl Fn(&str) -> Vec<&'v str>) -> Option<String> {
        let fits = self.conditions.iter().all(|(key, values, excludes)| {
            let had = of(key);
            let any = |wanted: &[String]| {
                wanted.iter().any(|wanted| had.iter().any(|value| like(value, wanted)))
            };
            any(values) && !any(excludes)
        });
        if !fits {
            return None;
        }
        let parts = self.group_by.iter().map(|key| {
            let value = of(key).first().copied().unwrap_or_default();
            format!("{key}:{value}")
        });
        Some(parts.collect::<Vec<_>>().join(","))
    }

    /// What an entry has under a key; a provider goes by its slug and by its service.
    fn values(&self, entry: &Entry, key: &str) -> Vec<&'a str> {
        let log = self.log;
        let text = |symbol: Symbol| symbol.key().map(|key| log.label(key));
        let symbols = match key {
            "api_key" => vec![entry.api_key],
            "workspace_id" => vec![entry.workspace],
            "virtual_key" => vec![entry.virtual_key],
            "provider" => vec![entry.virtual_key, entry.provider],
            "config" => vec![entry.config],
            "prompt" => vec![entry.prompt],
            "model" => vec![entry.model],
            _ => key
                .strip_prefix("metadata.")
                .and_then(|name| log.metadata_value(entry, name))
                .into_iter()
                .collect(),
        };
        symbols.into_iter().filter_map(text).collect()
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => {
            items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// Workspaces by UUID, which may be named by slug.
fn ids(names: Vec<String>, row: &Row, store: &Store) -> Vec<String> {
    let id = |name: String| match store.find("workspaces", row.organisation, &name) {
        Some(workspace) => workspace.id.clone(),
        None => name,
    };
    names.into_iter().map(id).collect()
}

/// Whether a text is what is wanted, in which `*` stands for anything.
fn like(text: &str, wanted: &str) -> bool {
    let Some((head, rest)) = wanted.split_once('*') else { return text == wanted };
    let Some(mut left) = text.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let Some(tail) = parts.pop() else { return true };
    for part in parts {
        let Some((_, after)) = left.split_once(part) else { return false };
        left = after;
    }
    left.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn a_star_stands_for_anything() {
        for (text, wanted, fits) in [
            ("gpt-4o", "gpt-4o", true),
            ("gpt-4o", "gpt-4", false),
            ("gpt-4o", "*", true),
            ("", "*", true),
            ("gpt-4o-mini", "gpt-4o*", true),
            ("gpt-4o-mini", "*mini", true),
            ("gpt-4o-mini", "g*4*i", true),
            ("gpt-4o-mini", "g*5*i", false),
            ("ab", "ab*b", false),
        ] {
            assert_eq!(like(text, wanted), fits, "{text} {wanted}");
        }
    }
}
