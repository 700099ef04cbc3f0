//! The models that the log uses. Prices and speeds are only near what such models cost.

/// A model of a provider.
pub(super) struct Model {
    pub provider: &'static str,
    pub name: &'static str,
    /// US cents for a thousand prompt tokens.
    pub prompt_cents: f64,
    /// US cents for a thousand completion tokens.
    pub completion_cents: f64,
    /// Milliseconds before the first token.
    pub start_ms: u32,
    /// Milliseconds for ten tokens.
    pub ten_tokens_ms: u32,
}

const fn model(
    provider: &'static str,
    name: &'static str,
    prompt_cents: f64,
    completion_cents: f64,
    start_ms: u32,
    ten_tokens_ms: u32,
) -> Model {
    Model { provider, name, prompt_cents, completion_cents, start_ms, ten_tokens_ms }
}

pub(super) const MODELS: &[Model] = &[
    model("openai", "gpt-4o", 0.25, 1.0, 380, 110),
    model("openai", "gpt-4o-mini", 0.015, 0.06, 260, 80),
    model("anthropic", "claude-sonnet-4-5", 0.3, 1.5, 520, 130),
    model("anthropic", "claude-haiku-4-5", 0.1, 0.5, 290, 70),
    model("azure-openai", "gpt-4o", 0.25, 1.0, 430, 120),
    model("bedrock", "llama-3-70b-instruct", 0.265, 0.35, 460, 140),
    model("mistral-ai", "mistral-large-latest", 0.2, 0.6, 340, 100),
];

/// What a request costs in US cents; a model that is not known costs as the first one.
pub(in super::super) fn prices(name: &str, prompt_tokens: u32, completion_tokens: u32) -> f64 {
    let known = MODELS.iter().find(|model| model.name == name).or(MODELS.first());
    known.map_or(0.0, |model| cost(model, prompt_tokens, completion_tokens))
}

pub(super) fn cost(model: &Model, prompt_tokens: u32, completion_tokens: u32) -> f64 {
    (f64::from(prompt_tokens) * model.prompt_cents
        + f64::from(completion_tokens) * model.completion_cents)
        / 1_000.0
}
