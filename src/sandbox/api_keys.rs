//! API keys: what they may do, whose they are, and their secret, which is told once.
//!
//! Each kind (organisation-service, workspace-service, workspace-user) has scopes of its own. The
//! keys made here open nothing: the sandbox takes its own keys only.

use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    answer::{Outcome, Refusal},
    budget::{self, Mark},
    call::Call,
    crud,
    dates::Dates,
    resource::{Home, Hooks, Kind, List, Named, Paging, Resource, kept, nothing, taken},
    state::State,
    store::Row,
};

pub(super) const API_KEYS: Resource = Resource {
    table: "api_keys",
    title: "API key",
    object: "api-key",
    slug: None,
    named: Named::Uuid,
    home: Home::Anywhere,
    dates: Dates::Iso,
    list: List {
        keys: ROW,
        object: Some("list"),
        paging: Paging::zero_based(Some(100), 1_000),
        needs_workspace: false,
        filters: &[("type", permitted)],
    },
    read: ROW,
    body: &[
        kept("name", Kind::Text).required(),
        kept("description", Kind::Text),
        kept("scopes", Kind::Array).required(),
        taken("organisation_id", Kind::Text),
        taken("workspace_id", Kind::Text),
        taken("user_id", Kind::Text),
        taken("usage_limits", Kind::Object),
        taken("rate_limits", Kind::Any),
        taken("reset_usage", Kind::Flag),
        kept("defaults", Kind::Object),
        kept("alert_emails", Kind::Array),
        kept("expires_at", Kind::Text),
        taken("rotation_policy", Kind::Object),
    ],
    hooks: Hooks { create, created, update, delete, derive },
};

const ROW: &[&str] = &[
    "id",
    "key",
    "name",
    "description",
    "type",
    "organisation_id",
    "workspace_id",
    "user_id",
    "status",
    "created_at",
    "last_updated_at",
    "creation_mode",
    "rate_limits",
    "usage_limits",
    "reset_usage",
    "scopes",
    "defaults",
    "alert_emails",
    "expires_at",
    "rotation_policy",
    "object",
];

/// Scopes of the routes: one of them opens a route, and the row's kind says which one is needed.
pub(super) const LIST: &str = "organisation_service_api_keys.list | workspace_service_api_keys.list | \
     workspace_user_api_keys.list";
pub(super) const CREATE: &str = "organisation_service_api_keys.create | workspace_service_api_keys.create | \
     workspace_user_api_keys.create";
pub(super) const READ: &str = "organisation_service_api_keys.read | workspace_service_api_keys.read | \
     workspace_user_api_keys.read";
pub(super) const UPDATE: &str = "organisation_service_api_keys.update | workspace_service_api_keys.update | \
     workspace_user_api_keys.update";
pub(super) const DELETE: &str = "organisation_service_api_keys.delete | workspace_service_api_keys.delete | \
     workspace_user_api_keys.delete";
pub(super) const ROTATE: &str = "organisation_service_api_keys.rotate | workspace_service_api_keys.rotate | \
     workspace_user_api_keys.rotate";

const UNITS: &[&str] = &["rps", "rpm", "rph", "rpd", "rpw"];
/// The secret itself; no answer but that of its making has it.
const SECRET: &str = "secret";
/// When the secret before the present one stops, in milliseconds since 1970.
const TRANSITION: &str = "transition_ms";
const LEAST_TRANSITION_MS: i64 = 1_800_000;
const DAY_MS: i64 = 86_400_000;

/// The scope family of a kind of key.
fn family(kind: &str) -> &'static str {
    match kind {
        "workspace-user" => "workspace_user_api_keys",
        "workspace-service" => "workspace_service_api_keys",
        _ => "organisation_service_api_keys",
    }
}

