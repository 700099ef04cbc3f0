//! The one table of configuration keys.
//!
//! Reading the environment, checking files, the `config` command, the README's table and the
//! warnings about unknown variables all derive from it. Defaults stand in `config/default.toml`.

/// What a key's value may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Text,
    Url,
    /// Texts; separated by commas in a variable.
    List,
    Flag,
    Choice(&'static [&'static str]),
    Count(u64, u64),
    /// Milliseconds, or text with a unit: `500ms`, `30s`, `5m`, `1h`.
    Millis(u64, u64),
    /// Bytes, or text with a unit: `512kb`, `1mb`; a kb is 1,024 bytes.
    Bytes(u64, u64),
}

/// A setting: where it is set and what it may be.
#[derive(Debug)]
pub struct Key {
    /// Section and name in a file.
    pub path: &'static str,
    /// Variables that set it; the first one that is there counts.
    pub env: &'static [&'static str],
    /// Never shown, and readable from the file that `<VARIABLE>_FILE` names.
    pub secret: bool,
    pub kind: Kind,
    /// For the README: one clause, with the unit.
    pub about: &'static str,
}

const fn key(
    path: &'static str,
    env: &'static [&'static str],
    kind: Kind,
    about: &'static str,
) -> Key {
    Key { path, env, secret: false, kind, about }
}

