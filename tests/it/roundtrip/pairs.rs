//! The table of pairs, by what they change.

mod gateways;
mod keys;
mod mcp;
mod people;
mod prompts;

use serde_json::json;

use super::{
    pair::{Field, Pair, field, plain},
    stored::Stored,
    values::{budget, rate, value_line, value_text},
};
use crate::support::Served;

/// The pairs of this account, with things to change that are not seeded.
pub async fn of(served: &Served) -> Vec<Pair> {
    let organisation = furnish(served).await;
    let stored = Stored::of(&served.sandbox);
    [
        keys::pairs(&stored),
        prompts::pairs(&stored),
        gateways::pairs(&stored),
        mcp::pairs(&stored),
        // Last, since a workspace gets another slug.
        people::pairs(&stored, &organisation),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Gives the id of the organisation.
async fn furnish(served: &Served) -> String {
    let stored = Stored::of(&served.sandbox);
    let workspace = stored.id("workspaces", "Production");
    let feedback = json!({ "trace_id": "t-rated", "value": 1, "metadata": { "kept": "yes" } });
    served.account("workspace").post("/feedback", &feedback).await;
    let account = served.account("admin");
    let export = json!({
        "workspace_id": workspace, "description": "Draft", "requested_data": ["id", "cost"],
        "filters": { "time_of_generation_min": "2026-01-01T00:00:00Z", "ai_model": "gpt-4o,gpt-4o-mini" },
    });
    account.post("/logs/exports", &export).await;
    let config = json!({ "provider": "openai", "api_key": "canary-stored",
        "headers": { "authorization": "canary-stored" } });
    account.config("Round", &config).await;
    let labels = account.get("/labels").await;
    labels["data"][0]["organisation_id"].as_str().unwrap().to_owned()
}

fn name() -> Field {
    plain("name", value_line())
}

fn description() -> Field {
    plain("description", value_text())
}

/// The budget and the rates of one thing.
fn limits(units: &[&str]) -> Vec<Field> {
    let budget = field("usage_limits", "/fields/usage_limits", budget()).hidden();
    let rates = super::values::list(rate(units), 0);
    vec![budget, plain("rate_limits", rates)]
}
