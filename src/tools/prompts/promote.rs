//! Carrying the published version of a prompt into another environment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    compare::{self, Wanted},
    migrate::{Target, metadata_of},
    stored::{self, Stored, number, text},
    write::{Action, How},
};
use crate::{
    tool::{Call, Error, JsonObject, Result, Workflow},
    tools::diff::Edit,
};

#[derive(Debug, Deserialize, JsonSchema)]
pub struct PromotePrompt {
    /// Id or slug of the prompt to copy, from list_prompts.
    #[schemars(length(min = 1))]
    source_prompt_id: String,
    /// Collection to copy it into, from list_collections.
    #[schemars(length(min = 1))]
    target_collection_id: String,
    /// Environment, such as prod: the new name's ending, kept in the metadata.
    #[schemars(length(min = 1))]
    target_env: String,
    /// Name there; default: the source's with -dev, -staging or -prod replaced.
    #[schemars(length(min = 1))]
    target_name: Option<String>,
    /// Virtual key or provider slug there; default: the source's.
    #[schemars(length(min = 1))]
    virtual_key: Option<String>,
    /// Publish the version there, so that requests get it.
    publish: Option<bool>,
    /// Only show what would be done.
    dry_run: Option<bool>,
}

/// What became of the target.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Promotion {
    action: Action,
    source_prompt_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_version_id: Option<String>,
    /// The published version, which was copied.
    #[serde(skip_serializing_if = "Option::is_none")]
    source_version: Option<u64>,
    target_name: String,
    /// Absent while there is no such prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    target_prompt_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_slug: Option<String>,
    /// The target's newest version: the one written, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    target_version_id: Option<String>,
    /// Its number, which publish_prompt takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    target_version: Option<u64>,
    /// Whether requests get the target's version now; absent where something is only shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<bool>,
    /// What differs, or would differ, from what was stored.
    changes: Vec<Edit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// What a version holds besides its description and metadata.
const CARRIED: [&str; 8] = [
    "string",
    "parameters",
    "model",
    "virtual_key",
    "functions",
    "tools",
    "tool_choice",
    "is_raw_template",
];

impl Workflow for PromotePrompt {
    type Output = Promotion;

    async fn run(self, call: &Call) -> Result<Promotion> {
        let how =
            How { dry_run: self.dry_run.unwrap_or(false), publish: self.publish.unwrap_or(false) };
        call.progress(0, 4, "reading the source");
        let shown = stored::show_fresh(call, &self.source_prompt_id).await;
        let shown = shown.map_err(|error| error.naming("prompt_id", "source_prompt_id"))?;
        let (source, newest) = (&shown.prompt, shown.newest_number());
        check_published(source)?;
        let name = match self.target_name {
            Some(name) => name,
            None => renamed(text(source, "name").unwrap_or_default(), &self.target_env),
        };
        let target = Target { collection_id: &self.target_collection_id, name: &name };
        call.progress(1, 4, "looking for the target");
        let stored = target.find(call).await?;
        if stored.as_ref().is_some_and(|stored| stored.prompt.get("id") == source.get("id")) {
            let message = format!("the target `{name}` is the source itself; nothing was written");
            let remedy = "give another `target_name` or `target_collection_id`";
            return Err(Error::precondition(message, remedy));
        }
        let wanted = carried(source, stored.as_ref(), self.virtual_key, &self.target_env)?;
        call.progress(2, 4, "comparing and writing");
        let written = target.write(call, stored, wanted, how).await?;
        call.progress(4, 4, "done");
        let owned = |name| text(source, name).map(str::to_owned);
        let source_version = number(source, "prompt_version");
        let draft = newest.filter(|newest| Some(*newest) > source_version);
        let draft = draft.map(|newest| {
            format!("the source has a newer, unpublished version {newest}, which was not copied")
        });
        let notes: Vec<String> = written.note.into_iter().chain(draft).collect();
        Ok(Promotion {
            action: written.action,
            source_prompt_id: owned("id").unwrap_or(self.source_prompt_id),
            source_version_id: owned("prompt_version_id"),
            source_version,
            target_name: name,
            target_prompt_id: written.prompt_id,
            target_slug: written.slug,
            target_version_id: written.version_id,
            target_version: written.version,
            published: written.published,
            changes: written.changes,
            note: (!notes.is_empty()).then(|| notes.join("; ")),
        })
    }
}

/// Everything of the source for the target.
fn carried(
    source: &JsonObject,
    target: Option<&Stored>,
    virtual_key: Option<String>,
    env: &str,
) -> Result<Wanted> {
    let mut version = JsonObject::new();
    for name in CARRIED {
        version.insert(name.into(), source.get(name).cloned().unwrap_or_default());
    }
    if let Some(virtual_key) = virtual_key {
        version.insert("virtual_key".into(), virtual_key.into());
    }
    if target.is_none() && version.get("virtual_key").is_none_or(Value::is_null) {
        let message =
            "the source has no virtual key, and a new prompt needs one; nothing was written";
        return Err(Error::precondition(message, "give `virtual_key`"));
    }
    if target.is_some() {
        // What is left out would be kept.
        for name in ["functions", "tools"] {
            version.entry(name).and_modify(|list| {
                if list.is_null() {
                    *list = Value::Array(Vec::new());
                }
            });
        }
    }
    for name in ["string", "parameters", "model", "virtual_key"] {
        if version.get(name).is_some_and(Value::is_null) {
            version.shift_remove(name);
        }
    }
    let raw = version.get("is_raw_template").is_some_and(compare::flag);
    version.insert("is_raw_template".into(), u8::from(raw).into());
    let from = text(source, "slug").or_else(|| text(source, "id")).unwrap_or_default();
    let number = number(source, "prompt_version").map(|number| number.to_string());
    let described = match &number {
        Some(number) => format!("Promoted from {from} v{number}"),
        None => format!("Promoted from {from}"),
    };
    version.insert("version_description".into(), described.into());

    let mut metadata = metadata_of(target);
    metadata.extend(compare::metadata(source));
    metadata.insert("env".into(), env.into());
    metadata.insert("promoted_from".into(), from.into());
    if let Some(number) = number {
        metadata.insert("promoted_from_version".into(), number.into());
    }
    Ok(Wanted {
        version,
        metadata: Some(metadata),
        stamp: Some("promoted_at"),
        describes_itself: true,
        ..Wanted::default()
    })
}

/// What requests get is what is promoted.
fn check_published(source: &JsonObject) -> Result<()> {
    match text(source, "prompt_version_status") {
        None | Some("active") => Ok(()),
        Some(status) => Err(Error::precondition(
            format!(
                "the source shows no published version: its version is {status}; nothing was written"
            ),
            "publish one of its versions with publish_prompt first",
        )),
    }
}

/// `support-staging` for prod is `support-prod`; a name without such an ending gains one.
fn renamed(name: &str, env: &str) -> String {
    let stem = ["-dev", "-staging", "-prod"].iter().find_map(|ending| name.strip_suffix(ending));
    format!("{}-{env}", stem.unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_follows_the_environment() {
        assert_eq!(renamed("support-staging", "prod"), "support-prod");
        assert_eq!(renamed("support", "dev"), "support-dev");
        assert_eq!(renamed("support-dev-dev", "qa"), "support-dev-qa");
        assert_eq!(renamed("support-qa", "prod"), "support-qa-prod");
    }
}
