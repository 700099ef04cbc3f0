//! Thirty days of requests, a function of the seed and the end alone.
//!
//! Working days are busier than weekends and days than nights; one provider has a bad afternoon
//! eleven days before the end, during which requests fail, are retried or fall back.

use jiff::Timestamp;
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{
    Cache, Entry, Feedback, Log, Symbol,
    models::{MILLION, MODELS, Model, cost},
};
use crate::sandbox::seed::{Cast, Workspace};

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
const DAYS: i64 = 30;
const APPS: &[&str] = &["helpdesk", "catalogue", "search", "back-office"];
const CLIENTS: &[&str] = &["web", "mobile", "partner", "batch"];
const SCORES: &[i8] = &[10, 10, 8, 5, 5, 1, -5, -10];
/// Share of the day's requests in each hour, in tenths of a percent.
const HOURS: [u32; 24] =
    [9, 7, 6, 5, 6, 9, 18, 34, 58, 74, 80, 78, 66, 72, 80, 78, 70, 58, 44, 38, 36, 32, 26, 16];

impl Log {
    /// The log of all workspaces up to `end`.
    pub fn generate(seed: u64, end: Timestamp, cast: &Cast) -> Self {
        let mut log = Self::empty();
        for (number, workspace) in cast.workspaces.iter().enumerate() {
            let seed = seed.wrapping_mul(31).wrapping_add(number as u64);
            let mut author = Author::new(seed, end.as_millisecond(), workspace, &mut log);
            author.write(&mut log);
        }
        log.entries.sort_by_key(|entry| (entry.at, entry.trace));
        log
    }
}

/// Writes the entries of one workspace.
struct Author<'a> {
    rng: StdRng,
    end: i64,
    workspace: &'a Workspace,
    id: Symbol,
    users: Vec<Symbol>,
    api_keys: Vec<Symbol>,
    configs: Vec<Symbol>,
    prompts: Vec<Symbol>,
    /// Models with their provider's virtual key.
    models: Vec<(&'static Model, Symbol, Symbol, Symbol)>,
    apps: Vec<u32>,
    /// The fraction of a cent that is left over, in millionths.
    owed: u64,
}

impl<'a> Author<'a> {
    fn new(seed: u64, end: i64, workspace: &'a Workspace, log: &mut Log) -> Self {
        let mut symbols = |names: &[String]| names.iter().map(|name| log.symbol(name)).collect();
        let (users, api_keys) = (symbols(&workspace.users), symbols(&workspace.api_keys));
        let (configs, prompts) = (symbols(&workspace.configs), symbols(&workspace.prompts));
        let mut models = Vec::new();
        for (slug, provider) in &workspace.virtual_keys {
            for model in MODELS.iter().filter(|model| model.provider == *provider) {
                models.push((
                    model,
                    log.symbol(provider),
                    log.symbol(model.name),
                    log.symbol(slug),
                ));
            }
        }
        let mut apps = Vec::new();
        for app in APPS {
            for client in CLIENTS {
                let pairs = [("env", workspace.env), ("app", *app), ("client_id", *client)];
                let pairs = pairs.map(|(name, value)| (log.symbol(name), log.symbol(value)));
                apps.push(log.metadata(pairs.to_vec()));
            }
        }
        let id = log.symbol(&workspace.id);
        let rng = StdRng::seed_from_u64(seed);
        Self { rng, end, workspace, id, users, api_keys, configs, prompts, models, apps, owed: 0 }
    }

    fn write(&mut self, log: &mut Log) {
        for day in 0..DAYS {
            let start = self.end - (DAYS - day) * DAY_MS;
            // 1970 began on a Thursday.
            let weekday = (start.div_euclid(DAY_MS) + 3).rem_euclid(7);
            let busy = if weekday >= 5 { 40 } else { 100 };
            let growth = 85 + u32::try_from(day).unwrap_or_default();
            let mean = self.workspace.per_day * busy * growth / 10_000;
            let count = self.rng.random_range(mean * 9 / 10..=mean * 11 / 10);
            for _ in 0..count {
                let at = self.moment(start);
                let entry = self.entry(at);
                log.entries.extend(entry);
            }
        }
    }

    /// A time in the day after `start`, by the hours of the clock.
    fn moment(&mut self, start: i64) -> i64 {
        let mut left = self.rng.random_range(0..HOURS.iter().sum());
        let mut hour = 0;
        for share in HOURS {
            if left < share {
                break;
            }
            left -= share;
            hour += 1;
        }
        let of_day = hour * HOUR_MS + self.rng.random_range(0..HOUR_MS);
        start + (of_day - start).rem_euclid(DAY_MS)
    }

