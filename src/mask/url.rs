//! Secrets in URLs: userinfo, and tokens in the query (RFC 3986).

use super::SENTINEL;

/// Query names whose value is a secret, in lower case.
const TOKENS: &[&str] = &[
    "access_token",
    "api_key",
    "apikey",
    "auth",
    "key",
    "password",
    "secret",
    "sig",
    "signature",
    "token",
    "x-amz-credential",
    "x-amz-security-token",
    "x-amz-signature",
    "x-goog-credential",
    "x-goog-signature",
];

/// `text` with its secrets masked, where it is a URL that has any.
pub(super) fn masked(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let plausible = !scheme.is_empty()
        && scheme.len() <= 16
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && !rest.bytes().any(|byte| byte.is_ascii_whitespace());
    if !plausible {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let host = authority.rsplit_once('@').map(|(_, host)| host);
    let (before, query, fragment) = parts(tail);
    let secret = |pair: &&str| {
        pair.split_once('=').is_some_and(|(name, value)| {
            !value.is_empty() && TOKENS.binary_search(&&*name.to_ascii_lowercase()).is_ok()
        })
    };
    let leaks = query.is_some_and(|query| query.split('&').any(|pair| secret(&pair)));
    if host.is_none() && !leaks {
        return None;
    }
    let mut url = format!("{scheme}://");
    match host {
        Some(host) => url.extend([SENTINEL, "@", host]),
        None => url.push_str(authority),
    }
    url.push_str(before);
    for (i, pair) in query.into_iter().flat_map(|query| query.split('&')).enumerate() {
        url.push(if i == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((name, _)) if secret(&pair) => url.extend([name, "=", SENTINEL]),
            _ => url.push_str(pair),
        }
    }
    url.push_str(fragment);
    Some(url)
}

/// Path, query and fragment; the fragment with its `#`.
fn parts(tail: &str) -> (&str, Option<&str>, &str) {
    let (tail, fragment) = tail.split_at(tail.find('#').unwrap_or(tail.len()));
    match tail.split_once('?') {
        Some((path, query)) => (path, Some(query), fragment),
        None => (tail, None, fragment),
    }
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
            ("https://h.example/@user", None),
            ("see https://u:p@h.example", None),
            ("plain", None),
        ];
        for (url, want) in table {
            assert_eq!(masked(url), want, "{url}");
        }
    }

    #[test]
    fn the_list_is_sorted_for_its_search() {
        assert!(TOKENS.is_sorted());
    }
}
