//! Variables of the reference and of later versions that this version does not act on.
//!
//! None is ignored in silence: where ignoring one would weaken what protects the server it refuses
//! to start, else it says so.

use std::collections::BTreeMap;

use super::problem::Problem;

/// A variable, or with a final `*` all that begin so.
struct Later {
    name: &'static str,
    refused: bool,
    /// Values that ask for nothing.
    harmless: &'static [&'static str],
    about: &'static str,
}

const OFF: &[&str] = &["false", "0", "no", "off", "none"];

#[rustfmt::skip]
static LATER: &[Later] = &[
    warned("MCP_EVENT_STORE", OFF, "streams cannot be resumed in this version"),
    warned("MCP_EVENT_*", &[], "streams cannot be resumed in this version"),
    warned("MCP_REDIS_URL", &[], "sessions are kept in memory only in this version"),
    warned("MCP_REDIS_KEY_PREFIX", &[], "sessions are kept in memory only in this version"),
    warned("MCP_SURFACE", &["full"], "every tool is listed in this version"),
    warned("MCP_METRICS_ADDR", OFF, "metrics are not served in this version"),
    refused("MCP_ACTION_LOG_REQUIRED", OFF, "actions are not logged in this version"),
    warned("MCP_ACTION_LOG", OFF, "actions are not logged in this version"),
    warned("MCP_ACTION_LOG_KEY", &[], "actions are not logged in this version"),
    warned("OTEL_*", &[], "traces are not exported in this version"),
];

const fn warned(
    name: &'static str,
    harmless: &'static [&'static str],
    about: &'static str,
) -> Later {
    Later { name, refused: false, harmless, about }
}

const fn refused(
    name: &'static str,
    harmless: &'static [&'static str],
    about: &'static str,
) -> Later {
    Later { name, refused: true, harmless, about }
}

/// Exact names of later versions, for telling a slip from a variable that is known.
pub static NAMES: &[&str] = &[
    "MCP_ACTION_LOG",
    "MCP_ACTION_LOG_KEY",
    "MCP_ACTION_LOG_REQUIRED",
    "MCP_EVENT_ENCRYPTION_KEY",
    "MCP_EVENT_STORE",
    "MCP_EVENT_STORE_COMMAND_TIMEOUT_MS",
    "MCP_EVENT_STORE_MAX_BYTES",
    "MCP_EVENT_STORE_MAX_EVENTS",
    "MCP_EVENT_TTL_SECONDS",
    "MCP_METRICS_ADDR",
    "MCP_REDIS_KEY_PREFIX",
    "MCP_REDIS_URL",
    "MCP_SURFACE",
];

/// What the environment asks of later versions: (refusals, warnings).
pub fn check(environment: &BTreeMap<String, String>) -> (Vec<Problem>, Vec<String>) {
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    // One warning for all variables of a family.
    let mut families: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in environment {
        if value.trim().is_empty() {
            continue;
        }
        if !name.starts_with("OTEL_") && !NAMES.contains(&plain(name)) {
            continue;
        }
        let Some(later) = LATER.iter().find(|later| later.matches(name)) else { continue };
        if is_one_of(value, later.harmless) {
            continue;
        }
        if later.refused {
            problems.push(Problem::new(format!("`{name}` is set, but {}; unset it", later.about)));
        } else {
            families.entry(later.about).or_default().push(name);
        }
    }
    warnings.extend(families.into_iter().map(|(about, names)| {
        let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        format!("{}: {about}", names.join(", "))
    }));
    (problems, warnings)
}

impl Later {
    fn matches(&self, name: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == self.name || name.strip_suffix("_FILE") == Some(self.name),
        }
    }
}

fn plain(name: &str) -> &str {
    name.strip_suffix("_FILE").unwrap_or(name)
}

fn is_one_of(value: &str, words: &[&str]) -> bool {
    words.iter().any(|word| value.trim().eq_ignore_ascii_case(word))
}
