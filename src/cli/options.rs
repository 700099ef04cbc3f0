//! Options that several commands share, and the configuration that comes out of them.

use std::path::PathBuf;

use super::Failure;
use crate::{
    config::{self, Config, Inputs, Purpose},
    sandbox::Planned,
    telemetry,
};

/// Options of every command that talks to Portkey.
#[derive(clap::Args)]
pub struct Options {
    /// Configuration file in TOML [env: MCP_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Use a built-in organisation in memory instead of Portkey: no account, no key, no network
    #[arg(long)]
    pub sandbox: bool,
    /// Number from which the sandbox organisation is made [default: 1]
    #[arg(long, value_name = "N", requires = "sandbox")]
    pub sandbox_seed: Option<u64>,
    /// Key to use the sandbox with: admin, workspace (the data plane refuses admin), staging,
    /// read-only or other-admin [default: admin]
    #[arg(long, value_name = "NAME", requires = "sandbox")]
    pub sandbox_key: Option<String>,
    /// What goes wrong in the sandbox, as in "2 GET /configs 429:3" for the next two such requests;
    /// may be given several times
    #[arg(long, value_name = "TIMES METHOD PATH FAULT", requires = "sandbox")]
    pub sandbox_fault: Vec<Planned>,
}

impl Options {
    /// What the configuration is made from, the process's environment included.
    pub fn inputs(self, purpose: Purpose) -> Inputs {
        let seed = self.sandbox_seed.map(|seed| seed.to_string());
        let seed = seed.map(|seed| ("sandbox.seed", "--sandbox-seed", seed));
        let key = self.sandbox_key.map(|key| ("sandbox.key", "--sandbox-key", key));
        Inputs {
            environment: config::environment(),
            file: self.config,
            flags: seed.into_iter().chain(key).collect(),
            sandbox: self.sandbox,
            faults: self.sandbox_fault,
            purpose,
        }
    }
}

/// Loads the configuration, starts logging and logs the warnings.
pub fn configure(inputs: &Inputs) -> Result<Config, Failure> {
    let loaded = config::load(inputs);
    let config = loaded.config.map_err(|problems| Failure::Usage(problems.to_string()))?;
    telemetry::start(&config.log);
    for warning in loaded.warnings {
        tracing::warn!("{warning}");
    }
    Ok(config)
}