/// Whether the caller may do this to keys of a kind.
fn may(call: &Call<'_>, kind: &str, verb: &str) -> Result<(), Refusal> {
    let scope = format!("{}.{verb}", family(kind));
    if call.caller.may(&scope) {
        return Ok(());
    }
    Err(Refusal::forbidden(format!("You do not have the permission {scope}")))
}

fn permitted(call: &Call<'_>, row: &Row, _: &str) -> Result<bool, Refusal> {
    Ok(may(call, row.text("type").unwrap_or_default(), "list").is_ok())
}

/// The row that the path names, where the caller may do this to it.
fn named<'a>(call: &'a Call<'_>, verb: &str) -> Result<&'a Row, Refusal> {
    let row = call.row(&API_KEYS)?;
    may(call, row.text("type").unwrap_or_default(), verb)?;
    Ok(row)
}

/// `GET /api-keys`
pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    budget::settle(call, API_KEYS.table, &Mark::ApiKey);
    crud::list(call, &API_KEYS)
}

/// `GET /api-keys/{id}`
pub(super) fn read(call: &mut Call<'_>) -> Outcome {
    named(call, "read")?;
    budget::settle(call, API_KEYS.table, &Mark::ApiKey);
    crud::read(call, &API_KEYS)
}

/// `POST /api-keys/{id}/rotate`
pub(super) fn rotate(call: &mut Call<'_>) -> Outcome {
    let mut row = named(call, "rotate")?.clone();
    let policy =
        row.fields.get("rotation_policy").and_then(|it| it.get("key_transition_period_ms"));
    let asked = call.body.get("key_transition_period_ms").or(policy).cloned();
    let transition = match asked.as_ref().filter(|it| !it.is_null()) {
        Some(given) => given.as_i64().filter(|ms| *ms >= LEAST_TRANSITION_MS).ok_or_else(|| {
            Refusal::bad_request("\"key_transition_period_ms\" must be at least 1800000")
        })?,
        None => DAY_MS,
    };
    let until = row.fields.get(TRANSITION).and_then(Value::as_i64).unwrap_or(0);
    if until > call.now.as_millisecond() {
        return Err(Refusal::conflict("the key is in transition after an earlier rotation"));
    }
    let ends = call.now.checked_add(SignedDuration::from_millis(transition)).unwrap_or(call.now);
    let secret = secret();
    row.fields.insert(SECRET.to_owned(), secret.clone().into());
    row.fields.insert(TRANSITION.to_owned(), ends.as_millisecond().into());
    row.updated_at = call.now;
    let ends = Dates::Iso.write(ends);
    let answer = json!({ "id": row.id, "key": secret, "key_transition_expires_at": ends });
    call.state.store.replace(API_KEYS.table, row, call.bytes, call.staleness)?;
    Ok(answer.into())
}

