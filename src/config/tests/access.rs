//! Tokens, rules, and what callers can show under each mode.

use super::*;

const TOKEN: (&str, &str) = ("MCP_AUTH_TOKEN", "0123456789abcdef");
/// SHA-256 of [`TOKEN`].
const ITS_HASH: &str = "9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f";
const OTHER_HASH: &str = "1111111111111111111111111111111111111111111111111111111111111111";
const WHOLE_OF_CLERK: &[(&str, &str)] = &[
    ("CLERK_ISSUER", CLERK),
    ("CLERK_AUDIENCE", "https://mcp.example.com/mcp"),
    ("MCP_PUBLIC_BASE_URL", "https://mcp.example.com"),
];

fn of_clerk(rules: &str, more: &[(&str, &str)]) -> Vec<String> {
    problems(&with_file(rules, &[WHOLE_OF_CLERK, more].concat()))
}

#[track_caller]
fn told(found: &[String], wanted: &[&str]) {
    let [found] = found else { panic!("{wanted:?}: {found:#?}") };
    for text in wanted {
        assert!(found.contains(text), "{text}: {found}");
    }
}

/// Whoever may create an organisation has every role in it.
#[test]
fn a_role_counts_only_in_an_organisation_that_is_named() {
    let members = ("CLERK_ALLOWED_ORGANIZATION_IDS", "org_1");
    let people = ("CLERK_ALLOWED_SUBJECTS", "user_1");
    for (variable, key) in [
        ("CLERK_ALLOWED_ROLES", "`clerk.allowed_roles` is `org:admin`"),
        ("CLERK_REQUIRED_PERMISSIONS", "`clerk.required_permissions` is `org:admin`"),
    ] {
        let role = (variable, "org:admin");
        let remedy = "set CLERK_ALLOWED_ORGANIZATION_IDS or CLERK_ALLOWED_SUBJECTS too";
        told(&of_clerk("", &[role]), &[key, variable, remedy]);
        for named in [members, people] {
            assert_eq!(of_clerk("", &[role, named]), [""; 0], "{variable} {named:?}");
        }
    }
    for condition in ["roles", "permissions"] {
        let rule = format!("[[rules]]\nname = \"all\"\n[rules.when]\n{condition} = [\"admin\"]\n");
        let wanted =
            format!("`rules[0]` (all): `when.{condition}` says nothing without an organisation");
        told(&of_clerk(&rule, &[]), &[&wanted, "add `when.organisations` or `when.subjects`"]);
        // One whom the variable lets in could give the role to itself.
        told(&of_clerk(&rule, &[people]), &[&wanted]);
        assert_eq!(of_clerk(&rule, &[members]), [""; 0], "{condition}");
        for narrow in ["organisations = [\"org_1\"]", "subjects = [\"user_1\"]"] {
            assert_eq!(of_clerk(&format!("{rule}{narrow}"), &[]), [""; 0], "{condition} {narrow}");
        }
    }
}

#[test]
fn a_condition_that_nobody_can_meet_is_refused() {
    let rule = |condition: &str| {
        // Without the first rule everybody would fall through to the second.
        format!(
            "[[rules]]\neffects = [\"reads\"]\n[rules.when]\n{condition} = [\"default\"]\n\
             [[rules]]\n[rules.when]\n"
        )
    };
    for condition in ["subjects", "organisations", "roles", "permissions"] {
        let text = rule(condition) + "tokens = [\"default\"]";
        let wanted = format!("`rules[0]`: `when.{condition}` is never met");
        let found = problems(&with_file(&text, &[TOKEN]));
        told(&found, &[&wanted, "`auth.mode` is `bearer`", "`tokens`", "MCP_AUTH_MODE=clerk"]);
    }
    let text = rule("tokens") + "organisations = [\"org_1\"]";
    let wanted = ["`rules[0]`: `when.tokens` is never met", "`auth.mode` is `clerk`", "=bearer"];
    told(&of_clerk(&text, &[]), &wanted);
    let text = rule("certificates") + "tokens = [\"default\"]";
    let wanted = ["`rules[0]`: `when.certificates` is never met", "set MCP_TLS_CLIENT_CA_PATH"];
    told(&problems(&with_file(&text, &[TOKEN])), &wanted);
    let text = rule("certificates") + "organisations = [\"org_1\"]";
    told(&of_clerk(&text, &[]), &wanted);
    // Where nobody is let in, the rules may be for another process.
    let inputs = with_file(&rule("subjects"), &[TOKEN]);
    let found = problems(&Inputs { purpose: Purpose::Client, ..inputs });
    told(&found, &["`rules[1]`: `when` is empty"]);
}

