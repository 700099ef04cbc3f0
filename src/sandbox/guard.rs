//! Guardrails at work: what the organisation and the workspace enforce on prompts that are run.
//!
//! The organisation's defaults hold unless the workspace is let off; the workspace's own come
//! after. Only checks that need nobody else are carried out, the others pass.

use serde_json::Value;

use super::{
    enforcement::{DEFAULTS, EXCLUSIONS},
    store::{Row, Store},
};

/// Before or after the model.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Input,
    Output,
}

impl Side {
    /// Name of the lists that hold its guardrails.
    fn list(self) -> &'static str {
        match self {
            Self::Input => "input_guardrails",
            Self::Output => "output_guardrails",
        }
    }

    /// Name under which workspaces are let off.
    fn exclusion(self) -> &'static str {
        match self {
            Self::Input => "input-guardrails",
            Self::Output => "output-guardrails",
        }
    }
}

/// The first guardrail that denies this text.
pub(super) fn denies<'a>(
    store: &'a Store,
    organisation: usize,
    workspace: &str,
    side: Side,
    text: &str,
) -> Option<&'a str> {
    let mut named: Vec<&str> = Vec::new();
    let let_off = store.rows(EXCLUSIONS).iter().any(|row| {
        row.organisation == organisation
            && row.text("kind") == Some(side.exclusion())
            && row.text("workspace_id") == Some(workspace)
    });
    let everywhere = store.rows(DEFAULTS).iter().filter(|row| row.organisation == organisation);
    for row in everywhere.filter(|_| !let_off) {
        let list = row.fields.get(side.list()).and_then(Value::as_array);
        named.extend(list.into_iter().flatten().filter_map(|row| row.get("id")?.as_str()));
    }
    if let Some(row) = store.find("workspaces", organisation, workspace) {
        let list = row.fields.get("defaults").and_then(|defaults| defaults.get(side.list()));
        let list = list.and_then(Value::as_array).into_iter().flatten();
        named.extend(list.filter_map(Value::as_str));
    }
    let guardrails =
        named.into_iter().filter_map(|key| store.find("guardrails", organisation, key));
    guardrails.filter(|row| fails(row, text)).find_map(|row| row.text("name"))
}

/// Whether a check that may refuse the request fails.
fn fails(row: &Row, text: &str) -> bool {
    let action = |name: &str| {
        let flag = row.fields.get("actions").and_then(|actions| actions.get(name));
        flag == Some(&Value::Bool(true))
    };
    let checks = row.fields.get("checks").and_then(Value::as_array).into_iter().flatten();
    action("deny")
        && !action("async")
        && checks
            .filter(|check| check.get("is_enabled") != Some(&Value::Bool(false)))
            .any(|check| !passes(check, text))
}

fn passes(check: &Value, text: &str) -> bool {
    let parameter = |name: &str| check.get("parameters").and_then(|it| it.get(name));
    let number =
        |name: &str, default: u64| parameter(name).and_then(Value::as_u64).unwrap_or(default);
    let between = |count: usize, min: &str, max: &str| {
        (number(min, 0)..=number(max, u64::MAX)).contains(&(count as u64))
    };
    let inverted = parameter("not") == Some(&Value::Bool(true));
    let text_of = |name: &str| parameter(name).and_then(Value::as_str).unwrap_or_default();
    match check.get("id").and_then(Value::as_str).unwrap_or_default() {
        "default.contains" => {
            let words = parameter("words").and_then(Value::as_array).into_iter().flatten();
            let mut found = words.map(|word| word.as_str().is_some_and(|word| text.contains(word)));
            match text_of("operator") {
                "all" => found.all(|found| found),
                "none" => !found.any(|found| found),
                _ => found.any(|found| found),
            }
        }
        "default.wordCount" => {
            between(text.split_whitespace().count(), "minWords", "maxWords") != inverted
        }
        "default.characterCount" => {
            between(text.chars().count(), "minCharacters", "maxCharacters") != inverted
        }
        "default.endsWith" => text.ends_with(text_of("suffix")) != inverted,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn checks_that_need_nobody_else_are_carried_out() {
        let check = |id: &str, parameters: Value| json!({ "id": id, "parameters": parameters });
        for (check, fits) in [
            (check("default.contains", json!({ "words": ["two", "x"] })), true),
            (check("default.contains", json!({ "words": ["two", "x"], "operator": "all" })), false),
            (check("default.contains", json!({ "words": ["x"], "operator": "none" })), true),
            (check("default.contains", json!({ "words": ["one"], "operator": "none" })), false),
            (check("default.wordCount", json!({ "maxWords": 2 })), true),
            (check("default.wordCount", json!({ "minWords": 3 })), false),
            (check("default.wordCount", json!({ "minWords": 3, "not": true })), true),
            (check("default.characterCount", json!({ "maxCharacters": 6 })), false),
            (check("default.endsWith", json!({ "suffix": "two" })), true),
            (check("default.endsWith", json!({ "suffix": "two", "not": true })), false),
            (check("portkey.pii", json!({})), true),
        ] {
            assert_eq!(passes(&check, "one two"), fits, "{check}");
        }
    }
}
