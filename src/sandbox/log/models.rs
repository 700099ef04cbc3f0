//! The models that the log uses. Prices and speeds are only near what such models cost.

/// A model of a provider.
pub(super) struct Model {
    pub provider: &'static str,
    pub name: &'static str,
    /// Millionths of a US cent for a prompt token.
    pub prompt_price: u32,
    /// Millionths of a US cent for a completion token.
    pub completion_price: u32,
    /// Milliseconds before the first token.
    pub start_ms: u32,
    /// Milliseconds for ten tokens.
    pub ten_tokens_ms: u32,
}

const fn model(
    provider: &'static str,
    name: &'static str,
    prompt_price: u32,
    completion_price: u32,
    start_ms: u32,
    ten_tokens_ms: u32,
) -> Model {
    Model { provider, name, prompt_price, completion_price, start_ms, ten_tokens_ms }
}

pub(super) const MODELS: &[Model] = &[
    model("openai", "gpt-4o", 250, 1_000, 380, 110),
    model("openai", "gpt-4o-mini", 15, 60, 260, 80),
    model("anthropic", "claude-sonnet-4-5", 300, 1_500, 520, 130),
    model("anthropic", "claude-haiku-4-5", 100, 500, 290, 70),
    model("azure-openai", "gpt-4o", 250, 1_000, 430, 120),
    model("bedrock", "llama-3-70b-instruct", 265, 350, 460, 140),
    model("mistral-ai", "mistral-large-latest", 200, 600, 340, 100),
];

/// Names of a provider's models.
pub(in super::super) fn models_of(provider: &str) -> impl Iterator<Item = &'static str> {
    MODELS.iter().filter(move |model| model.provider == provider).map(|model| model.name)
}

/// Millionths in one.
pub(super) const MILLION: u64 = 1_000_000;

/// What a request costs in whole US cents; a model that is not known costs as the first one.
pub(in super::super) fn price(name: &str, prompt_tokens: u32, completion_tokens: u32) -> u32 {
    let known = MODELS.iter().find(|model| model.name == name).or(MODELS.first());
    let cost = known.map_or(0, |model| cost(model, prompt_tokens, completion_tokens));
    u32::try_from((cost + MILLION / 2) / MILLION).unwrap_or(u32::MAX)
}

/// What a request costs in millionths of a US cent.
pub(super) fn cost(model: &Model, prompt_tokens: u32, completion_tokens: u32) -> u64 {
    u64::from(prompt_tokens) * u64::from(model.prompt_price)
        + u64::from(completion_tokens) * u64::from(model.completion_price)
}

/// Each model of a provider with what a token of prompt and of completion costs, in US cents.
pub(in super::super) fn prices(provider: &str) -> impl Iterator<Item = (&'static str, f64, f64)> {
    let cents = |millionths: u32| f64::from(millionths) / 1_000_000.0;
    MODELS
        .iter()
        .filter(move |model| model.provider == provider)
        .map(move |model| (model.name, cents(model.prompt_price), cents(model.completion_price)))
}
