//! The log from which all analytics are computed: one entry a request.
//!
//! Costs are whole US cents, as the API's description types them: in the generated log the
//! fraction of a cent that a request leaves is carried to the next one, so that sums stay true.

mod generate;
mod models;

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

pub(super) use self::models::{models_of, price, prices};

/// A text that occurs in many entries, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Symbol(u32);

impl Symbol {
    /// Stands for no text at all.
    pub const NONE: Self = Self(0);

    /// What entries of this text are grouped under; none for no text.
    pub fn key(self) -> Option<i64> {
        (self != Self::NONE).then(|| i64::from(self.0))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cache {
    Miss,
    Simple,
    Semantic,
}

/// What a user thought of an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Feedback {
    /// From -10 to 10.
    pub value: i8,
    /// Hundredths, from 0 to 100.
    pub weight: u8,
}

impl Feedback {
    /// Value times weight, in hundredths.
    pub fn hundredths(self) -> i32 {
        i32::from(self.value) * i32::from(self.weight)
    }
}

/// One request to the gateway.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Milliseconds since 1970.
    pub at: i64,
    /// UUID of the workspace.
    pub workspace: Symbol,
    pub user: Symbol,
    pub provider: Symbol,
    pub model: Symbol,
    /// UUID of the API key.
    pub api_key: Symbol,
    pub virtual_key: Symbol,
    pub config: Symbol,
    pub prompt: Symbol,
    /// Index of its metadata.
    metadata: u32,
    pub trace: u64,
    pub span: u64,
    pub prompt_tokens: u32,
    pub completion_tokens: u32,
    pub cost_cents: u32,
    /// What a cache hit would have cost.
    pub saved_cents: u32,
    pub latency_ms: u32,
    pub status: u16,
    pub cache: Cache,
    /// Attempts after the first.
    pub retries: u8,
    /// Answered by another target than the first.
    pub fell_back: bool,
    pub feedback: Option<Feedback>,
}

impl Entry {
    pub fn tokens(&self) -> u32 {
        self.prompt_tokens.saturating_add(self.completion_tokens)
    }

    pub fn failed(&self) -> bool {
        self.status >= 400
    }

    /// UUID of the log.
    pub fn id(&self) -> String {
        Uuid::from_u64_pair(self.trace, self.span).to_string()
    }
}

/// A request that the sandbox itself answered, or that was inserted.
pub(super) struct Run {
    pub at: Timestamp,
    /// As the caller named them; made up where it did not.
    pub trace: Option<String>,
    pub span: Option<String>,
    pub status: u16,
    /// Estimated where it is not known.
    pub latency_ms: Option<u32>,
    pub workspace: String,
    pub provider: String,
    pub model: String,
    pub api_key: String,
    pub virtual_key: String,
    pub prompt: String,
    pub prompt_tokens: u32,
    pub completion_tokens: u32,
    pub cost_cents: u32,
    pub metadata: Map<String, Value>,
}

/// Above this, the oldest tenth is forgotten.
const ENTRIES: usize = 40_000;
/// Distinct texts and sets of metadata; above them new ones are not told apart.
const NAMES: usize = 20_000;

/// Metadata of a request: name and value, in order.
type Metadata = Box<[(Symbol, Symbol)]>;

/// Entries in order of time.
#[derive(Debug)]
pub(super) struct Log {
    entries: Vec<Entry>,
    names: Vec<String>,
    numbers: HashMap<String, Symbol>,
    metadata: Vec<Metadata>,
    /// Traces and spans that callers named.
    marks: HashMap<u64, String>,
}

impl Log {
    fn empty() -> Self {
        let mut log = Self {
            entries: Vec::new(),
            names: Vec::new(),
            numbers: HashMap::new(),
            metadata: vec![Metadata::default()],
            marks: HashMap::new(),
        };
        log.symbol("");
        log
    }

