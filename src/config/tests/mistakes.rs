//! Each mistake in the environment, and the one line that tells its remedy.

use super::*;

/// Environment, and the problem it is told.
const BAD: &[(Environment, &str)] = &[
    (
        &[("MCP_PORT", "70000")],
        "`http.port` is `70000` (env:MCP_PORT): write a whole number from 0 to 65535",
    ),
    (
        &[("MCP_PORT", "tcp://10.0.0.1:80")],
        "`http.port` is `tcp://10.0.0.1:80` (env:MCP_PORT): write a whole number from 0 to 65535; \
         Kubernetes sets such values itself unless `enableServiceLinks` is false",
    ),
    (
        &[("MCP_SESSION_MODE", "sticky")],
        "`mcp.session_mode` is `sticky` (env:MCP_SESSION_MODE): write one of `stateful`, `stateless`",
    ),
    (
        &[("MCP_AUTH_MODE", "oauth")],
        "`auth.mode` is `oauth` (env:MCP_AUTH_MODE): write one of `none`, `bearer`, `clerk`",
    ),
    (
        &[("MCP_READ_ONLY", "maybe")],
        "`mcp.read_only` is `maybe` (env:MCP_READ_ONLY): write `true` or `false`",
    ),
    (
        &[("MCP_MAX_REQUEST_SIZE", "1tb")],
        "`http.max_request_bytes` is `1tb` (env:MCP_MAX_REQUEST_SIZE): write bytes from 1024 to \
         67108864, or a size as in `1mb`",
    ),
    (
        &[("MCP_SHUTDOWN_TIMEOUT_MS", "soon")],
        "`http.shutdown_timeout_ms` is `soon` (env:MCP_SHUTDOWN_TIMEOUT_MS): write milliseconds \
         from 0 to 3600000, or a time as in `30s`",
    ),
    (
        &[("MCP_PUBLIC_BASE_URL", "mcp.example.com"), ("MCP_ALLOW_UNAUTHENTICATED_HTTP", "1")],
        "`http.public_base_url` is `mcp.example.com` (env:MCP_PUBLIC_BASE_URL): write a whole URL, \
         as in `https://mcp.example.com`",
    ),
    (
        &[
            ("MCP_PUBLIC_BASE_URL", "https://mcp.example.com/mcp"),
            ("MCP_ALLOW_UNAUTHENTICATED_HTTP", "1"),
        ],
        "`http.public_base_url` is `https://mcp.example.com/mcp` (env:MCP_PUBLIC_BASE_URL): leave \
         out `/mcp`, which the server adds",
    ),
    (
        &[("MCP_SESSION_TIMEOUT", "60s")],
        "`mcp.session_timeout_ms` is `60s` (env:MCP_SESSION_TIMEOUT): write more than \
         `mcp.call_timeout_ms`, which is `60000` (default), or a session ends while a call runs",
    ),
    (
        &[("MCP_CALL_TIMEOUT_MS", "1h")],
        "`mcp.session_timeout_ms` is `3600000` (default): write more than `mcp.call_timeout_ms`, \
         which is `1h` (env:MCP_CALL_TIMEOUT_MS), or a session ends while a call runs",
    ),
    (
        &[("CORS_ORIGIN", "*")],
        "`http.allowed_origins` is `*` (env:CORS_ORIGIN): write `scheme://host` or \
         `scheme://host:port` for each, or `null`; no wildcard, no path",
    ),
    (
        &[("PORTKEY_TOOL_DOMAINS", "prompts"), ("MCP_TOOL_DOMAINS", "prompts,configs")],
        "`PORTKEY_TOOL_DOMAINS` and `MCP_TOOL_DOMAINS` are two names of `tools.domains` and \
         differ: unset one of them",
    ),
    (
        &[("ALLOWED_ORIGINS", "https://a.example"), ("CORS_ORIGIN", "https://b.example")],
        "`ALLOWED_ORIGINS` and `CORS_ORIGIN` are two names of `http.allowed_origins` and differ: \
         unset one of them",
    ),
    (
        &[("ALLOWED_HOSTS", "https://a.example")],
        "`http.allowed_hosts` is `https://a.example` (env:ALLOWED_HOSTS): write `name` or \
         `name:port`, without scheme, path or wildcard",
    ),
    (
        &[("MCP_HOST", "0.0.0.0:80"), ("MCP_ALLOW_UNAUTHENTICATED_HTTP", "1")],
        "`http.host` is `0.0.0.0:80` (env:MCP_HOST): write an IP address or a host name, without a \
         port",
    ),
    (
        &[("MCP_HOST", "0.0.0.0")],
        "`auth.mode` is `none`, which is for this machine alone, but `http.host` is `0.0.0.0` \
         (env:MCP_HOST): set MCP_AUTH_MODE=bearer with MCP_AUTH_TOKEN, or \
         MCP_ALLOW_UNAUTHENTICATED_HTTP=true if something else guards the server",
    ),
    (
        &[("MCP_PUBLIC_BASE_URL", "https://mcp.example.com")],
        "`auth.mode` is `none`, which is for this machine alone, but `http.public_base_url` is set: \
         set MCP_AUTH_MODE=bearer with MCP_AUTH_TOKEN, or MCP_ALLOW_UNAUTHENTICATED_HTTP=true if \
         something else guards the server",
    ),
    (
        &[("MCP_TRUST_PROXY", "loopback")],
        "`auth.mode` is `none`, which is for this machine alone, but `http.trust_proxy` is set: set \
         MCP_AUTH_MODE=bearer with MCP_AUTH_TOKEN, or MCP_ALLOW_UNAUTHENTICATED_HTTP=true if \
         something else guards the server",
    ),
    (
        &[("MCP_TRUST_PROXY", "10.0.0.0/8,nginx"), ("MCP_ALLOW_UNAUTHENTICATED_HTTP", "1")],
        "`http.trust_proxy` is `10.0.0.0/8,nginx` (env:MCP_TRUST_PROXY): write `none`, the number \
         of proxies, `loopback`, `fly`, `cloudrun`, or networks as in `10.0.0.0/8`",
    ),
    (
        &[("MCP_TRUST_PROXY", "0.0.0.0/0"), ("MCP_ALLOW_UNAUTHENTICATED_HTTP", "1")],
        "`http.trust_proxy` is `0.0.0.0/0` (env:MCP_TRUST_PROXY): a network of all addresses would \
         believe what any client writes",
    ),
    (
        &[("FLY_APP_NAME", "https://app.fly.dev")],
        "`http.fly_app` is `https://app.fly.dev` (env:FLY_APP_NAME): write the app's name alone, \
         without `.fly.dev`",
    ),
    (
        &[("RATE_LIMIT_STORE", "redis")],
        "`rate_limit.store` is `redis` but `rate_limit.redis_url` is not set: set \
         RATE_LIMIT_REDIS_URL, MCP_REDIS_URL or REDIS_URL",
    ),
    (
        &[("RATE_LIMIT_STORE", "redis"), ("REDIS_URL", "http://:secret@h")],
        "`rate_limit.redis_url` is `***` (env:REDIS_URL): write `redis://HOST:PORT/DATABASE`, with \
         TLS `rediss://…`",
    ),
    (
        &[("RATE_LIMIT_MAX", "0")],
        "`rate_limit.max` is `0` (env:RATE_LIMIT_MAX): write a whole number from 1 to 100000",
    ),
    (
        &[("MCP_AUTH_MODE", "bearer")],
        "`auth.mode` is `bearer` but `auth.token` is not set: set MCP_AUTH_TOKEN or \
         MCP_AUTH_TOKEN_FILE, for example to the output of `openssl rand -hex 32`",
    ),
    (
        &[("MCP_AUTH_MODE", "bearer"), ("MCP_AUTH_TOKEN", "short")],
        "`auth.token` is `***` (env:MCP_AUTH_TOKEN): it is shorter than 16 characters and could be \
         guessed; `openssl rand -hex 32` makes a good one",
    ),
    (
        &[
            ("MCP_AUTH_MODE", "bearer"),
            ("MCP_AUTH_TOKEN", "0123456789abcdef"),
            ("MCP_AUTH_TOKEN_FILE", "x"),
        ],
        "`MCP_AUTH_TOKEN` and `MCP_AUTH_TOKEN_FILE` are both set: unset one of them",
    ),
    (
        &[("MCP_AUTH_MODE", "none"), ("MCP_AUTH_TOKEN", "0123456789abcdef")],
        "`auth.mode` is `none` (env:MCP_AUTH_MODE): but `auth.token` is set, which only `bearer` \
         asks for: unset one of them",
    ),
    (
        &[("MCP_CONFIG", "/nowhere.toml")],
        "configuration file `/nowhere.toml` cannot be read (No such file or directory (os error \
         2)): correct --config or MCP_CONFIG",
    ),
    (
        &[("MCP_MAX_CONNECTIONS", "10"), ("MCP_MAX_CONNECTIONS_PER_ADDRESS", "11")],
        "`http.max_connections_per_address` is `11` (env:MCP_MAX_CONNECTIONS_PER_ADDRESS): write no \
         more than `http.max_connections`, which is `10` (env:MCP_MAX_CONNECTIONS)",
    ),
    (
        &[("MCP_TLS_CERT_PATH", "/cert.pem")],
        "`tls.cert_path` is `/cert.pem` (env:MCP_TLS_CERT_PATH): but `tls.key_path` is not set: TLS \
         needs a certificate and its key (MCP_TLS_CERT_PATH, MCP_TLS_KEY_PATH)",
    ),
    (
        &[("MCP_TLS_KEY_PATH", "/key.pem")],
        "`tls.key_path` is `/key.pem` (env:MCP_TLS_KEY_PATH): but `tls.cert_path` is not set: TLS \
         needs a certificate and its key (MCP_TLS_CERT_PATH, MCP_TLS_KEY_PATH)",
    ),
    (
        &[("MCP_TLS_CLIENT_CA_PATH", "/ca.pem")],
        "`tls.client_ca_path` is `/ca.pem` (env:MCP_TLS_CLIENT_CA_PATH): but `tls.cert_path` and \
         `tls.key_path` are not set: TLS needs a certificate and its key (MCP_TLS_CERT_PATH, \
         MCP_TLS_KEY_PATH)",
    ),
    (
        &[("MCP_TLS_CERT_PATH", "/nowhere.pem"), ("MCP_TLS_KEY_PATH", "/nowhere.pem")],
        "`tls.cert_path` is `/nowhere.pem` (env:MCP_TLS_CERT_PATH): the file cannot be read (No \
         such file or directory (os error 2))",
    ),
    (
        &[("MCP_ACTION_LOG_REQUIRED", "true")],
        "`MCP_ACTION_LOG_REQUIRED` is set, but actions are not logged in this version; unset it",
    ),
];

#[test]
fn each_mistake_in_the_environment_is_told_its_remedy() {
    for (environment, expected) in BAD {
        assert_eq!(problems(&inputs(environment)), [*expected], "{environment:?}");
    }
}

#[test]
fn two_names_that_say_the_same_are_no_mistake() {
    let same =
        [("PORTKEY_TOOL_DOMAINS", "configs, prompts"), ("MCP_TOOL_DOMAINS", "prompts,configs")];
    assert_eq!(problems(&inputs(&same)), [] as [String; 0]);
}

#[test]
fn a_tool_domain_that_is_not_there_is_told_with_those_that_are() {
    let told = problems(&inputs(&[("PORTKEY_TOOL_DOMAINS", "prompts,foo")]));
    let [told] = &*told else { panic!("{told:?}") };
    let start = "`tools.domains` is `prompts,foo` (env:PORTKEY_TOOL_DOMAINS): no tool domain \
                 `foo`; there are: configs, ";
    assert!(told.starts_with(start), "{told}");
}