    fn entry(&mut self, at: i64) -> Option<Entry> {
        let (model, provider, name, virtual_key) = pick(&mut self.rng, &self.models)?;
        let status = self.status(at, model);
        let failed = status >= 400;
        let cache = match self.rng.random_range(0..100) {
            _ if failed => Cache::Miss,
            0..9 => Cache::Simple,
            9..14 => Cache::Semantic,
            _ => Cache::Miss,
        };
        let sizes = (self.size(1_500, 20_000), self.size(150, 1_600));
        let (prompt_tokens, completion_tokens) = if failed { (0, 0) } else { sizes };
        let cents = self.whole_cents(cost(model, prompt_tokens, completion_tokens));
        let hit = cache != Cache::Miss;
        let latency = model.start_ms + completion_tokens * model.ten_tokens_ms / 10;
        let spread = self.rng.random_range(70..170);
        let (retries, fell_back) = self.rescue(at, model);
        let feedback = (!failed && self.rng.random_range(0..100) < 7).then(|| self.feedback());
        let prompt = self.maybe(60, |author| pick(&mut author.rng, &author.prompts));
        let config = self.maybe(75, |author| pick(&mut author.rng, &author.configs));
        Some(Entry {
            at,
            workspace: self.id,
            user: skewed(&mut self.rng, &self.users)?,
            provider,
            model: name,
            api_key: skewed(&mut self.rng, &self.api_keys)?,
            virtual_key,
            config,
            prompt,
            metadata: skewed(&mut self.rng, &self.apps)?,
            trace: self.rng.random(),
            span: self.rng.random(),
            prompt_tokens,
            completion_tokens,
            cost_cents: if hit { 0 } else { cents },
            saved_cents: if hit { cents } else { 0 },
            latency_ms: if hit { 12 + spread / 4 } else { latency * spread / 100 },
            status,
            cache,
            retries: if hit { 0 } else { retries },
            fell_back: fell_back && !hit,
            feedback,
        })
    }

    /// A number between the bounds, more often small than large.
    fn size(&mut self, least: u32, most: u32) -> u32 {
        let span = most - least;
        least + self.rng.random_range(0..=span).min(self.rng.random_range(0..=span))
    }

    /// The whole cents of a cost and of what earlier requests left over.
    fn whole_cents(&mut self, cost: u64) -> u32 {
        let owed = self.owed + cost;
        self.owed = owed % MILLION;
        u32::try_from(owed / MILLION).unwrap_or(u32::MAX)
    }

    /// Whether the request falls into the bad afternoon of its provider.
    fn bad_hours(&self, at: i64, model: &Model) -> bool {
        let day = (self.end - 11 * DAY_MS).div_euclid(DAY_MS) * DAY_MS;
        model.provider == "openai" && (12..18).contains(&(at - day).div_euclid(HOUR_MS))
    }

    fn status(&mut self, at: i64, model: &Model) -> u16 {
        let bad = self.bad_hours(at, model);
        match self.rng.random_range(0..1_000) {
            0..300 if bad => 503,
            300..380 if bad => 429,
            0..10 => 429,
            10..16 => 500,
            16..20 => 503,
            20..26 => 400,
            26..29 => 401,
            29..32 => 408,
            32..35 => 446,
            _ => 200,
        }
    }

    fn rescue(&mut self, at: i64, model: &Model) -> (u8, bool) {
        let bad = self.bad_hours(at, model);
        match self.rng.random_range(0..100) {
            0..30 if bad => (2, true),
            0..3 => (1, false),
            3 => (2, false),
            4 => (3, true),
            5..7 => (0, true),
            _ => (0, false),
        }
    }

    fn feedback(&mut self) -> Feedback {
        let value = pick(&mut self.rng, SCORES).unwrap_or(10);
        Feedback { value, weight: self.rng.random_range(5..=10) * 10 }
    }

    fn maybe(&mut self, percent: u32, get: impl FnOnce(&mut Self) -> Option<Symbol>) -> Symbol {
        let wanted = self.rng.random_range(0..100) < percent;
        let value = get(self);
        value.filter(|_| wanted).unwrap_or(Symbol::NONE)
    }
}

fn pick<T: Copy>(rng: &mut StdRng, items: &[T]) -> Option<T> {
    let last = items.len().checked_sub(1)?;
    items.get(rng.random_range(0..=last)).copied()
}

/// One of the items, the first ones more often.
fn skewed<T: Copy>(rng: &mut StdRng, items: &[T]) -> Option<T> {
    let last = items.len().checked_sub(1)?;
    items.get(rng.random_range(0..=last).min(rng.random_range(0..=last))).copied()
}
