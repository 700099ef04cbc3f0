//! Feedback on traces: `POST` takes one or an array, and the log's entries of the trace carry it, so
//! that the analytics move.

use serde_json::{Value, json};

use super::{
    answer::{Outcome, Refusal},
    call::Call,
    log::Feedback,
    store::Row,
};

/// `POST /feedback`
pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let items = call.items();
    let mut wanted = Vec::new();
    for item in &items {
        let trace = item.get("trace_id").and_then(Value::as_str).filter(|trace| !trace.is_empty());
        let trace = trace.ok_or_else(|| Refusal::bad_request("\"trace_id\" is required"))?;
        wanted.push((trace.to_owned(), rating(item)?, item));
    }
    if wanted.is_empty() {
        return Err(Refusal::bad_request("the list of feedback is empty"));
    }
    let workspace = call.caller.workspace.clone().unwrap_or_default();
    let mut ids = Vec::new();
    for (trace, feedback, item) in wanted {
        let mut row = Row::new(call.state.fresh_id(), call.caller.organisation, call.now);
        row.workspace = Some(workspace.clone());
        row.fields.insert("trace_id".to_owned(), trace.clone().into());
        row.fields.insert("weight".to_owned(), feedback.weight.into());
        row.fields.insert("metadata".to_owned(), item.get("metadata").cloned().unwrap_or_default());
        ids.push(row.id.clone());
        call.state.store.insert("feedback", row, item.to_string().len())?;
        call.state.log().rate(&workspace, &trace, feedback);
    }
    Ok(json!({ "status": "success", "message": "Feedback successfully saved", "feedback_ids": ids })
        .into())
}

/// `PUT /feedback/{id}`
pub(super) fn update(call: &mut Call<'_>) -> Outcome {
    let workspace = call.caller.workspace.clone().unwrap_or_default();
    let rows = call.state.store.rows("feedback").iter();
    let row = rows
        .filter(|row| row.workspace.as_ref() == Some(&workspace))
        .find(|row| row.id == call.param(0))
        .ok_or_else(|| Refusal::not_found("Feedback"))?;
    let mut row = row.clone();
    let feedback = rating(&Value::Object(call.body.clone()))?;
    let trace = row.text("trace_id").unwrap_or_default().to_owned();
    row.fields.insert("weight".to_owned(), feedback.weight.into());
    if let Some(metadata) = call.body.get("metadata") {
        row.fields.insert("metadata".to_owned(), metadata.clone());
    }
    row.updated_at = call.now;
    let id = row.id.clone();
    call.state.store.replace("feedback", row, call.bytes, None)?;
    call.state.log().rate(&workspace, &trace, feedback);
    let message = "Feedback successfully updated";
    Ok(json!({ "status": "success", "message": message, "feedback_ids": [id] }).into())
}

/// A value from -10 to 10 and a weight from 0 to 1, kept in hundredths.
fn rating(item: &Value) -> Result<Feedback, Refusal> {
    let value = item.get("value").and_then(Value::as_i64).filter(|value| value.abs() <= 10);
    let value = value.and_then(|value| i8::try_from(value).ok());
    let value = value
        .ok_or_else(|| Refusal::bad_request("\"value\" must be an integer between -10 and 10"))?;
    let weight = match item.get("weight") {
        None | Some(Value::Null) => 100,
        Some(weight) => {
            let weight = weight.as_f64().filter(|weight| (0.0..=1.0).contains(weight));
            let weight =
                weight.ok_or_else(|| Refusal::bad_request("\"weight\" must be between 0 and 1"))?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "from 0 to 100"
            )]
            let hundredths = (weight * 100.0).round() as u8;
            hundredths
        }
    };
    Ok(Feedback { value, weight })
}
