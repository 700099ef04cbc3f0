//! Analytics: what the gateway logged, as series over time, totals and groups.
//!
//! API: <https://portkey.ai/docs/api-reference/admin-api/control-plane/analytics>. Money is in US
//! cents, times are ISO 8601 with offset, latency is in milliseconds.

mod filter;

use crate::{
    answer,
    json::Json,
    tool::{PAGES, Tool, get},
};
use filter::{Dimension, Filter, ListedGroup, MetadataGroup, Page};

pub const TOOLS: &[Tool] = &[
    graph("get_cost_analytics", "/analytics/graphs/cost",
        "Cost over time in US cents: total, and average per request.")
        .intents(&["how much did we spend", "cost per day", "LLM spend last month", "cost trend"]),
    graph("get_request_analytics", "/analytics/graphs/requests",
        "Number of requests over time.")
        .intents(&["traffic over time", "requests per day", "how many calls did we make"]),
    graph("get_token_analytics", "/analytics/graphs/tokens",
        "Tokens over time: total, and average per request.")
        .intents(&["token usage", "tokens per day", "average tokens per request"]),
    graph("get_latency_analytics", "/analytics/graphs/latency",
        "Latency over time in ms: average, p50, p90, p99. Of cache hits: get_cache_hit_latency.")
        .intents(&["how slow are requests", "p99 latency", "response times over time"]),
    graph("get_error_analytics", "/analytics/graphs/errors",
        "Number of failed requests over time; as a share: get_error_rate_analytics.")
        .intents(&["failed requests", "errors per day", "when did errors start"]),
    graph("get_error_rate_analytics", "/analytics/graphs/errors/rate",
        "Share of failed requests over time, in percent.")
        .intents(&["error rate", "percentage of failures", "reliability over time"]),
    graph("get_error_stacks_analytics", "/analytics/graphs/errors/stacks",
        "Failed requests over time, split by HTTP status in each bucket.")
        .intents(&["errors by status over time", "429 versus 500 over time", "error breakdown chart"]),
    graph("get_error_status_codes_analytics", "/analytics/graphs/errors/status-codes",
        "How often each HTTP error status came in the period.")
        .intents(&["which error codes", "count of 429", "distribution of error statuses"]),
    graph("get_rescued_requests_analytics", "/analytics/graphs/requests/rescued",
        "Requests over time that a retry or a fallback saved.")
        .intents(&["requests saved by fallback", "retry success", "is the fallback working"]),
    graph("get_cache_hit_rate", "/analytics/graphs/cache/hit-rate",
        "Cache over time: simple and semantic hits, hit rate in percent, cumulative savings in cents.")
        .intents(&["cache hit rate", "is caching working", "savings from cache"]),
    graph("get_cache_hit_latency", "/analytics/graphs/cache/latency",
        "Average latency of cache hits over time in ms; of all requests: get_latency_analytics.")
        .intents(&["how fast are cached answers", "cache latency", "speed of cache hits"]),
    graph("get_cache_summary", "/analytics/summary/cache",
        "Cache totals of the period: hits, rate and savings; over time: get_cache_hit_rate.")
        .intents(&["cache totals", "how much did the cache save", "cache summary of the month"]),
    graph("get_users_analytics", "/analytics/graphs/users",
        "Number of active users over time; by name: get_analytics_group_users.")
        .intents(&["active users", "how many people use the gateway", "user growth"]),
    graph("get_user_requests_analytics", "/analytics/graphs/users/requests",
        "Requests per user over time: average per bucket, total and unique users.")
        .intents(&["requests per user", "average usage per user", "how heavy are users"]),
    graph("get_feedback_analytics", "/analytics/graphs/feedbacks",
        "Number of feedbacks over time.")
        .intents(&["how much feedback", "feedback per day", "do users rate answers"]),
    graph("get_feedback_scores_analytics", "/analytics/graphs/feedbacks/scores",
        "Number of feedbacks by score in the period.")
        .intents(&["feedback scores", "thumbs up versus down", "rating distribution"]),
    graph("get_feedback_weighted_analytics", "/analytics/graphs/feedbacks/weighted",
        "Feedback over time, each score weighted as its sender set.")
        .intents(&["weighted feedback", "average rating over time", "quality trend"]),
    graph("get_feedback_models_analytics", "/analytics/graphs/feedbacks/ai-models",
        "Feedback by model in the period: count and weighted average.")
        .intents(&["which model is rated best", "feedback per model", "worst rated model"]),
    group(get::<Page>("get_analytics_group_users", "/analytics/groups/users",
        "Requests and cost in US cents of each user, a page at a time."))
        .aliases(&["get_user_stats"])
        .intents(&["top users by cost", "who spends the most", "usage per user", "heaviest users"]),
    group(get::<Page>("get_analytics_group_models", "/analytics/groups/ai-models",
        "Requests of each model, a page at a time; with cost: get_analytics_group by model."))
        .intents(&["most used models", "requests per model", "model usage"]),
    group(get::<MetadataGroup>("get_analytics_group_metadata", "/analytics/groups/metadata/{metadata_key}",
        "Requests, cost in US cents, tokens and feedback of each value of a metadata key."))
        .intents(&["cost per team", "spend by environment", "usage by client id", "chargeback by metadata"]),
    group(get::<ListedGroup>("get_analytics_group_providers", "/analytics/groups/provider",
        "Usage of each provider, with the columns asked for, a page at a time."))
        .intents(&["cost per provider", "OpenAI versus Anthropic usage", "latency by provider"]),
    group(get::<ListedGroup>("get_analytics_group_workspaces", "/analytics/groups/workspaces",
        "Usage of each workspace across the organisation, with the columns asked for."))
        .intents(&["cost per workspace", "which workspace spends the most", "compare workspaces", "showback across teams"]),
    group(get::<Dimension>("get_analytics_group", "/analytics/groups/{group_by}",
        "Usage grouped by what group_by names, with the columns asked for, a page at a time."))
        .shows(&["api_key"])
        .intents(&["cost per API key", "spend by config", "usage per prompt", "top API keys by cost", "requests by status code"]),
];

/// A time series: `summary` for the period, `data_points` per bucket.
const fn graph(name: &'static str, path: &'static str, about: &'static str) -> Tool {
    get::<Filter>(name, path, about).enterprise().scopes(&["analytics.view"])
}

/// Totals per group, a page at a time.
const fn group(tool: Tool) -> Tool {
    tool.lists(PAGES).reads(with_numbers).enterprise().scopes(&["analytics.view"])
}

/// Figures that arrive as text become numbers; names of users and models stay text.
fn with_numbers(list: &mut Json<'_>) {
    for row in list.rows_mut("data").into_iter().flatten() {
        let Json::Object(fields) = row else { continue };
        for (name, value) in fields {
            if FIGURES.contains(&&**name) || name.starts_with("avg_") {
                answer::number(value);
            }
        }
    }
}

/// Columns of groups that are numbers.
const FIGURES: &[&str] = &[
    "cache_hit_rate",
    "cost",
    "error_count",
    "p95_latency",
    "p99_latency",
    "requests",
    "requests_with_feedback",
    "success_rate",
    "total_tokens",
];