fn secret() -> String {
    let random: [u8; 20] = rand::random();
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `POST /api-keys/{type}/{sub-type}`
fn create(call: &mut Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    let kind = match (call.param(0), call.param(1)) {
        ("organisation", "service") => "organisation-service",
        ("workspace", "service") => "workspace-service",
        ("workspace", "user") => "workspace-user",
        _ => return Err(Refusal::bad_request("there are no API keys of this type and sub-type")),
    };
    may(call, kind, "create")?;
    if kind == "organisation-service" {
        row.workspace = None;
    } else if row.workspace.is_none() {
        return Err(Refusal::bad_request("\"workspace_id\" is required"));
    }
    let user = call.text("user_id").map(str::to_owned);
    if kind == "workspace-user" {
        let Some(user) = user else {
            return Err(Refusal::bad_request("\"user_id\" is required"));
        };
        if call.state.store.find("users", row.organisation, &user).is_none() {
            return Err(Refusal::not_found("User"));
        }
        row.fields.insert("user_id".to_owned(), user.into());
    }
    check(call, row)?;
    row.fields.insert(SECRET.to_owned(), secret().into());
    describe(row, kind);
    Ok(())
}

/// The fields that every key has besides those of the request.
pub(super) fn describe(row: &mut Row, kind: &str) {
    for (field, value) in [
        ("type", Value::from(kind)),
        ("description", Value::Null),
        ("user_id", Value::Null),
        ("status", "active".into()),
        ("creation_mode", "api".into()),
        ("rate_limits", json!([])),
        ("usage_limits", Value::Null),
        ("scopes", json!([])),
        ("defaults", Value::Null),
        ("alert_emails", json!([])),
        ("expires_at", Value::Null),
        ("rotation_policy", Value::Null),
        (SECRET, row.id.replace('-', "").into()),
    ] {
        row.fields.entry(field).or_insert(value);
    }
}

/// What creation and change have in common.
fn check(call: &Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    budget::keep(call, row, UNITS)?;
    let config = row.fields.get("defaults").and_then(|it| it.get("config_id"));
    if let Some(config) = config.and_then(Value::as_str)
        && call.state.store.find("configs", row.organisation, config).is_none()
    {
        return Err(Refusal::bad_request(format!("there is no config {config}")));
    }
    if let Some(policy) = call.body.get("rotation_policy") {
        let policy = rotation(policy, call.now)?;
        row.fields.insert("rotation_policy".to_owned(), policy);
    }
    Ok(())
}

/// The policy as it is stored, with the next rotation at midnight (facts.md, 13).
fn rotation(policy: &Value, now: Timestamp) -> Result<Value, Refusal> {
    let Some(fields) = policy.as_object() else { return Ok(Value::Null) };
    budget::one_of(fields, "rotation_period", &["weekly", "monthly"])?;
    let given = |field: &str| fields.get(field).filter(|value| !value.is_null());
    let least = given("key_transition_period_ms").and_then(Value::as_i64);
    if least.is_some_and(|ms| ms < LEAST_TRANSITION_MS) {
        return Err(Refusal::bad_request("\"key_transition_period_ms\" must be at least 1800000"));
    }
    let next = match (given("rotation_period"), given("next_rotation_at")) {
        (Some(_), Some(_)) | (None, None) => {
            let rule = "either \"rotation_period\" or \"next_rotation_at\" is required";
            return Err(Refusal::bad_request(rule));
        }
        (Some(period), None) => {
            let span = if period == "weekly" { 7.days() } else { 1.month() };
            now.to_zoned(TimeZone::UTC).checked_add(span).ok()
        }
        (None, Some(at)) => at
            .as_str()
            .and_then(|text| text.parse::<Timestamp>().ok())
            .map(|at| at.to_zoned(TimeZone::UTC)),
    };
    let midnight = next.and_then(|next| next.start_of_day().ok()).map(|zoned| zoned.timestamp());
    let Some(midnight) = midnight else {
        return Err(Refusal::bad_request("\"next_rotation_at\" must be a time"));
    };
    let mut stored = fields.clone();
    stored.insert("next_rotation_at".to_owned(), Dates::Iso.write(midnight).into());
    Ok(stored.into())
}

fn created(_: &State, row: &Row) -> Value {
    json!({ "id": row.id, "key": row.text(SECRET), "object": API_KEYS.object })
}

fn update(call: &mut Call<'_>, row: &mut Row) -> Outcome {
    may(call, row.text("type").unwrap_or_default(), "update")?;
    check(call, row)?;
    Ok(nothing().into())
}

fn delete(call: &mut Call<'_>, row: &Row) -> Outcome {
    may(call, row.text("type").unwrap_or_default(), "delete")?;
    Ok(nothing().into())
}

fn derive(state: &State, row: &Row, key: &str) -> Option<Value> {
    if key != "key" {
        return budget::derive(state, row, key);
    }
    let secret: Vec<char> = row.text(SECRET)?.chars().collect();
    let end = secret.len().saturating_sub(2);
    let (head, tail): (String, String) =
        (secret.iter().take(2).collect(), secret.iter().skip(end).collect());
    Some(format!("{head}*******{tail}").into())
}
