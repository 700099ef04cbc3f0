//! Where secrets go: the fields that name a host, or whose service it is, and what moves them.

use serde_json::Value;

use super::folded;

/// Whether a field says where the secrets beside it are sent. Some only name a part of the host.
fn is_host(name: &str) -> bool {
    let whole = ["endpoint", "host", "resource_name", "snowflake_account", "url", "url_to_fetch"];
    whole.contains(&name)
        || ["_endpoint", "_host", "_resource_name", "_url"].iter().any(|it| name.ends_with(it))
}

/// Whether a field that is `before` and becomes `after` sends secrets elsewhere. A `provider` that
/// is an object only sorts what the named one may use.
pub(super) fn leads_elsewhere(name: &str, before: Option<&Value>, after: Option<&Value>) -> bool {
    let [before, after] = [before, after].map(|it| it.filter(|it| !it.is_null()));
    if before == after {
        return false;
    }
    let name = &*folded(name);
    let names_one = || [before, after].into_iter().flatten().any(Value::is_string);
    is_host(name) || name == "provider" && names_one()
}

/// Calls `found` with the path of every field by which a secret that stays would go elsewhere once
/// `after` takes the place of `before`, in whatever object of them it stands. The elements of lists
/// are documents of their own.
pub fn moved(before: &Value, after: &Value, path: &str, found: &mut impl FnMut(String)) {
    moved_in(Some(before), Some(after), path, found);
}

fn moved_in(
    before: Option<&Value>,
    after: Option<&Value>,
    path: &str,
    found: &mut impl FnMut(String),
) {
    let [before, after] = [before, after].map(|it| it.and_then(Value::as_object));
    let field = |name: &str| [before, after].map(|it| it.and_then(|it| it.get(name)));
    let added = after.into_iter().flat_map(|it| it.keys());
    let added = added.filter(|name| before.is_none_or(|before| !before.contains_key(*name)));
    for name in before.into_iter().flat_map(|it| it.keys()).chain(added) {
        let [before, after] = field(name);
        let path = format!("{path}.{name}");
        if leads_elsewhere(name, before, after) {
            found(path);
        } else if before != after {
            moved_in(before, after, &path, found);
        }
    }
}
