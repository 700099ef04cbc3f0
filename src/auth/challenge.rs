//! `WWW-Authenticate` (RFC 6750 section 3, RFC 9728 section 5.1): what a client has to show.

use std::fmt::Write as _;

use http::HeaderValue;

use super::{policy::scopes, refused::Refused};

/// What stands in every challenge of this server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenge {
    /// URL of the protected-resource metadata, where an authorization server is behind it.
    pub resource_metadata: Option<String>,
    /// No tool but those that read is there.
    pub read_only: bool,
}

impl Challenge {
    /// The header's value for a refusal; `None` where a token would change nothing.
    pub fn header(&self, refused: &Refused) -> Option<HeaderValue> {
        let mut fields = Vec::new();
        let scopes = match refused {
            Refused::Missing(_) => scopes(self.read_only).join(" "),
            Refused::Invalid(why) => {
                fields.push(("error", "invalid_token".to_owned()));
                fields.push(("error_description", quotable(why)));
                scopes(self.read_only).join(" ")
            }
            Refused::Scope { needed } => {
                fields.push(("error", "insufficient_scope".to_owned()));
                needed.join(" ")
            }
            Refused::Forbidden(_) | Refused::TooMany { .. } | Refused::Unavailable { .. } => {
                return None;
            }
        };
        if let Some(url) = &self.resource_metadata {
            fields.push(("resource_metadata", quotable(url)));
            fields.push(("scope", scopes));
        }
        let mut text = String::from("Bearer");
        for (i, (name, value)) in fields.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            // Writing to a string cannot fail.
            let _ = write!(text, "{comma} {name}=\"{value}\"");
        }
        HeaderValue::try_from(text).ok()
    }
}

/// What may stand between quotes (RFC 6750 section 3).
fn quotable(text: &str) -> String {
    let allowed = |it: char| matches!(it, ' '..='~') && !matches!(it, '"' | '\\');
    text.chars().filter(|it| allowed(*it)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{READ, WRITE};

    #[test]
    fn a_challenge_says_where_to_get_what_is_missing() {
        let url = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";
        let with = Challenge { resource_metadata: Some(url.to_owned()), read_only: false };
        let of = |challenge: &Challenge, refused: &Refused| {
            challenge.header(refused).map(|it| it.to_str().unwrap().to_owned())
        };
        let missing = Refused::Missing(String::new());
        assert_eq!(
            of(&with, &missing).unwrap(),
            format!("Bearer resource_metadata=\"{url}\", scope=\"portkey:read portkey:write\"")
        );
        let reading = Challenge { read_only: true, ..with.clone() };
        for refused in [&missing, &Refused::Invalid("x".into())] {
            let challenge = of(&reading, refused).unwrap();
            assert!(challenge.ends_with(", scope=\"portkey:read\""), "{challenge}");
        }
        assert_eq!(of(&Challenge::default(), &missing).unwrap(), "Bearer");
        let invalid = Refused::Invalid("it has \"expired\"\\\u{e9}\n".into());
        assert_eq!(
            of(&Challenge::default(), &invalid).unwrap(),
            "Bearer error=\"invalid_token\", error_description=\"it has expired\""
        );
        let scope = Refused::Scope { needed: vec![READ, WRITE] };
        assert_eq!(
            of(&with, &scope).unwrap(),
            format!(
                "Bearer error=\"insufficient_scope\", resource_metadata=\"{url}\", \
                 scope=\"portkey:read portkey:write\""
            )
        );
        assert_eq!(of(&with, &Refused::Forbidden("no".into())), None);
    }
}
