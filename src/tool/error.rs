//! What can go wrong while a tool runs, in words its caller can act on.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{
    JsonObject,
    problem::Problem,
    row::{Effect, Tool},
};
use crate::{auth::Principal, portkey};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every variant reaches the model as a tool error, never as a protocol error.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The arguments do not fit the tool's input schema; every problem is listed.
    #[error("{}", listed(.0))]
    Arguments(Vec<Problem>),

    /// A request to Portkey failed.
    #[error(transparent)]
    Portkey(portkey::Error),

    /// Portkey's answer is not of the shape that the tool needs.
    #[error("Portkey's answer has an unexpected shape: {0}")]
    Answer(String),

    /// A workflow found the account in a state that it cannot go on from.
    #[error("{message}")]
    Precondition { message: String, remedy: String },

    /// Portkey's reads lag behind a write of moments ago, which must not be built upon.
    #[error("{0}")]
    Stale(String),

    /// A workflow did a part of its work, which stays done, and then failed.
    #[error("{done}; but then: {cause}")]
    Partly { done: String, cause: Box<Error>, remedy: String },

    /// The call took longer than the server allows.
    #[error("the call did not end within its deadline")]
    Deadline,

    /// The server stopped while the call ran.
    #[error("the server stopped")]
    Stopped,

    /// The tool panicked: a defect of this server.
    #[error("the tool failed unexpectedly; this is a defect of the server")]
    Panic,
}

impl From<portkey::Error> for Error {
    fn from(error: portkey::Error) -> Self {
        match error.kind {
            portkey::Kind::Argument { argument, why } => Self::argument(argument, why),
            _ => Self::Portkey(error),
        }
    }
}

impl Error {
    /// One problem with one argument; without one, with that which `why` begins by naming.
    pub fn argument(argument: impl Into<String>, why: impl Into<String>) -> Self {
        let (mut argument, mut why) = (argument.into(), why.into());
        if argument.is_empty()
            && let Some((name, rest)) = why.strip_prefix('`').and_then(|it| it.split_once('`'))
            && let Some(rest) = rest.strip_prefix(": ").or_else(|| rest.strip_prefix(' '))
        {
            (argument, why) = (name.to_owned(), rest.to_owned());
        }
        Self::Arguments(vec![Problem { argument, why }])
    }

    /// The same, of a request whose path's `field` is filled by another `argument`.
    #[must_use]
    pub fn naming(self, field: &str, argument: &str) -> Self {
        let Self::Arguments(mut problems) = self else { return self };
        for problem in problems.iter_mut().filter(|problem| problem.argument == field) {
            argument.clone_into(&mut problem.argument);
        }
        Self::Arguments(problems)
    }

    pub fn precondition(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Precondition { message: message.into(), remedy: remedy.into() }
    }

    /// The error as its caller reads it: what happened, what it means, what to do, and whether
    /// trying again helps.
    pub fn report(&self, tool: &Tool, principal: &Principal) -> Value {
        let mut error = JsonObject::new();
        let mut set = |name: &str, value: Value| error.insert(name.to_owned(), value);
        set("tool", tool.name.into());
        set("kind", self.kind().into());
        set("message", self.to_string().into());
        match self {
            Self::Arguments(problems) => {
                let list = problems.iter().map(
                    |Problem { argument, why }| json!({ "argument": argument, "problem": why }),
                );
                set("problems", list.collect());
            }
            Self::Portkey(inner) => describe(inner, tool, principal, &mut set),
            Self::Partly { cause, .. } => {
                if let Self::Portkey(inner) = &**cause {
                    describe(inner, tool, principal, &mut set);
                }
            }
            _ => {}
        }
        set("retry_helps", self.retry_helps(tool).into());
        set("remedy", self.remedy(tool).into());
        json!({ "error": error })
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Arguments(_) => "invalid_arguments",
            Self::Portkey(_) => "portkey",
            Self::Answer(_) => "unexpected_answer",
            Self::Precondition { .. } => "precondition",
            Self::Stale(_) => "stale",
            Self::Partly { .. } => "partly_done",
            Self::Deadline => "deadline",
            Self::Stopped => "stopped",
            Self::Panic => "internal",
        }
    }

    fn retry_helps(&self, tool: &Tool) -> bool {
        match self {
            Self::Portkey(inner) => inner.retryable(),
            Self::Deadline | Self::Stopped => tool.effect == Effect::Reads,
            Self::Stale(_) => true,
            _ => false,
        }
    }

    fn remedy(&self, tool: &Tool) -> String {
        match self {
            Self::Arguments(_) => "correct the arguments; nothing was sent".into(),
            Self::Portkey(inner) if inner.status() == Some(403) && tool.workspace_key => {
                "use a workspace key (sandbox: --sandbox-key workspace)".into()
            }
            Self::Portkey(inner) => match (&inner.kind, listing_tools(tool)) {
                (portkey::Kind::Refused(answer), Some(tools))
                    if answer.status == 404 && answer.enveloped =>
                {
                    format!("check the id with {tools}, and the workspace that it belongs to")
                }
                _ => inner.remedy(),
            },
            Self::Answer(_) => "report this to the server's operator".into(),
            Self::Precondition { remedy, .. } | Self::Partly { remedy, .. } => remedy.clone(),
            Self::Stale(_) => "try again in a few seconds".into(),
            Self::Deadline | Self::Stopped | Self::Panic => self.after_break(tool),
        }
    }

    /// What to do when a call was broken off at an unknown point.
    fn after_break(&self, tool: &Tool) -> String {
        match (tool.effect, tool.read_back) {
            (Effect::Reads, _) if matches!(self, Self::Deadline) => {
                "ask for less at once, or try again later".into()
            }
            (Effect::Reads, _) => "try again later".into(),
            (_, Some(other)) => {
                format!("the outcome is unknown: read back with `{other}` before trying again")
            }
            (_, None) => "the outcome is unknown: check before trying again".into(),
        }
    }
}

