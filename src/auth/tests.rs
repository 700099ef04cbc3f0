//! Rules and `decide` against a small model, and what is said of rules that cannot be meant.

mod model;

use proptest::prelude::*;

use self::model::{expected, identity, is_for, rule};
use super::*;
use crate::{
    surface::Surface,
    tool::{Effect, Tool},
    tools::DOMAINS,
};

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
        // What is written narrows, and never widens to everything.
        ("allow = []\n[when]\nroles = [\"a\"]", "`allow` is an empty list"),
        ("deny = []\n[when]\nroles = [\"a\"]", "`deny` is an empty list"),
        ("domains = []\n[when]\nroles = [\"a\"]", "`domains` is an empty list"),
        ("effects = []\n[when]\nroles = [\"a\"]", "`effects` is an empty list"),
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
        let problems = rule(text).problems(&["finance"], &["ci"], None);
        assert!(problems.iter().any(|it| it.contains(want)), "{text}: {problems:?}");
    }
    let good = "domains = [\"audit\"]\nallow = [\"get_trace\"]\n[when]\ntokens = [\"ci\"]";
    assert_eq!(rule(good).problems(&[], &["ci"], None), [""; 0]);
    // An alias stands for its tool.
    assert!(rule(good).grant().holds("get_log"));
}
