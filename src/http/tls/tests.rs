//! What the files must hold, and how a subject is written.

use rcgen::DnType::{self, CommonName, CountryName, OrganizationName, OrganizationalUnitName};
use rustls::pki_types::{CertificateDer, pem::PemObject};

use super::*;
use crate::http::tests::authority::{Authority, Files};

fn settings(files: &Files) -> Settings {
    let path = |name| files.0.join(name);
    Settings {
        cert: path("cert.pem"),
        key: path("key.pem"),
        chain: files.0.join("chain.pem").exists().then(|| path("chain.pem")),
        client_ca: files.0.join("clients.pem").exists().then(|| path("clients.pem")),
    }
}

#[test]
fn each_file_that_cannot_be_served_is_told() {
    let authority = Authority::new("root");
    let (one, other) = (authority.server(), authority.server());
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let two = format!("{}{}", one.key, other.key);
    for (file, text, expected) in [
        ("cert.pem", "", "the file of `tls.cert_path` holds no certificate in PEM"),
        ("cert.pem", &*one.key, "the file of `tls.cert_path` holds no certificate in PEM"),
        ("cert.pem", "-----BEGIN CERTIFICATE-----", "the file of `tls.cert_path` is not PEM"),
        ("cert.pem", broken, "the file of `tls.cert_path` cannot be served ("),
        ("key.pem", "", "the file of `tls.key_path` holds no private key in PEM"),
        ("key.pem", encrypted, "the file of `tls.key_path` holds an encrypted key"),
        ("key.pem", &*two, "the file of `tls.key_path` holds more than one private key"),
        ("key.pem", &*other.key, "the file of `tls.key_path` is not the key of the certificate"),
        ("chain.pem", "none", "the file of `tls.ca_path` holds no certificate in PEM"),
        ("clients.pem", "", "the file of `tls.client_ca_path` holds no certificate in PEM"),
        (
            "clients.pem",
            broken,
            "the file of `tls.client_ca_path` holds a certificate that is none",
        ),
    ] {
        let files = Files::new();
        files.write("cert.pem", &one.cert);
        files.write("key.pem", &one.key);
        assert!(Tls::load(&settings(&files)).is_ok());
        files.write(file, text);
        let fault = Tls::load(&settings(&files)).unwrap_err().to_string();
        assert!(fault.starts_with(expected), "{file}: {fault}");
    }
    let fault = Tls::load(&settings(&Files::new())).unwrap_err();
    assert!(fault.why.starts_with("cannot be read (No such file"), "{fault}");
}

#[test]
fn a_subject_is_written_so_that_no_part_can_be_taken_for_another() {
    let authority = Authority::new("root");
    let subject = |parts: &[(DnType, &str)]| {
        let pem = authority.client(parts).cert;
        let names = names::of(&CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
        assert_eq!(&*names.issuer, "CN=root");
        names.subject.to_string()
    };
    let parts = [(CountryName, "DE"), (OrganizationName, "Example"), (CommonName, "agent-1")];
    assert_eq!(subject(&parts), "CN=agent-1,O=Example,C=DE");
    let spoof = subject(&[(OrganizationalUnitName, "x"), (CommonName, "agent-1,O=Example,C=DE")]);
    assert_eq!(spoof, r"CN=agent-1\,O=Example\,C=DE,OU=x");
    assert_eq!(subject(&[(CommonName, " a+b\"<>;#\\ ")]), r#"CN=\ a\+b\"\<\>\;#\\\ "#);
    assert_eq!(subject(&[(CommonName, "ä\n\0")]), r"CN=ä\0a\00");
    let none = subject(&[]);
    assert!(none.starts_with("sha256:") && none.len() == 71, "{none}");
    assert_ne!(none, subject(&[]), "of another certificate");
    assert_eq!(names::of(b"no certificate"), None);
}
