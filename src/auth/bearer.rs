//! This server's own bearer tokens (RFC 6750), kept and compared as their SHA-256.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Shortest token that is taken. Sixteen random characters hold 64 bits even in hexadecimal, more
/// than can be tried over a network.
pub const MIN_TOKEN_CHARS: usize = 16;

/// A token that callers may show.
#[derive(Clone, PartialEq, Eq)]
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

    /// A token that is known by its SHA-256, in hexadecimal.
    pub fn from_sha256(hex: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if hex.len() != 64 || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(hex.get(2 * i..2 * i + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// What an operator is told who gave the token of `name` a second name.
    pub fn same_as(name: &str) -> String {
        format!(
            "it is the same token as `tokens.{name}`, and a caller is known by one name: make \
             another, as with `openssl rand -hex 32`"
        )
    }
}

/// The tokens of this server by name, each known by its SHA-256 alone.
#[derive(Clone, Debug, Default)]
pub struct Tokens(Vec<(String, Bearer)>);

impl Tokens {
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| &**name)
    }

    /// The name of a token, found in a time that depends on its length and on how many there are
    /// alone.
    pub fn name(&self, token: &[u8]) -> Option<&str> {
        let given = digest(token);
        let mut found = None;
        for (name, Bearer(known)) in &self.0 {
            if known.ct_eq(&given).into() {
                found = Some(&**name);
            }
        }
        found
    }
}

impl FromIterator<(String, Bearer)> for Tokens {
    fn from_iter<I: IntoIterator<Item = (String, Bearer)>>(tokens: I) -> Self {
        Self(tokens.into_iter().collect())
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
    fn only_the_tokens_themselves_are_known() {
        let hex = digest(b"another token of 20").map(|byte| format!("{byte:02x}")).concat();
        let tokens: Tokens = [
            ("one".to_owned(), Bearer::new(&"0123456789abcdef".into()).unwrap()),
            ("two".to_owned(), Bearer::from_sha256(&hex).unwrap()),
        ]
        .into_iter()
        .collect();
        assert_eq!(tokens.name(b"0123456789abcdef"), Some("one"));
        assert_eq!(tokens.name(b"another token of 20"), Some("two"));
        for other in ["", "0123456789abcde", "0123456789abcdeF", "0123456789abcdef0", &hex] {
            assert_eq!(tokens.name(other.as_bytes()), None, "{other}");
        }
        for odd in ["", "ab", &format!("+{}", &hex[1..]), &format!("{hex}0"), &"é".repeat(32)] {
            assert!(Bearer::from_sha256(odd).is_none(), "{odd}");
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
