//! Which requests to count, and how to group them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{tool::JsonObject, tools::shared::Paging};

/// Filters combine with AND, the values of one filter with OR. The API takes lists as text with
/// commas and `metadata` as JSON text.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Filter {
    /// Start, such as 2026-01-01T00:00:00Z.
    #[schemars(extend("format" = "date-time"))]
    time_of_generation_min: String,
    /// End, such as 2026-02-01T00:00:00Z.
    #[schemars(extend("format" = "date-time"))]
    time_of_generation_max: String,
    /// With an organisation key: default is its default workspace.
    workspace_slug: Option<String>,
    /// Tokens of a request, at least.
    total_units_min: Option<u64>,
    total_units_max: Option<u64>,
    /// US cents of a request, at least.
    #[schemars(range(min = 0))]
    cost_min: Option<f64>,
    #[schemars(range(min = 0))]
    cost_max: Option<f64>,
    prompt_token_min: Option<u64>,
    prompt_token_max: Option<u64>,
    completion_token_min: Option<u64>,
    completion_token_max: Option<u64>,
    /// HTTP statuses, such as [429, 500].
    #[schemars(extend("x-aliases" = ["status_codes"]))]
    status_code: Option<Vec<u16>>,
    #[schemars(range(min = -10, max = 10))]
    weighted_feedback_min: Option<f64>,
    #[schemars(range(min = -10, max = 10))]
    weighted_feedback_max: Option<f64>,
    /// Virtual key slugs.
    #[schemars(extend("x-aliases" = ["virtual_key_slugs"]))]
    virtual_keys: Option<Vec<String>>,
    /// Config slugs.
    #[schemars(extend("x-aliases" = ["config_slugs"]))]
    configs: Option<Vec<String>>,
    api_key_ids: Option<Vec<String>>,
    /// Models as provider__model, such as openai__gpt-4o.
    #[schemars(extend("x-aliases" = ["provider_models"]))]
    ai_org_model: Option<Vec<String>>,
    /// Metadata of a request, such as {"env": "prod"}.
    #[schemars(extend("x-aliases" = ["metadata_filter"]))]
    metadata: Option<JsonObject>,
    #[schemars(extend("x-aliases" = ["trace_ids"]))]
    trace_id: Option<Vec<String>>,
    #[schemars(extend("x-aliases" = ["span_ids"]))]
    span_id: Option<Vec<String>>,
    prompt_slug: Option<String>,
    /// Such as hit, semantic_hit, miss or disabled.
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
    /// Metadata key to group by, such as env.
    #[schemars(length(min = 1))]
    metadata_key: String,
    #[serde(flatten)]
    page: Page,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Group {
    #[serde(flatten)]
    page: Page,
    /// Figures of each row; default: requests and cost.
    columns: Option<Vec<Column>>,
    /// Also count all groups.
    include_total: Option<bool>,
    /// Column to sort by.
    order_by: Option<Column>,
    order_by_type: Option<Order>,
}

/// The same as [`Group`]; the API groups by provider under a path of its own.
pub type ProviderGroup = Group;

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