    fn symbol(&mut self, name: &str) -> Symbol {
        if let Some(symbol) = self.numbers.get(name) {
            return *symbol;
        }
        if self.names.len() >= NAMES {
            return Symbol::NONE;
        }
        let symbol = Symbol(u32::try_from(self.names.len()).unwrap_or_default());
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), symbol);
        symbol
    }

    fn metadata(&mut self, pairs: Vec<(Symbol, Symbol)>) -> u32 {
        let pairs = pairs.into_boxed_slice();
        let known = self.metadata.iter().position(|known| *known == pairs);
        let place = known.unwrap_or_else(|| {
            if self.metadata.len() < NAMES {
                self.metadata.push(pairs);
                self.metadata.len() - 1
            } else {
                0
            }
        });
        u32::try_from(place).unwrap_or_default()
    }

    /// The number of a text that occurs in the log.
    pub fn find(&self, name: &str) -> Option<Symbol> {
        self.numbers.get(name).copied()
    }

    /// The text that a key of [`Symbol::key`] stands for.
    pub fn label(&self, key: i64) -> &str {
        let place = usize::try_from(key).unwrap_or_default();
        self.names.get(place).map_or("", String::as_str)
    }

    /// What an entry has under this metadata name; `_user` is the user.
    pub fn metadata_value(&self, entry: &Entry, name: &str) -> Option<Symbol> {
        if name == "_user" {
            return Some(entry.user);
        }
        let name = self.find(name)?;
        let pairs = self.metadata.get(entry.metadata as usize)?;
        pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    /// What an entry has as metadata, in order.
    pub fn metadata_of(&self, entry: &Entry) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.metadata.get(entry.metadata as usize).into_iter().flatten();
        pairs.map(|(name, value)| (self.text(*name), self.text(*value)))
    }

    /// The text that a symbol stands for.
    pub fn text(&self, symbol: Symbol) -> &str {
        self.names.get(symbol.0 as usize).map_or("", String::as_str)
    }

    /// The number of a trace or a span, as its text says it.
    pub fn mark(text: &str, prefix: &str) -> u64 {
        let number = |text: &str| u64::from_str_radix(text.strip_prefix(prefix)?, 16).ok();
        number(text).unwrap_or_else(|| {
            let (high, _) = Uuid::new_v5(&Uuid::NAMESPACE_OID, text.as_bytes()).as_u64_pair();
            high
        })
    }

    /// The text of a trace or a span: as the caller named it, or made of its number.
    pub fn mark_text(&self, mark: u64, prefix: &str) -> String {
        self.marks.get(&mark).cloned().unwrap_or_else(|| format!("{prefix}{mark:016x}"))
    }

    /// The entry with this UUID.
    pub fn by_id(&self, id: &str) -> Option<&Entry> {
        let (trace, span) = Uuid::parse_str(id).ok()?.as_u64_pair();
        self.entries.iter().find(|entry| entry.trace == trace && entry.span == span)
    }

    /// Notes what a user of a workspace thought of a trace.
    pub fn rate(&mut self, workspace: &str, trace: &str, feedback: Feedback) {
        let (workspace, trace) = (self.find(workspace), Self::mark(trace, TRACE));
        let rated = self.entries.iter_mut().filter(|entry| entry.trace == trace);
        for entry in rated.filter(|entry| Some(entry.workspace) == workspace) {
            entry.feedback = Some(feedback);
        }
    }

    /// Time of the oldest entry, in milliseconds.
    pub fn first(&self) -> Option<i64> {
        self.entries.first().map(|entry| entry.at)
    }

    /// The entries from `min` to `max`, both included, in milliseconds.
    pub fn between(&self, min: i64, max: i64) -> &[Entry] {
        let first = self.entries.partition_point(|entry| entry.at < min);
        let end = self.entries.partition_point(|entry| entry.at <= max);
        self.entries.get(first..end).unwrap_or_default()
    }

    /// Adds a request that the sandbox answered; gives the UUID of its log.
    pub fn add(&mut self, run: &Run) -> String {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let pairs: Vec<(String, String)> =
            run.metadata.iter().map(|(k, v)| (k.clone(), text(v))).collect();
        let user = pairs.iter().find(|(name, _)| name == "_user").map_or("", |(_, user)| user);
        let number = self.entries.len() as u64;
        let made =
            run.at.as_millisecond().unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number;
        let trace = run.trace.as_ref().map_or(made, |trace| self.remember(trace, TRACE));
        let span = run.span.as_ref().map_or(made.rotate_left(17), |span| self.remember(span, SPAN));
        let entry = Entry {
            at: run.at.as_millisecond(),
            workspace: self.symbol(&run.workspace),
            user: self.symbol(user),
            provider: self.symbol(&run.provider),
            model: self.symbol(&run.model),
            api_key: self.symbol(&run.api_key),
            virtual_key: self.symbol(&run.virtual_key),
            config: Symbol::NONE,
            prompt: self.symbol(&run.prompt),
            metadata: 0,
            trace,
            span,
            prompt_tokens: run.prompt_tokens,
            completion_tokens: run.completion_tokens,
            cost_cents: run.cost_cents,
            saved_cents: 0,
            latency_ms: run
                .latency_ms
                .unwrap_or_else(|| 180 + 4 * run.completion_tokens.min(4_000)),
            status: run.status,
            cache: Cache::Miss,
            retries: 0,
            fell_back: false,
            feedback: None,
        };
        let pairs =
            pairs.iter().map(|(name, value)| (self.symbol(name), self.symbol(value))).collect();
        let entry = Entry { metadata: self.metadata(pairs), ..entry };
        if self.entries.len() >= ENTRIES {
            self.entries.drain(..ENTRIES / 10);
        }
        let place = self.entries.partition_point(|other| other.at <= entry.at);
        let id = entry.id();
        self.entries.insert(place, entry);
        id
    }

    fn remember(&mut self, text: &str, prefix: &str) -> u64 {
        let mark = Self::mark(text, prefix);
        if self.marks.len() < NAMES {
            self.marks.insert(mark, text.to_owned());
        }
        mark
    }
}

/// How a trace is written.
pub(super) const TRACE: &str = "trace-";
/// How a span is written.
pub(super) const SPAN: &str = "span-";
