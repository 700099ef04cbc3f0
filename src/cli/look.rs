//! What `/ready` sees of Portkey: whether it answers, and takes the keys that callers use.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{
    auth::Access,
    http::{Look, PROBE_TIMEOUT, Upstream},
    portkey::{Accounts, Error, Portkey},
};

/// Looks with every credential in use at once. One that is refused is one team's trouble: it is
/// logged by its name, and the others are served.
pub fn look(accounts: &Accounts, access: &Access) -> Look {
    let used = accounts.all().filter(|it| access.uses(it.credential_name())).cloned();
    let used: Arc<[Portkey]> = used.collect();
    let told = Arc::new(Mutex::new(Vec::new()));
    Arc::new(move || {
        let (used, told) = (Arc::clone(&used), Arc::clone(&told));
        Box::pin(async move {
            let looks = used.iter().map(|it| it.probe(PROBE_TIMEOUT));
            let found: Vec<_> = futures_util::future::join_all(looks)
                .await
                .into_iter()
                .map(|found| found.err().map(|error| (is_refusal(&error), error)))
                .collect();
            let names = used.iter().map(|it| it.credential_name().to_owned());
            let trouble = names.zip(&found).filter_map(|(name, it)| Some((name, it.as_ref()?.0)));
            tell(&told, trouble.collect(), &found);
            sum(&found)
        })
    })
}

/// A look with one credential: `None` where all was well, else whether its key is refused.
type Found = Option<(bool, Error)>;

fn sum(found: &[Found]) -> Upstream {
    let well = found.iter().filter(|it| it.is_none()).count();
    let refused = found.iter().filter(|it| matches!(it, Some((true, _)))).count();
    match found.len() {
        all if well == all => Upstream::Reached,
        _ if well > 0 => Upstream::Partly,
        all if refused == all => Upstream::KeyRefused,
        _ => Upstream::Unreachable,
    }
}

/// Logs which credentials are in trouble, when that has changed.
fn tell(told: &Mutex<Vec<(String, bool)>>, trouble: Vec<(String, bool)>, found: &[Found]) {
    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
    if *told == trouble {
        return;
    }
    for ((credential, refused), (_, error)) in trouble.iter().zip(found.iter().flatten()) {
        let hint = if *refused { "Portkey refuses a key" } else { "Portkey does not answer" };
        tracing::warn!(credential, %error, hint);
    }
    if trouble.is_empty() {
        tracing::info!("Portkey takes every key again");
    }
    *told = trouble;
}

fn is_refusal(error: &Error) -> bool {
    matches!(error.status(), Some(401 | 403))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        portkey::{self, Credential},
        sandbox::{self, Sandbox},
    };

    #[tokio::test]
    async fn one_refused_key_is_no_reason_to_serve_nobody() {
        let sandbox = Sandbox::start(sandbox::Settings::default()).await.unwrap();
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let account = |name: &str| {
            let (key, base_url) = match name {
                "wrong" => ("pk-another".into(), sandbox.base_url()),
                "gone" => ("pk-another".into(), format!("http://{gone}/v1").parse().unwrap()),
                _ => (sandbox.key("admin").unwrap(), sandbox.base_url()),
            };
            let credential = Credential { name: name.to_owned(), key, base_url };
            Portkey::for_sandbox(&portkey::Settings::default(), credential).unwrap()
        };
        let rules = |names: &[&str]| {
            let rule = |name: &&str| {
                serde_json::from_value(serde_json::json!({
                    "credential": name, "when": { "tokens": [name] }
                }))
            };
            Access::rules(names.iter().map(|name| rule(name).unwrap()).collect())
        };
        for (names, access, expected) in [
            (&["default"][..], Access::open("default"), Upstream::Reached),
            // Nobody uses it.
            (&["default", "wrong"], Access::open("default"), Upstream::Reached),
            (&["default", "wrong"], Access::open("wrong"), Upstream::KeyRefused),
            (&["one", "wrong"], rules(&["one", "wrong"]), Upstream::Partly),
            (&["one", "gone"], rules(&["one", "gone"]), Upstream::Partly),
            (&["wrong"], rules(&["wrong"]), Upstream::KeyRefused),
            (&["wrong", "gone"], rules(&["wrong", "gone"]), Upstream::Unreachable),
            (&["gone"], rules(&["gone"]), Upstream::Unreachable),
        ] {
            let accounts: Accounts = names.iter().map(|name| account(name)).collect();
            assert_eq!(look(&accounts, &access)().await, expected, "{names:?}");
        }
    }
}
