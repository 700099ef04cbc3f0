//! What an attacker may write: hosts, origins, tokens and paths, right ones, near ones and noise.

use super::*;

/// Bytes that a header's value may hold.
pub fn noise(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![Just(b'\t'), 32..127_u8, 128..=255_u8], 0..most)
}

pub fn one_of(texts: &[&str]) -> impl Strategy<Value = Vec<u8>> + use<> {
    let texts: Vec<_> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    prop::sample::select(texts)
}

fn good_authorization() -> impl Strategy<Value = Vec<u8>> {
    ("[bB][eE][aA][rR][eE][rR] {1,3}", "[ \t]{0,2}")
        .prop_map(|(before, after)| format!("{before}{TOKEN}{after}").into_bytes())
}

pub fn authorization() -> impl Strategy<Value = Vec<u8>> {
    let near = (good_authorization(), any::<prop::sample::Index>(), noise(2)).prop_map(
        |(mut value, at, with)| {
            let at = at.index(value.len());
            value.splice(at..=at, with);
            value
        },
    );
    let forms = [
        "Bearer",
        "Bearer ",
        "Basic YS10b2tlbi1vZi10ZXN0cy0wMTIzOg==",
        &format!("Bearer\t{TOKEN}"),
        &format!("Bearer{TOKEN}"),
        &format!("Bearer {TOKEN} {TOKEN}"),
        &format!("Bearer {TOKEN}, Bearer {TOKEN}"),
        &format!("Bearer \"{TOKEN}\""),
        &format!("Basic x, Bearer {TOKEN}"),
        &format!("DPoP {TOKEN}"),
        TOKEN,
    ];
    prop_oneof![4 => good_authorization(), 3 => near, 2 => one_of(&forms), 1 => noise(40)]
}

pub fn host() -> impl Strategy<Value = Vec<u8>> {
    let own = ["localhost", "LocalHost:1", HOME, "[::1]", "[::1]:65535", "127.0.0.1"];
    let others = [
        "",
        "evil.example",
        "localhost.evil.example",
        "localhost@evil.example",
        "evil.example@localhost",
        "localhost,evil.example",
        "localhost:80:80",
        "localhost:65536",
        "localhost:+80",
        "localhost:",
        "localhost.",
        "[::1",
        "::1",
        "[::ffff:127.0.0.1]",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0.0.0.0",
    ];
    prop_oneof![6 => one_of(&own), 2 => one_of(&others), 1 => noise(16)]
}

pub fn origin() -> impl Strategy<Value = Vec<u8>> {
    let own = ["http://localhost:3000", "http://127.0.0.1:3000", "http://[::1]:3000", LISTED];
    let others = [
        "null",
        "",
        "*",
        "https://app.example.com:443",
        "https://app.example.com/",
        "https://app.example.com.evil.example",
        "HTTPS://app.example.com",
        "http://app.example.com",
        "https://app.example.com, https://evil.example",
        "http://localhost",
        "http://localhost:3001",
        "file://",
    ];
    prop_oneof![6 => one_of(&own), 2 => one_of(&others), 1 => noise(16)]
}

/// What else could speak for somebody, or decide something.
pub fn other() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let names = [
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "forwarded",
        "via",
        "fly-client-ip",
        "x-real-ip",
        "x-original-url",
        "x-rewrite-url",
        "x-http-method-override",
        "x-authorization",
        "proxy-authorization",
        "cookie",
        "x-api-key",
        "x-request-id",
        "mcp-session-id",
        "mcp-protocol-version",
        "accept",
        "content-type",
        "expect",
    ];
    let token = format!("Bearer {TOKEN}");
    let values =
        ["127.0.0.1", "/mcp", "POST", "POST, GET", "*/*", "localhost", "100-continue", &token];
    (prop::sample::select(names.to_vec()), prop_oneof![one_of(&values), noise(24)])
}

/// A name with so many values of a kind, mostly one.
fn times(
    name: &'static str,
    usual: u32,
    value: impl Strategy<Value = Vec<u8>>,
) -> impl Strategy<Value = Vec<(&'static str, Vec<u8>)>> {
    let count = prop_oneof![2 => Just(0), usual => Just(1), 1 => 2..4_usize];
    let most = prop::collection::vec(value, 3);
    (count, most).prop_map(move |(count, values)| {
        values.into_iter().take(count).map(|value| (name, value)).collect()
    })
}

pub fn target() -> impl Strategy<Value = String> {
    let paths = [
        "/",
        "/auth/info",
        "/health",
        "/ready",
        WELL_KNOWN,
        "/mcp/",
        "/MCP",
        "/Mcp",
        "//mcp",
        "///mcp",
        "/mcp//",
        "/%6dcp",
        "/mc%70",
        "/%2fmcp",
        "/mcp%2f",
        "/mcp%00",
        "/mcp%20",
        "/mcp;x",
        "/mcp;/",
        "/./mcp",
        "/mcp/.",
        "/mcp/..",
        "/x/../mcp",
        "/health/../mcp",
        "/health/mcp",
        "/ready;/mcp",
        "/mcp/health",
        "/mcp\\",
        "/mcp:x",
        "/mcp.json",
        "/http://localhost/mcp",
        "/ｍcp",
    ];
    let paths = prop::sample::select(paths.to_vec()).prop_map(str::to_owned);
    let spliced = (0..=4_usize, "[/.;%:@\\\\a-z0-9]{0,3}").prop_map(|(at, with)| {
        let (before, after) = "/mcp".split_at(at);
        format!("{before}{with}{after}")
    });
    let path = prop_oneof![8 => Just("/mcp".to_owned()), 8 => paths, 3 => spliced];
    let token = format!("?access_token={TOKEN}");
    let queries =
        ["", "", "", "?", "?a=/health", "?client", "#", "?token=x&mcp", &token].map(str::to_owned);
    (path, prop::sample::select(queries.to_vec())).prop_map(|(path, query)| path + &query)
}

pub fn sent() -> impl Strategy<Value = Sent> {
    let methods = ["GET", "DELETE", "HEAD", "PUT", "PATCH", "TRACE", "PROPFIND"];
    let method = prop_oneof![
        3 => Just(Method::POST),
        1 => Just(Method::OPTIONS),
        2 => prop::sample::select(methods.to_vec()).prop_map(|it| it.parse().unwrap()),
    ];
    let authority = prop::option::weighted(
        0.3,
        prop_oneof![
            2 => Just("localhost"),
            1 => Just(HOME),
            1 => Just("evil.example"),
            1 => Just("localhost@evil.example"),
        ]
        .prop_map(str::to_owned),
    );
    let headers = (
        times("host", 12, host()),
        times("origin", 2, origin()),
        times("authorization", 12, authorization()),
        times("access-control-request-method", 1, one_of(&["POST", "", "x"])),
        prop::collection::vec(other(), 0..5),
    );
    let headers = headers
        .prop_map(|(host, origin, token, asks, others)| {
            [host, origin, token, asks, others].concat()
        })
        .prop_shuffle();
    (method, authority, target(), headers).prop_map(|(method, authority, target, headers)| Sent {
        method,
        authority,
        target,
        headers,
    })
}
