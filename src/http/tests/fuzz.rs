//! Requests as an attacker would write them: whatever their headers and paths, what is answered is
//! what a model says that reads them in its own way.

mod addresses;
mod given;
mod wire;

use std::{collections::BTreeSet, net::IpAddr, sync::Mutex};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Method, Uri, uri::PathAndQuery},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use tower::ServiceExt;

use self::given::{noise, one_of, sent};
use super::{super::client_ip, *};

const LISTED: &str = "https://app.example.com";
/// Where the servers that listen nowhere say that they do.
const HOME: &str = "127.0.0.1:3000";
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource/mcp";
/// What a proxy writes.
const FORWARDING: [&str; 7] = [
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "forwarded",
    "via",
    "fly-client-ip",
];

/// A request before it is one; headers in the order in which they are sent.
#[derive(Clone, Debug)]
struct Sent {
    method: Method,
    /// The host in the target: of the absolute form, or `:authority`.
    authority: Option<String>,
    target: String,
    headers: Vec<(&'static str, Vec<u8>)>,
}

impl Sent {
    fn all(&self, name: &str) -> Vec<&[u8]> {
        self.headers.iter().filter(|(known, _)| *known == name).map(|(_, it)| &**it).collect()
    }

    fn path(&self) -> &str {
        self.target.split(['?', '#']).next().unwrap_or_default()
    }

    /// `None` for what no server could have read.
    fn request(&self) -> Option<Request> {
        let target = PathAndQuery::try_from(&*self.target).ok()?;
        let uri = Uri::builder().path_and_query(target);
        let uri = match &self.authority {
            Some(authority) => uri.scheme("http").authority(&**authority),
            None => uri,
        };
        let mut request = Request::builder().method(self.method.clone()).uri(uri.build().ok()?);
        for (name, value) in &self.headers {
            request = request.header(*name, &**value);
        }
        request.body(Body::empty()).ok()
    }

    /// The status that the documentation promises, of a server at [`HOME`] with the token [`TOKEN`].
    fn expected(&self, own_origins: &[String]) -> u16 {
        let (path, reads) = (self.path(), [Method::GET, Method::HEAD].contains(&self.method));
        let page = if reads { 200 } else { 405 };
        if path == "/health" || path == "/ready" {
            return page;
        }
        let (hosts, origins) = (self.all("host"), self.all("origin"));
        let named = hosts.iter().copied().chain(self.authority.as_deref().map(str::as_bytes));
        if hosts.len() > 1 || named.clone().count() == 0 || !named.clone().all(is_own_host) {
            return 403;
        }
        match &*origins {
            [] => {}
            [one] if own_origins.iter().any(|own| own.as_bytes() == *one) => {
                let asks = !self.all("access-control-request-method").is_empty();
                if self.method == Method::OPTIONS && asks {
                    return 204;
                }
            }
            [_] => return 403,
            _ => return 400,
        }
        match path {
            "/" | "/auth/info" => page,
            "/mcp" => match &*self.all("authorization") {
                [one] if shows_token(one) => 200,
                [] | [_] => 401,
                _ => 400,
            },
            WELL_KNOWN if !reads => 405,
            _ => 404,
        }
    }
}

fn is_own_host(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text).to_lowercase();
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| match text.strip_prefix(name) {
        Some("") => true,
        Some(rest) => rest.strip_prefix(':').is_some_and(|port| {
            port.bytes().all(|it| it.is_ascii_digit()) && port.parse::<u16>().is_ok()
        }),
        None => false,
    })
}

fn shows_token(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    text.split_once(' ').is_some_and(|(scheme, rest)| {
        scheme.eq_ignore_ascii_case("bearer") && rest.trim_matches([' ', '\t']) == TOKEN
    })
}

fn own_origins(port: u16) -> Vec<String> {
    let own = ["localhost", "127.0.0.1", "[::1]"].map(|host| format!("http://{host}:{port}"));
    own.into_iter().chain([LISTED.to_owned()]).collect()
}

fn bearer() -> Plan {
    let mut plan = Plan::bearer();
    plan.settings.allowed_origins = vec![LISTED.into()];
    plan
}

/// The whole router of a server that listens nowhere.
fn routes(plan: Plan) -> Router {
    let site = plan.site(HOME.parse().unwrap());
    site.lifecycle.enter(super::super::Phase::Serving);
    router(site, echo)
}

async fn answered(routes: &Router, mut request: Request, from: IpAddr) -> (Response<()>, String) {
    request.extensions_mut().insert(ConnectInfo(client_ip::Peer(from)));
    let (parts, body) = routes.clone().oneshot(request).await.unwrap().into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    (Response::from_parts(parts, ()), String::from_utf8(body.to_vec()).unwrap())
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn no_headers_and_no_path_get_more_than_the_token_gives() {
    let (runtime, own) = (runtime(), own_origins(3000));
    let (open, closed) = (routes(Plan::default()), routes(bearer()));
    let statuses = Mutex::new(BTreeSet::new());
    let outcome = runner(1500).run(&sent(), |sent| {
        let Some(request) = sent.request() else { return Ok(()) };
        let from = IpAddr::from([127, 0, 0, 1]);
        let (head, body) = runtime.block_on(answered(&closed, request, from));
        let status = head.status().as_u16();
        prop_assert_eq!(status, sent.expected(&own), "{}", body);
        statuses.lock().unwrap().insert(status);
        prop_assert!(!format!("{:?}{body}", head.headers()).contains(TOKEN), "{}", body);
        prop_assert!(head.headers().contains_key("x-content-type-options"));
        let reached = body.contains(" by Bearer, authorized false");
        let is_silent = sent.method == Method::HEAD || sent.target.ends_with("?client");
        prop_assert_eq!(reached, status == 200 && sent.path() == "/mcp" && !is_silent, "{}", body);

        // Who asks nobody lets nobody in who came through a proxy, whatever it shows.
        let forwarded = sent.headers.iter().any(|(name, _)| FORWARDING.contains(name));
        let (head, body) = runtime.block_on(answered(&open, sent.request().unwrap(), from));
        prop_assert!(!head.status().is_server_error(), "{}", body);
        prop_assert!(!(forwarded && body.contains(" by None")), "{}", body);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    let statuses = statuses.into_inner().unwrap();
    assert_eq!(statuses.into_iter().collect::<Vec<_>>(), [200, 204, 400, 401, 403, 404, 405]);
}
