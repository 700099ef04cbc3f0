//! Reading a config whole and changing it without losing anything.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::document::{Document, Flat, fold, with_document};
use crate::{
    args, mask,
    schema::{Input, input},
    tool::{Call, Error, JsonObject, Result, Workflow, unwrapped},
    tools::{diff::diff, merge::merged},
};

const PATH: &str = "/configs/{slug}";

/// What a document is held to once it is merged.
static INPUT: LazyLock<Input> = LazyLock::new(input::<UpdateConfig>);

#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetConfig {
    /// From list_configs.
    #[schemars(length(min = 1))]
    slug: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(transform = told_elsewhere)]
pub struct UpdateConfig {
    /// From list_configs.
    #[schemars(length(min = 1))]
    slug: String,
    name: Option<String>,
    status: Option<Status>,
    config: Option<Document>,
    replace: Option<bool>,
    /// Refuse unless this version_id is current.
    if_version: Option<String>,
    dry_run: Option<bool>,
    #[serde(flatten)]
    flat: Flat,
}

fn told_elsewhere(schema: &mut schemars::Schema) {
    crate::schema::tell_briefly(schema, &[("config", "Routing document, as in create_config.")]);
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Active,
    Inactive,
}

impl Workflow for GetConfig {
    type Output = Value;

    async fn run(self, call: &Call) -> Result<Value> {
        let (mut config, stale) = read(call, &self.slug).await?;
        if stale && let Value::Object(fields) = &mut config {
            let note = "Portkey still shows an older version than the one written last; read again in a few seconds";
            fields.insert("note".into(), note.into());
        }
        Ok(config)
    }
}

impl Workflow for UpdateConfig {
    type Output = Value;

    async fn run(self, call: &Call) -> Result<Value> {
        let Self { slug, name, status, config, replace, if_version, dry_run, flat } = self;
        let patch = fold(config, flat).map_err(|why| Error::argument("", why))?;
        if patch.is_none() && name.is_none() && status.is_none() {
            return Err(Error::argument(
                "",
                "nothing to change: give `config`, `name` or `status`",
            ));
        }
        let (stored, stale) = read(call, &slug).await?;
        check_version(&stored, if_version.as_deref(), stale)?;
        let before = stored.get("config").cloned().unwrap_or_else(|| json!({}));
        let after =
            patch.map(|patch| changed(&before, patch, replace.unwrap_or(false))).transpose()?;

        let mut changes = Vec::new();
        let mut body = JsonObject::new();
        for (field, new) in [("name", json!(name)), ("status", json!(status))] {
            let old = stored.get(field).unwrap_or(&Value::Null);
            if !new.is_null() && new != *old {
                changes.extend(diff(field, old, &new));
                body.insert(field.into(), new);
            }
        }
        if let Some(after) = after.filter(|after| *after != before) {
            args::fit_change(&INPUT, "config", &before, &after)?;
            mask::all_known(&after, "config").map_err(Error::Arguments)?;
            changes.extend(diff("config", &before, &after));
            body.insert("config".into(), after);
        }
        let version = stored.get("version_id").and_then(Value::as_str);
        if changes.is_empty() || dry_run == Some(true) {
            let action = if changes.is_empty() { "unchanged" } else { "would_update" };
            return Ok(
                json!({ "action": action, "slug": slug, "version_id": version, "changes": changes }),
            );
        }
        body.insert("slug".into(), slug.clone().into());
        let answer = unwrapped(call.put(PATH, body.into()).await?);
        if let Some(version) = version {
            call.wrote(&slug, version, None);
        }
        let mut told = JsonObject::new();
        told.insert("action".into(), "updated".into());
        told.insert("slug".into(), slug.clone().into());
        told.insert("changes".into(), json!(changes));
        if let Value::Object(answer) = answer {
            told.extend(answer.into_iter().filter(|(name, _)| name != "success"));
        }
        // The write is done: what a read says after it can only be a note.
        let note = match read(call, &slug).await {
            Ok((_, false)) => None,
            Ok((_, true)) => Some("saved; Portkey's reads still show the older version"),
            Err(_) => Some("saved; it could not be read back to see that reads show it"),
        };
        told.extend(note.map(|note| ("note".to_owned(), note.into())));
        Ok(told.into())
    }
}

/// Reads a config, waiting a moment for one that is not older than what was written last. Returns
/// whether it still is.
async fn read(call: &Call, slug: &str) -> Result<(Value, bool)> {
    let (config, fresh) = call
        .patiently(|| async {
            let answer = call.get(PATH, json!({ "slug": slug })).await?;
            let config = with_document(unwrapped(answer))?;
            let version = config.get("version_id").and_then(Value::as_str);
            let fresh = version.is_none_or(|version| !call.is_stale(slug, version));
            Ok((config, fresh))
        })
        .await?;
    Ok((config, !fresh))
}

fn check_version(stored: &Value, wanted: Option<&str>, stale: bool) -> Result<()> {
    let current = stored.get("version_id").and_then(Value::as_str);
    if let Some(wanted) = wanted
        && current != Some(wanted)
    {
        let shown = current.unwrap_or("not shown by Portkey");
        let message =
            format!("the current version is `{shown}`, not `{wanted}`; nothing was written");
        return Err(Error::precondition(
            message,
            "read it with get_config and apply the change to what is there now",
        ));
    }
    if stale {
        let message =
            "Portkey still shows a version that was replaced moments ago; nothing was written";
        return Err(Error::Stale(message.into()));
    }
    Ok(())
}

/// The document as it is to be: merged per RFC 7396 or replaced, with stored values where it came
/// masked. One that replaces says of every secret what becomes of it.
fn changed(before: &Value, patch: Document, replace: bool) -> Result<Value> {
    let Document(patch) = patch;
    if !replace {
        return merged(before, patch, "config");
    }
    let mut after = Value::Object(patch);
    mask::restore_whole(&mut after, before, "config").map_err(Error::Arguments)?;
    Ok(after)
}
