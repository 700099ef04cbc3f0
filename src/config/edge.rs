//! What must hold at the server's edge: proxies before it, the names that platforms give it,
//! TLS, and how many requests may come.

use std::{collections::BTreeMap, num::NonZero, path::PathBuf};

use super::{Purpose, check::fault, problem::Problem, read::Reader, values::Source};
use crate::{
    http::{
        self, Host, TrustProxy,
        rate::{self, Rate, SharedBuckets},
        tls::{self, File, Tls},
    },
    redis::{self, Redis},
};

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

/// Whether the share of one address fits into the whole.
pub fn connections(reader: Reader<'_>, http: &http::Settings, problems: &mut Vec<Problem>) {
    let (all, one) = ("http.max_connections", "http.max_connections_per_address");
    let fits = http.connections.of_one_address <= http.connections.in_all;
    // A default that is too large takes nothing away.
    if fits || !reader.0.is_given(one) {
        return;
    }
    let Some(setting) = reader.0.get(all) else { return };
    let remedy =
        format!("write no more than `{all}`, which is `{}` ({})", setting.text(), setting.source);
    fault(reader, one, &remedy, problems);
}

/// TLS where it is configured whole; [`tls()`] finds fault with the half of it.
pub fn tls_settings(reader: Reader<'_>) -> Option<tls::Settings> {
    let file = |file: File| {
        let path = reader.word(file.path());
        (!path.is_empty()).then(|| PathBuf::from(path))
    };
    Some(tls::Settings {
        cert: file(File::Cert)?,
        key: file(File::Key)?,
        chain: file(File::Chain),
        client_ca: file(File::ClientCa),
    })
}

/// Whether TLS is configured whole, and can be served.
pub fn tls(
    reader: Reader<'_>,
    http: &http::Settings,
    purpose: Purpose,
    problems: &mut Vec<Problem>,
) {
    let is_set = |file: &File| !reader.word(file.path()).is_empty();
    let all = [File::Cert, File::Key, File::Chain, File::ClientCa];
    match (&http.tls, all.into_iter().find(is_set)) {
        (None, Some(given)) => {
            let missing: Vec<_> = [File::Cert, File::Key]
                .iter()
                .filter(|file| !is_set(file))
                .map(|file| format!("`{}`", file.path()))
                .collect();
            let (missing, are) =
                (missing.join(" and "), if missing.len() > 1 { "are" } else { "is" });
            let remedy = format!(
                "but {missing} {are} not set: TLS needs a certificate and its key \
                 (MCP_TLS_CERT_PATH, MCP_TLS_KEY_PATH)"
            );
            fault(reader, given.path(), &remedy, problems);
        }
        (Some(settings), _) if purpose == Purpose::Serve => {
            if let Err(found) = Tls::load(settings) {
                fault(reader, found.file.path(), &format!("the file {}", found.why), problems);
            }
        }
        _ => {}
    }
}

/// How many requests may come; `None` for as many as like.
pub fn rate_limit(
    reader: Reader<'_>,
    http: &http::Settings,
    purpose: Purpose,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<String>,
) -> Option<rate::Settings> {
    if purpose != Purpose::Serve || !reader.flag("rate_limit.enabled") {
        return None;
    }
    // What is not a number above zero has its problem noted already.
    let number = |path| NonZero::new(reader.number(path));
    let window = reader.time("rate_limit.window_ms");
    let max = number("rate_limit.max")?;
    let refill = if reader.word("rate_limit.refill").is_empty() {
        max
    } else {
        number("rate_limit.refill")?
    };
    let in_window = |path| number(path).map(|number| Rate::new(number, number, window));
    let shared = if reader.is("rate_limit.store", "redis") {
        Some(shared_buckets(reader, problems)?)
    } else {
        alone(reader, http, warnings);
        None
    };
    Some(rate::Settings {
        address: Rate::new(max, refill, window),
        principal: in_window("rate_limit.principal_max")?,
        destructive: in_window("rate_limit.destructive_max")?,
        max_buckets: NonZero::new(reader.number("rate_limit.max_buckets"))?,
        shared,
    })
}

fn shared_buckets(reader: Reader<'_>, problems: &mut Vec<Problem>) -> Option<SharedBuckets> {
    let Some(url) = reader.secret("rate_limit.redis_url") else {
        if !reader.0.is_given("rate_limit.redis_url") {
            problems.push(Problem::new(
                "`rate_limit.store` is `redis` but `rate_limit.redis_url` is not set: set \
                 RATE_LIMIT_REDIS_URL, MCP_REDIS_URL or REDIS_URL",
            ));
        }
        return None;
    };
    if let Err(no_redis) = Redis::check(&url) {
        fault(reader, "rate_limit.redis_url", &no_redis.to_string(), problems);
        return None;
    }
    let command_timeout = reader.time("rate_limit.redis_command_timeout_ms");
    Some(SharedBuckets {
        redis: redis::Settings { url, command_timeout },
        key_prefix: reader.word("rate_limit.redis_key_prefix").to_owned(),
    })
}

/// Says what counting alone means where others may count as well.
fn alone(reader: Reader<'_>, http: &http::Settings, warnings: &mut Vec<String>) {
    let url = reader.0.get("rate_limit.redis_url").map(|setting| &setting.source);
    if url == Some(&Source::Env("RATE_LIMIT_REDIS_URL".into())) {
        warnings.push(
            "`RATE_LIMIT_REDIS_URL` has no effect: set RATE_LIMIT_STORE=redis to count there"
                .into(),
        );
    }
    if !http.is_loopback() && !reader.flag("rate_limit.single_process") {
        warnings.push(
            "`rate_limit.store` is `memory`, so that each instance limits rates by its own count: \
             set RATE_LIMIT_STORE=redis, or RATE_LIMIT_SINGLE_PROCESS=true where there is only one"
                .into(),
        );
    }
}
