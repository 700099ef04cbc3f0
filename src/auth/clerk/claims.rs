//! The claims of Clerk's tokens, and who they say somebody is.
//!
//! Session tokens: clerk.com/docs/guides/sessions/session-tokens (versions 1 and 2, and how `o.fpm`
//! is decoded). OAuth access tokens: RFC 9068 section 2.2. Scopes: RFC 8693 section 4.2; some
//! issuers write them as `scp` or as a list.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::auth::{
    identity::{Identity, Method},
    rules::bare,
};

/// What is read of a token, besides what `jsonwebtoken` validates.
#[derive(Deserialize)]
pub struct Claims {
    iss: Option<String>,
    sub: Option<String>,
    pub exp: Option<f64>,
    pub iat: Option<f64>,
    pub azp: Option<String>,
    pub client_id: Option<String>,
    scope: Option<Words>,
    scp: Option<Words>,
    /// The state of the session: `pending` until everything was done that signing in asks for.
    sts: Option<String>,
    // Version 1 of session tokens.
    org_id: Option<String>,
    org_role: Option<String>,
    org_permissions: Option<Vec<String>>,
    // Version 2.
    o: Option<Organisation>,
    fea: Option<String>,
}

#[derive(Deserialize)]
struct Organisation {
    id: String,
    rol: Option<String>,
    per: Option<String>,
    fpm: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    Line(String),
    List(Vec<String>),
}

/// What is wrong with claims, for the caller.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    #[error("the token has no subject")]
    NoSubject,
    #[error("the session is pending: finish signing in, then get a new token")]
    Pending,
    #[error(
        "the token names its organisation twice (`o` and `org_…`), and the two differ: correct the \
         token's customisation in Clerk"
    )]
    Disagreement,
    #[error("the token's `o.fpm` is not a list of numbers")]
    Permissions,
}

impl Claims {
    /// The identity that verified claims show. An OAuth access token without a claim of scopes has
    /// none: who agreed to no scope has agreed to nothing.
    pub fn identity(self, is_access_token: bool) -> Result<Identity, Wrong> {
        let subject = given(self.sub.as_deref()).ok_or(Wrong::NoSubject)?.to_owned();
        if self.sts.as_deref() == Some("pending") {
            return Err(Wrong::Pending);
        }
        let old_role = given(self.org_role.as_deref()).map(bare);
        let old_permissions = self
            .org_permissions
            .as_ref()
            .map(|names| names.iter().map(|name| bare(name).to_owned()).collect::<BTreeSet<_>>());
        let (mut id, mut role, mut permissions) = (None, None, None);
        if let Some(o) = &self.o {
            id = given(Some(&o.id));
            role = given(o.rol.as_deref()).map(bare);
            permissions = o.permissions(self.fea.as_deref().unwrap_or_default())?;
        }
        let organisation = agreed(given(self.org_id.as_deref()), id)?.map(str::to_owned);
        let role = agreed(old_role, role)?.map(str::to_owned);
        let permissions = agreed(old_permissions, permissions)?.unwrap_or_default();
        Ok(Identity {
            issuer: self.iss,
            subject: Some(subject),
            organisation,
            role,
            permissions: permissions.into_iter().collect(),
            scopes: scopes([self.scope, self.scp]).or(is_access_token.then(Vec::new)),
            client_id: self.client_id.filter(|id| !id.is_empty()),
            ..Identity::new(Method::Clerk)
        })
    }
}

/// What is written is there; templates write what is not there as an empty text.
fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn agreed<T: PartialEq>(one: Option<T>, other: Option<T>) -> Result<Option<T>, Wrong> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => Err(Wrong::Disagreement),
        (one, other) => Ok(one.or(other)),
    }
}

impl Organisation {
    /// Full names of permissions, without `org:`. Number `i` of `fpm` belongs to feature `i` of the
    /// organisation in `fea`; its bit `j` grants permission `j` of `per` for that feature. What has
    /// no name grants nothing.
    fn permissions(&self, features: &str) -> Result<Option<BTreeSet<String>>, Wrong> {
        let (Some(names), Some(map)) = (&self.per, &self.fpm) else { return Ok(None) };
        let names: Vec<&str> = items(names).collect();
        let features = items(features).filter_map(|feature| feature.split_once(':'));
        let features = features.filter(|(scope, _)| scope.contains('o')).map(|(_, name)| name);
        let masks = items(map).map(|number| number.parse::<u128>().map_err(|_| Wrong::Permissions));
        let masks = masks.collect::<Result<Vec<u128>, _>>()?;
        let granted = features.zip(masks).flat_map(|(feature, mask)| {
            let bits =
                names.iter().enumerate().take(128).filter(move |(bit, _)| mask >> bit & 1 == 1);
            bits.map(move |(_, name)| format!("{feature}:{name}"))
        });
        Ok(Some(granted.collect()))
    }
}

fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// The scopes of every claim that has some; `None` where no claim is there.
fn scopes(claims: [Option<Words>; 2]) -> Option<Vec<String>> {
    let mut scopes: Option<Vec<String>> = None;
    for words in claims.into_iter().flatten() {
        let all = scopes.get_or_insert_default();
        let words = match words {
            Words::Line(line) => line.split_ascii_whitespace().map(str::to_owned).collect(),
            Words::List(list) => list,
        };
        for word in words {
            if !all.contains(&word) {
                all.push(word);
            }
        }
    }
    scopes
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn identity(claims: Value) -> Result<Identity, Wrong> {
        serde_json::from_value::<Claims>(claims).unwrap().identity(false)
    }

    #[track_caller]
    fn permissions(features: &str, names: &str, map: &str) -> Vec<String> {
        let o = json!({ "id": "org_1", "per": names, "fpm": map });
        identity(json!({ "sub": "u", "fea": features, "o": o })).unwrap().permissions
    }

    #[test]
    fn the_map_of_permissions_is_decoded_from_the_right() {
        // The example of Clerk's page.
        assert_eq!(
            permissions("o:dashboard,o:teams", "manage,read", "3,2"),
            ["dashboard:manage", "dashboard:read", "teams:read"]
        );
        assert_eq!(permissions("o:a", "x,y,z", "4"), ["a:z"]);
        assert_eq!(permissions("u:mine, uo:both ,o:ours", "x", "0,1"), ["ours:x"]);
        assert_eq!(permissions("o:a", "x", "3,1"), ["a:x"], "bits and numbers without a name");
        assert_eq!(permissions("", "x", "1"), [""; 0]);
        assert_eq!(permissions("o:a,o:b", "x", "1"), ["a:x"]);
        for map in ["x", "-1", "1.5", "999999999999999999999999999999999999999999"] {
            let o = json!({ "id": "org_1", "per": "x", "fpm": map });
            let found = identity(json!({ "sub": "u", "fea": "o:a", "o": o }));
            assert_eq!(found, Err(Wrong::Permissions), "{map}");
        }
    }

    #[test]
    fn scopes_are_read_in_each_form() {
        let of = |mut claims: Value| {
            claims["sub"] = "u".into();
            identity(claims).unwrap().scopes
        };
        let two = Some(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(of(json!({})), None);
        assert_eq!(of(json!({ "scope": null })), None);
        assert_eq!(of(json!({ "scope": "" })), Some(vec![]));
        assert_eq!(of(json!({ "scope": "a  b" })), two);
        assert_eq!(of(json!({ "scope": ["a", "b"] })), two);
        assert_eq!(of(json!({ "scp": ["a", "b"] })), two);
        assert_eq!(of(json!({ "scope": "a", "scp": "b a" })), two);
    }
}
