//! The README's lists are what the tables say; rewritten with `UPDATE=1`.

use std::{fmt::Write as _, sync::Mutex};

use portkey_admin_mcp::{
    resources::{RESOURCES, Resource, TEMPLATES},
    runbooks::{RUNBOOKS, Runbook},
    tool::Effect,
    tools::DOMAINS,
};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

/// Holds what is between two marks of the README to `list`, or writes it there.
fn hold(name: &str, list: &str) {
    // Several tests write the one file.
    static WRITING: Mutex<()> = Mutex::new(());
    let _alone = WRITING.lock();
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let readme = std::fs::read_to_string(FILE).unwrap();
    let (before, rest) = readme.split_once(&begin).unwrap();
    let (written, after) = rest.split_once(&end).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(FILE, format!("{before}{begin}{list}{end}{after}")).unwrap();
        return;
    }
    assert_eq!(written, list, "run with UPDATE=1");
}

#[test]
fn prompts_and_resources_are_those_that_are_served() {
    let mut list = String::from("| prompt | leads to | arguments | needs |\n|---|---|---|---|\n");
    for Runbook { name, about, arguments, needs, .. } in RUNBOOKS {
        let arguments: Vec<_> = arguments
            .iter()
            .map(|it| format!("`{}`{}", it.name, if it.required { "" } else { "?" }))
            .collect();
        writeln!(list, "| `{name}` | {about} | {} | `{needs}` |", arguments.join(", ")).unwrap();
    }
    hold("runbooks", &list);
    let mut list = String::from("| resource | what it is |\n|---|---|\n");
    for Resource { uri, about, .. } in RESOURCES {
        writeln!(list, "| `{uri}` | {about} |").unwrap();
    }
    for template in TEMPLATES {
        let (uri, about, tool) = (template.uri(), template.about, template.tool);
        writeln!(list, "| `{uri}` | {about} Read by `{tool}`. |").unwrap();
    }
    hold("resources", &list);
}

#[test]
fn the_tools_by_domain_are_those_of_the_catalogue() {
    let mut list =
        String::from("| domain | reads | adds | replaces | destroys |\n|---|---|---|---|---|\n");
    for (domain, tools) in DOMAINS {
        let of = |effect| {
            let names = tools.iter().filter(|tool| tool.effect == effect);
            names.map(|tool| format!("`{}`", tool.name)).collect::<Vec<_>>().join(", ")
        };
        let [reads, adds, replaces, destroys] =
            [Effect::Reads, Effect::Adds, Effect::Replaces, Effect::Destroys].map(of);
        writeln!(
            list,
            "| {domain} ({}) | {reads} | {adds} | {replaces} | {destroys} |",
            tools.len()
        )
        .unwrap();
    }
    hold("tools", &list);
}
