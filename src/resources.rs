//! The resources of this server: two texts about itself, and templates that read the account
//! (MCP server/resources). A template is read by the tool that it names, so it shows what that tool
//! shows, to those who may use it.

use std::{borrow::Cow, collections::HashSet};

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::{
    choices::{CONFIGS, Choices, GUARDRAILS, PROMPTS, WORKSPACES},
    tool::JsonObject,
    tools::{Entry, absent},
};

type Text = &'static str;

/// How to work with this server, in Markdown.
pub const GUIDE: Resource = Resource {
    uri: "portkey://guide",
    name: "guide",
    title: "Guide",
    about: "How to find, change and undo things with this server: paging, masks, merges, versions, \
            units, errors, and which tool for what.",
    media_type: "text/markdown",
};

/// The tools that the caller may use, as JSON.
pub const CATALOGUE: Resource = Resource {
    uri: "portkey://catalogue",
    name: "catalogue",
    title: "Catalogue of tools",
    about: "The tools that you may use, by domain, each with its effect and the scopes that it \
            needs.",
    media_type: JSON,
};

pub const RESOURCES: &[Resource] = &[GUIDE, CATALOGUE];

/// What is read from the account, each by one id.
pub const TEMPLATES: &[Template] = &[
    Template {
        before: "portkey://configs/",
        name: "config",
        title: "Config",
        about: "One config with its whole document, secrets masked.",
        tool: "get_config",
        variable: "slug",
        argument: "slug",
        choices: CONFIGS,
    },
    Template {
        before: "portkey://prompts/",
        name: "prompt",
        title: "Prompt",
        about: "One prompt with its published version and all versions.",
        tool: "get_prompt",
        variable: "id",
        argument: "prompt_id",
        choices: PROMPTS,
    },
    Template {
        before: "portkey://workspaces/",
        name: "workspace",
        title: "Workspace",
        about: "One workspace with defaults, limits and members.",
        tool: "get_workspace",
        variable: "id",
        argument: "workspace_id",
        choices: WORKSPACES,
    },
    Template {
        before: "portkey://guardrails/",
        name: "guardrail",
        title: "Guardrail",
        about: "One guardrail with its checks and actions, secrets masked.",
        tool: "get_guardrail",
        variable: "id",
        argument: "guardrail_id",
        choices: GUARDRAILS,
    },
];

/// Media type of what is read from the account.
pub const JSON: Text = "application/json";

const GUIDE_TEXT: Text = include_str!("resources/guide.md");

/// A text about this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource {
    pub uri: Text,
    pub name: Text,
    pub title: Text,
    pub about: Text,
    pub media_type: Text,
}

/// One kind of thing in the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// The URI up to its one variable.
    before: Text,
    pub name: Text,
    pub title: Text,
    pub about: Text,
    /// The tool that reads it, whose permission is needed.
    pub tool: Text,
    /// The variable's name in the URI template.
    pub variable: Text,
    /// The argument of the tool that takes its value.
    argument: Text,
    pub choices: Choices,
}

impl Template {
    /// The URI template (RFC 6570): `portkey://configs/{slug}`.
    pub fn uri(&self) -> String {
        format!("{}{{{}}}", self.before, self.variable)
    }

    /// The arguments for the tool, where `uri` is of this kind: its variable, percent-decoded.
    fn arguments(&self, uri: &str) -> Option<JsonObject> {
        let value = uri.strip_prefix(self.before)?;
        let is_escape = |rest: &str| {
            let digits = rest.get(..2).unwrap_or_default();
            digits.len() == 2 && digits.bytes().all(|it| it.is_ascii_hexdigit())
        };
        let is_escaped = value.split('%').skip(1).all(is_escape);
        if value.is_empty() || value.contains(['/', '?', '#']) || !is_escaped {
            return None;
        }
        let value = percent_decode_str(value).decode_utf8().ok()?;
        Some(JsonObject::from_iter([(
            self.argument.to_owned(),
            Value::from(Cow::into_owned(value)),
        )]))
    }
}

