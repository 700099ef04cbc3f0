//! What the commands write.

use std::io::{self, Write};

/// Standard output and standard error. A reader that has gone away is no error: what is written
/// after that is dropped.
#[derive(Debug, Default)]
pub struct Output {
    closed: bool,
}

impl Output {
    /// Writes `text` and a line break to standard output.
    pub fn line(&mut self, text: &str) {
        self.text(text);
        self.text("\n");
    }

    /// Writes `text` to standard output.
    pub fn text(&mut self, text: &str) {
        if !self.closed {
            let mut stdout = io::stdout().lock();
            let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
            self.closed = written.is_err();
        }
    }

    /// Writes one line to standard error that is for programs.
    pub fn report(&mut self, json: &str) {
        // There is nowhere left to report a failure of this.
        let _ = writeln!(io::stderr().lock(), "{json}");
    }

    /// Writes one line to standard error that says whose it is.
    pub fn error(&mut self, line: &str) {
        // There is nowhere left to report a failure of this.
        let _ = writeln!(io::stderr().lock(), "portkey-admin-mcp: {line}");
    }
}
