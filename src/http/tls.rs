//! TLS of the server itself: its certificate and key, and whom it asks for a certificate.
//!
//! TLS 1.2 and 1.3 (rustls with aws-lc-rs), ALPN `h2` and `http/1.1` (RFC 7301). Everything is read
//! from PEM files, again when they change and on SIGHUP ([`reload`]).

mod accept;
mod files;
mod names;
mod reload;
#[cfg(test)]
mod tests;

use std::{path::PathBuf, sync::Arc};

use axum_server::tls_rustls::RustlsConfig;
use rustls::{
    RootCertStore, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    server::WebPkiClientVerifier,
    version::{TLS12, TLS13},
};

pub(super) use self::accept::TlsAcceptor;
use self::files::Contents;
pub use self::{
    accept::ClientCertificate,
    files::{Fault, File},
};

/// The section `[tls]`: PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The server's certificate, and those that lead from it to its root.
    pub cert: PathBuf,
    pub key: PathBuf,
    /// More certificates for clients to find the root by.
    pub chain: Option<PathBuf>,
    /// Who vouches for clients; if present, each must show a certificate.
    pub client_ca: Option<PathBuf>,
}

/// TLS as it is served at the moment; cheap to clone.
#[derive(Clone, Debug)]
pub struct Tls {
    settings: Settings,
    current: RustlsConfig,
    /// What the files held, as [`Contents::digest`].
    loaded: [u8; 32],
}

impl Tls {
    /// Reads the files; what cannot be served is said with the file whose fault it is.
    pub fn load(settings: &Settings) -> Result<Self, Fault> {
        let contents = Contents::read(settings)?;
        let current = RustlsConfig::from_config(Arc::new(config(&contents)?));
        Ok(Self { settings: settings.clone(), current, loaded: contents.digest() })
    }
}

fn config(contents: &Contents) -> Result<ServerConfig, Fault> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let (chain, key) = (contents.chain()?, contents.key()?);
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|error| Fault::new(File::Cert, error.to_string()))?;
    let builder = match contents.client_roots()? {
        None => builder.with_no_client_auth(),
        Some(roots) => builder.with_client_cert_verifier(verifier(roots, provider)?),
    };
    let mut config = builder.with_single_cert(chain, key).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            Fault::new(File::Key, "is not the key of the certificate")
        }
        error => Fault::new(File::Cert, format!("cannot be served ({error})")),
    })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn verifier(
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn rustls::server::danger::ClientCertVerifier>, Fault> {
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| Fault::new(File::ClientCa, format!("cannot vouch for clients ({error})")))
}
