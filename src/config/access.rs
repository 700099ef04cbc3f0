//! `[credentials.NAME]`, `[tokens.NAME]` and `[[rules]]`: the parts of a file that are no single
//! values. No text here quotes a value, which could be a secret in the wrong place.

use std::{collections::BTreeMap, path::PathBuf};

use secrecy::SecretString;
use serde::{Deserialize, de::DeserializeOwned};
use toml::Value;
use url::Url;

use super::{
    Inputs,
    problem::Problem,
    values::{Values, secret_file},
};
use crate::auth::{Access, Bearer, DEFAULT_CREDENTIAL, Rule, Shown};

/// Sections of this kind.
pub const TABLES: [&str; 3] = ["credentials", "tokens", "rules"];

/// A Portkey key of the file, with the base URL that it goes to.
#[derive(Clone, Debug)]
pub struct Credential {
    pub name: String,
    pub key: SecretString,
    /// Absent: the one of `[portkey]`.
    pub base_url: Option<Url>,
    /// The seeded key that stands for it in the sandbox.
    pub sandbox_key: String,
}

/// What the file says of credentials, tokens and rules.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    pub credentials: Vec<Credential>,
    pub tokens: Vec<(String, Bearer)>,
    pub rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialEntry {
    key_env: Option<String>,
    key_file: Option<PathBuf>,
    base_url: Option<String>,
    sandbox_key: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenEntry {
    sha256: String,
}

impl Tables {
    /// Reads and checks them.
    pub fn read(values: &Values, inputs: &Inputs, problems: &mut Vec<Problem>) -> Self {
        let no_keys = inputs.sandbox || !inputs.purpose.sends();
        let environment = (!no_keys).then_some(&inputs.environment);
        let mut tables = Self::default();
        for (name, entry, at) in named::<CredentialEntry>(values, "credentials", problems) {
            match entry.credential(name, environment) {
                Ok(credential) => tables.credentials.push(credential),
                Err(why) => problems.push(Problem::new(format!("{at}: {why}"))),
            }
        }
        for (name, entry, at) in named::<TokenEntry>(values, "tokens", problems) {
            let Some(token) = Bearer::from_sha256(&entry.sha256) else {
                problems.push(Problem::new(format!(
                    "{at}: `sha256` has to be 64 hexadecimal digits, as of \
                     `printf %s \"$TOKEN\" | sha256sum`"
                )));
                continue;
            };
            if let Some((other, _)) = tables.tokens.iter().find(|(_, known)| *known == token) {
                problems.push(Problem::new(format!("{at}: {}", Bearer::same_as(other))));
            }
            tables.tokens.push((name, token));
        }
        if let Some((Value::Array(rules), source)) = values.table("rules") {
            for (i, rule) in rules.iter().enumerate() {
                let at = format!("`rules[{i}]` ({source})");
                tables.rules.extend(read::<Rule>(rule, &at, problems));
            }
        }
        tables
    }

    /// The variables that credentials name.
    pub fn variables(values: &Values) -> Vec<&str> {
        let Some((Value::Table(credentials), _)) = values.table("credentials") else {
            return Vec::new();
        };
        credentials.values().filter_map(|it| it.get("key_env")?.as_str()).collect()
    }

    /// Whether somebody calls with the credential of the environment.
    pub fn use_default(&self) -> bool {
        self.rules.is_empty()
            || self.rules.iter().any(|rule| match rule.credential.as_deref() {
                None => true,
                Some(name) => name == DEFAULT_CREDENTIAL,
            })
    }

    /// Who may use what; problems where a rule names what is not there, or asks for what callers
    /// do not show. Who they are may be open.
    pub fn access(
        &self,
        token_names: &[&str],
        shown: Option<&Shown>,
        problems: &mut Vec<Problem>,
    ) -> Access {
        if self.rules.is_empty() {
            if !self.credentials.is_empty() {
                problems.push(Problem::new(
                    "`[credentials]` are there, but no `[[rules]]` that say who uses them: add \
                     rules, or leave the credentials out",
                ));
            }
            return Access::open(DEFAULT_CREDENTIAL);
        }
        let mut credentials: Vec<&str> = self.credentials.iter().map(|it| &*it.name).collect();
        credentials.push(DEFAULT_CREDENTIAL);
        for (i, rule) in self.rules.iter().enumerate() {
            let name = rule.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
            let found = rule.problems(&credentials, token_names, shown);
            problems.extend(
                found.into_iter().map(|why| Problem::new(format!("`rules[{i}]`{name}: {why}"))),
            );
        }
        Access::rules(self.rules.clone())
    }
}

impl CredentialEntry {
    fn credential(
        self,
        name: String,
        environment: Option<&BTreeMap<String, String>>,
    ) -> Result<Credential, String> {
        if name == DEFAULT_CREDENTIAL {
            return Err(format!(
                "`{DEFAULT_CREDENTIAL}` is the name of PORTKEY_API_KEY: choose another"
            ));
        }
        let sandbox_key = self.sandbox_key.clone().unwrap_or_else(|| name.clone());
        // The sandbox has keys of its own, and what only explains needs none.
        let Some(environment) = environment else {
            let key = SecretString::default();
            return Ok(Credential { name, key, base_url: None, sandbox_key });
        };
        let base_url = match self.base_url.as_deref().map(Url::parse) {
            None => None,
            Some(Ok(url)) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
                Some(url)
            }
            Some(_) => return Err("`base_url` has to be a whole URL, as in https://HOST/v1".into()),
        };
        let key = self.key(environment)?;
        Ok(Credential { name, key, base_url, sandbox_key })
    }

    fn key(&self, environment: &BTreeMap<String, String>) -> Result<SecretString, String> {
        let text = match (&self.key_env, &self.key_file) {
            (Some(variable), None) => {
                let is_name = !variable.is_empty()
                    && variable
                        .bytes()
                        .all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == b'_');
                if !is_name {
                    return Err(
                        "`key_env` has to be the name of a variable, in capitals: the key \
                                itself does not belong into the file"
                            .into(),
                    );
                }
                let value = environment.get(variable).filter(|it| !it.trim().is_empty());
                value
                    .cloned()
                    .ok_or_else(|| format!("`key_env` names {variable}, which is not set"))?
            }
            (None, Some(path)) => {
                secret_file(path).map_err(|why| format!("`key_file` names a file that {why}"))?
            }
            _ => return Err("write `key_env` or `key_file`, one of them".into()),
        };
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(
                "the key holds spaces or characters that no header can carry; copy it again".into(),
            );
        }
        Ok(text.into())
    }
}

