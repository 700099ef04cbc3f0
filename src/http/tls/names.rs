//! Whose certificate it is and who made it, as text.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use x509_cert::{Certificate, der::Decode};

use super::ClientCertificate;

/// Names as RFC 4514 writes them, escaped, so that no part can be taken for another. Where the
/// subject is empty (RFC 5280 section 4.1.2.6 allows that) it is the certificate's own SHA-256, which
/// no subject can look like. `None` for what is no certificate.
pub fn of(der: &[u8]) -> Option<ClientCertificate> {
    let certificate = Certificate::from_der(der).ok()?;
    let certificate = certificate.tbs_certificate();
    let mut subject = certificate.subject().to_string();
    if certificate.subject().is_empty() {
        subject.push_str("sha256:");
        for byte in Sha256::digest(der) {
            // Writing to a String cannot fail.
            let _ = write!(subject, "{byte:02x}");
        }
    }
    let issuer = certificate.issuer().to_string();
    Some(ClientCertificate { subject: subject.into(), issuer: issuer.into() })
}
