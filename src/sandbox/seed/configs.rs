//! The seeded configs: every kind of routing that the gateway knows, with the virtual keys of the workspace.

use serde_json::{Value, json};

/// Name and the documents of its versions, oldest first; the first config is the default one.
type Named = (&'static str, Vec<Value>);

pub(super) fn of(
    organisation: usize,
    workspace: &str,
    keys: &[(String, &'static str)],
) -> Vec<Named> {
    let key = |provider: &str| {
        let own = keys.iter().find(|(_, of)| *of == provider).or(keys.first());
        own.map(|(slug, _)| slug.as_str()).unwrap_or_default()
    };
    match (organisation, workspace) {
        (0, "Production") => production(key("openai"), key("anthropic"), key("azure-openai")),
        (0, "Staging") => staging(key("openai"), key("anthropic")),
        (0, _) => research(key("bedrock"), key("mistral-ai"), key("anthropic")),
        _ => main(key("openai"), key("anthropic")),
    }
}

fn production(openai: &str, anthropic: &str, azure: &str) -> Vec<Named> {
    let fallback = |codes: Value| {
        json!({
            "strategy": { "mode": "fallback", "on_status_codes": codes },
            "targets": [
                { "virtual_key": openai, "override_params": { "model": "gpt-4o" } },
                { "virtual_key": azure, "override_params": { "model": "gpt-4o" } },
                { "virtual_key": anthropic, "override_params": { "model": "claude-sonnet-4-5" } },
            ],
            "retry": { "attempts": 2, "on_status_codes": [429, 503] },
            "request_timeout": 30_000,
        })
    };
    let split = |first: f64, second: f64| {
        json!({
            "strategy": { "mode": "loadbalance" },
            "targets": [
                { "virtual_key": openai, "weight": first },
                { "virtual_key": azure, "weight": second },
            ],
        })
    };
    vec![
        ("Default routing", vec![fallback(json!([429])), fallback(json!([429, 500, 502, 503]))]),
        ("Storefront split", vec![split(0.9, 0.1), split(0.7, 0.3), split(0.5, 0.5)]),
        (
            "Routing by plan",
            vec![json!({
                "strategy": {
                    "mode": "conditional",
                    "conditions": [
                        { "query": { "metadata.plan": { "$eq": "premium" } }, "then": "best" },
                        {
                            "query": { "$or": [
                                { "metadata.app": { "$in": ["search", "catalogue"] } },
                                { "params.max_tokens": { "$lte": 256 } },
                            ] },
                            "then": "fast",
                        },
                    ],
                    "default": "everyday",
                },
                "targets": [
                    { "name": "best", "virtual_key": anthropic, "override_params": { "model": "claude-sonnet-4-5" } },
                    { "name": "fast", "virtual_key": openai, "override_params": { "model": "gpt-4o-mini" } },
                    { "name": "everyday", "virtual_key": openai },
                ],
            })],
        ),
        (
            "Regional nesting",
            vec![json!({
                "strategy": { "mode": "loadbalance" },
                "targets": [
                    {
                        "weight": 0.8,
                        "strategy": { "mode": "fallback", "on_status_codes": [429, 503] },
                        "targets": [
                            { "virtual_key": openai },
                            { "virtual_key": azure, "retry": { "attempts": 3 } },
                        ],
                    },
                    { "weight": 0.2, "virtual_key": anthropic, "cache": { "mode": "simple" } },
                ],
            })],
        ),
        (
            "Answers from cache",
            vec![json!({
                "cache": { "mode": "semantic", "max_age": 86_400 },
                "retry": { "attempts": 5, "on_status_codes": [429, 500, 503], "use_retry_after_header": true },
                "virtual_key": openai,
            })],
        ),
        (
            "Guarded helpdesk",
            vec![json!({
                "input_guardrails": ["pg-person-1a2b3c"],
                "output_guardrails": ["pg-toxic-4d5e6f", "pg-json-7a8b9c"],
                "before_request_hooks": [{ "type": "guardrail", "id": "pg-person-1a2b3c", "async": false, "deny": true }],
                "virtual_key": anthropic,
                "override_params": { "model": "claude-haiku-4-5", "temperature": 0.2, "max_tokens": 800 },
            })],
        ),
    ]
}

fn staging(openai: &str, anthropic: &str) -> Vec<Named> {
    vec![
        ("Staging default", vec![json!({ "virtual_key": openai, "retry": { "attempts": 1 } })]),
        (
            "Canary",
            vec![json!({
                "strategy": { "mode": "loadbalance" },
                "targets": [
                    { "virtual_key": openai, "weight": 0.95 },
                    { "virtual_key": anthropic, "weight": 0.05, "override_params": { "model": "claude-haiku-4-5" } },
                ],
            })],
        ),
        (
            "Own inference host",
            vec![json!({
                "provider": "openai",
                "custom_host": "https://inference.example.com/v1",
                "api_key": "host-key-of-the-sandbox-0001",
                "forward_headers": ["x-tenant"],
                "headers": { "x-host-secret": "seeded-header-secret-0001" },
                "request_timeout": 10_000,
            })],
        ),
    ]
}

fn research(bedrock: &str, mistral: &str, anthropic: &str) -> Vec<Named> {
    vec![
        (
            "Single target",
            vec![
                json!({ "strategy": { "mode": "single" }, "targets": [{ "virtual_key": bedrock }] }),
            ],
        ),
        (
            "Model comparison",
            vec![json!({
                "strategy": { "mode": "loadbalance" },
                "targets": [
                    { "virtual_key": bedrock, "weight": 1, "override_params": { "model": "llama-3-70b-instruct" } },
                    { "virtual_key": mistral, "weight": 1, "override_params": { "model": "mistral-large-latest" } },
                    { "virtual_key": anthropic, "weight": 1, "override_params": { "model": "claude-sonnet-4-5" } },
                ],
            })],
        ),
        (
            "Null overrides",
            vec![json!({
                "virtual_key": mistral,
                "override_params": { "temperature": null, "stop": null, "top_p": 0.9 },
                "cache": { "mode": "simple", "max_age": 3_600 },
            })],
        ),
    ]
}

fn main(openai: &str, anthropic: &str) -> Vec<Named> {
    vec![(
        "Everything with fallback",
        vec![json!({
            "strategy": { "mode": "fallback" },
            "targets": [{ "virtual_key": openai }, { "virtual_key": anthropic }],
        })],
    )]
}
