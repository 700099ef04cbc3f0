//! What tools send and what the sandbox answers, held to Portkey's official description where that
//! is present: `../shared/portkey/openapi.yaml` beside the checkout, or the file that
//! `PORTKEY_OPENAPI` names.

use std::{env, path::PathBuf};

/// The file of the description, where there is one.
pub fn description() -> Option<PathBuf> {
    if let Some(named) = env::var_os("PORTKEY_OPENAPI") {
        let named = PathBuf::from(named);
        assert!(named.is_file(), "PORTKEY_OPENAPI names {}, which is no file", named.display());
        return Some(named);
    }
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/portkey/openapi.yaml");
    Some(PathBuf::from(beside)).filter(|path| path.is_file())
}
