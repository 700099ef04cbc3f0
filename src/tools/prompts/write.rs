//! Writing a prompt: only what differs, and with publishing as a step whose failure leaves nothing
//! unsaid.
//!
//! `PUT` adds a version, which is not published; what it is not given is kept (`patch: true`).
//! Publishing takes the version's number, which only the list of versions tells.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    compare::Wanted,
    stored::{self, PATH, Stored, number, text},
};
use crate::{
    tool::{Call, Error, JsonObject, Result, unwrapped},
    tools::diff::Edit,
};

/// How a write is done.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// Only tell.
    pub dry_run: bool,
    /// Publish the version as well.
    pub publish: bool,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Created,
    Updated,
    // Nothing differs, but the newest version was not published.
    Published,
    Unchanged,
    WouldCreate,
    WouldUpdate,
    WouldPublish,
}

/// What became of a prompt.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Written {
    pub action: Action,
    /// Absent while there is no prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The newest version: the one written, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// Its number, which publish_prompt takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// Whether requests get that version now; absent where something is only shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<bool>,
    /// What differs, or would differ, from what was stored.
    pub changes: Vec<Edit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Creates a prompt. `wanted` has its name and collection.
pub async fn create(call: &Call, wanted: Wanted, how: How) -> Result<Written> {
    let name = text(&wanted.prompt, "name").map(str::to_owned);
    let mut written = Written {
        action: Action::WouldCreate,
        prompt_id: None,
        slug: None,
        name,
        version_id: None,
        version: None,
        published: None,
        changes: Vec::new(),
        note: None,
    };
    if how.dry_run {
        written.changes = wanted.as_changes();
        return Ok(written);
    }
    let mut body: JsonObject = wanted.prompt.clone();
    body.extend(wanted.version.into_iter().filter(|(_, value)| !value.is_null()));
    if let Some(metadata) = stamped(wanted.metadata, wanted.stamp) {
        body.insert("template_metadata".into(), metadata.into());
    }
    let answer = call.post("/prompts", body.into()).await;
    let unclear = matches!(&answer, Err(Error::Portkey(error)) if error.outcome_unknown());
    if answer.is_ok() || unclear {
        let collection = text(&wanted.prompt, "collection_id").unwrap_or_default();
        stored::remember_name(call, collection, written.name.as_deref().unwrap_or_default());
    }
    let answer = fields(answer?);
    written.action = Action::Created;
    written.slug = text(&answer, "slug").map(str::to_owned);
    written.prompt_id = text(&answer, "id").map(str::to_owned).or_else(|| written.slug.clone());
    written.version_id = text(&answer, "version_id").map(str::to_owned);
    settle(call, &mut written, how).await?;
    Ok(written)
}

/// Changes a prompt where it differs from `wanted`.
pub async fn update(call: &Call, stored: &Stored, wanted: Wanted, how: How) -> Result<Written> {
    let difference = wanted.difference(stored);
    let owned = |name| text(&stored.prompt, name).map(str::to_owned);
    let mut written = Written {
        action: Action::Unchanged,
        prompt_id: owned("id"),
        slug: owned("slug"),
        name: owned("name"),
        version_id: stored.version_id().map(str::to_owned),
        version: stored.version(),
        published: Some(stored.is_published()),
        changes: difference.changes,
        note: None,
    };
    let unpublished = how.publish && (difference.in_version || !stored.is_published());
    if how.dry_run {
        if !written.changes.is_empty() {
            written.action = Action::WouldUpdate;
        } else if unpublished {
            written.action = Action::WouldPublish;
        }
        if written.action != Action::Unchanged {
            // It would say of the version that is there what is asked of the one to come.
            written.published = None;
        }
        if unpublished {
            let what = if difference.in_version { "the new version" } else { "this version" };
            written.note = Some(format!("would publish {what}"));
        }
        return Ok(written);
    }
    if !written.changes.is_empty() {
        let mut body = json!({ "prompt_id": stored.prompt_id(), "patch": true });
        if let Some(body) = body.as_object_mut() {
            body.extend(wanted.prompt.clone());
            if difference.in_version {
                body.extend(wanted.version);
                if let Some(metadata) = stamped(wanted.metadata, wanted.stamp) {
                    // PUT ignores `template_metadata`.
                    body.insert("prompt_metadata".into(), metadata.into());
                }
            }
        }
        let answer = fields(call.put(PATH, body).await?);
        written.action = Action::Updated;
        if let Some(name) = text(&wanted.prompt, "name") {
            written.name = Some(name.to_owned());
        }
        if difference.in_version {
            let id = text(&answer, "prompt_version_id").or_else(|| text(&answer, "version_id"));
            if let Some(replaced) =
                stored.version_id().filter(|_| id.is_some() && id != stored.version_id())
            {
                call.wrote(&stored::key(stored.prompt_id()), replaced, id);
            }
            written.version_id = id.map(str::to_owned);
            settle(call, &mut written, how).await?;
            return Ok(written);
        }
    }
    if unpublished {
        publish(call, &mut written).await?;
    }
    Ok(written)
}

