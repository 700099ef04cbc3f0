//! Whose certificate it is, as text.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use x509_cert::{Certificate, der::Decode};

/// The subject as RFC 4514 writes it, escaped, so that no part can be taken for another; where it is
/// empty (RFC 5280 section 4.1.2.6 allows that) the certificate's own SHA-256, which no subject can
/// look like. `None` for what is no certificate.
pub fn of(der: &[u8]) -> Option<String> {
    let certificate = Certificate::from_der(der).ok()?;
    let subject = certificate.tbs_certificate().subject();
    if !subject.is_empty() {
        return Some(subject.to_string());
    }
    let mut text = String::from("sha256:");
    for byte in Sha256::digest(der) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Some(text)
}
