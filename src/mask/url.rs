//! Secrets in URLs: userinfo, and tokens in the query (RFC 3986).

use super::{Kind, SENTINEL, kind};

const MAX_SCHEME: usize = 16;

/// `text` with its secrets masked, where it is a URL that has any.
pub(super) fn masked(text: &str) -> Option<String> {
    // Asked for every text of every answer: most have no colon among their first letters.
    let colon = text.bytes().take(MAX_SCHEME + 1).position(|byte| byte == b':')?;
    let (scheme, rest) = text.split_at_checked(colon)?;
    let rest = rest.strip_prefix("://")?;
    let plausible = !scheme.is_empty()
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && !rest.bytes().any(|byte| byte.is_ascii_whitespace());
    if !plausible {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let mut url = format!("{scheme}://");
    match authority.rsplit_once('@') {
        Some((_, host)) => url.extend([SENTINEL, "@", host]),
        None => url.push_str(authority),
    }
    // Tokens stand in the query, or in a fragment of the same form.
    for (i, part) in tail.split_inclusive(['?', '#', '&']).enumerate() {
        let (pair, end) = match part.char_indices().next_back() {
            Some((at, '?' | '#' | '&')) => part.split_at(at),
            _ => (part, ""),
        };
        match pair.split_once('=') {
            Some((name, value)) if i > 0 && !value.is_empty() && is_secret(name) => {
                url.extend([name, "=", SENTINEL]);
            }
            _ => url.push_str(pair),
        }
        url.push_str(end);
    }
    (url != text).then_some(url)
}

/// Whether the value under that name in a query is a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    kind(&name) != Kind::Plain
        || matches!(
            &*name,
            "auth" | "code" | "key" | "sig" | "signature" | "x_amz_signature" | "x_goog_signature"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn userinfo_and_tokens_are_masked_and_the_rest_stays() {
        let table = [
            (
                "https://user:pw@h.example/p?x=1#f",
                Some(format!("https://{SENTINEL}@h.example/p?x=1#f")),
            ),
            (
                "https://h.example/?a=1&Token=t&b",
                Some(format!("https://h.example/?a=1&Token={SENTINEL}&b")),
            ),
            ("postgres://u:p@db/x", Some(format!("postgres://{SENTINEL}@db/x"))),
            ("https://h.example/p?q=1", None),
            (
                "https://h.example/?api-key=s&q=1#access_token=t",
                Some(format!("https://h.example/?api-key={SENTINEL}&q=1#access_token={SENTINEL}")),
            ),
            ("https://h.example/@user", None),
            ("see https://u:p@h.example", None),
            ("plain", None),
        ];
        for (url, want) in table {
            assert_eq!(masked(url), want, "{url}");
        }
    }
}
