//! The models of an integration: those of its provider, and custom ones.

use serde_json::{Map, Value, json};

use super::{
    answer::{Outcome, Refusal},
    call::{Call, Query},
    crud::Page,
    integrations::INTEGRATIONS,
    log,
    resource::{Paging, nothing},
    store::Row,
};

/// `GET /integrations/{slug}/models`; flags are 0 and 1.
pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let row = call.row(&INTEGRATIONS)?.seen();
    let own = row.fields.get("models").and_then(Value::as_object);
    let all = row.fields.get("allow_all_models").and_then(Value::as_bool).unwrap_or(true);
    let known: Vec<&str> = names(row).collect();
    let provided = known.iter().map(|name| {
        let settings = own.and_then(|own| own.get(*name));
        shown(name, settings, all)
    });
    let custom = own.into_iter().flatten().filter(|(name, _)| !known.contains(&name.as_str()));
    let custom = custom.map(|(name, settings)| shown(name, Some(settings), all));
    let models: Vec<Value> = provided.chain(custom).collect();
    let total = models.len();
    let models = asked(&call.query, models)?;
    Ok(json!({ "object": "list", "total": total, "allow_all_models": all, "models": models })
        .into())
}

/// The page of these rows that is asked for, if one is (as the reference asks).
pub(super) fn asked(query: &Query, rows: Vec<Value>) -> Result<Vec<Value>, Refusal> {
    if query.get("current_page").is_none() && query.get("page_size").is_none() {
        return Ok(rows);
    }
    let page = Page::of(&Paging::zero_based(Some(100), 100), query)?;
    Ok(page.cut(rows.into_iter()).collect())
}

fn names(row: &Row) -> impl Iterator<Item = &'static str> {
    log::prices(row.text("ai_provider_id").unwrap_or_default()).map(|(name, ..)| name)
}

fn shown(name: &str, settings: Option<&Value>, all: bool) -> Value {
    let field = |field: &str| settings.and_then(|it| it.get(field)).cloned();
    let flag = |name: &str| u8::from(field(name).and_then(|it| it.as_bool()).unwrap_or_default());
    json!({
        "slug": name, "name": name, "enabled": field("enabled").unwrap_or(all.into()),
        "is_custom": flag("is_custom"), "is_finetune": flag("is_finetune"),
        "base_model_slug": field("base_model_slug"), "pricing_config": field("pricing_config"),
        "configurations": field("configurations"),
    })
}

/// `PUT /integrations/{slug}/models`: only those that are named change.
pub(super) fn update(call: &mut Call<'_>) -> Outcome {
    let mut row = call.row(&INTEGRATIONS)?.clone();
    let Some(sent) = call.body.get("models").and_then(Value::as_array) else {
        return Err(Refusal::bad_request("\"models\" is required"));
    };
    let known: Vec<&str> = names(&row).collect();
    let Some(own) = row.fields.get_mut("models").and_then(Value::as_object_mut) else {
        return Err(Refusal::not_found("Model"));
    };
    for model in sent {
        let (Some(slug), Some(true)) = (
            model.get("slug").and_then(Value::as_str),
            model.get("enabled").map(Value::is_boolean),
        ) else {
            return Err(Refusal::bad_request("\"slug\" and \"enabled\" are required"));
        };
        let custom = model.get("is_custom") == Some(&Value::Bool(true));
        if !custom && !known.contains(&slug) && !own.contains_key(slug) {
            return Err(Refusal::bad_request(format!("there is no model {slug}")));
        }
        let settings = own.entry(slug).or_insert_with(|| Map::new().into());
        if let (Some(settings), Some(model)) = (settings.as_object_mut(), model.as_object()) {
            settings.extend(model.clone());
        }
    }
    if let Some(all) = call.body.get("allow_all_models").filter(|all| all.is_boolean()) {
        row.fields.insert("allow_all_models".to_owned(), all.clone());
    }
    row.updated_at = call.now;
    call.state.store.replace("integrations", row, call.bytes, call.staleness)?;
    Ok(nothing().into())
}

/// `DELETE /integrations/{slug}/models?slugs=a,b`: custom models alone.
pub(super) fn delete(call: &mut Call<'_>) -> Outcome {
    let mut row = call.row(&INTEGRATIONS)?.clone();
    let Some(slugs) = call.query.list("slugs").filter(|slugs| !slugs.is_empty()) else {
        return Err(Refusal::bad_request("\"slugs\" is required"));
    };
    let own = row.fields.get_mut("models").and_then(Value::as_object_mut);
    let own = own.ok_or_else(|| Refusal::not_found("Model"))?;
    for slug in slugs {
        let custom = own.get(slug).is_some_and(|it| it.get("is_custom") == Some(&true.into()));
        if !custom {
            return Err(Refusal::bad_request(format!("{slug} is no custom model")));
        }
        own.shift_remove(slug);
    }
    row.updated_at = call.now;
    call.state.store.replace("integrations", row, call.bytes, call.staleness)?;
    Ok(nothing().into())
}
