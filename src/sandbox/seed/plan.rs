//! The cast of the seeded organisations: workspaces, people, keys.

use serde_json::{Value, json};

/// A workspace and what it has.
pub(super) struct Plan {
    pub organisation: usize,
    pub name: &'static str,
    pub env: &'static str,
    pub description: &'static str,
    pub per_day: u32,
    /// Name, provider.
    pub virtual_keys: &'static [(&'static str, &'static str)],
    pub api_keys: &'static [&'static str],
    /// Indices of the organisation's people.
    pub members: &'static [usize],
}

pub(super) const PLANS: &[Plan] = &[
    Plan {
        organisation: 0,
        name: "Production",
        env: "prod",
        description: "Customer-facing traffic",
        per_day: 130,
        virtual_keys: &[
            ("OpenAI production", "openai"),
            ("Anthropic production", "anthropic"),
            ("Azure fallback", "azure-openai"),
        ],
        api_keys: &["storefront", "helpdesk-bot", "nightly-batch"],
        members: &[0, 1, 2, 3, 4],
    },
    Plan {
        organisation: 0,
        name: "Staging",
        env: "staging",
        description: "Release candidates",
        per_day: 60,
        virtual_keys: &[("OpenAI staging", "openai"), ("Anthropic staging", "anthropic")],
        api_keys: &["staging-ci", "staging-app"],
        members: &[0, 2, 4],
    },
    Plan {
        organisation: 0,
        name: "Research",
        env: "dev",
        description: "Experiments and evaluations",
        per_day: 70,
        virtual_keys: &[
            ("Bedrock research", "bedrock"),
            ("Mistral research", "mistral-ai"),
            ("Anthropic research", "anthropic"),
        ],
        api_keys: &["notebooks", "eval-runner"],
        members: &[0, 4, 5],
    },
    Plan {
        organisation: 1,
        name: "Main",
        env: "prod",
        description: "Everything",
        per_day: 60,
        virtual_keys: &[("OpenAI main", "openai"), ("Anthropic main", "anthropic")],
        api_keys: &["main-app"],
        members: &[0, 1],
    },
];

/// First name, last name, organisation role; invented, by organisation.
pub(super) const PEOPLE: [&[(&str, &str, &str)]; 2] = [
    &[
        ("Mara", "Lindqvale", "owner"),
        ("Tobin", "Ashgrove", "admin"),
        ("Ines", "Callowmere", "member"),
        ("Oskar", "Fenwright", "member"),
        ("Juno", "Parrable", "member"),
        ("Wes", "Thistledown", "member"),
    ],
    &[("Odile", "Brackenfold", "owner"), ("Perrin", "Marlstone", "member")],
];

/// Limits and settings of the workspaces with the most traffic.
pub(super) fn bounds() -> [(&'static str, Value); 4] {
    let budget = json!([{
        "type": "cost", "credit_limit": 2_000, "alert_threshold": 1_500, "periodic_reset": "monthly",
        "periodic_reset_days": null, "next_usage_reset_at": null,
    }]);
    [
        ("usage_limits", budget),
        ("rate_limits", json!([{ "type": "requests", "unit": "rpm", "value": 3_000 }])),
        ("security_settings", json!({ "is_member_view_logs_allowed": false })),
        ("icon", "rocket".into()),
    ]
}