const fn secret(path: &'static str, env: &'static [&'static str], about: &'static str) -> Key {
    Key { path, env, secret: true, kind: Text, about }
}

const HOUR_MS: u64 = 3_600_000;
const MIB: u64 = 1 << 20;

use Kind::{Bytes, Choice, Count, Flag, List, Millis, Text, Url};

#[rustfmt::skip]
pub static KEYS: &[Key] = &[
    secret("portkey.api_key", &["PORTKEY_API_KEY"], "Portkey Admin API key; not needed with `--sandbox`"),
    key("portkey.base_url", &["PORTKEY_BASE_URL"], Url, "base URL of the Admin API"),
    key("portkey.pricing_url", &["PORTKEY_PRICING_URL"], Url, "public host of Portkey's price sheets; it gets no key"),
    key("portkey.allow_private_base_url", &["PORTKEY_ALLOW_PRIVATE_BASE_URL"], Flag, "allow a base URL on a private or loopback address"),
    key("portkey.allow_insecure_http", &["PORTKEY_ALLOW_INSECURE_HTTP"], Flag, "allow a base URL with `http://`"),
    key("portkey.timeout_ms", &["PORTKEY_TIMEOUT_MS"], Millis(100, HOUR_MS), "time for one request to Portkey"),
    key("portkey.connect_timeout_ms", &["PORTKEY_CONNECT_TIMEOUT_MS"], Millis(100, HOUR_MS), "time for a connection to Portkey"),
    key("portkey.max_answer_bytes", &["PORTKEY_MAX_ANSWER_BYTES"], Bytes(1024, 1024 * MIB), "longest answer of Portkey that is read"),
    key("tools.domains", &["PORTKEY_TOOL_DOMAINS", "MCP_TOOL_DOMAINS"], List, "only these tool domains; not set: all"),
    key("http.host", &["MCP_HOST"], Text, "address to listen on"),
    key("http.port", &["MCP_PORT", "PORT"], Count(0, 65_535), "port to listen on, 0 for a free one; `PORT` also listens on 0.0.0.0 where no host is set"),
    key("http.public_base_url", &["MCP_PUBLIC_BASE_URL"], Url, "what clients see in front of `/mcp`, as in `https://mcp.example.com`"),
    key("http.allowed_hosts", &["ALLOWED_HOSTS"], List, "host names accepted besides loopback and the public one: `name` or `name:port`"),
    key("http.allowed_origins", &["ALLOWED_ORIGINS", "CORS_ORIGIN"], List, "browser origins accepted besides the server's own"),
    key("http.trust_proxy", &["MCP_TRUST_PROXY"], List, "whose word on a client's address is taken: `none`, a number of proxies, networks, `loopback`, `fly` or `cloudrun`"),
    key("http.fly_app", &["FLY_APP_NAME"], Text, "name of the app on Fly.io, which sets it: `NAME.fly.dev` is a host and an origin of this server"),
    key("http.max_request_bytes", &["MCP_MAX_REQUEST_SIZE"], Bytes(1024, 64 * MIB), "largest request body"),
    key("http.max_header_bytes", &["MCP_MAX_HEADER_SIZE"], Bytes(8192, MIB), "largest request line and headers together"),
    key("http.header_timeout_ms", &["MCP_HEADER_TIMEOUT_MS"], Millis(10, HOUR_MS), "time for the first headers on a new connection"),
    key("http.body_timeout_ms", &["MCP_BODY_TIMEOUT_MS"], Millis(10, HOUR_MS), "time for a request's body to arrive"),
    key("http.max_connections", &["MCP_MAX_CONNECTIONS"], Count(1, 1_000_000), "connections at a time; further ones are closed at once"),
    key("http.max_connections_per_address", &["MCP_MAX_CONNECTIONS_PER_ADDRESS"], Count(1, 1_000_000), "of these, from one address (an IPv6 /64) that is no trusted proxy's"),
    key("http.keep_alive_timeout_ms", &["MCP_KEEP_ALIVE_TIMEOUT_MS"], Millis(10, HOUR_MS), "time until the next headers on a kept connection; choose it longer than a proxy's"),
    key("http.shutdown_delay_ms", &["MCP_SHUTDOWN_DELAY_MS"], Millis(0, HOUR_MS), "on SIGTERM, time in which everything is still served; not set: 0 on a loopback address, else 5000"),
    key("http.shutdown_timeout_ms", &["MCP_SHUTDOWN_TIMEOUT_MS"], Millis(0, HOUR_MS), "after that, time for calls in flight to finish"),
    key("http.ready_check_mode", &["MCP_READY_CHECK_MODE"], Choice(&["local", "portkey"]), "whether `/ready` also asks Portkey"),
    key("tls.cert_path", &["MCP_TLS_CERT_PATH"], Text, "PEM file of the server's certificate; with it the server speaks TLS itself"),
    key("tls.key_path", &["MCP_TLS_KEY_PATH"], Text, "PEM file of its private key"),
    key("tls.ca_path", &["MCP_TLS_CA_PATH"], Text, "PEM file of more certificates of its chain"),
    key("tls.client_ca_path", &["MCP_TLS_CLIENT_CA_PATH"], Text, "PEM file of who vouches for clients, each of which must show a certificate then"),
    key("auth.mode", &["MCP_AUTH_MODE"], Choice(&["none", "bearer", "clerk"]), "who may call `/mcp`; `none` is for loopback, a token alone means `bearer`, and a setting of Clerk alone `clerk`"),
    secret("auth.token", &["MCP_AUTH_TOKEN"], "the shared token of mode `bearer`, 16 characters or more"),
    key("auth.allow_unauthenticated_http", &["MCP_ALLOW_UNAUTHENTICATED_HTTP"], Flag, "allow mode `none` on any address, behind proxies and with a public base URL"),
    key("clerk.issuer", &["CLERK_ISSUER"], Url, "Clerk's Frontend API URL, exactly as tokens name it (`iss`)"),
    key("clerk.audience", &["CLERK_AUDIENCE"], List, "audiences of which a token has to name one (`aud`)"),
    key("clerk.jwks_url", &["CLERK_JWKS_URL"], Url, "where Clerk's keys are; not set: `/.well-known/jwks.json` under the issuer"),
    key("clerk.algorithms", &["CLERK_ALGORITHMS"], List, "what tokens may be signed with"),
    key("clerk.authorized_parties", &["CLERK_AUTHORIZED_PARTIES"], List, "applications whose tokens are taken: `azp` of session tokens, `client_id` of OAuth tokens; not set: all"),
    key("clerk.allowed_subjects", &["CLERK_ALLOWED_SUBJECTS"], List, "only these users (`user_…`)"),
    key("clerk.allowed_organization_ids", &["CLERK_ALLOWED_ORGANIZATION_IDS"], List, "only members of these organisations, with one of them active (`org_…`)"),
    key("clerk.allowed_roles", &["CLERK_ALLOWED_ROLES"], List, "only these roles in the organisation"),
    key("clerk.required_permissions", &["CLERK_REQUIRED_PERMISSIONS"], List, "only who has all of these permissions in the organisation"),
    secret("clerk.secret_key", &["CLERK_SECRET_KEY"], "Clerk's secret key, for opaque OAuth tokens (`oat_…`) alone"),
    key("clerk.oauth_client_ids", &["CLERK_OAUTH_CLIENT_IDS"], List, "OAuth applications whose opaque tokens are taken"),
    key("clerk.api_url", &["CLERK_API_URL"], Url, "Clerk's backend API, which verifies opaque tokens"),
    key("clerk.oauth_metadata_mirror", &["MCP_OAUTH_METADATA_MIRROR"], Flag, "serve Clerk's OAuth metadata for clients of 2025-03-26 too"),
    key("rate_limit.enabled", &["RATE_LIMIT_ENABLED"], Flag, "limit how many requests may come"),
    key("rate_limit.max", &["RATE_LIMIT_MAX"], Count(1, 100_000), "requests from one address (an IPv6 /64) at once"),
    key("rate_limit.refill", &["RATE_LIMIT_REFILL"], Count(1, 100_000), "how many more in each window, evenly; not set: as many as at once"),
    key("rate_limit.window_ms", &["RATE_LIMIT_WINDOW_MS"], Millis(1000, HOUR_MS), "the window of all limits"),
    key("rate_limit.principal_max", &["RATE_LIMIT_PRINCIPAL_MAX"], Count(1, 100_000), "requests of one caller in a window, whatever its addresses"),
    key("rate_limit.destructive_max", &["RATE_LIMIT_DESTRUCTIVE_MAX"], Count(1, 100_000), "of these, calls of tools that destroy"),
    key("rate_limit.max_buckets", &["RATE_LIMIT_MAX_BUCKETS"], Count(1, 1_000_000), "addresses, and callers, that are counted one by one; further ones share"),
    key("rate_limit.single_process", &["RATE_LIMIT_SINGLE_PROCESS"], Flag, "there is only one instance: its own count is the whole one"),
    key("rate_limit.store", &["RATE_LIMIT_STORE"], Choice(&["memory", "redis"]), "where requests are counted; `redis` for all instances together"),
    secret("rate_limit.redis_url", &["RATE_LIMIT_REDIS_URL", "MCP_REDIS_URL", "REDIS_URL"], "Redis for that, `redis://` or `rediss://`"),
    key("rate_limit.redis_key_prefix", &["RATE_LIMIT_REDIS_KEY_PREFIX"], Text, "how its keys begin"),
    key("rate_limit.redis_command_timeout_ms", &["RATE_LIMIT_REDIS_COMMAND_TIMEOUT_MS"], Millis(1, 60_000), "time for it to answer, after which this instance counts by itself"),
    key("mcp.session_mode", &["MCP_SESSION_MODE"], Choice(&["stateful", "stateless"]), "whether protocol revisions before 2026-07-28 get sessions"),
    key("mcp.max_sessions", &["MCP_MAX_SESSIONS"], Count(1, 1_000_000), "most sessions at a time"),
    key("mcp.session_timeout_ms", &["MCP_SESSION_TIMEOUT"], Millis(1000, 24 * 30 * HOUR_MS), "time without a request after which a session ends"),
    key("mcp.call_timeout_ms", &["MCP_CALL_TIMEOUT_MS"], Millis(100, HOUR_MS), "time for one tool call, retries included"),
    key("mcp.silence_ms", &["MCP_SILENCE_MS"], Millis(100, HOUR_MS), "time after which a call that has nothing to say yet gets its stream opened, which comments keep alive"),
    key("mcp.max_streams", &["MCP_MAX_STREAMS"], Count(1, 1_000_000), "most streams that one caller keeps open"),
    key("mcp.max_stream_age_ms", &["MCP_MAX_STREAM_AGE_MS"], Millis(1000, 24 * HOUR_MS), "time after which such a stream ends; its client opens another"),
    key("mcp.max_answer_bytes", &["MCP_MAX_ANSWER_BYTES"], Bytes(4096, 64 * MIB), "longest answer of a list; whole rows are kept"),
    key("mcp.max_json_depth", &["MCP_MAX_JSON_DEPTH"], Count(8, 120), "deepest nesting of a request's JSON"),
    key("mcp.read_only", &["MCP_READ_ONLY"], Flag, "only tools that read"),
    key("log.level", &["LOG_LEVEL"], Choice(&["off", "error", "warn", "info", "debug", "trace"]), "what is logged, to standard error"),
    key("log.format", &["LOG_FORMAT"], Choice(&["text", "json"]), "how it is written"),
    key("sandbox.seed", &[], Count(0, u64::MAX), "number from which the sandbox organisation is made (`--sandbox-seed`)"),
    key("sandbox.key", &[], Text, "seeded key that the sandbox is used with (`--sandbox-key`)"),
];

/// The key at `path` in a file.
pub fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}
