//! What has to hold of everything that reads bytes from outside, whatever the bytes: one function a
//! target, which panics where it does not hold.
//!
//! cargo-fuzz finds inputs for them (`fuzz/run`); what it found stands in `corpus/`, and `cargo test`
//! puts all of that to the same functions on stable Rust (`tests/it/fuzz.rs`).

mod config;
mod cursor;
mod endpoint;
mod envelope;
mod forwarded;
mod headers;
mod json;
mod mask;
mod request;
mod server;
mod text;
mod token;

use serde_json::Value;

type Check = fn(&[u8]);

/// Name and function of each target.
pub const TARGETS: [(&str, Check); 11] = [
    ("config", config::check),
    ("cursor", cursor::check),
    ("endpoint", endpoint::check),
    ("envelope", envelope::check),
    ("forwarded", forwarded::check),
    ("headers", headers::check),
    ("json", json::check),
    ("mask", mask::check),
    ("request", request::check),
    ("text", text::check),
    ("token", token::check),
];

/// Puts an input to a target.
///
/// # Panics
/// If something that has to hold does not, or there is no such target.
pub fn run(target: &str, input: &[u8]) {
    let (_, check) = TARGETS.iter().find(|(name, _)| *name == target).expect("a target");
    check(input);
}

/// Whether two ids of requests are one; -0 is 0.
fn same_id(one: &Value, other: &Value) -> bool {
    one == other || one.as_f64().is_some_and(|it| other.as_f64() == Some(it))
}

/// The first line of an input, and what comes after it.
fn line(input: &[u8]) -> (&[u8], &[u8]) {
    match input.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&input[..end], &input[end + 1..]),
        None => (input, b""),
    }
}
