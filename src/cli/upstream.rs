//! What a tool call needs: the client, bound to a credential, and the tools.

use std::sync::Arc;

use super::Failure;
use crate::{
    auth::DEFAULT_CREDENTIAL,
    config::Config,
    portkey::{Accounts, Credential, Portkey},
    sandbox::Sandbox,
    tools::Catalogue,
};

/// The way to Portkey, or to the sandbox, which lives as long as this.
pub struct Upstream {
    pub accounts: Accounts,
    pub catalogue: Arc<Catalogue>,
    _sandbox: Option<Sandbox>,
}

impl Upstream {
    pub async fn connect(config: &Config) -> Result<Self, Failure> {
        let catalogue = Arc::new(configured(config)?);
        let sandbox = match &config.sandbox {
            None => None,
            Some(settings) => {
                Some(Sandbox::start(settings.clone()).await.map_err(|error| {
                    Failure::Failed(format!("the sandbox cannot start: {error}"))
                })?)
            }
        };
        let accounts = match &sandbox {
            Some(sandbox) => seeded(config, sandbox)?,
            None => given(config)?,
        };
        Ok(Self { accounts, catalogue, _sandbox: sandbox })
    }

    /// The client with the credential of the environment.
    pub fn portkey(&self) -> Result<&Portkey, Failure> {
        let missing = || Failure::Usage("PORTKEY_API_KEY is not set".into());
        self.accounts.of(DEFAULT_CREDENTIAL).ok_or_else(missing)
    }
}

/// Clients with the keys of the configuration.
fn given(config: &Config) -> Result<Accounts, Failure> {
    let base_url = &config.portkey.base_url;
    let default = config.api_key.clone().map(|key| Credential {
        name: DEFAULT_CREDENTIAL.to_owned(),
        key,
        base_url: base_url.clone(),
    });
    let named = config.credentials.iter().map(|it| Credential {
        name: it.name.clone(),
        key: it.key.clone(),
        base_url: it.base_url.as_ref().unwrap_or(base_url).clone(),
    });
    let clients = default.into_iter().chain(named).map(|it| Portkey::new(&config.portkey, it));
    clients.collect::<Result<_, _>>().map_err(|error| Failure::Usage(error.to_string()))
}

/// Clients with the sandbox's seeded keys.
fn seeded(config: &Config, sandbox: &Sandbox) -> Result<Accounts, Failure> {
    let default = (DEFAULT_CREDENTIAL, &config.sandbox_key);
    let named = config.credentials.iter().map(|it| (&*it.name, &it.sandbox_key));
    let clients = std::iter::once(default).chain(named).map(|(name, key)| {
        let no_key = || Failure::Usage(format!("the sandbox has no key `{key}`"));
        let key = sandbox.key(key).ok_or_else(no_key)?;
        let credential = Credential { name: name.to_owned(), key, base_url: sandbox.base_url() };
        Portkey::for_sandbox(&config.portkey, credential)
            .map_err(|error| Failure::Usage(error.to_string()))
    });
    clients.collect()
}

/// The tools of the configured domains.
pub fn configured(config: &Config) -> Result<Catalogue, Failure> {
    Catalogue::new(&config.tool_domains).map_err(|error| Failure::Usage(error.to_string()))
}
