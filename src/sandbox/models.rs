//! The models that a key can call: those that the log knows, through each provider that it sees.

use serde_json::json;

use super::{answer::Outcome, answer::Refusal, call::Call, log::models_of};

const LIMIT: usize = 100;

/// `GET /models`, paged by `limit` and `offset`.
pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let (limit, offset) = (call.query.number("limit")?, call.query.number("offset")?);
    let fits = |name: &str, value: &str| call.query.get(name).is_none_or(|wanted| wanted == value);
    let mut models = Vec::new();
    for row in call.state.store.rows("virtual_keys").iter().filter(|row| call.caller.sees(row)) {
        let (slug, service) = (row.slug.as_deref(), row.text("ai_provider_name"));
        let (Some(slug), Some(service)) = (slug, service) else { continue };
        if fits("provider", slug) && fits("ai_service", service) {
            models.extend(models_of(service).map(|name| (name, slug, service, row.created_at)));
        }
    }
    match call.query.get("sort").unwrap_or("name") {
        "name" => models.sort_by_key(|(name, slug, ..)| (*name, *slug)),
        "provider" => models.sort_by_key(|(name, slug, ..)| (*slug, *name)),
        "ai_service" => models.sort_by_key(|(name, slug, service, _)| (*service, *name, *slug)),
        _ => return Err(Refusal::bad_request("\"sort\" must be name, provider or ai_service")),
    }
    match call.query.get("order").unwrap_or("asc") {
        "asc" => {}
        "desc" => models.reverse(),
        _ => return Err(Refusal::bad_request("\"order\" must be asc or desc")),
    }
    let page = models.iter().skip(offset.unwrap_or(0)).take(limit.unwrap_or(LIMIT));
    let data: Vec<_> = page
        .map(|(name, slug, service, created_at)| {
            json!({
                "id": format!("@{slug}/{name}"),
                "slug": name,
                "canonical_slug": name,
                "object": "model",
                "created": created_at.as_second(),
                "owned_by": service,
            })
        })
        .collect();
    Ok(json!({ "object": "list", "total": models.len(), "data": data }).into())
}
