//! What the tools cost a model that is given all of them: o200k tokens of the compact JSON of name,
//! description and input schema.

use std::fmt::Write as _;

use portkey_admin_mcp::tools::DOMAINS;
use serde_json::json;

const ALL_AT_MOST: usize = 35_000;
const AVERAGE_AT_MOST: usize = 175;

/// Tokens of each domain at most: a little above what they take. A new tool may raise its domain's.
const DOMAINS_AT_MOST: &[(&str, usize)] = &[
    ("configs", 980),
    ("users", 920),
    ("workspaces", 2_000),
    ("deployments", 1_070),
    ("keys", 2_170),
    ("collections", 440),
    ("prompts", 2_870),
    ("analytics", 8_490),
    ("guardrails", 1_880),
    ("limits", 1_890),
    ("audit", 350),
    ("labels", 550),
    ("partials", 700),
    ("tracing", 360),
    ("logging", 1_650),
    ("providers", 770),
    ("secret-references", 960),
    ("integrations", 2_530),
    ("mcp-integrations", 1_630),
    ("mcp-servers", 1_510),
    ("models", 170),
];

/// Tokens and name of each tool of each domain.
fn measured() -> Vec<(&'static str, Vec<(usize, &'static str)>)> {
    let o200k = tiktoken_rs::o200k_base_singleton();
    let domains = DOMAINS.iter().map(|(domain, tools)| {
        let tools = tools.iter().map(|tool| {
            let seen = json!({
                "name": tool.name,
                "description": tool.description(),
                "inputSchema": tool.input().published,
            });
            (o200k.encode_ordinary(&seen.to_string()).len(), tool.name)
        });
        (*domain, tools.collect())
    });
    domains.collect()
}

#[test]
fn tools_keep_to_their_budget_of_tokens() {
    let domains = measured();
    let mut table = format!("{:<18} {:>5} {:>6} {:>7}\n", "domain", "tools", "tokens", "average");
    let mut row = |name: &str, tools: usize, tokens: usize| {
        writeln!(table, "{name:<18} {tools:>5} {tokens:>6} {:>7}", tokens / tools).unwrap();
    };
    let mut over = Vec::new();
    let mut heaviest = Vec::new();
    for (domain, tools) in &domains {
        let tokens: usize = tools.iter().map(|(tokens, _)| tokens).sum();
        row(domain, tools.len(), tokens);
        let known = DOMAINS_AT_MOST.iter().find(|(name, _)| name == domain);
        let most = known.map_or(0, |(_, most)| *most);
        if tokens > most {
            over.push(format!("{domain} takes {tokens}, {most} at most"));
        }
        heaviest.extend(tools);
    }
    let all: usize = heaviest.iter().map(|(tokens, _)| tokens).sum();
    row("all", heaviest.len(), all);
    println!("{table}");
    if all > ALL_AT_MOST.min(AVERAGE_AT_MOST * heaviest.len()) {
        let count = heaviest.len();
        over.push(format!(
            "all take {all}: {ALL_AT_MOST} at most, and {AVERAGE_AT_MOST} a tool, of which there are {count}"
        ));
    }
    heaviest.sort_unstable_by(|one, other| other.cmp(one));
    let heaviest: Vec<_> =
        heaviest.iter().take(12).map(|(tokens, name)| format!("{tokens} {name}")).collect();
    assert!(over.is_empty(), "{}\nheaviest:\n{}\n{table}", over.join("\n"), heaviest.join("\n"));
}
