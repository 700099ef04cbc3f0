//! What callers show of themselves, by the configuration: what rules can ask for.

use super::{clerk::Constraints, identity::Method};

/// What is known of every caller that is let in.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// How it proves who it is; `None` where nobody is asked.
    pub method: Method,
    /// Whether it shows a certificate, alone or besides.
    pub certificate: bool,
    /// What a token of Clerk must show.
    pub constraints: Constraints,
}

impl Shown {
    /// Why nobody ever shows what a condition of a rule asks for, with the remedy.
    pub fn never_met(&self, condition: &str) -> Option<String> {
        let wanted = match condition {
            "certificates" if self.certificate => return None,
            "certificates" => {
                let why = "nobody is asked for one: leave it out, or set MCP_TLS_CLIENT_CA_PATH";
                return Some(why.to_owned());
            }
            "tokens" => Method::Bearer,
            _ => Method::Clerk,
        };
        let (mode, seen) = match self.method {
            method if method == wanted => return None,
            Method::Bearer => ("bearer", "callers are known by `tokens`"),
            Method::Clerk => {
                let seen =
                    "callers are known by `subjects`, `organisations`, `roles` and `permissions`";
                ("clerk", seen)
            }
            Method::Certificate => ("none", "callers are known by `certificates`"),
            Method::None | Method::Stdio => ("none", "nobody shows who they are"),
        };
        let wanted = wanted.as_str();
        Some(format!(
            "`auth.mode` is `{mode}`, where {seen}: correct this, or set MCP_AUTH_MODE={wanted}"
        ))
    }

    /// Whether roles and permissions are those in an organisation that the operator has named.
    /// Whoever may create organisations has every role in its own.
    pub fn names_organisations(&self) -> bool {
        self.method != Method::Clerk || !self.constraints.organisations.is_empty()
    }
}
