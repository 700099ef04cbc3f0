//! Tools that a longer text speaks of, and what to say of those that its reader does not have.

use super::{DOMAINS, Text};

/// The tools that `text` names in backticks, in the order of their first mention.
pub fn named_tools(text: Text) -> Vec<Text> {
    let mut tools = Vec::new();
    for word in text.split('`').skip(1).step_by(2) {
        if is_tool(word) && !tools.contains(&word) {
            tools.push(word);
        }
    }
    tools
}

/// What to add to `text` for a reader who does not see every tool in it: nothing, or a section.
pub fn absent(text: Text, sees: impl Fn(&str) -> bool) -> String {
    let names = named_tools(text).into_iter().filter(|name| !sees(name));
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        return String::new();
    }
    format!(
        "\n## Not available here\n\n{}: you may not use these tools on this server. Where a step \
         needs one, say so, and go on with what can be done.\n",
        names.join(", ")
    )
}

/// Whether this is the name of a tool, served by this process or not.
fn is_tool(name: &str) -> bool {
    DOMAINS.iter().any(|(_, tools)| tools.iter().any(|tool| tool.name == name))
}
