//! The layers of a configuration, laid over each other: each key's text and where it came from.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
};

use toml::Value;

use super::{
    access::{TABLES, is_table},
    keys::{self, KEYS, Key, Kind},
    problem::Problem,
};
use crate::near::near;

const DEFAULTS: &str = include_str!("../../config/default.toml");
/// Longest file that a `…_FILE` variable may name.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Default,
    /// A default that depends on another key, and why it is this.
    Derived(&'static str),
    File(PathBuf),
    Env(String),
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Derived(why) => write!(f, "default, {why}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Env(name) => write!(f, "env:{name}"),
            Self::Flag(name) => write!(f, "flag:{name}"),
        }
    }
}

/// One key's value as it was written.
#[derive(Clone)]
pub struct Setting {
    pub texts: Vec<String>,
    pub source: Source,
}

impl Setting {
    /// The single text; empty where none is set.
    pub fn text(&self) -> &str {
        self.texts.first().map_or("", String::as_str)
    }

    /// The value as it may be shown.
    pub fn shown(&self, key: &Key) -> String {
        let text = self.texts.join(",");
        match key.kind {
            _ if key.secret && !text.is_empty() => "***".into(),
            Kind::Url => without_secrets(&text),
            _ => text,
        }
    }
}

/// A URL, or what was meant as one: user name, password, query and fragment may be secrets.
fn without_secrets(text: &str) -> String {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), text),
    };
    let (rest, query) = match rest.find(['?', '#']).and_then(|at| rest.split_at_checked(at)) {
        // What stands before may be half a password.
        Some((_, query)) if query.contains('@') => ("***", ""),
        Some((rest, query)) => (rest, query),
        None => (rest, ""),
    };
    let host =
        rest.rsplit_once('@').map_or_else(|| rest.to_owned(), |(_, host)| format!("***@{host}"));
    let mark = query.get(..1).map_or_else(String::new, |mark| format!("{mark}***"));
    format!("{scheme}{host}{mark}")
}

/// Every key's value. Debug shows nothing of them.
#[derive(Clone, Default)]
pub struct Values {
    settings: BTreeMap<&'static str, Setting>,
    /// Sections of a file that are no single values, as they stand there.
    tables: BTreeMap<&'static str, (Value, Source)>,
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values").finish_non_exhaustive()
    }
}

impl Values {
    /// The values of `config/default.toml`.
    pub fn defaults(problems: &mut Vec<Problem>) -> Self {
        let mut values = Self::default();
        values.overlay_toml(DEFAULTS, &Source::Default, problems);
        values
    }

    pub fn get(&self, path: &str) -> Option<&Setting> {
        self.settings.get(path)
    }

    /// A section that is no single values.
    pub fn table(&self, section: &str) -> Option<&(Value, Source)> {
        self.tables.get(section)
    }

    /// Every entry of such a section by its name, with where it stands.
    pub fn tables_by_name(&self) -> Vec<(String, &Source)> {
        let mut names = Vec::new();
        for (section, (value, source)) in &self.tables {
            match value {
                Value::Table(entries) => {
                    names.extend(entries.keys().map(|name| (format!("{section}.{name}"), source)));
                }
                Value::Array(rules) => {
                    names.extend((0..rules.len()).map(|i| (format!("{section}[{i}]"), source)));
                }
                _ => {}
            }
        }
        names
    }

    pub fn set(&mut self, path: &'static str, texts: Vec<String>, source: Source) {
        self.settings.insert(path, Setting { texts, source });
    }

    /// Puts `path` back to its default.
    pub fn reset(&mut self, path: &str) {
        if let (Some(setting), Some(default)) =
            (self.settings.get_mut(path), Self::defaults(&mut Vec::new()).settings.remove(path))
        {
            *setting = default;
        }
    }

    /// Whether `path` was set to something by anyone.
    pub fn is_given(&self, path: &str) -> bool {
        self.get(path).is_some_and(|setting| setting.source != Source::Default)
    }

    pub fn overlay_file(&mut self, path: &Path, problems: &mut Vec<Problem>) {
        match std::fs::read_to_string(path) {
            Ok(text) => self.overlay_toml(&text, &Source::File(path.into()), problems),
            Err(error) => problems.push(Problem::new(format!(
                "configuration file `{}` cannot be read ({error}): correct --config or MCP_CONFIG",
                path.display()
            ))),
        }
    }

