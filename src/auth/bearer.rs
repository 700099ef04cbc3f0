//! The shared bearer token (RFC 6750), kept and compared as its SHA-256.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Shortest token that is taken. Sixteen random characters hold 64 bits even in hexadecimal, more
/// than can be tried over a network.
pub const MIN_TOKEN_CHARS: usize = 16;

/// The token that callers must show.
#[derive(Clone)]
pub struct Bearer([u8; 32]);

/// Why a token cannot be the server's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("it is shorter than {MIN_TOKEN_CHARS} characters and could be guessed")]
    Short,
    #[error("it holds characters that no header can carry; use letters, digits and `-._~+/=`")]
    Characters,
}

impl Bearer {
    pub fn new(token: &SecretString) -> Result<Self, Unfit> {
        let token = token.expose_secret();
        match token.len() {
            _ if !token.bytes().all(|byte| byte.is_ascii_graphic()) => Err(Unfit::Characters),
            ..MIN_TOKEN_CHARS => Err(Unfit::Short),
            _ => Ok(Self(digest(token.as_bytes()))),
        }
    }

    /// Compares in a time that depends on the length of `token` alone.
    pub fn admits(&self, token: &[u8]) -> bool {
        digest(token).ct_eq(&self.0).into()
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(***)")
    }
}

/// The token of an `Authorization` header, or `None` where its scheme is another.
pub fn token(header: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = header.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"bearer") || rest.first() != Some(&b' ') {
        return None;
    }
    Some(rest.trim_ascii()).filter(|token| !token.is_empty())
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_is_admitted() {
        let bearer = Bearer::new(&"0123456789abcdef".into()).unwrap();
        assert!(bearer.admits(b"0123456789abcdef"));
        for other in ["", "0123456789abcde", "0123456789abcdeF", "0123456789abcdef0"] {
            assert!(!bearer.admits(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn unfit_tokens_are_refused() {
        assert_eq!(Bearer::new(&"0123456789abcde".into()).unwrap_err(), Unfit::Short);
        for token in ["0123456789 abcdef", "0123456789abcdef\n", "0123456789abcdé0"] {
            assert_eq!(Bearer::new(&token.into()).unwrap_err(), Unfit::Characters, "{token}");
        }
    }

    #[test]
    fn the_scheme_is_read_in_any_case() {
        for header in ["Bearer abc", "bearer abc", "BEARER   abc "] {
            assert_eq!(token(header.as_bytes()), Some(&b"abc"[..]), "{header}");
        }
        for header in ["", "Bearer", "Bearer ", "Bearerabc", "Basic abc"] {
            assert_eq!(token(header.as_bytes()), None, "{header}");
        }
    }

    #[test]
    fn debug_shows_nothing_of_the_token() {
        let bearer = Bearer::new(&"0123456789abcdef".into()).unwrap();
        assert_eq!(format!("{bearer:?}"), "Bearer(***)");
    }
}
