//! Drafting an export, and changing the draft without losing a filter: `PUT` replaces them all.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::filters::{FilterPatch, Filters, Flat, Form, check, fold, form_of, in_form, plain};
use crate::{
    tool::{Call, Error, JsonObject, Result, Workflow, unwrapped},
    tools::{
        fresh::{Resource, picked},
        shared::change::done,
    },
};

const PATH: &str = "/logs/exports/{export_id}";

// What is said of a type would be published with each list of it.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Field {
    Id,
    TraceId,
    CreatedAt,
    Request,
    Response,
    IsSuccess,
    AiOrg,
    AiModel,
    ReqUnits,
    ResUnits,
    TotalUnits,
    RequestUrl,
    Cost,
    CostCurrency,
    ResponseTime,
    ResponseStatusCode,
    Mode,
    Config,
    PromptSlug,
    Metadata,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct CreateExport {
    /// request and response hold prompts and answers.
    #[schemars(length(min = 1), extend("x-aliases" = ["requested_fields"]))]
    requested_data: Vec<Field>,
    filters: Option<Filters>,
    /// Needed with an organisation key.
    workspace_id: Option<String>,
    description: Option<String>,
    /// How the period is sent (default time_of_generation).
    filter_form: Option<Form>,
    #[serde(flatten)]
    flat: Flat,
}

impl Workflow for CreateExport {
    type Output = Value;

    async fn run(self, call: &Call) -> Result<Value> {
        let Self { requested_data, filters, workspace_id, description, filter_form, flat } = self;
        let given = fold(filters.map(|Filters(it)| it), &flat)?.unwrap_or_default();
        let form = filter_form.or_else(|| form_of(&given)).unwrap_or(Form::TimeOfGeneration);
        let mut filters = plain(given)?;
        filters.retain(|_, value| !value.is_null());
        check(&filters)?;
        let mut body = JsonObject::new();
        body.insert("filters".into(), in_form(filters, form).into());
        body.insert("requested_data".into(), json!(requested_data));
        for (name, value) in [("workspace_id", workspace_id), ("description", description)] {
            body.extend(value.map(|value| (name.to_owned(), value.into())));
        }
        Ok(unwrapped(call.post("/logs/exports", body.into()).await?))
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(transform = told_elsewhere)]
pub struct UpdateExport {
    /// From list_log_exports.
    #[schemars(length(min = 1))]
    export_id: String,
    /// All fields of each log.
    #[schemars(length(min = 1), extend("x-aliases" = ["requested_fields"]))]
    requested_data: Option<Vec<Field>>,
    filters: Option<FilterPatch>,
    workspace_id: Option<String>,
    /// As in create_log_export.
    filter_form: Option<Form>,
    #[serde(flatten)]
    flat: Flat,
}

fn told_elsewhere(schema: &mut schemars::Schema) {
    crate::schema::tell_briefly(
        schema,
        &[("requested_data", "All fields, as in create_log_export.")],
    );
}

impl Workflow for UpdateExport {
    type Output = Value;

    async fn run(self, call: &Call) -> Result<Value> {
        let Self { export_id, requested_data, filters, workspace_id, filter_form, flat } = self;
        let patch = fold(filters.map(|FilterPatch(it)| it), &flat)?;
        if patch.is_none() && requested_data.is_none() && filter_form.is_none() {
            let why = "nothing to change: give `filters`, `requested_data` or `filter_form`";
            return Err(Error::argument("", why));
        }
        let patch = plain(patch.unwrap_or_default())?;
        let export = Resource {
            path: PATH,
            named: Some(("export_id", &export_id)),
            version: |shown| picked(shown, &["filters", "requested_data"]),
        };
        let stored = export.read(call).await?;
        let status = stored.get("status").and_then(Value::as_str);
        if let Some(status) = status.filter(|status| *status != "draft") {
            return Err(Error::precondition(
                format!("export `{export_id}` is `{status}` and no draft any more"),
                "draft another one with create_log_export",
            ));
        }
        let before = stored_filters(&stored)?;
        let form = filter_form.or_else(|| form_of(&before)).unwrap_or(Form::TimeOfGeneration);
        let mut after = Value::Object(plain(before)?);
        json_patch::merge(&mut after, &patch.into());
        let Value::Object(after) = after else { return Ok(after) };
        check(&after)?;
        let mut body = JsonObject::new();
        body.insert("export_id".into(), export_id.clone().into());
        body.extend(workspace_id.map(|id| ("workspace_id".to_owned(), id.into())));
        body.insert("filters".into(), in_form(after, form).into());
        // Whether `PUT` keeps the fields that it is not given is not documented.
        let fields = requested_data
            .map(|fields| json!(fields))
            .or_else(|| stored.get("requested_data").cloned());
        body.extend(fields.map(|fields| ("requested_data".to_owned(), fields)));
        let answer = unwrapped(call.put(PATH, body.clone().into()).await?);
        let mut told = done(json!({ "filters": body.get("filters") }), answer);
        let note = export.wrote(call, &stored, &body).await;
        told.extend(note.map(|note| ("note".to_owned(), note.into())));
        Ok(told.into())
    }
}

/// The filters of a stored export.
fn stored_filters(stored: &Value) -> Result<JsonObject> {
    match stored.get("filters") {
        Some(Value::Object(filters)) => Ok(filters.clone()),
        None | Some(Value::Null) => Ok(JsonObject::new()),
        Some(Value::String(text)) => serde_json::from_str(text)
            .map_err(|_| Error::Answer("the export's filters are no object".into())),
        Some(_) => Err(Error::Answer("the export's filters are no object".into())),
    }
}
