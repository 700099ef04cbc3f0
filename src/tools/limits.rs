//! Limits: policies that bound what requests may use, in total or in a time, by group.
//!
//! API: <https://portkey.ai/docs/api-reference/admin-api/control-plane/policies>. Cost is in US
//! dollars here (facts.md, "Units"). `PUT` keeps the fields that it is not given and replaces
//! `conditions` whole, without setting counters back; kind, grouping and target of a policy are fixed
//! (the official Terraform provider). `DELETE` archives.

mod policy;
mod rate;
mod usage;

use crate::tool::{Effect, PAGES, Tool, delete, get, post, put};
use policy::Policy;
use rate::{CreateRateLimit, GetRateLimit, ListRateLimits, UpdateRateLimit};
use usage::{CreateUsageLimit, Entities, Entity, GetUsageLimit, ListUsageLimits, UpdateUsageLimit};

pub const TOOLS: &[Tool] = &[
    get::<ListRateLimits>(
        "list_rate_limits",
        "/policies/rate-limits",
        "List rate-limit policies: requests or tokens per minute, hour, day or week. Archived ones
         only with status. Budgets: list_usage_limits.",
    )
    .lists(PAGES)
    .scopes(&["policies.list"])
    .intents(&[
        "which rate limits are in force",
        "rate limits of a workspace",
        "why are requests throttled",
        "find a rate limit policy",
    ]),
    get::<GetRateLimit>(
        "get_rate_limit",
        "/policies/rate-limits/{id}",
        "Get one rate-limit policy: conditions, grouping, type, unit, value. An archived one only
         with status archived.",
    )
    .scopes(&["policies.read"])
    .intents(&[
        "show a rate limit policy",
        "whom does this rate limit bind",
        "value of a rate limit",
    ]),
    post::<CreateRateLimit>(
        "create_rate_limit",
        "/policies/rate-limits",
        "Create a rate-limit policy. It binds at once; each value of group_by has the rate for
         itself. Returns the id.",
    )
    .read_back("list_rate_limits")
    .scopes(&["policies.create"])
    .intents(&[
        "limit requests per minute for each key",
        "throttle a user",
        "tokens per hour for a team",
        "limit calls of MCP tools",
    ]),
    put::<UpdateRateLimit>(
        "update_rate_limit",
        "/policies/rate-limits/{id}",
        "Change name, unit, value or conditions of a rate-limit policy; binds at once. Conditions
         are replaced whole. Type, grouping and target are fixed.",
    )
    .replayable()
    .read_back("get_rate_limit")
    .scopes(&["policies.update"])
    .intents(&[
        "raise a rate limit",
        "change requests per minute of a policy",
        "change whom a rate limit binds",
    ]),
    delete::<Policy>(
        "delete_rate_limit",
        "/policies/rate-limits/{id}",
        "Archive a rate-limit policy: it binds no more, for good; it can still be listed with status
         archived.",
    )
    .read_back("list_rate_limits")
    .scopes(&["policies.delete"])
    .intents(&["remove a rate limit", "stop throttling", "archive a rate limit policy"]),
    get::<ListUsageLimits>(
        "list_usage_limits",
        "/policies/usage-limits",
        "List usage-limit policies: budgets in US dollars, tokens or requests with their reset.
         Archived ones only with status. Usage: list_usage_limit_entities.",
    )
    .lists(PAGES)
    .scopes(&["policies.list"])
    .intents(&[
        "which budgets are in force",
        "budgets of a workspace",
        "find a usage limit policy",
        "when are budgets reset",
    ]),
    get::<GetUsageLimit>(
        "get_usage_limit",
        "/policies/usage-limits/{id}",
        "Get one usage-limit policy: conditions, grouping, limit, alert, resets. An archived one
         only with status archived.",
    )
    .scopes(&["policies.read"])
    .intents(&[
        "show a budget policy",
        "how much of this budget is used",
        "when is this budget reset",
    ]),
    post::<CreateUsageLimit>(
        "create_usage_limit",
        "/policies/usage-limits",
        "Create a budget for every request that fits all conditions; each value of group_by has the
         limit for itself. Used up, the gateway answers 412 until the reset. Returns the id.",
    )
    .read_back("list_usage_limits")
    .scopes(&["policies.create"])
    .intents(&[
        "monthly budget for each API key",
        "limit spend of a team",
        "token quota for each user",
        "cap the cost of a model",
    ]),
    put::<UpdateUsageLimit>(
        "update_usage_limit",
        "/policies/usage-limits/{id}",
        "Change a budget at once; counters stay, conditions are replaced whole. A reset given starts
         its period anew. Type and grouping are fixed.",
    )
    .read_back("get_usage_limit")
    .scopes(&["policies.update"])
    .intents(&[
        "raise a budget",
        "change the reset of a budget",
        "set the alert threshold of a budget",
        "change whom a budget binds",
    ]),
    delete::<Policy>(
        "delete_usage_limit",
        "/policies/usage-limits/{id}",
        "Archive a usage-limit policy: its budget binds no more, for good; it can still be listed
         with status archived.",
    )
    .read_back("list_usage_limits")
    .scopes(&["policies.delete"])
    .intents(&["remove a budget", "archive a usage limit policy", "lift a spend cap"]),
    get::<Entities>(
        "list_usage_limit_entities",
        "/policies/usage-limits/{limit_id}/entities",
        "List the counters of a usage-limit policy: entity id, value key (such as a user or API
         key), current usage since the last reset.",
    )
    .lists(PAGES)
    .scopes(&["policies.read"])
    .intents(&[
        "who has used up the budget",
        "usage of each key against its budget",
        "counters of a usage limit",
        "which users are exhausted",
    ]),
    put::<Entity>(
        "reset_usage_limit_entity",
        "/policies/usage-limits/{limit_id}/entities/{entity_id}/reset",
        "Set one counter of a usage-limit policy to zero, for good: it may use its whole limit again
         at once.",
    )
    .effect(Effect::Destroys)
    .read_back("list_usage_limit_entities")
    .scopes(&["policies.update"])
    .intents(&[
        "reset the budget of one user",
        "unblock a key that used up its budget",
        "set a usage counter to zero",
    ]),
];
