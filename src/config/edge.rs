//! What must hold at the server's edge: proxies before it, and the names that platforms give it.

use std::collections::BTreeMap;

use super::{check::fault, problem::Problem, read::Reader};
use crate::http::{Host, TrustProxy};

/// The name by which the platform leads to this server, where its environment tells it.
pub fn platform_host(reader: Reader<'_>) -> Option<String> {
    let app = reader.word("http.fly_app");
    (!app.is_empty()).then(|| format!("{app}.fly.dev"))
}

/// Which proxies are believed, and whether the platform's name is known.
pub fn proxies(
    reader: Reader<'_>,
    environment: &BTreeMap<String, String>,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<String>,
) {
    let words = reader.list("http.trust_proxy");
    if let Err(remedy) = TrustProxy::parse(&words) {
        fault(reader, "http.trust_proxy", &remedy, problems);
    }
    if words.iter().any(|word| matches!(&*word.to_ascii_lowercase(), "true" | "yes" | "on")) {
        warnings.push(
            "`http.trust_proxy` is `true`, which is read as one proxy: write how many there are, \
             or their networks"
                .into(),
        );
    }
    if platform_host(reader).is_some_and(|host| Host::parse(&host).is_none()) {
        fault(reader, "http.fly_app", "write the app's name alone, without `.fly.dev`", problems);
    }
    let named = ["http.public_base_url", "http.allowed_hosts"].map(|path| reader.0.is_given(path));
    let on_cloud_run = environment.get("K_SERVICE").is_some_and(|name| !name.trim().is_empty());
    if on_cloud_run && named == [false, false] {
        warnings.push(
            "this runs on Cloud Run, which does not tell a service its own host: set \
             MCP_PUBLIC_BASE_URL to its URL, or its requests are refused as for another host"
                .into(),
        );
    }
}
