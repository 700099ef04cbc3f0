//! Rules and `decide` against a small model that is written the other way round: for one tool at a
//! time, from the words of the documentation.

use std::num::NonZeroU32;

use proptest::prelude::*;

use super::*;
use crate::{
    surface::Surface,
    tool::{Effect, Tool},
    tools::DOMAINS,
};

const NAMES: [&str; 3] = ["a", "b", "c"];

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
    fn identity()(
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

fn tool_names() -> impl Strategy<Value = Vec<String>> {
    let all: Vec<_> =
        DOMAINS.iter().flat_map(|(_, tools)| tools.iter().map(|it| it.name)).collect();
    let name = prop::sample::select(all).prop_map(str::to_owned);
    prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(name, 1..12)]
}

prop_compose! {
    fn when()(tokens in names(), subjects in names(), organisations in names(), roles in names(),
        permissions in names(), certificates in names()) -> When {
        When { tokens, subjects, organisations, roles, permissions, certificates }
    }
}

prop_compose! {
    fn rule()(
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
fn is_for(when: &When, who: &Identity) -> bool {
    let holds = |list: &Option<Vec<String>>, value: Option<&String>| match (list, value) {
        (None, _) => true,
        (Some(list), Some(value)) => list.contains(value),
        (Some(_), None) => false,
    };
    let is_token = who.method == Method::Bearer;
    holds(&when.tokens, who.subject.as_ref().filter(|_| is_token))
        && holds(&when.subjects, who.subject.as_ref().filter(|_| !is_token))
        && holds(&when.organisations, who.organisation.as_ref())
        && holds(&when.roles, who.role.as_ref())
        && holds(&when.certificates, who.certificate.as_ref())
        && when
            .permissions
            .as_ref()
            .is_none_or(|list| list.iter().any(|it| who.permissions.contains(it)))
}

/// What is said of one tool, by the documentation.
fn expected(
    rules: &[Rule],
    who: &Identity,
    read_only: bool,
    domain: &str,
    tool: &Tool,
) -> Option<Decision> {
    let rule = rules.iter().find(|rule| is_for(&rule.when, who))?;
    let named = |list: &[String]| list.iter().any(|it| it == tool.name);
    let narrowed = rule.domains.is_some() || rule.effects.is_some();
    let within = rule.domains.as_ref().is_none_or(|it| it.contains(&domain.to_owned()))
        && rule.effects.as_ref().is_none_or(|it| it.contains(&tool.effect));
    let allowed = if narrowed || rule.allow.is_empty() {
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_first_rule_that_matches_decides_alone(
        rules in prop::collection::vec(rule(), 1..5),
        who in identity(),
        read_only in any::<bool>(),
    ) {
        let access = Access::rules(rules.clone());
        let surface = Surface { read_only };
        let first = rules.iter().find(|rule| is_for(&rule.when, &who));
        let explained = access.explain(&who);
        let Ok(principal) = access.admit(who.clone()) else {
            prop_assert!(first.is_none());
            let all_unmet = explained.iter().all(|(_, it)| matches!(it, Verdict::Unmet(..)));
            prop_assert!(all_unmet && explained.len() == rules.len());
            return Ok(());
        };
        let first = first.unwrap();
        prop_assert!(matches!(explained.last(), Some((_, Verdict::Decides))));
        prop_assert_eq!(&principal.credential, first.credential.as_deref().unwrap_or("default"));
        prop_assert_eq!(principal.grant.rate, first.rate_per_minute);
        for (domain, tools) in DOMAINS {
            for tool in *tools {
                let wanted = expected(&rules, &who, read_only, domain, tool).unwrap();
                prop_assert_eq!(decide(&principal, &surface, tool), wanted, "{}", tool.name);
            }
        }
    }
}

#[test]
fn roles_and_permissions_are_known_with_and_without_their_prefix() {
    let who = Identity {
        role: Some("admin".into()),
        permissions: vec!["org:billing:read".into()],
        ..Identity::new(Method::Clerk)
    };
    for (roles, permissions, met) in [
        ("org:admin", "billing:read", true),
        ("admin", "org:billing:read", true),
        ("member", "billing:read", false),
        ("admin", "billing:write", false),
    ] {
        let when = When {
            roles: Some(vec![roles.into()]),
            permissions: Some(vec![permissions.into()]),
            ..When::default()
        };
        assert_eq!(when.unmet(&who).is_none(), met, "{roles} {permissions}");
    }
}

#[test]
fn a_rule_that_cannot_be_meant_is_refused_with_the_cure() {
    let rule = |text: &str| -> Rule { toml::from_str(text).unwrap() };
    for (text, want) in [
        ("[when]", "`when` is empty"),
        ("[when]\nroles = []", "`when.roles` has an empty list"),
        ("[when]\nroles = [\" \"]", "`when.roles` has an empty list or value"),
        ("domains = [\"analitics\"]\n[when]\nroles = [\"a\"]", "did you mean `analytics`?"),
        ("allow = [\"get_cnfig\"]\n[when]\nroles = [\"a\"]", "did you mean `get_config`?"),
        ("deny = [\"zzzzzzzz\"]\n[when]\nroles = [\"a\"]", "no tool `zzzzzzzz`"),
        ("credential = \"finanse\"\n[when]\nroles = [\"a\"]", "did you mean `finance`?"),
        ("[when]\ntokens = [\"c\"]", "there is no token `c`: there are: ci"),
        (
            "domains = [\"audit\"]\neffects = [\"destroys\"]\n[when]\nroles = [\"a\"]",
            "no tool at all",
        ),
    ] {
        let problems = rule(text).problems(&["finance"], &["ci"]);
        assert!(problems.iter().any(|it| it.contains(want)), "{text}: {problems:?}");
    }
    let good = "domains = [\"audit\"]\nallow = [\"get_trace\"]\n[when]\ntokens = [\"ci\"]";
    assert_eq!(rule(good).problems(&[], &["ci"]), [""; 0]);
    // An alias stands for its tool.
    assert!(rule(good).grant().holds("get_log"));
}
