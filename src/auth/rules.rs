//! Access rules: who gets which credential and which tools. The first rule all of whose conditions
//! match decides alone; where none does, nobody is let in.

use std::{collections::HashSet, num::NonZeroU32};

use serde::Deserialize;

use super::{
    grant::Grant,
    identity::{Identity, Method},
    shown::Shown,
};
use crate::{
    near::near,
    tool::{Effect, Tool},
    tools::DOMAINS,
};

/// `[[rules]]` of the configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What explanations call it.
    pub name: Option<String>,
    pub when: When,
    /// Name of the Portkey credential; absent: the one of the environment.
    pub credential: Option<String>,
    /// Tools of these domains; absent: of all. No list may be empty.
    pub domains: Option<Vec<String>>,
    /// Tools of these effects; absent: of all.
    pub effects: Option<Vec<Effect>>,
    /// Tools besides, by name; where neither domains nor effects are given, these alone.
    pub allow: Option<Vec<String>>,
    /// Tools that are taken away again, by name.
    pub deny: Option<Vec<String>>,
    /// Requests a minute; absent: the server's default.
    pub rate_per_minute: Option<NonZeroU32>,
}

/// Conditions: all that are given must match, and one value of each is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Names of bearer tokens.
    pub tokens: Option<Vec<String>>,
    /// Users of Clerk.
    pub subjects: Option<Vec<String>>,
    pub organisations: Option<Vec<String>>,
    /// Roles in the organisation, with or without `org:`.
    pub roles: Option<Vec<String>>,
    /// Permissions in the organisation, with or without `org:`.
    pub permissions: Option<Vec<String>>,
    /// Subjects of client certificates (RFC 4514).
    pub certificates: Option<Vec<String>>,
}

impl When {
    /// Every condition with its values, and whether it is met.
    pub fn conditions<'w>(
        &'w self,
        identity: &'w Identity,
    ) -> impl Iterator<Item = (&'static str, &'w [String], bool)> {
        let user = identity.subject.as_deref().filter(|_| identity.method == Method::Clerk);
        let token = identity.subject.as_deref().filter(|_| identity.method == Method::Bearer);
        let one = |list: &Option<Vec<String>>, value: Option<&str>| {
            value.is_some_and(|value| list.iter().flatten().any(|it| bare(it) == bare(value)))
        };
        let exact = |list: &Option<Vec<String>>, value: Option<&str>| {
            value.is_some_and(|value| list.iter().flatten().any(|it| it == value))
        };
        let permitted = identity.permissions.iter().any(|it| one(&self.permissions, Some(it)));
        [
            ("tokens", &self.tokens, exact(&self.tokens, token)),
            ("subjects", &self.subjects, exact(&self.subjects, user)),
            (
                "organisations",
                &self.organisations,
                exact(&self.organisations, identity.organisation.as_deref()),
            ),
            ("roles", &self.roles, one(&self.roles, identity.role.as_deref())),
            ("permissions", &self.permissions, permitted),
            (
                "certificates",
                &self.certificates,
                exact(&self.certificates, identity.certificate.as_deref()),
            ),
        ]
        .into_iter()
        .filter_map(|(name, list, met)| Some((name, list.as_deref()?, met)))
    }

    /// What is wrong with them: what nobody can meet, and what anybody can.
    fn problems(&self, shown: Option<&Shown>) -> Vec<String> {
        let mut problems = Vec::new();
        let nobody = Identity::default();
        let conditions: Vec<_> = self.conditions(&nobody).collect();
        if conditions.is_empty() {
            problems.push("`when` is empty: say whom it is for".to_owned());
        }
        let is_named = self.organisations.is_some()
            || self.subjects.is_some()
            || shown.is_none_or(Shown::names_organisations);
        for (name, list, _) in conditions {
            if list.is_empty() || list.iter().any(|value| value.trim().is_empty()) {
                problems.push(format!(
                    "`when.{name}` has an empty list or value: fill it or leave it out"
                ));
            }
            if let Some(why) = shown.and_then(|shown| shown.never_met(name)) {
                problems.push(format!("`when.{name}` is never met: {why}"));
            } else if matches!(name, "roles" | "permissions") && !is_named {
                problems.push(format!(
                    "`when.{name}` says nothing without an organisation, for whoever may create one \
                     has every role in it: add `when.organisations` or `when.subjects`, or set \
                     CLERK_ALLOWED_ORGANIZATION_IDS"
                ));
            }
        }
        problems
    }

    /// The first condition that is not met, with its values.
    pub fn unmet<'w>(&'w self, identity: &'w Identity) -> Option<(&'static str, &'w [String])> {
        self.conditions(identity).find(|(.., met)| !met).map(|(name, list, _)| (name, list))
    }
}