/// Learns the number of the version just written, and publishes it if it is to be.
async fn settle(call: &Call, written: &mut Written, how: How) -> Result<()> {
    (written.version, written.published) = (None, None);
    let row = match (&written.prompt_id, &written.version_id) {
        (Some(prompt_id), Some(version_id)) => {
            stored::version(call, prompt_id, version_id, how.publish).await
        }
        _ => Err(Error::Answer("a write does not say which version it made".into())),
    };
    match row {
        Ok(Some(row)) => {
            written.version = number(&row, "prompt_version");
            written.published = text(&row, "status").map(|status| status == "active");
            if how.publish && written.published != Some(true) {
                publish(call, written).await?;
            }
        }
        Ok(None) if how.publish => {
            let message = "Portkey's reads do not show the new version's number yet";
            let cause = Error::precondition(message, "");
            return Err(half_done(written, cause));
        }
        Err(cause) if how.publish => return Err(half_done(written, cause)),
        // The write itself is done.
        Ok(None) | Err(_) => {
            written.note = Some(
                "saved; the version's number could not be read yet: see list_prompt_versions"
                    .into(),
            );
        }
    }
    Ok(())
}

async fn publish(call: &Call, written: &mut Written) -> Result<()> {
    let (Some(prompt_id), Some(version)) = (&written.prompt_id, written.version) else {
        let cause = Error::Answer("a version has no number".into());
        return Err(half_done(written, cause));
    };
    let published = make_default(call, prompt_id, version).await;
    let shown = published.map_err(|cause| half_done(written, cause))?;
    written.published = Some(true);
    if written.action == Action::Unchanged {
        written.action = Action::Published;
    }
    if !shown {
        written.note = Some(NOT_SHOWN.into());
    }
    Ok(())
}

pub const NOT_SHOWN: &str = "published; Portkey's reads still show the version that was before";

/// Lets requests get this version. Returns whether reads show it.
pub async fn make_default(call: &Call, prompt_id: &str, version: u64) -> Result<bool> {
    let body = json!({ "prompt_id": prompt_id, "version": version });
    call.put("/prompts/{prompt_id}/makeDefault", body).await?;
    Ok(stored::shows_default(call, prompt_id, version).await)
}

/// The version is there, but not published.
fn half_done(written: &Written, cause: Error) -> Error {
    let prompt_id = written.prompt_id.as_deref().unwrap_or_default();
    let which = match (&written.version, &written.version_id) {
        (Some(version), _) => format!("version {version}"),
        (None, Some(id)) => format!("version_id `{id}`"),
        (None, None) => "the newest version".to_owned(),
    };
    let was = match written.action {
        Action::Created => "was created and saved",
        Action::Updated => "was saved",
        _ => "is unchanged",
    };
    Error::Partly {
        done: format!("{which} of prompt `{prompt_id}` {was}, but is not known to be published"),
        cause: Box::new(cause),
        remedy: format!(
            "publish it with publish_prompt (prompt_id `{prompt_id}`, {which}), which needs the \
             scope prompts.publish; do not write it again"
        ),
    }
}

fn stamped(metadata: Option<JsonObject>, stamp: Option<&str>) -> Option<JsonObject> {
    let mut metadata = metadata?;
    if let Some(name) = stamp {
        let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
        metadata.insert(name.into(), now.to_string().into());
    }
    Some(metadata)
}

fn fields(answer: Value) -> JsonObject {
    match unwrapped(answer) {
        Value::Object(fields) => fields,
        _ => JsonObject::new(),
    }
}