/// The entries of `[section.NAME]`, each with where it stands.
fn named<T: DeserializeOwned>(
    values: &Values,
    section: &str,
    problems: &mut Vec<Problem>,
) -> Vec<(String, T, String)> {
    let Some((Value::Table(entries), source)) = values.table(section) else { return Vec::new() };
    let mut read_entries = Vec::new();
    for (name, entry) in entries {
        let at = format!("`{section}.{name}` ({source})");
        let known = |it: u8| it.is_ascii_alphanumeric() || b"-_.".contains(&it);
        if name.is_empty() || name.len() > 64 || !name.bytes().all(known) {
            problems.push(Problem::new(format!(
                "{at}: a name has letters, digits and `-_.`, 64 at most"
            )));
            continue;
        }
        read_entries.extend(read(entry, &at, problems).map(|it| (name.clone(), it, at)));
    }
    read_entries
}

fn read<T: DeserializeOwned>(value: &Value, at: &str, problems: &mut Vec<Problem>) -> Option<T> {
    match T::deserialize(value.clone()) {
        Ok(read) => Some(read),
        Err(error) => {
            // Other messages quote values.
            let why = error.message().lines().next().unwrap_or_default();
            let is_safe = ["unknown field", "missing field", "unknown variant"]
                .iter()
                .any(|start| why.starts_with(start));
            let why = if is_safe { why } else { "a value has the wrong type" };
            problems.push(Problem::new(format!("{at}: {why}; docs/auth.md shows all fields")));
            None
        }
    }
}

/// What stands in a file for a section of this kind.
pub fn is_table(section: &str, value: &Value) -> bool {
    match section {
        "rules" => value.as_array().is_some_and(|rules| rules.iter().all(Value::is_table)),
        _ => value.as_table().is_some_and(|entries| entries.values().all(Value::is_table)),
    }
}