#[test]
fn named_tokens_alone_mean_that_they_are_asked_for() {
    let file = format!("[tokens.ci]\nsha256 = \"{OTHER_HASH}\"\n");
    let config = config(&with_file(&file, &[("MCP_HOST", "0.0.0.0")]));
    assert_eq!(config.auth.mode.as_str(), "bearer");
    assert!(config.auth.is_uniform());
    for mode in ["none", "clerk"] {
        let mode = [("MCP_AUTH_MODE", mode), ("CLERK_ALLOWED_SUBJECTS", "user_1")];
        let inputs = with_file(&file, &[WHOLE_OF_CLERK, &mode].concat());
        let wanted = format!("`auth.mode` is `{}` (env:MCP_AUTH_MODE): but `[tokens]`", mode[0].1);
        told(&problems(&inputs), &[&wanted, "`bearer`"]);
        let client = Inputs { purpose: Purpose::Client, ..inputs };
        assert_eq!(problems(&client), [""; 0], "nobody is let in");
    }
}

#[test]
fn a_token_has_one_name() {
    let file = |one: &str, other: &str| {
        format!("[tokens.a]\nsha256 = \"{one}\"\n[tokens.b]\nsha256 = \"{other}\"\n")
    };
    let found = problems(&with_file(&file(OTHER_HASH, OTHER_HASH), &[]));
    told(&found, &["`tokens.b` (file:", "`tokens.a`", "`openssl rand -hex 32`"]);
    assert!(!found[0].contains("1111"), "{found:?}");
    let found = problems(&with_file(&file(OTHER_HASH, &ITS_HASH.to_uppercase()), &[TOKEN]));
    told(&found, &["`auth.token` is `***` (env:MCP_AUTH_TOKEN)", "`tokens.b`"]);
    assert_eq!(problems(&with_file(&file(OTHER_HASH, ITS_HASH), &[])), [""; 0]);
}

#[test]
fn a_list_with_nothing_in_it_is_no_list() {
    let members = "CLERK_ALLOWED_ORGANIZATION_IDS";
    let people = ("CLERK_ALLOWED_SUBJECTS", "user_1");
    // `"${A},${B}"`, neither set.
    for text in [",", " , ", "org_1,", ",org_1", "org_1,,org_2"] {
        let found = of_clerk("", &[(members, text), people]);
        let start = "`clerk.allowed_organization_ids` is `";
        told(&found, &[start, "(env:CLERK_ALLOWED_ORGANIZATION_IDS)", "one of these is empty"]);
        assert_eq!(of_clerk("", &[(members, text)]).len(), 1, "told once");
    }
    assert_eq!(problems(&inputs(&[("CLERK_AUDIENCE", ","), ("MCP_AUTH_MODE", "none")])).len(), 1);
    for list in ["[\"\"]", "[\"org_1\", \" \"]", "\" \""] {
        let file = format!("[clerk]\nallowed_organization_ids = {list}");
        told(&of_clerk(&file, &[people]), &["(file:", "one of these is empty"]);
    }
    for list in ["[]", "\"\""] {
        let file = format!("[clerk]\nallowed_organization_ids = {list}");
        assert_eq!(of_clerk(&file, &[people]), [""; 0], "not set");
    }
}

#[test]
fn the_examples_of_the_documentation_are_good() {
    let page = include_str!("../../../docs/auth.md");
    let blocks = page.split("```toml\n").skip(1);
    let examples: Vec<_> = blocks.map(|block| block.split("```").next().unwrap()).collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        let text = example.replace("…64 hexadecimal digits…", OTHER_HASH);
        let environment = if text.contains("[tokens") { &[] } else { WHOLE_OF_CLERK };
        let explained =
            Inputs { purpose: Purpose::Explain, sandbox: false, ..with_file(&text, environment) };
        assert_eq!(problems(&explained), [""; 0], "{text}");
    }
}
