//! Access rules and what they give, in the words of docs/auth.md: the model that `decide` and the
//! endpoint are held to, written the other way round, for one tool at a time. With random rules and
//! identities. Used by the integration tests as well.

use std::num::NonZeroU32;

use proptest::prelude::*;

use super::{DOMAINS, Decision, Effect, Identity, Method, READ, Rule, Tool, WRITE, When};

/// Of everything that has a name.
pub const NAMES: [&str; 3] = ["a", "b", "c"];

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(&NAMES[..]).prop_map(str::to_owned)
}

fn names() -> impl Strategy<Value = Option<Vec<String>>> {
    prop::option::weighted(0.4, prop::collection::vec(name(), 1..3))
}

fn scope() -> impl Strategy<Value = String> {
    prop::sample::select(vec![READ, WRITE, "openid"]).prop_map(str::to_owned)
}

prop_compose! {
    pub fn identity()(
        method in prop::sample::select(vec![Method::None, Method::Bearer, Method::Clerk, Method::Certificate]),
        subject in prop::option::of(name()),
        organisation in prop::option::of(name()),
        role in prop::option::of(name()),
        permissions in prop::collection::vec(name(), 0..3),
        scopes in prop::option::weighted(0.3, prop::collection::vec(scope(), 0..3)),
        certificate in prop::option::weighted(0.2, name()),
    ) -> Identity {
        Identity { method, subject, organisation, role, permissions, scopes, certificate, ..Identity::default() }
    }
}

/// Every name of a tool.
pub fn names_of(tool: &Tool) -> impl Iterator<Item = &'static str> {
    std::iter::once(tool.name).chain(tool.aliases.iter().copied())
}

fn tool_names() -> impl Strategy<Value = Option<Vec<String>>> {
    let tools = DOMAINS.iter().flat_map(|(_, tools)| *tools);
    let all: Vec<_> = tools.flat_map(names_of).collect();
    let name = prop::sample::select(all).prop_map(str::to_owned);
    prop::option::weighted(0.25, prop::collection::vec(name, 1..12))
}

prop_compose! {
    fn when()(tokens in names(), subjects in names(), organisations in names(), roles in names(),
        permissions in names(), certificates in names()) -> When {
        When { tokens, subjects, organisations, roles, permissions, certificates }
    }
}

prop_compose! {
    pub fn rule()(
        when in when(),
        credential in prop::option::of(name()),
        domains in prop::option::weighted(0.5, prop::collection::vec(
            prop::sample::select(DOMAINS.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>()), 1..6)),
        effects in prop::option::weighted(0.5, prop::collection::vec(
            prop::sample::select(vec![Effect::Reads, Effect::Adds, Effect::Replaces, Effect::Destroys]), 1..3)),
        allow in tool_names(),
        deny in tool_names(),
        rate in prop::option::of(1_u32..100),
    ) -> Rule {
        let rate_per_minute = rate.and_then(NonZeroU32::new);
        Rule { name: None, when, credential, domains, effects, allow, deny, rate_per_minute }
    }
}

/// Whether a rule is for somebody, by the documentation.
pub fn is_for(when: &When, who: &Identity) -> bool {
    let holds = |list: &Option<Vec<String>>, value: Option<&String>| match (list, value) {
        (None, _) => true,
        (Some(list), Some(value)) => list.contains(value),
        (Some(_), None) => false,
    };
    let subject = |method| who.subject.as_ref().filter(|_| who.method == method);
    holds(&when.tokens, subject(Method::Bearer))
        && holds(&when.subjects, subject(Method::Clerk))
        && holds(&when.organisations, who.organisation.as_ref())
        && holds(&when.roles, who.role.as_ref())
        && holds(&when.certificates, who.certificate.as_ref())
        && when
            .permissions
            .as_ref()
            .is_none_or(|list| list.iter().any(|it| who.permissions.contains(it)))
}

/// What is said of one tool, by the documentation; `None` for who is not let in.
pub fn expected(
    rules: &[Rule],
    who: &Identity,
    read_only: bool,
    domain: &str,
    tool: &Tool,
) -> Option<Decision> {
    let rule = rules.iter().find(|rule| is_for(&rule.when, who))?;
    let named = |list: &Option<Vec<String>>| {
        list.iter().flatten().any(|it| names_of(tool).any(|name| name == it))
    };
    let narrowed = rule.domains.is_some() || rule.effects.is_some();
    let within = rule.domains.as_ref().is_none_or(|it| it.contains(&domain.to_owned()))
        && rule.effects.as_ref().is_none_or(|it| it.contains(&tool.effect));
    let allowed = if narrowed || rule.allow.is_none() {
        within || named(&rule.allow)
    } else {
        named(&rule.allow)
    };
    let writes = tool.effect != Effect::Reads;
    if !allowed || named(&rule.deny) || (read_only && writes) {
        return Some(Decision::Hidden);
    }
    let Some(scopes) = &who.scopes else { return Some(Decision::Visible) };
    let may_write = scopes.iter().any(|it| it == WRITE);
    let may_read = may_write || scopes.iter().any(|it| it == READ);
    Some(match (writes, may_read, may_write) {
        (false, true, _) | (true, _, true) => Decision::Visible,
        (false, false, _) => Decision::NeedsScope(READ),
        (true, _, false) => Decision::NeedsScope(WRITE),
    })
}
