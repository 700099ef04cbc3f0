//! The filters that all analytics share.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::sandbox::{
    answer::Refusal,
    call::Query,
    log::{Cache, Entry, Log, SPAN, Symbol, TRACE},
};

/// A required time with an offset, in milliseconds since 1970.
pub(super) fn time(query: &Query, name: &str) -> Result<i64, Refusal> {
    let text =
        query.get(name).ok_or_else(|| Refusal::bad_request(format!("\"{name}\" is required")))?;
    let time: Result<Timestamp, _> = text.parse();
    time.map(Timestamp::as_millisecond).map_err(|_| {
        Refusal::bad_request(format!("\"{name}\" must be an ISO 8601 time with an offset"))
    })
}

/// A range whose ends are included; without an end it is open.
struct Range {
    min: Option<f64>,
    max: Option<f64>,
}

impl Range {
    fn of(query: &Query, name: &str, least: f64, most: f64) -> Result<Self, Refusal> {
        let end = |end: &str| {
            let name = format!("{name}_{end}");
            let value: Option<f64> = query.number(&name)?;
            match value {
                Some(value) if !(least..=most).contains(&value) => {
                    Err(Refusal::bad_request(format!("\"{name}\" is out of range")))
                }
                value => Ok(value),
            }
        };
        Ok(Self { min: end("min")?, max: end("max")? })
    }

    fn is_open(&self) -> bool {
        self.min.is_none() && self.max.is_none()
    }

    fn holds(&self, value: impl Into<f64>) -> bool {
        let value = value.into();
        self.min.is_none_or(|min| value >= min) && self.max.is_none_or(|max| value <= max)
    }
}

/// One of a list; without a list, anything.
struct OneOf<T>(Option<Vec<T>>);

impl<T: PartialEq> OneOf<T> {
    fn holds(&self, value: &T) -> bool {
        self.0.as_ref().is_none_or(|wanted| wanted.contains(value))
    }
}

fn symbols(query: &Query, log: &Log, name: &str) -> OneOf<Symbol> {
    // A name that the log does not know fits nothing, and is left out.
    OneOf(
        query.list(name).map(|names| names.into_iter().filter_map(|name| log.find(name)).collect()),
    )
}

fn marks(query: &Query, name: &str, prefix: &str) -> OneOf<u64> {
    let read = |text: &str| Log::mark(text, prefix);
    OneOf(query.list(name).map(|marks| marks.into_iter().map(read).collect()))
}

/// What an entry must be like.
pub(in crate::sandbox) struct Filter {
    workspaces: Vec<Symbol>,
    tokens: Range,
    prompt_tokens: Range,
    completion_tokens: Range,
    cost: Range,
    feedback: Range,
    status: OneOf<u16>,
    virtual_keys: OneOf<Symbol>,
    configs: OneOf<Symbol>,
    api_keys: OneOf<Symbol>,
    prompts: OneOf<Symbol>,
    models: OneOf<(Symbol, Symbol)>,
    traces: OneOf<u64>,
    spans: OneOf<u64>,
    cache: OneOf<Cache>,
    /// Name and value; `None` for one that the log does not know.
    metadata: Vec<Option<(String, Symbol)>>,
}

impl Filter {
    pub fn of(query: &Query, log: &Log, workspaces: &[String]) -> Result<Self, Refusal> {
        let count = |name: &str| Range::of(query, name, 0.0, f64::MAX);
        Ok(Self {
            workspaces: workspaces.iter().filter_map(|id| log.find(id)).collect(),
            tokens: count("total_units")?,
            prompt_tokens: count("prompt_token")?,
            completion_tokens: count("completion_token")?,
            cost: count("cost")?,
            feedback: Range::of(query, "weighted_feedback", -10.0, 10.0)?,
            status: status(query)?,
            virtual_keys: symbols(query, log, "virtual_keys"),
            configs: symbols(query, log, "configs"),
            api_keys: symbols(query, log, "api_key_ids"),
            prompts: symbols(query, log, "prompt_slug"),
            models: models(query, log),
            traces: marks(query, "trace_id", TRACE),
            spans: marks(query, "span_id", SPAN),
            cache: cache(query)?,
            metadata: metadata(query, log)?,
        })
    }

    pub fn fits(&self, log: &Log, entry: &Entry) -> bool {
        self.workspaces.contains(&entry.workspace)
            && self.status.holds(&entry.status)
            && self.tokens.holds(entry.tokens())
            && self.prompt_tokens.holds(entry.prompt_tokens)
            && self.completion_tokens.holds(entry.completion_tokens)
            && self.cost.holds(entry.cost_cents)
            && (self.feedback.is_open()
                || entry.feedback.is_some_and(|given| {
                    self.feedback.holds(f64::from(given.hundredths()) / 100.0)
                }))
            && self.virtual_keys.holds(&entry.virtual_key)
            && self.configs.holds(&entry.config)
            && self.api_keys.holds(&entry.api_key)
            && self.prompts.holds(&entry.prompt)
            && self.models.holds(&(entry.provider, entry.model))
            && self.traces.holds(&entry.trace)
            && self.spans.holds(&entry.span)
            && self.cache.holds(&entry.cache)
            && self.metadata.iter().all(|pair| {
                pair.as_ref()
                    .is_some_and(|(name, value)| log.metadata_value(entry, name) == Some(*value))
            })
    }
}

fn status(query: &Query) -> Result<OneOf<u16>, Refusal> {
    let Some(codes) = query.list("status_code") else { return Ok(OneOf(None)) };
    let codes: Result<Vec<u16>, _> = codes.into_iter().map(str::parse).collect();
    let codes = codes
        .map_err(|_| Refusal::bad_request("\"status_code\" must be a comma list of numbers"))?;
    Ok(OneOf(Some(codes)))
}

/// `provider__model`, in a comma list.
fn models(query: &Query, log: &Log) -> OneOf<(Symbol, Symbol)> {
    let pair = |text: &str| {
        let (provider, model) = text.split_once("__")?;
        Some((log.find(provider)?, log.find(model)?))
    };
    OneOf(query.list("ai_org_model").map(|names| names.into_iter().filter_map(pair).collect()))
}

fn cache(query: &Query) -> Result<OneOf<Cache>, Refusal> {
    let Some(names) = query.list("cache_status") else { return Ok(OneOf(None)) };
    let mut wanted = Vec::new();
    for name in names {
        match name.to_ascii_lowercase().replace('_', " ").as_str() {
            "hit" | "simple" | "cache hit" => wanted.push(Cache::Simple),
            "semantic" | "semantic hit" | "cache semantic hit" => wanted.push(Cache::Semantic),
            "miss" | "cache miss" | "disabled" | "cache disabled" => wanted.push(Cache::Miss),
            _ => return Err(Refusal::bad_request(format!("\"cache_status\" {name} is not known"))),
        }
    }
    Ok(OneOf(Some(wanted)))
}

fn metadata(query: &Query, log: &Log) -> Result<Vec<Option<(String, Symbol)>>, Refusal> {
    let Some(text) = query.get("metadata") else { return Ok(Vec::new()) };
    let pairs: Map<String, Value> = serde_json::from_str(text)
        .map_err(|_| Refusal::bad_request("\"metadata\" must be a JSON object in a string"))?;
    let pair = |(name, value): (&String, &Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Some((name.clone(), log.find(&value)?))
    };
    Ok(pairs.iter().map(pair).collect())
}
