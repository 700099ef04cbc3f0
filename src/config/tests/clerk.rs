//! The section `[clerk]`: what it takes, and what each mistake in it is told.

use secrecy::ExposeSecret;

use super::*;
use crate::auth::Mode;

/// All that Clerk needs; it is meant although no mode is given.
const WHOLE: &[(&str, &str)] = &[
    ("CLERK_ISSUER", CLERK),
    ("CLERK_AUDIENCE", "https://mcp.example.com/mcp"),
    ("CLERK_ALLOWED_ORGANIZATION_IDS", "org_1, org_2"),
    ("MCP_PUBLIC_BASE_URL", "https://mcp.example.com"),
];

/// The whole with these in place of its own; an empty one takes it away.
fn changed(change: &[(&str, &str)]) -> Inputs {
    let kept = WHOLE.iter().filter(|(name, _)| change.iter().all(|(other, _)| other != name));
    inputs(&kept.chain(change).copied().collect::<Vec<_>>())
}

#[test]
fn what_is_set_of_clerk_is_read() {
    let read = |change: &[(&str, &str)]| {
        let config = config(&changed(change));
        assert_eq!(config.mcp.cache_scope, CacheScope::Private, "tokens carry scopes");
        assert_eq!(
            config.mcp.challenge.resource_metadata.as_deref(),
            Some("https://mcp.example.com/.well-known/oauth-protected-resource/mcp")
        );
        match config.auth.mode {
            Mode::Clerk(clerk) => *clerk,
            mode => panic!("{mode:?}"),
        }
    };
    let plain = read(&[]);
    assert_eq!(plain.issuer, CLERK);
    assert_eq!(plain.audience, ["https://mcp.example.com/mcp"]);
    assert_eq!(plain.jwks_url.as_str(), "https://clerk.example.com/.well-known/jwks.json");
    assert_eq!(plain.algorithms, [jsonwebtoken::Algorithm::RS256]);
    assert_eq!(plain.constraints.organisations, ["org_1", "org_2"]);
    assert!(plain.opaque.is_none() && plain.authorized_parties.is_empty() && !plain.mirror);

    let other = read(&[
        ("CLERK_ISSUER", "https://clerk.example.com/"),
        ("CLERK_ALGORITHMS", "ES256, EdDSA"),
        ("CLERK_SECRET_KEY", "sk_live_canary"),
        ("CLERK_OAUTH_CLIENT_IDS", "client_1"),
        ("MCP_OAUTH_METADATA_MIRROR", "true"),
    ]);
    assert_eq!(other.issuer, "https://clerk.example.com/", "to the letter");
    assert_eq!(other.jwks_url, plain.jwks_url);
    assert_eq!(other.algorithms.len(), 2);
    assert!(other.mirror);
    assert!(!format!("{other:?}").contains("canary"), "{other:?}");
    let opaque = other.opaque.unwrap();
    assert_eq!(opaque.secret_key.expose_secret(), "sk_live_canary");
    assert_eq!(opaque.api_url.as_str(), "https://api.clerk.com/");
    let jwks = "https://keys.example.com/set.json";
    assert_eq!(read(&[("CLERK_JWKS_URL", jwks)]).jwks_url.as_str(), jwks);
}

#[test]
fn each_mistake_about_clerk_is_told_its_remedy() {
    let cases: &[(Environment, &[&str])] = &[
        (&[("CLERK_ISSUER", "")], &["`clerk.issuer` is not set: set CLERK_ISSUER"]),
        (&[("CLERK_ISSUER", "clerk.example.com")], &["write a whole URL"]),
        (&[("CLERK_ISSUER", "http://127.0.0.1:1")], &["write an `https://` URL without query"]),
        (&[("CLERK_ISSUER", "https://clerk.example.com?x")], &["without query and fragment"]),
        (&[("CLERK_AUDIENCE", "")], &["`clerk.audience` is not set: set CLERK_AUDIENCE"]),
        (&[("MCP_PUBLIC_BASE_URL", "")], &["`http.public_base_url` is not set: set MCP_PUBLIC"]),
        (&[("CLERK_JWKS_URL", "http://keys.example.com")], &["`clerk.jwks_url` is `http://keys"]),
        (&[("CLERK_API_URL", "http://api.example.com")], &["`clerk.api_url` is `http://api"]),
        (&[("CLERK_ALGORITHMS", "RS256,HS256")], &["write some of `RS256`, `RS384`"]),
        (&[("CLERK_ALGORITHMS", "none")], &["write some of `RS256`, `RS384`"]),
        (
            &[("CLERK_SECRET_KEY", "sk_x")],
            &["`clerk.secret_key` is `***`", "CLERK_OAUTH_CLIENT_IDS"],
        ),
        (&[("CLERK_OAUTH_CLIENT_IDS", "client_1")], &["set CLERK_SECRET_KEY too"]),
        (
            &[("CLERK_SECRET_KEY", "sk x"), ("CLERK_OAUTH_CLIENT_IDS", "client_1")],
            &["`clerk.secret_key` is `***`", "copy it again"],
        ),
        (&[("CLERK_ALLOWED_ORGANIZATION_IDS", "")], &["everyone who can sign in", "[[rules]]"]),
        (
            &[("MCP_AUTH_TOKEN", "0123456789abcdef"), ("MCP_AUTH_MODE", "clerk")],
            &["`auth.token` is set"],
        ),
    ];
    for (change, told) in cases {
        let found = problems(&changed(change));
        let [found] = &*found else { panic!("{change:?}: {found:?}") };
        assert!(told.iter().all(|text| found.contains(text)), "{change:?}: {found}");
    }
}

#[test]
fn rules_are_a_constraint_too() {
    let rules = "[[rules]]\nwhen.organisations = [\"org_1\"]\nwhen.roles = [\"admin\"]\n";
    let whole: Vec<_> =
        WHOLE.iter().copied().filter(|(name, _)| !name.contains("ALLOWED")).collect();
    assert_eq!(config(&with_file(rules, &whole)).auth.mode.as_str(), "clerk");
}

#[test]
fn a_token_alone_still_means_bearer() {
    let token = ("MCP_AUTH_TOKEN", "0123456789abcdef");
    let loaded = load(&inputs(&[token, ("CLERK_ISSUER", CLERK)]));
    assert_eq!(loaded.config.unwrap().auth.mode.as_str(), "bearer");
    let said = "`clerk.issuer`: not used, because `auth.mode` is `bearer`";
    assert!(loaded.warnings.iter().any(|it| it == said), "{:?}", loaded.warnings);
}
