//! What is wrong with a configuration, one line each: key, value, source and remedy.

use std::fmt;

use super::{keys::Key, values::Setting};

/// One thing that keeps the process from starting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(String);

impl Problem {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A value that cannot stand, and what to do.
    pub fn with(key: &Key, setting: &Setting, remedy: impl fmt::Display) -> Self {
        let shown = setting.shown(key);
        Self(format!("`{}` is `{shown}` ({}): {remedy}", key.path, setting.source))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// All that is wrong with a configuration, found in one go.
#[derive(Debug, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}
