//! The configuration as people read it: the effective values, and the README's table of variables.

use std::fmt::Write as _;

use super::{
    keys::{KEYS, Key, Kind},
    values::{Setting, Values},
};

impl Values {
    /// Every key with its value and where that came from; secrets as `***`.
    pub fn effective(&self) -> String {
        let rows: Vec<(&Key, &Setting)> =
            KEYS.iter().filter_map(|key| Some((key, self.get(key.path)?))).collect();
        let width = rows.iter().map(|(key, _)| key.path.len()).max().unwrap_or_default();
        let mut lines = rows.iter().fold(String::new(), |mut lines, (key, setting)| {
            let shown = match setting.shown(key) {
                text if text.is_empty() => "(not set)".into(),
                text => text,
            };
            // Writing to a String cannot fail.
            let _ = writeln!(lines, "{:width$} = {shown}  [{}]", key.path, setting.source);
            lines
        });
        for (name, source) in self.tables_by_name() {
            let _ = writeln!(lines, "{name:width$} = ***  [{source}]");
        }
        lines
    }
}

/// The README's table of variables, in Markdown.
pub fn variables_table() -> String {
    let defaults = Values::defaults(&mut Vec::new());
    let mut table = String::from("| variable | default | what it sets |\n|---|---|---|\n");
    for key in KEYS.iter().filter(|key| !key.env.is_empty()) {
        let mut names: Vec<String> = key.env.iter().map(|name| format!("`{name}`")).collect();
        if key.secret {
            names.extend(key.env.iter().map(|name| format!("`{name}_FILE`")));
        }
        let default = match defaults.get(key.path).map_or("", Setting::text) {
            "" => String::new(),
            text => format!("`{text}`"),
        };
        let about = key.about;
        let form = match key.kind {
            Kind::Choice(words) => format!(": `{}`", words.join("`, `")),
            Kind::Flag => ": `true` or `false`".into(),
            Kind::Millis(..) => " (ms)".into(),
            Kind::Bytes(..) => " (bytes)".into(),
            Kind::List => " (separated by commas)".into(),
            Kind::Text | Kind::Url | Kind::Count(..) => String::new(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(table, "| {} | {default} | {about}{form} |", names.join(", "));
    }
    table.push_str("| `MCP_CONFIG` |  | configuration file, as `--config` |\n");
    table
}
