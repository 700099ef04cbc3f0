//! Reading a prompt whole, creating, changing and publishing it.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{
    compare::{self, Wanted, patched},
    stored::{self, Shown},
    template::{Folded, Open, Template, told_in_create_prompt},
    write::{self, How, Written},
};
use crate::{
    mask,
    tool::{Call, Error, JsonObject, Result, Workflow},
};

/// Versions larger than this together are shown without their templates.
const VERSIONS_MAX_BYTES: usize = 48 * 1024;

#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetPrompt {
    /// From list_prompts.
    #[schemars(length(min = 1))]
    prompt_id: String,
    #[schemars(range(min = 1))]
    version: Option<u32>,
}

impl Workflow for GetPrompt {
    type Output = Value;

    async fn run(self, call: &Call) -> Result<Value> {
        let Shown { mut prompt, mut versions, stale } =
            stored::show(call, &self.prompt_id, self.version).await?;
        let mut notes = Vec::new();
        if stale {
            notes.push("Portkey still shows an older version than the one written last; read again in a few seconds");
        }
        let size = serde_json::to_vec(&versions).map_or(usize::MAX, |bytes| bytes.len());
        if size > VERSIONS_MAX_BYTES {
            versions.iter_mut().for_each(|version| drop(version.shift_remove("prompt_template")));
            notes.push("the versions are shown without their templates for their size: get_prompt_version and list_prompt_versions have them");
        }
        prompt.insert("versions".into(), versions.into());
        if !notes.is_empty() {
            prompt.insert("note".into(), notes.join("; ").into());
        }
        Ok(Value::Object(prompt))
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct CreatePrompt {
    /// Best unique in its collection.
    #[schemars(length(min = 1))]
    name: String,
    /// From list_collections.
    #[schemars(length(min = 1))]
    collection_id: String,
    /// Such as temperature; also variables' defaults.
    parameters: Open,
    /// Virtual key or provider slug.
    #[schemars(length(min = 1))]
    virtual_key: String,
    /// Instead of model.
    ai_model_id: Option<String>,
    /// Instead of model.
    finetune_id: Option<String>,
    dry_run: Option<bool>,
    #[serde(flatten)]
    template: Template,
}

impl Workflow for CreatePrompt {
    type Output = Written;

    async fn run(self, call: &Call) -> Result<Written> {
        let Folded { mut version, metadata } = self.template.fold()?.with_string()?;
        version.insert("parameters".into(), self.parameters.0.into());
        version.insert("virtual_key".into(), self.virtual_key.into());
        for (name, id) in [("ai_model_id", self.ai_model_id), ("finetune_id", self.finetune_id)] {
            if let Some(id) = id {
                version.insert(name.into(), id.into());
            }
        }
        let prompt = named(Some(self.name), Some(self.collection_id));
        let wanted = Wanted { prompt, version, metadata, ..Wanted::default() };
        let how = How { dry_run: self.dry_run.unwrap_or(false), publish: false };
        write::create(call, wanted, how).await
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(transform = told_in_create_prompt)]
pub struct UpdatePrompt {
    /// From list_prompts.
    #[schemars(length(min = 1))]
    prompt_id: String,
    #[schemars(length(min = 1))]
    name: Option<String>,
    /// To move it; from list_collections.
    #[schemars(length(min = 1))]
    collection_id: Option<String>,
    /// Replaces the stored ones.
    parameters: Option<Open>,
    /// Virtual key or provider slug.
    #[schemars(length(min = 1))]
    virtual_key: Option<String>,
    /// So that requests get the new version.
    publish: Option<bool>,
    dry_run: Option<bool>,
    #[serde(flatten)]
    template: Template,
}

impl Workflow for UpdatePrompt {
    type Output = Written;

    async fn run(self, call: &Call) -> Result<Written> {
        let Folded { mut version, metadata: patch } = self.template.fold()?;
        if let Some(Open(parameters)) = self.parameters {
            version.insert("parameters".into(), parameters.into());
        }
        if let Some(virtual_key) = self.virtual_key {
            version.insert("virtual_key".into(), virtual_key.into());
        }
        let prompt = named(self.name, self.collection_id);
        let how =
            How { dry_run: self.dry_run.unwrap_or(false), publish: self.publish.unwrap_or(false) };
        if version.is_empty() && patch.is_none() {
            if prompt.is_empty() {
                return Err(Error::argument(
                    "",
                    "nothing to change: give a field besides `prompt_id`",
                ));
            }
            if how.publish {
                let why = "goes with a change of the version, not of the name or collection alone: publish an existing version with publish_prompt";
                return Err(Error::argument("publish", why));
            }
        }
        let stored = stored::read(call, &self.prompt_id).await?;
        if let Some(parameters) = version.get_mut("parameters") {
            let before = stored.latest.get("parameters").unwrap_or(&Value::Null);
            mask::restore_whole(parameters, before, "parameters").map_err(Error::Arguments)?;
            if parameters != before {
                mask::all_known(parameters, "parameters").map_err(Error::Arguments)?;
            }
        }
        let metadata = patch.map(|patch| patched(compare::metadata(&stored.latest), patch));
        let wanted = Wanted { prompt, version, metadata, ..Wanted::default() };
        write::update(call, &stored, wanted, how).await
    }
}

/// The fields of the prompt itself.
pub fn named(name: Option<String>, collection_id: Option<String>) -> JsonObject {
    [("name", name), ("collection_id", collection_id)]
        .into_iter()
        .filter_map(|(field, value)| Some((field.to_owned(), value?.into())))
        .collect()
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct PublishPrompt {
    /// From list_prompts.
    #[schemars(length(min = 1))]
    prompt_id: String,
    /// Number, from list_prompt_versions.
    #[schemars(range(min = 1))]
    version: Option<u64>,
    /// Instead of its number.
    #[schemars(extend("format" = "uuid"))]
    version_id: Option<String>,
}

impl Workflow for PublishPrompt {
    type Output = Value;

    async fn run(self, call: &Call) -> Result<Value> {
        let Self { prompt_id, version, version_id } = self;
        let version = match (version, version_id) {
            (Some(version), None) => version,
            (None, Some(id)) => {
                let row = stored::version(call, &prompt_id, &id, true).await?;
                row.and_then(|row| stored::number(&row, "prompt_version")).ok_or_else(|| {
                    let message = format!("prompt `{prompt_id}` has no version with the id `{id}`; nothing was published");
                    Error::precondition(message, "see list_prompt_versions")
                })?
            }
            (Some(_), Some(_)) => {
                return Err(Error::argument("version_id", "and `version` are the same: give one"));
            }
            (None, None) => return Err(Error::argument("version", "or `version_id` is required")),
        };
        let shown = write::make_default(call, &prompt_id, version).await?;
        let mut told = JsonObject::new();
        told.insert("success".into(), true.into());
        told.insert("prompt_id".into(), prompt_id.into());
        told.insert("version".into(), version.into());
        told.extend((!shown).then(|| ("note".to_owned(), write::NOT_SHOWN.into())));
        Ok(told.into())
    }
}