/// The template behind a URI, and what its tool is given.
pub fn template(uri: &str) -> Option<(&'static Template, JsonObject)> {
    TEMPLATES.iter().find_map(|it| Some((it, it.arguments(uri)?)))
}

/// The text of a resource; `visible` are the tools of the caller, in the order of the list.
pub fn text<'e>(resource: &Resource, visible: impl Iterator<Item = &'e Entry>) -> String {
    if resource.uri != GUIDE.uri {
        return catalogue(visible);
    }
    let seen: HashSet<&str> = visible.map(|entry| entry.tool.name).collect();
    GUIDE_TEXT.to_owned() + &absent(GUIDE_TEXT, |name| seen.contains(name))
}

fn catalogue<'e>(visible: impl Iterator<Item = &'e Entry>) -> String {
    let mut domains: Vec<(&str, Vec<Value>)> = Vec::new();
    let mut count = 0;
    for entry in visible {
        count += 1;
        let tool = entry.tool;
        let mut row = json!({ "name": tool.name, "about": tool.summary(), "effect": tool.effect });
        let scopes = if tool.any_scope { "one_of_scopes" } else { "scopes" };
        if let Some(row) = row.as_object_mut() {
            row.insert(scopes.to_owned(), json!(tool.scopes));
            if !tool.read_scopes.is_empty() {
                row.insert("and_one_of_scopes".to_owned(), json!(tool.read_scopes));
            }
            if tool.enterprise {
                row.insert("enterprise".to_owned(), true.into());
            }
        }
        match domains.last_mut() {
            Some((domain, rows)) if *domain == entry.domain => rows.push(row),
            _ => domains.push((entry.domain, vec![row])),
        }
    }
    let domains: Vec<Value> = domains
        .into_iter()
        .map(|(domain, tools)| json!({ "domain": domain, "tools": tools }))
        .collect();
    json!({ "tools": count, "domains": domains }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::Catalogue;

    #[test]
    fn a_uri_names_one_thing() {
        let read = |uri| template(uri).map(|(it, args)| (it.tool, Value::Object(args)));
        assert_eq!(read("portkey://configs/pc-a"), Some(("get_config", json!({ "slug": "pc-a" }))));
        let spaced = read("portkey://workspaces/a%20b%2Fc");
        assert_eq!(spaced, Some(("get_workspace", json!({ "workspace_id": "a b/c" }))));
        for uri in [
            "portkey://configs/",
            "portkey://configs",
            "portkey://configs/a/b",
            "portkey://configs/a?x=1",
            "portkey://configs/%ff",
            "portkey://configs/%zz",
            "portkey://configs/a%2",
            "portkey://nothing/a",
            "https://configs/a",
        ] {
            assert_eq!(read(uri), None, "{uri}");
        }
    }

    #[test]
    fn templates_and_the_guide_name_what_is_there() {
        /// Fields of answers and errors, values, and a resource.
        const OTHERS: &[&str] = &[
            "portkey://catalogue",
            "next_page",
            "total",
            "truncated",
            "null",
            "message",
            "remedy",
            "retry_helps",
            "portkey_request_id",
            "version_id",
            "2026-01-31T00:00:00Z",
        ];
        let catalogue = Catalogue::new(&[]).unwrap();
        for template in TEMPLATES {
            let input = catalogue.get(template.tool).unwrap().tool.input().published;
            assert_eq!(json!(input)["required"], json!([template.argument]), "{}", template.tool);
            assert!(catalogue.get(template.choices.tool).is_some(), "{}", template.choices.tool);
        }
        let arguments = catalogue.arguments();
        for word in GUIDE_TEXT.split('`').skip(1).step_by(2) {
            let word = word.split(": ").next().unwrap();
            let known =
                catalogue.get(word).is_some() || OTHERS.contains(&word) || arguments.contains(word);
            assert!(known, "the guide speaks of `{word}`");
        }
    }
}