    fn overlay_toml(&mut self, text: &str, source: &Source, problems: &mut Vec<Problem>) {
        let table: toml::Table = match text.parse() {
            Ok(table) => table,
            Err(error) => {
                // The error's own Display quotes the line, which may hold a secret.
                let line = error.span().map_or(0, |span| {
                    text.get(..span.start).unwrap_or(text).matches('\n').count() + 1
                });
                let what = error.message();
                problems.push(Problem::new(format!("{source}, line {line}: not TOML ({what})")));
                return;
            }
        };
        for (section, value) in table {
            if let Some(name) = TABLES.into_iter().find(|name| *name == section) {
                if is_table(name, &value) {
                    self.tables.insert(name, (value, source.clone()));
                } else {
                    let form = if name == "rules" { "[[rules]]" } else { "[SECTION.NAME]" };
                    problems.push(Problem::new(format!(
                        "`{name}` ({source}) has to be written as `{form}`"
                    )));
                }
                continue;
            }
            let Value::Table(entries) = value else {
                problems.push(unknown(&section, source));
                continue;
            };
            for (name, value) in entries {
                let path = format!("{section}.{name}");
                let Some(key) = keys::find(&path) else {
                    problems.push(unknown(&path, source));
                    continue;
                };
                // Empty is "not set": what lies below stays. A list of empty texts is a mistake.
                let is_list = key.kind == Kind::List && value.is_array();
                let is_empty = |texts: &[String]| {
                    texts.is_empty() || !is_list && texts.iter().all(String::is_empty)
                };
                match texts(value) {
                    Some(texts) if *source != Source::Default && is_empty(&texts) => {}
                    Some(texts) => self.set(key.path, texts, source.clone()),
                    None => problems.push(Problem::new(format!(
                        "`{path}` ({source}) is neither a single value nor a list of texts: {}",
                        super::read::expected(key.kind)
                    ))),
                }
            }
        }
    }

    /// Lays the environment over the values: each key's first variable that is set and not empty.
    pub fn overlay_environment(
        &mut self,
        environment: &BTreeMap<String, String>,
        problems: &mut Vec<Problem>,
    ) {
        let set = |name: &str| environment.get(name).filter(|value| !value.trim().is_empty());
        for key in KEYS {
            if let (Kind::List, [name, alias]) = (key.kind, key.env)
                && let (Some(one), Some(other)) = (set(name), set(alias))
                && parts(one).collect::<BTreeSet<_>>() != parts(other).collect()
            {
                problems.push(Problem::new(format!(
                    "`{name}` and `{alias}` are two names of `{}` and differ: unset one of them",
                    key.path
                )));
            }
            for &name in key.env {
                let file_name = format!("{name}_FILE");
                let file = set(&file_name).filter(|_| key.secret);
                let text = match (set(name), file) {
                    (Some(_), Some(_)) => {
                        Err(format!("`{name}` and `{file_name}` are both set: unset one of them"))
                    }
                    (Some(text), None) => Ok((text.clone(), name.to_owned())),
                    (None, Some(path)) => secret_file(Path::new(path))
                        .map(|text| (text, file_name.clone()))
                        .map_err(|why| {
                            format!(
                                "`{file_name}` names a file that {why}: correct the path or \
                                     the file"
                            )
                        }),
                    (None, None) => continue,
                };
                match text {
                    Ok((text, name)) => {
                        let texts = if key.kind == Kind::List {
                            parts(&text).map(str::to_owned).collect()
                        } else {
                            vec![if key.secret { text } else { text.trim().to_owned() }]
                        };
                        self.set(key.path, texts, Source::Env(name));
                    }
                    Err(why) => {
                        problems.push(Problem::new(why));
                        // Given, although not known: nobody shall ask for it as well.
                        self.set(key.path, Vec::new(), Source::Env(file_name));
                    }
                }
                break;
            }
        }
    }
}

/// The texts of a list in a variable.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim)
}

/// A secret's file without the newline at its end.
pub fn secret_file(path: &Path) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|error| format!("cannot be read ({error})"))?.len();
    if size > MAX_SECRET_BYTES {
        return Err(format!("is longer than {MAX_SECRET_BYTES} bytes"));
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("cannot be read ({})", error.kind()))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() { Err("is empty".into()) } else { Ok(text.to_owned()) }
}

fn texts(value: Value) -> Option<Vec<String>> {
    match value {
        Value::Array(items) => items.into_iter().map(scalar).collect(),
        other => scalar(other).map(|text| vec![text]),
    }
}

fn scalar(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(flag) => Some(flag.to_string()),
        Value::Float(_) | Value::Datetime(_) | Value::Array(_) | Value::Table(_) => None,
    }
}

fn unknown(path: &str, source: &Source) -> Problem {
    let hint = near(path, KEYS.iter().map(|key| key.path)).map_or_else(
        || "see config/default.toml for all keys".to_owned(),
        |key| format!("did you mean `{key}`?"),
    );
    Problem::new(format!("`{path}` ({source}) is not a key: {hint}"))
}
