//! Which requests to count, and how to group them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{tool::JsonObject, tools::shared::Paging};

/// Filters combine with AND, the values of one filter with OR. The API takes lists as text with
/// commas and `metadata` as JSON text.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Filter {
    #[schemars(extend("format" = "date-time"))]
    time_of_generation_min: String,
    #[schemars(extend("format" = "date-time"))]
    time_of_generation_max: String,
    /// Default: not all workspaces.
    workspace_slug: Option<String>,
    total_units_min: Option<u64>,
    total_units_max: Option<u64>,
    /// US cents.
    #[schemars(range(min = 0))]
    cost_min: Option<f64>,
    #[schemars(range(min = 0))]
    cost_max: Option<f64>,
    prompt_token_min: Option<u64>,
    prompt_token_max: Option<u64>,
    completion_token_min: Option<u64>,
    completion_token_max: Option<u64>,
    #[schemars(extend("x-aliases" = ["status_codes"]))]
    status_code: Option<Vec<u16>>,
    #[schemars(range(min = -10, max = 10))]
    weighted_feedback_min: Option<f64>,
    #[schemars(range(min = -10, max = 10))]
    weighted_feedback_max: Option<f64>,
    #[schemars(extend("x-aliases" = ["virtual_key_slugs"]))]
    virtual_keys: Option<Vec<String>>,
    #[schemars(extend("x-aliases" = ["config_slugs"]))]
    configs: Option<Vec<String>>,
    api_key_ids: Option<Vec<String>>,
    /// As openai__gpt-4o.
    #[schemars(extend("x-aliases" = ["provider_models"]))]
    ai_org_model: Option<Vec<String>>,
    #[schemars(extend("x-aliases" = ["metadata_filter"]))]
    metadata: Option<JsonObject>,
    #[schemars(extend("x-aliases" = ["trace_ids"]))]
    trace_id: Option<Vec<String>>,
    // One span is one request: nobody looks for it here, and get_log shows it.
    #[schemars(extend("x-hidden" = true, "x-aliases" = ["span_ids"]))]
    span_id: Option<Vec<String>>,
    prompt_slug: Option<String>,
    cache_status: Option<Vec<String>>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Page {
    #[serde(flatten)]
    filter: Filter,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct MetadataGroup {
    /// Such as env.
    #[schemars(length(min = 1))]
    metadata_key: String,
    #[serde(flatten)]
    page: Page,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Group {
    #[serde(flatten)]
    page: Page,
    /// Default: requests, cost.
    columns: Option<Vec<Column>>,
    include_total: Option<bool>,
    #[schemars(extend("x-brief" = "A column."))]
    order_by: Option<Column>,
    order_by_type: Option<Order>,
}

/// The columns are told with [`Dimension`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[schemars(transform = told_elsewhere)]
pub struct ListedGroup(Group);

fn told_elsewhere(schema: &mut schemars::Schema) {
    crate::schema::tell_briefly(schema, &[("columns", "As in get_analytics_group.")]);
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Dimension {
    group_by: By,
    #[serde(flatten)]
    group: Group,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum By {
    AiService,
    ApiKey,
    Config,
    Model,
    Prompt,
    Provider,
    StatusCode,
    Workspace,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Column {
    Requests,
    Cost,
    TotalTokens,
    AvgTokens,
    AvgInputTokens,
    AvgOutputTokens,
    AvgLatency,
    P95Latency,
    P99Latency,
    SuccessRate,
    ErrorCount,
    CacheHitRate,
    LastSeen,
    FirstSeen,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Order {
    Asc,
    Desc,
}