/// Adds what Portkey said.
fn describe<T>(
    inner: &portkey::Error,
    tool: &Tool,
    principal: &Principal,
    set: &mut impl FnMut(&str, Value) -> T,
) {
    if let Some(status) = inner.status() {
        set("status", status.into());
        if matches!(status, 401 | 403) {
            set("credential", principal.credential.clone().into());
        }
        if status == 403 {
            set("likely_cause", likely_cause(tool).into());
        }
    }
    if let Some(code) = inner.code() {
        set("code", code.into());
    }
    if let Some(meaning) = inner.meaning() {
        set("meaning", meaning.into());
    }
    if let Some(id) = inner.request_id() {
        set("portkey_request_id", id.into());
    }
    set("attempts", inner.attempts().into());
}

/// Why Portkey refuses what it does not tell apart (facts.md, "Errors").
fn likely_cause(tool: &Tool) -> String {
    let mut why = match tool.scopes {
        scopes if tool.workspace_key => {
            let or = if scopes.is_empty() { "" } else { ", or it lacks the scope " };
            format!("the key is no workspace key, which this needs{or}{}", quoted(scopes))
        }
        [] => "the key lacks a scope".to_owned(),
        scopes if tool.any_scope => format!("missing scope: one of {}", quoted(scopes)),
        scopes => format!("missing scope {}", quoted(scopes)),
    };
    if !tool.read_scopes.is_empty() {
        why.push_str(&format!(", and one of {}", quoted(tool.read_scopes)));
    }
    why.push_str(", or what was named does not exist or is not visible to this key");
    if tool.enterprise {
        why.push_str(", or the plan is not Enterprise");
    }
    why
}

/// The tools that list what a tool's arguments name: those that its required arguments are said to
/// come from, else the one that shows whether its write arrived.
fn listing_tools(tool: &Tool) -> Option<String> {
    let schema = Value::Object(tool.input().published);
    let required = schema.get("required").and_then(Value::as_array)?.iter();
    let about = |name: &Value| {
        let about = schema.get("properties")?.get(name.as_str()?)?.get("description")?;
        Some(about.as_str()?.to_ascii_lowercase())
    };
    let mut tools: Vec<String> = required
        .filter_map(about)
        .filter_map(|about| {
            let (_, rest) = about.split_once("from list_")?;
            let end = rest.find(|it: char| !it.is_ascii_lowercase() && it != '_');
            Some(format!("`list_{}`", rest.get(..end.unwrap_or(rest.len()))?))
        })
        .collect();
    tools.dedup();
    if tools.is_empty() {
        let writes = matches!(tool.effect, Effect::Replaces | Effect::Destroys);
        return tool.read_back.filter(|_| writes).map(|other| format!("`{other}`"));
    }
    Some(tools.join(" and "))
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn listed(problems: &[Problem]) -> String {
    let mut text = "invalid arguments".to_owned();
    for (i, Problem { argument, why }) in problems.iter().enumerate() {
        let separator = if i == 0 { ": " } else { "; " };
        // Writing to a string cannot fail.
        let _ = match &**argument {
            "" => write!(text, "{separator}{why}"),
            argument => write!(text, "{separator}`{argument}` {why}"),
        };
    }
    text
}
