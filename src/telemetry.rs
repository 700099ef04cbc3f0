//! Logs: to standard error alone, as text or one JSON object a line.

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// The section `[log]`.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `off`, `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
    pub format: Format,
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
}

/// Starts logging. A second call in one process changes nothing.
///
/// rmcp logs parameters and session ids at `info` and arguments at `debug`, and every request that
/// it refuses at `warn` in its `service`: neither is ever logged. From `info` on the level is that
/// of this server; hyper stays at `warn`, the other libraries at `info`.
pub fn start(settings: &Settings) {
    let filter = EnvFilter::new(match &*settings.level {
        level @ ("off" | "error") => level.to_owned(),
        "warn" => "warn,rmcp::service=error".to_owned(),
        level => {
            format!("info,rmcp=warn,rmcp::service=error,hyper=warn,portkey_admin_mcp={level}")
        }
    });
    let layer = match settings.format {
        Format::Text => fmt::layer().with_writer(std::io::stderr).with_ansi(false).boxed(),
        Format::Json => fmt::layer().with_writer(std::io::stderr).json().boxed(),
    };
    let _ = tracing_subscriber::registry().with(filter).with(layer).try_init();
    log_panics();
}

/// Panics become log lines that say where; their message may hold what a caller sent.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let at = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(at, "panicked");
    }));
}
