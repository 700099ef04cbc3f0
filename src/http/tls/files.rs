//! The PEM files of TLS (RFC 7468).

use std::path::Path;

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use sha2::{Digest, Sha256};

use super::Settings;

/// Longest file that is read.
const MAX_BYTES: u64 = 1 << 20;

/// Which file, by the key that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    Cert,
    Key,
    Chain,
    ClientCa,
}

impl File {
    /// The configuration key.
    pub fn path(self) -> &'static str {
        match self {
            Self::Cert => "tls.cert_path",
            Self::Key => "tls.key_path",
            Self::Chain => "tls.ca_path",
            Self::ClientCa => "tls.client_ca_path",
        }
    }
}

/// Why the files cannot be served; quotes nothing of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file of `{}` {why}", .file.path())]
pub struct Fault {
    pub file: File,
    /// What is wrong, after "the file".
    pub why: String,
}

impl Fault {
    pub(super) fn new(file: File, why: impl Into<String>) -> Self {
        Self { file, why: why.into() }
    }
}

/// What the files hold; not kept longer than it takes to read it.
pub(super) struct Contents {
    cert: Vec<u8>,
    key: Vec<u8>,
    chain: Option<Vec<u8>>,
    client_ca: Option<Vec<u8>>,
}

impl Contents {
    pub(super) fn read(settings: &Settings) -> Result<Self, Fault> {
        let Settings { cert, key, chain, client_ca } = settings;
        Ok(Self {
            cert: read(File::Cert, cert)?,
            key: read(File::Key, key)?,
            chain: chain.as_deref().map(|path| read(File::Chain, path)).transpose()?,
            client_ca: client_ca.as_deref().map(|path| read(File::ClientCa, path)).transpose()?,
        })
    }

    /// SHA-256 over all of them: tells whether they have changed, and nothing of the key.
    pub(super) fn digest(&self) -> [u8; 32] {
        let files =
            [Some(&self.cert), Some(&self.key), self.chain.as_ref(), self.client_ca.as_ref()];
        let mut hash = Sha256::new();
        for file in files {
            // Length first, so that no file can run into the next.
            hash.update(file.map_or(u64::MAX, |file| file.len() as u64).to_be_bytes());
            hash.update(file.map_or(&[][..], Vec::as_slice));
        }
        hash.finalize().into()
    }

    /// The server's certificate, then those that lead to its root.
    pub(super) fn chain(&self) -> Result<Vec<CertificateDer<'static>>, Fault> {
        let mut chain = certificates(File::Cert, &self.cert)?;
        if let Some(more) = &self.chain {
            chain.extend(certificates(File::Chain, more)?);
        }
        Ok(chain)
    }

    pub(super) fn key(&self) -> Result<PrivateKeyDer<'static>, Fault> {
        let fault = |why: &str| Fault::new(File::Key, why);
        let mut keys = PrivateKeyDer::pem_slice_iter(&self.key);
        match (keys.next(), keys.next()) {
            (Some(Ok(key)), None) => Ok(key),
            (Some(Ok(_)), Some(_)) => Err(fault("holds more than one private key")),
            (None, _) if holds(&self.key, b"ENCRYPTED PRIVATE KEY") => {
                Err(fault("holds an encrypted key: decrypt it, as with `openssl pkey`"))
            }
            (None, _) => Err(fault("holds no private key in PEM")),
            (Some(Err(_)), _) => Err(fault("is not PEM")),
        }
    }

    pub(super) fn client_roots(&self) -> Result<Option<RootCertStore>, Fault> {
        let Some(pem) = &self.client_ca else { return Ok(None) };
        let mut roots = RootCertStore::empty();
        for root in certificates(File::ClientCa, pem)? {
            roots.add(root).map_err(|error| {
                Fault::new(File::ClientCa, format!("holds a certificate that is none ({error})"))
            })?;
        }
        Ok(Some(roots))
    }
}

fn read(file: File, path: &Path) -> Result<Vec<u8>, Fault> {
    let fault = |error: std::io::Error| Fault::new(file, format!("cannot be read ({error})"));
    if std::fs::metadata(path).map_err(fault)?.len() > MAX_BYTES {
        return Err(Fault::new(file, format!("is longer than {MAX_BYTES} bytes")));
    }
    std::fs::read(path).map_err(fault)
}

fn certificates(file: File, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match all {
        Ok(all) if all.is_empty() => Err(Fault::new(file, "holds no certificate in PEM")),
        Ok(all) => Ok(all),
        Err(_) => Err(Fault::new(file, "is not PEM")),
    }
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
