//! The README's list of tools is what the catalogue says; rewritten with `UPDATE=1`.

use std::fmt::Write as _;

use portkey_admin_mcp::{tool::Effect, tools::DOMAINS};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
const BEGIN: &str = "<!-- tools -->\n";
const END: &str = "<!-- /tools -->";

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
    let readme = std::fs::read_to_string(FILE).unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(FILE, format!("{before}{BEGIN}{list}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(written, list, "run with UPDATE=1");
}
