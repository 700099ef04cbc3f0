//! Who somebody is, as far as it was verified.

/// How a caller proved who it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Method {
    /// Nothing was asked for: `auth.mode = "none"`.
    #[default]
    None,
    /// A bearer token of this server.
    Bearer,
    /// A token of Clerk.
    Clerk,
    /// A client certificate alone.
    Certificate,
    /// The owner of the process that speaks over standard input and output.
    Stdio,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bearer => "bearer",
            Self::Clerk => "clerk",
            Self::Certificate => "certificate",
            Self::Stdio => "stdio",
        }
    }
}

/// A verified identity. Everything but the method is absent where it was not shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Identity {
    pub method: Method,
    /// Who vouches for the subject.
    pub issuer: Option<String>,
    /// The user, the name of the token, or the subject of the certificate.
    pub subject: Option<String>,
    pub organisation: Option<String>,
    /// The role in the organisation, without `org:`.
    pub role: Option<String>,
    /// Permissions in the organisation, without `org:`.
    pub permissions: Vec<String>,
    /// Scopes of an OAuth access token (RFC 8693 section 4.2), which may be none at all; `None` for
    /// what is not limited by scopes.
    pub scopes: Option<Vec<String>>,
    /// The OAuth client that got the token.
    pub client_id: Option<String>,
    /// Subject of the client certificate (RFC 4514), where one was verified.
    pub certificate: Option<String>,
    /// Who made it (RFC 4514).
    pub certificate_issuer: Option<String>,
}

impl Identity {
    pub fn new(method: Method) -> Self {
        Self { method, ..Self::default() }
    }

    /// Somebody who shows a certificate and nothing else; rules do not ask who issued it.
    pub fn of_certificate(subject: &str, issuer: Option<&str>) -> Self {
        let (subject, issuer) = (Some(subject.to_owned()), issuer.map(str::to_owned));
        Self { certificate: subject.clone(), subject, issuer, ..Self::new(Method::Certificate) }
    }
}
