//! What is wrong with arguments, as a list that stays readable however much that is.

/// So many problems are told at most; a caller with more has another tool in mind.
const MOST: usize = 20;
/// So much of a path is told; the names in it are the caller's.
const MOST_CHARS: usize = 240;

/// One thing that is wrong with the arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Path of the argument, such as `config.targets[0].weight`; empty for the whole.
    pub argument: String,
    /// What is wrong and what would be right; never the value.
    pub why: String,
}

/// The first problems that were found, each once.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    pub fn add(&mut self, argument: &str, why: impl Into<String>) {
        let argument = argument.chars().take(MOST_CHARS).collect();
        let problem = Problem { argument, why: why.into() };
        if !self.is_full() && !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }

    /// Whether no more is told.
    pub fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }

    /// # Errors
    /// If there are problems.
    pub fn into_result(self) -> Result<(), Vec<Problem>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}