/// Clerk writes roles and permissions with `org:` in some places and without in others.
pub(super) fn bare(name: &str) -> &str {
    name.strip_prefix("org:").unwrap_or(name)
}

impl Rule {
    /// What a rule with these conditions may do: its tools.
    pub fn grant(&self) -> Grant {
        Grant::of(self.tools(), self.rate_per_minute)
    }

    fn tools(&self) -> HashSet<&'static str> {
        let is_open = self.domains.is_some() || self.effects.is_some() || self.allow.is_none();
        let names = |list: &Option<Vec<String>>, tool: &Tool| {
            let mut list = list.iter().flatten();
            list.any(|name| name == tool.name || tool.aliases.contains(&&**name))
        };
        let wanted = |domain: &str, tool: &Tool| {
            let in_domain = self.domains.as_ref().is_none_or(|it| it.iter().any(|it| it == domain));
            let of_effect = self.effects.as_ref().is_none_or(|it| it.contains(&tool.effect));
            (is_open && in_domain && of_effect || names(&self.allow, tool))
                && !names(&self.deny, tool)
        };
        let all =
            DOMAINS.iter().flat_map(|(domain, tools)| tools.iter().map(move |it| (*domain, it)));
        all.filter(|(domain, tool)| wanted(domain, tool)).map(|(_, tool)| tool.name).collect()
    }

    /// What is wrong with it, each with the remedy. `credentials` and `tokens` are the names that
    /// there are; what callers show may be open.
    pub fn problems(
        &self,
        credentials: &[&str],
        tokens: &[&str],
        shown: Option<&Shown>,
    ) -> Vec<String> {
        let mut problems = self.when.problems(shown);
        for (name, is_empty) in [
            ("domains", self.domains.as_ref().is_some_and(Vec::is_empty)),
            ("effects", self.effects.as_ref().is_some_and(Vec::is_empty)),
            ("allow", self.allow.as_ref().is_some_and(Vec::is_empty)),
            ("deny", self.deny.as_ref().is_some_and(Vec::is_empty)),
        ] {
            if is_empty {
                problems.push(format!(
                    "`{name}` is an empty list: fill it, or leave it out, which narrows nothing"
                ));
            }
        }
        let mut known = |what: &str, named: &[String], names: &[&str]| {
            for name in named.iter().filter(|name| !names.contains(&&***name)) {
                let hint = match near(name, names.iter().copied()) {
                    Some(other) => format!("did you mean `{other}`?"),
                    None if names.len() <= 24 && !names.is_empty() => {
                        format!("there are: {}", names.join(", "))
                    }
                    None if names.is_empty() => "there is none".to_owned(),
                    None => "see docs/tools.md".to_owned(),
                };
                problems.push(format!("there is no {what} `{name}`: {hint}"));
            }
        };
        let rows = || DOMAINS.iter().flat_map(|(_, tools)| *tools);
        let tools: Vec<&str> = rows()
            .flat_map(|tool| std::iter::once(tool.name).chain(tool.aliases.iter().copied()))
            .collect();
        let domains: Vec<&str> = DOMAINS.iter().map(|(name, _)| *name).collect();
        known("domain", self.domains.as_deref().unwrap_or_default(), &domains);
        known("tool", self.allow.as_deref().unwrap_or_default(), &tools);
        known("tool", self.deny.as_deref().unwrap_or_default(), &tools);
        known("credential", self.credential.as_slice(), credentials);
        if shown.is_none_or(|shown| shown.never_met("tokens").is_none()) {
            known("token", self.when.tokens.as_deref().unwrap_or_default(), tokens);
        }
        if problems.is_empty() && self.tools().is_empty() {
            problems.push("it allows no tool at all: widen it, or leave the rule out".to_owned());
        }
        problems
    }
}
