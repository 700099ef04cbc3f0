//! Bringing a prompt to a wanted state by its name.
//!
//! Compared is with the newest version, published or not, so that running it again adds nothing.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    compare::{self, Wanted, patched},
    edit::named,
    stored::{self, Stored, text},
    template::{Folded, Open, Template, told_in_create_prompt},
    write::{self, How, Written},
};
use crate::tool::{Call, JsonObject, Result, Workflow};

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(transform = told_in_create_prompt)]
pub struct MigratePrompt {
    /// Exact name; case is ignored.
    #[schemars(length(min = 1))]
    name: String,
    /// Kept in the metadata.
    #[schemars(length(min = 1))]
    app: String,
    /// Such as dev; kept in the metadata.
    #[schemars(length(min = 1))]
    env: String,
    /// From list_collections.
    #[schemars(length(min = 1))]
    collection_id: String,
    /// Such as temperature; also variables' defaults.
    parameters: Open,
    /// Virtual key or provider slug.
    #[schemars(length(min = 1))]
    virtual_key: String,
    /// So that requests get the version.
    publish: Option<bool>,
    dry_run: Option<bool>,
    #[serde(flatten)]
    template: Template,
}

impl Workflow for MigratePrompt {
    type Output = Written;

    async fn run(self, call: &Call) -> Result<Written> {
        let Folded { mut version, metadata } = self.template.fold()?.with_string()?;
        version.insert("parameters".into(), self.parameters.0.into());
        version.insert("virtual_key".into(), self.virtual_key.into());
        let mut patch = metadata.unwrap_or_default();
        patch.insert("app".into(), self.app.into());
        patch.insert("env".into(), self.env.into());
        let target = Target { collection_id: &self.collection_id, name: &self.name };
        let how =
            How { dry_run: self.dry_run.unwrap_or(false), publish: self.publish.unwrap_or(false) };
        call.progress(0, 3, "looking for the prompt");
        let stored = target.find(call).await?;
        let metadata = Some(patched(metadata_of(stored.as_ref()), patch));
        let wanted = Wanted { version, metadata, stamp: Some("migrated_at"), ..Wanted::default() };
        call.progress(1, 3, "comparing and writing");
        let written = target.write(call, stored, wanted, how).await?;
        call.progress(3, 3, "done");
        Ok(written)
    }
}

/// Where a prompt is to be, whether it is there yet or not.
pub struct Target<'a> {
    pub collection_id: &'a str,
    pub name: &'a str,
}

impl Target<'_> {
    pub async fn find(&self, call: &Call) -> Result<Option<Stored>> {
        let Some(found) = stored::find(call, self.collection_id, self.name).await? else {
            return Ok(None);
        };
        stored::read(call, text(&found, "id").unwrap_or_default()).await.map(Some)
    }

    pub async fn write(
        &self,
        call: &Call,
        stored: Option<Stored>,
        mut wanted: Wanted,
        how: How,
    ) -> Result<Written> {
        if let Some(stored) = stored {
            return write::update(call, &stored, wanted, how).await;
        }
        wanted.prompt = named(Some(self.name.into()), Some(self.collection_id.into()));
        write::create(call, wanted, how).await
    }
}

/// The target's metadata; that of no target is empty.
pub fn metadata_of(stored: Option<&Stored>) -> JsonObject {
    stored.map(|stored| compare::metadata(&stored.latest)).unwrap_or_default()
}
