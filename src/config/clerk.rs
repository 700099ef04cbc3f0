//! What must hold of `[clerk]`.

use secrecy::ExposeSecret;
use url::Url;

use super::{
    check::fault,
    keys::{KEYS, Key, Kind, find},
    problem::Problem,
    read::Reader,
    values::Values,
};
use crate::{auth::clerk, http};

/// Where every user of the application could do everything.
pub const ANYONE: &str = "`auth.mode` is `clerk`, and everyone who can sign in would be let in: set \
    CLERK_ALLOWED_ORGANIZATION_IDS or CLERK_ALLOWED_SUBJECTS, or write [[rules]]";
/// Who gets in: by name, and by what is given within an organisation.
const BY_NAME: [&str; 2] = ["clerk.allowed_organization_ids", "clerk.allowed_subjects"];
const WITHIN: [&str; 2] = ["clerk.allowed_roles", "clerk.required_permissions"];

/// Keys of the section that were set.
pub fn given(values: &Values) -> impl Iterator<Item = &'static str> {
    let keys = KEYS.iter().map(|key: &Key| key.path);
    keys.filter(|path| path.starts_with("clerk.") && values.is_given(path))
}

/// Variables of what was set and does something: a flag that is off does nothing.
fn in_force(reader: Reader<'_>) -> Vec<&'static str> {
    let keys = given(reader.0).filter_map(find);
    let keys = keys.filter(|key| key.kind != Kind::Flag || reader.flag(key.path));
    keys.filter_map(|key| key.env.first().copied()).collect()
}

/// The section, and what it needs besides; every problem is noted.
pub fn settings(
    reader: Reader<'_>,
    http: &http::Settings,
    problems: &mut Vec<Problem>,
) -> Option<clerk::Settings> {
    let before = problems.len();
    let needs = |path: &str, example: &str, problems: &mut Vec<Problem>| {
        // One that was given and is no good has been told already.
        if !reader.0.is_given(path) {
            problems.push(Problem::new(format!(
                "`auth.mode` is `clerk` but `{path}` is not set: set {example}"
            )));
        }
    };
    let issuer = reader.url("clerk.issuer");
    match &issuer {
        None => needs("clerk.issuer", "CLERK_ISSUER to Clerk's Frontend API URL", problems),
        Some(url) if !is_plain(url) => {
            let remedy = "write an `https://` URL without query and fragment";
            fault(reader, "clerk.issuer", remedy, problems);
        }
        Some(_) => {}
    }
    let audience = reader.list("clerk.audience");
    if audience.is_empty() {
        let example = "CLERK_AUDIENCE to what tokens for this server name as `aud`, as its URL";
        needs("clerk.audience", example, problems);
    }
    if http.public_base_url.is_none() {
        let example = "MCP_PUBLIC_BASE_URL to what clients see in front of `/mcp`";
        needs("http.public_base_url", example, problems);
    }
    let algorithms = algorithms(reader, problems);
    let opaque = opaque(reader, problems);
    let jwks_url = match reader.url("clerk.jwks_url") {
        None => issuer.map(|mut url| {
            url.set_path(&format!("{}/.well-known/jwks.json", url.path().trim_end_matches('/')));
            url
        }),
        Some(url) => Some(url),
    };
    for path in ["clerk.jwks_url", "clerk.api_url"] {
        if reader.url(path).is_some_and(|url| url.scheme() != "https") {
            fault(reader, path, "write an `https://` URL", problems);
        }
    }
    let found = clerk::Settings {
        issuer: reader.word("clerk.issuer").to_owned(),
        audience,
        jwks_url: jwks_url?,
        algorithms,
        authorized_parties: reader.list("clerk.authorized_parties"),
        constraints: constraints(reader),
        opaque,
        mirror: reader.flag("clerk.oauth_metadata_mirror"),
        given: in_force(reader),
    };
    (problems.len() == before).then_some(found)
}

/// What every token has to show.
pub fn constraints(reader: Reader<'_>) -> clerk::Constraints {
    clerk::Constraints {
        subjects: reader.list("clerk.allowed_subjects"),
        organisations: reader.list("clerk.allowed_organization_ids"),
        roles: reader.list("clerk.allowed_roles"),
        permissions: reader.list("clerk.required_permissions"),
    }
}

/// Whether any of them was given.
pub fn is_constrained(reader: Reader<'_>) -> bool {
    BY_NAME.iter().chain(&WITHIN).any(|path| reader.0.is_given(path))
}

/// Roles and permissions are an organisation's: whoever may create one has them all there.
pub fn needs_an_organisation(reader: Reader<'_>, problems: &mut Vec<Problem>) {
    if BY_NAME.iter().any(|path| reader.0.is_given(path)) {
        return;
    }
    for path in WITHIN.iter().filter(|path| reader.0.is_given(path)) {
        let remedy = "it says nothing without an organisation, for whoever may create one has every \
                      role in it: set CLERK_ALLOWED_ORGANIZATION_IDS or CLERK_ALLOWED_SUBJECTS too";
        fault(reader, path, remedy, problems);
    }
}

/// What the issuer's name may be: it is compared to the letter, and addresses are made from it.
fn is_plain(url: &Url) -> bool {
    url.scheme() == "https" && url.query().is_none() && url.fragment().is_none()
}

fn algorithms(reader: Reader<'_>, problems: &mut Vec<Problem>) -> Vec<jsonwebtoken::Algorithm> {
    let names = reader.list("clerk.algorithms");
    let known = |name: &String| {
        let found = clerk::ALGORITHMS.iter().find(|(known, _)| known == name);
        found.map(|(_, algorithm)| *algorithm)
    };
    let algorithms: Vec<_> = names.iter().filter_map(known).collect();
    if algorithms.is_empty() || algorithms.len() < names.len() {
        let known: Vec<&str> = clerk::ALGORITHMS.iter().map(|(name, _)| *name).collect();
        let remedy = format!("write some of `{}`", known.join("`, `"));
        fault(reader, "clerk.algorithms", &remedy, problems);
    }
    algorithms
}

/// Opaque tokens need both: the key to ask with, and whose tokens are for this server.
fn opaque(reader: Reader<'_>, problems: &mut Vec<Problem>) -> Option<clerk::Opaque> {
    let client_ids = reader.list("clerk.oauth_client_ids");
    match (reader.secret("clerk.secret_key"), client_ids.is_empty()) {
        (Some(secret_key), false) => {
            if !secret_key.expose_secret().bytes().all(|byte| byte.is_ascii_graphic()) {
                let remedy = "it holds characters that no header can carry; copy it again";
                fault(reader, "clerk.secret_key", remedy, problems);
            }
            let api_url = reader.url("clerk.api_url")?;
            Some(clerk::Opaque { secret_key, client_ids, api_url })
        }
        (Some(_), true) => {
            let remedy = "set CLERK_OAUTH_CLIENT_IDS too: without it the opaque tokens of every \
                          OAuth application would be taken; or unset it";
            fault(reader, "clerk.secret_key", remedy, problems);
            None
        }
        (None, false) if !reader.0.is_given("clerk.secret_key") => {
            let remedy = "set CLERK_SECRET_KEY too, with which opaque tokens are verified; or \
                          unset it";
            fault(reader, "clerk.oauth_client_ids", remedy, problems);
            None
        }
        (None, _) => None,
    }
}
