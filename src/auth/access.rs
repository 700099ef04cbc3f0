//! From a verified identity to a principal: the access rules, or everything where there are none.

use std::sync::Arc;

use super::{
    grant::Grant, identity::Identity, principal::Principal, refused::Refused, rules::Rule,
};

/// Name of the credential that the environment gives.
pub const DEFAULT_CREDENTIAL: &str = "default";

/// Who gets in, and with what.
#[derive(Clone, Debug)]
pub enum Access {
    /// No rules: whoever is verified may use everything, with this credential.
    Open {
        credential: Arc<str>,
    },
    Rules(Arc<[(Rule, Grant)]>),
}

/// What the rules say of an identity, rule by rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<'r> {
    /// The rule that decides.
    Decides,
    /// A condition that is not met, with its values.
    Unmet(&'static str, &'r [String]),
}

impl Access {
    pub fn open(credential: impl Into<Arc<str>>) -> Self {
        Self::Open { credential: credential.into() }
    }

    /// Rules that were checked.
    pub fn rules(rules: Vec<Rule>) -> Self {
        let with_grant = |rule: Rule| {
            let grant = rule.grant();
            (rule, grant)
        };
        Self::Rules(rules.into_iter().map(with_grant).collect())
    }

    /// Whether everybody who gets in may use the same.
    pub fn is_uniform(&self) -> bool {
        matches!(self, Self::Open { .. })
    }

    /// Whether anybody's calls leave with this credential.
    pub fn uses(&self, name: &str) -> bool {
        match self {
            Self::Open { credential } => **credential == *name,
            Self::Rules(rules) => rules.iter().any(|(rule, _)| credential(rule) == name),
        }
    }

    /// The principal of an identity.
    ///
    /// # Errors
    /// [`Refused::Forbidden`] if no rule is for it.
    pub fn admit(&self, identity: Identity) -> Result<Principal, Refused> {
        match self {
            Self::Open { credential } => {
                Ok(Principal { identity, credential: credential.to_string(), grant: Grant::ALL })
            }
            Self::Rules(rules) => {
                let found = rules.iter().find(|(rule, _)| rule.when.unmet(&identity).is_none());
                let Some((rule, grant)) = found else {
                    let why = "no access rule of this server is for you: ask its operator";
                    return Err(Refused::Forbidden(why.to_owned()));
                };
                let credential = credential(rule).to_owned();
                Ok(Principal { identity, credential, grant: grant.clone() })
            }
        }
    }

    /// Every rule that was looked at, in order, and what came of it.
    pub fn explain<'r>(&'r self, identity: &'r Identity) -> Vec<(&'r Rule, Verdict<'r>)> {
        let Self::Rules(rules) = self else { return Vec::new() };
        let mut seen = Vec::new();
        for (rule, _) in rules.iter() {
            let Some((name, list)) = rule.when.unmet(identity) else {
                seen.push((rule, Verdict::Decides));
                break;
            };
            seen.push((rule, Verdict::Unmet(name, list)));
        }
        seen
    }
}

fn credential(rule: &Rule) -> &str {
    rule.credential.as_deref().unwrap_or(DEFAULT_CREDENTIAL)
}
