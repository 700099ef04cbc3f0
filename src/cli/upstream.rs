//! What a tool call needs: the client, bound to a credential, and the tools.

use std::sync::Arc;

use super::Failure;
use crate::{
    config::Config,
    portkey::{Credential, Portkey},
    sandbox::Sandbox,
    tools::Catalogue,
};

/// Name of the credential that the environment gives.
const DEFAULT: &str = "default";

/// The way to Portkey, or to the sandbox, which lives as long as this.
pub struct Upstream {
    pub portkey: Portkey,
    pub catalogue: Arc<Catalogue>,
    _sandbox: Option<Sandbox>,
}

impl Upstream {
    pub async fn connect(config: &Config) -> Result<Self, Failure> {
        let usage = |error: &dyn std::error::Error| Failure::Usage(error.to_string());
        let catalogue = configured(config)?;
        let (portkey, sandbox) = if let Some(settings) = &config.sandbox {
            let sandbox = Sandbox::start(settings.clone())
                .await
                .map_err(|error| Failure::Failed(format!("the sandbox cannot start: {error}")))?;
            let key = sandbox.key(&config.sandbox_key).ok_or_else(|| {
                Failure::Usage(format!("the sandbox has no key `{}`", config.sandbox_key))
            })?;
            let name = DEFAULT.to_owned();
            let credential = Credential { name, key, base_url: sandbox.base_url() };
            let portkey = Portkey::for_sandbox(&config.portkey, credential);
            (portkey.map_err(|error| usage(&error))?, Some(sandbox))
        } else {
            let key = config
                .api_key
                .clone()
                .ok_or_else(|| Failure::Usage("PORTKEY_API_KEY is not set".into()))?;
            let base_url = config.portkey.base_url.clone();
            let credential = Credential { name: DEFAULT.to_owned(), key, base_url };
            let portkey = Portkey::new(&config.portkey, credential);
            (portkey.map_err(|error| usage(&error))?, None)
        };
        Ok(Self { portkey, catalogue: Arc::new(catalogue), _sandbox: sandbox })
    }
}

/// The tools of the configured domains.
pub fn configured(config: &Config) -> Result<Catalogue, Failure> {
    Catalogue::new(&config.tool_domains).map_err(|error| Failure::Usage(error.to_string()))
}
