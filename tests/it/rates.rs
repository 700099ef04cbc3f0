//! Limits that several processes share through a real Redis, and what happens when it goes away.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use portkey_admin_mcp::{
    auth::{Method, Principal, PrincipalId},
    http::rate::{Limiter, Rate, Settings, SharedBuckets},
    redis,
};
use tokio::time::{sleep, timeout};

use crate::{
    authority::{Authority, Files, Issued},
    process::{Ask, PATIENCE, Server},
    support::RedisServer,
};

fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn settings(redis: &RedisServer, rate: Rate) -> Settings {
    let redis =
        redis::Settings { url: redis.url().into(), command_timeout: Duration::from_secs(1) };
    Settings {
        address: rate,
        principal: rate,
        destructive: rate,
        max_buckets: 100.try_into().unwrap(),
        shared: Some(SharedBuckets { redis, key_prefix: "test".into() }),
    }
}

fn id(name: &str) -> PrincipalId {
    Principal::new(Method::Bearer, name).id()
}

#[tokio::test]
async fn two_processes_share_one_limit() {
    let redis = RedisServer::start().await;
    let url = redis.url();
    let variables = [
        ("RATE_LIMIT_STORE", "redis"),
        ("RATE_LIMIT_REDIS_URL", &*url),
        ("RATE_LIMIT_MAX", "10"),
        ("RATE_LIMIT_REFILL", "1"),
        ("RATE_LIMIT_WINDOW_MS", "1h"),
    ];
    let servers = [Server::sandbox(&variables).await, Server::sandbox(&variables).await];
    let ask = Ask::new("GET", "/auth/info");
    let mut left = Vec::new();
    for at in 0..10 {
        let reply = servers[at % 2].ask(&ask).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let told = reply.header("ratelimit").unwrap();
        left.push(told.split(['=', ';']).nth(2).unwrap().parse::<u32>().unwrap());
        assert_eq!(reply.header("ratelimit-policy"), Some("\"address\";q=10;w=36000"));
    }
    assert_eq!(left, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    for server in &servers {
        let reply = server.ask(&ask).await;
        assert_eq!(reply.status, 429, "{reply:?}");
        let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
        assert!((3500..=3600).contains(&wait), "{wait}");
        assert_eq!(server.ask(&Ask::new("GET", "/health")).await.status, 200);
    }
}

#[tokio::test]
async fn redis_is_spoken_to_over_tls_and_only_with_a_certificate_that_is_vouched_for() {
    let (files, authority) = (Files::new(), Authority::new("root"));
    let Issued { cert, key } = authority.server();
    let redis =
        RedisServer::with_tls(&files.write("cert.pem", &cert), &files.write("key.pem", &key)).await;
    let url = redis.url();
    let known = files.write("root.pem", &authority.pem).display().to_string();
    let foreign = files.write("other.pem", &Authority::new("root").pem).display().to_string();
    let server = async |roots: &str| {
        Server::sandbox(&[
            ("RATE_LIMIT_STORE", "redis"),
            ("REDIS_URL", &url),
            ("RATE_LIMIT_REDIS_COMMAND_TIMEOUT_MS", "5s"),
            ("RATE_LIMIT_MAX", "10"),
            ("RATE_LIMIT_REFILL", "1"),
            ("SSL_CERT_FILE", roots),
        ])
        .await
    };
    let ask = Ask::new("GET", "/auth/info");
    let (one, other) = (server(&known).await, server(&known).await);
    for (server, left) in [(&one, "9"), (&other, "8"), (&one, "7")] {
        let reply = server.ask(&ask).await;
        assert!(reply.header("ratelimit").unwrap().contains(&format!(";r={left};")), "{reply:?}");
    }
    let stranger = server(&foreign).await;
    for left in ["9", "8", "7"] {
        let reply = stranger.ask(&ask).await;
        assert!(reply.header("ratelimit").unwrap().contains(&format!(";r={left};")), "{reply:?}");
    }
    stranger.logged("Redis is gone").await;
}

#[tokio::test]
async fn no_token_is_taken_twice_however_many_take_at_once() {
    let redis = RedisServer::start().await;
    let rate = Rate::new(number(100), number(1), Duration::from_secs(3600));
    let instances: Vec<_> =
        (0..4).map(|_| Arc::new(Limiter::new(Some(&settings(&redis, rate))).unwrap())).collect();
    let mut tasks = tokio::task::JoinSet::new();
    for at in 0..400 {
        let limiter = Arc::clone(&instances[at % 4]);
        tasks.spawn(async move { limiter.principal(&id("one"), None).await.is_ok() });
    }
    let let_through = tasks.join_all().await.into_iter().filter(|passed| *passed).count();
    assert_eq!(let_through, 100);
    assert!(instances[0].principal(&id("other"), None).await.is_ok());
    assert!(instances[0].destructive(&id("one")).await.is_ok(), "counted apart");
}

#[tokio::test]
async fn shared_buckets_refill_as_own_ones_do() {
    let redis = RedisServer::start().await;
    let rate = Rate::new(number(2), number(10), Duration::from_secs(1));
    let limiter = Limiter::new(Some(&settings(&redis, rate))).unwrap();
    let address = "203.0.113.7".parse().unwrap();
    assert!(limiter.address(address).await.is_ok());
    assert!(limiter.address(address).await.is_ok());
    let limited = limiter.address(address).await.unwrap_err();
    assert!(limited.retry_after <= Duration::from_millis(100), "{limited:?}");
    sleep(limited.retry_after).await;
    assert!(limiter.address(address).await.is_ok());
    // What was written at a rate of one an hour counts as empty at another, and no worse.
    let hourly = Rate::new(number(1), number(1), Duration::from_secs(3600));
    let slow = Limiter::new(Some(&settings(&redis, hourly))).unwrap();
    assert!(slow.principal(&id("one"), None).await.is_ok());
    let limited = slow.principal(&id("one"), Some(number(600))).await.unwrap_err();
    assert!(limited.retry_after <= Duration::from_millis(100), "{limited:?}");
}

#[tokio::test]
async fn requests_are_counted_by_each_process_while_redis_is_gone_and_it_is_said_once() {
    let mut redis = RedisServer::start().await;
    let url = redis.url();
    let server = Server::sandbox(&[
        ("RATE_LIMIT_STORE", "redis"),
        ("RATE_LIMIT_REDIS_URL", &url),
        ("RATE_LIMIT_MAX", "50"),
        ("RATE_LIMIT_REFILL", "1"),
        ("RATE_LIMIT_WINDOW_MS", "1h"),
        ("RATE_LIMIT_REDIS_COMMAND_TIMEOUT_MS", "200"),
    ])
    .await;
    let ask = Ask::new("GET", "/auth/info");
    let left = async || {
        let reply = server.ask(&ask).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.header("ratelimit").unwrap().split(['=', ';']).nth(2).unwrap().to_owned()
    };
    let ready = async || {
        let reply = server.ask(&Ask::new("GET", "/ready")).await;
        (reply.status, reply.json()["status"].as_str().unwrap().to_owned())
    };
    assert_eq!(left().await, "49");
    assert_eq!(ready().await, (200, "ready".into()));
    redis.kill();
    let gone = async {
        while !server.log().contains("Redis is gone") {
            left().await;
        }
    };
    timeout(PATIENCE, gone).await.expect("said");
    server.logged("each instance limits rates by its own count").await;
    assert_eq!(ready().await, (200, "degraded".into()), "calls are still answered");
    for _ in 0..5 {
        let asked = std::time::Instant::now();
        left().await;
        assert!(asked.elapsed() < Duration::from_millis(150), "nobody waits for Redis");
    }
    redis.start_again().await;
    server.logged("Redis is back").await;
    assert_eq!(ready().await, (200, "ready".into()));
    assert_eq!(left().await, "49", "counted in the new Redis");

    // Frozen, it takes connections and answers nothing.
    redis.freeze().await;
    let gone = async {
        while server.log().matches("Redis is gone").count() < 2 {
            left().await;
        }
    };
    timeout(PATIENCE, gone).await.expect("said again");
    redis.thaw().await;
    let back = async {
        while server.log().matches("Redis is back").count() < 2 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, back).await.expect("back");
    let log = server.log();
    assert_eq!(log.matches("Redis is gone").count(), 2, "{log}");
}

#[tokio::test]
async fn a_server_starts_without_its_redis() {
    let mut redis = RedisServer::start().await;
    let url = redis.url();
    redis.kill();
    let variables = [("RATE_LIMIT_STORE", "redis"), ("REDIS_URL", &*url)];
    let server = Server::sandbox(&variables).await;
    for _ in 0..5 {
        assert_eq!(server.ask(&Ask::new("GET", "/")).await.status, 200);
    }
    server.logged("Redis is gone").await;
    assert!(!server.log().contains(&url), "{}", server.log());
}
