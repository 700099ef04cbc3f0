//! The configuration: whatever is set, it is taken or refused with a reason, and no secret is ever
//! shown.
//!
//! Input: `NAME=value` a line up to an empty line, then a configuration file.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::LazyLock};

use portkey_admin_mcp::config::{Inputs, Purpose, load};

use super::line;

const CANARY: &str = "canary-5f1d0c9e";
const SECRETS: [&str; 5] = [
    "PORTKEY_API_KEY",
    "MCP_AUTH_TOKEN",
    "CLERK_SECRET_KEY",
    "RATE_LIMIT_REDIS_URL",
    "MCP_REDIS_URL",
];

static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
    folder.join(format!("portkey-admin-mcp-fuzz-{}.toml", std::process::id()))
});

pub fn check(input: &[u8]) {
    let mut environment = BTreeMap::new();
    let mut rest = input;
    loop {
        let (set, after) = line(rest);
        rest = after;
        if set.is_empty() {
            break;
        }
        let Some((name, value)) = std::str::from_utf8(set).ok().and_then(|it| it.split_once('='))
        else {
            continue;
        };
        // Which files there are is not for an input to choose.
        if name.ends_with("_FILE") || name.ends_with("_PATH") || name == "MCP_CONFIG" {
            continue;
        }
        let value = match SECRETS.contains(&name) {
            true if value.contains("://") => value.replacen("://", &format!("://u:{CANARY}@"), 1),
            true => format!("{CANARY}{value}"),
            false => value.to_owned(),
        };
        environment.insert(name.to_owned(), value);
    }
    let file = (!rest.is_empty()).then(|| {
        fs::write(&*FILE, rest).expect("a file");
        FILE.clone()
    });
    for (purpose, sandbox) in [(Purpose::Serve, false), (Purpose::Show, true)] {
        let (environment, file) = (environment.clone(), file.clone());
        let loaded = load(&Inputs { environment, file, sandbox, purpose, ..Inputs::default() });
        let mut told = loaded.warnings.join("\n") + &loaded.values.effective();
        match &loaded.config {
            Ok(config) => told += &format!("{config:?}"),
            Err(problems) => {
                assert!(!problems.0.is_empty(), "refused without a reason");
                told += &problems.to_string();
            }
        }
        assert!(!told.contains(CANARY), "a secret is shown: {told}");
    }
    if file.is_some() {
        // It is written anew for each input.
        let _ = fs::remove_file(&*FILE);
    }
}
