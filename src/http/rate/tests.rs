//! Buckets of one process: what fits, who is forgotten, who shares.

use std::net::Ipv4Addr;

use axum::http::HeaderMap;

use super::*;
use crate::auth::{Method, Principal};

fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

/// `burst` at once, one more every hour.
fn slow(burst: u32) -> Rate {
    Rate::new(number(burst), number(1), Duration::from_secs(3600))
}

fn limiter(address: Rate, max_buckets: usize) -> Limiter {
    let settings = Settings {
        address,
        principal: slow(2),
        destructive: slow(1),
        max_buckets: max_buckets.try_into().unwrap(),
        shared: None,
    };
    Limiter::new(Some(&settings)).unwrap()
}

fn principal(name: &str) -> PrincipalId {
    let mut principal = Principal::new(Method::Bearer, "default");
    principal.identity.subject = Some(name.into());
    principal.id()
}

fn v4(number: u32) -> IpAddr {
    Ipv4Addr::from_bits(number).into()
}

#[tokio::test]
async fn a_burst_is_let_through_and_no_more() {
    let limiter = limiter(slow(3), 10);
    let address = "203.0.113.7".parse().unwrap();
    for _ in 0..3 {
        assert!(limiter.address(address).await.is_ok());
    }
    let limited = limiter.address(address).await.unwrap_err();
    assert!(limited.retry_after > Duration::from_secs(3590), "{limited:?}");
    assert!(limited.retry_after <= Duration::from_secs(3600), "{limited:?}");
    assert!(limiter.address("203.0.113.8".parse().unwrap()).await.is_ok());
    assert!(limiter.address("::ffff:203.0.113.7".parse().unwrap()).await.is_err());
}

#[tokio::test]
async fn what_was_used_comes_back_evenly() {
    let rate = Rate::new(number(2), number(20), Duration::from_secs(1));
    let limiter = limiter(rate, 10);
    let address = v4(1);
    assert!(limiter.address(address).await.is_ok());
    assert!(limiter.address(address).await.is_ok());
    let limited = limiter.address(address).await.unwrap_err();
    assert!(limited.retry_after <= Duration::from_millis(50), "{limited:?}");
    tokio::time::sleep(limited.retry_after).await;
    assert!(limiter.address(address).await.is_ok());
}

#[tokio::test]
async fn the_slowest_and_the_fastest_rates_count() {
    for rate in [slow(u32::MAX), Rate::per_minute(NonZeroU32::MAX), Rate::per_minute(number(1))] {
        assert!(limiter(rate, 10).address(v4(1)).await.is_ok(), "{rate:?}");
    }
}

#[tokio::test]
async fn ipv6_counts_by_its_64() {
    let limiter = limiter(slow(1), 10);
    let take = async |text: &str| limiter.address(text.parse().unwrap()).await.is_ok();
    assert!(take("2001:db8:1:2::1").await);
    assert!(!take("2001:db8:1:2:ffff::2").await);
    assert!(take("2001:db8:1:3::1").await);
}

#[tokio::test]
async fn each_principal_has_its_own_and_destroys_less() {
    let limiter = limiter(slow(1), 1);
    let (one, other) = (principal("one"), principal("other"));
    assert!(limiter.destructive(&one).await.is_ok());
    assert!(limiter.destructive(&one).await.is_err());
    for _ in 0..2 {
        assert!(limiter.principal(&one, None).await.is_ok());
    }
    assert!(limiter.principal(&one, None).await.is_err());
    for _ in 0..5 {
        assert!(limiter.principal(&other, Some(number(5))).await.is_ok(), "a rate of its own");
    }
    assert!(limiter.principal(&other, Some(number(5))).await.is_err());
}

#[tokio::test]
async fn another_rate_of_a_principal_counts_at_once_and_gives_no_new_bucket() {
    let limiter = limiter(slow(1), 10);
    let one = principal("one");
    let take = async |rate| limiter.principal(&one, Some(number(rate))).await;
    for _ in 0..30 {
        assert!(take(60).await.is_ok());
    }
    // Half a minute is used up, which is two of four.
    for _ in 0..2 {
        assert!(take(4).await.is_ok());
    }
    let limited = take(4).await.unwrap_err();
    assert!(limited.message().contains("at most 4 in 60 s"), "{}", limited.message());
    assert!(limited.retry_after <= Duration::from_secs(15), "{limited:?}");
    assert!(take(1).await.is_err());
    // Back at the first rate it is the whole minute that is used up.
    let limited = take(60).await.unwrap_err();
    assert!(limited.retry_after <= Duration::from_secs(1), "{limited:?}");
}

#[tokio::test]
async fn a_table_full_of_used_buckets_forgets_none_and_newcomers_share() {
    let limiter = limiter(slow(2), 100);
    let inner = limiter.0.as_ref().unwrap();
    for address in 0..100 {
        assert!(limiter.address(v4(0x0a00_0000 + address)).await.is_ok());
    }
    // 198.51.0.0/16 has one bucket of two now, 203.0.0.0/16 another.
    for (address, expected) in [
        ("198.51.100.1", true),
        ("198.51.7.2", true),
        ("198.51.100.3", false),
        ("203.0.113.1", true),
        ("2001:db8:1::1", true),
        ("2001:db8:2::1", true),
        ("2001:db8:3::1", false),
        ("2001:db9:3::1", true),
    ] {
        let taken = limiter.address(address.parse().unwrap()).await.is_ok();
        assert_eq!(taken, expected, "{address}");
    }
    for address in 0..100 {
        assert!(limiter.address(v4(0x0a00_0000 + address)).await.is_ok(), "its second");
        assert!(limiter.address(v4(0x0a00_0000 + address)).await.is_err(), "none was forgotten");
    }
    assert!(limiter.principal(&principal("one"), None).await.is_ok(), "callers have their own");
    assert_eq!(inner.address.own.sizes(), (100, 4));
    // However many networks come, there is an end.
    for network in 0..1000 {
        let _ = limiter.address(v4(network << 16)).await;
    }
    assert_eq!(inner.address.own.sizes(), (100, 101));
}

#[tokio::test]
async fn full_buckets_make_room() {
    let rate = Rate::new(number(1), number(100), Duration::from_secs(1));
    let limiter = limiter(rate, 10);
    for address in 0..10 {
        assert!(limiter.address(v4(address)).await.is_ok());
    }
    let own = &limiter.0.as_ref().unwrap().address.own;
    let room = tokio::time::timeout(Duration::from_secs(10), async {
        while own.sizes().0 != 1 {
            let _ = limiter.address(v4(0x0b00_0000)).await;
            tokio::task::yield_now().await;
        }
    });
    room.await.expect("all ten are full again soon");
}

#[tokio::test]
async fn an_address_gains_nothing_by_coming_under_many_others() {
    let limiter = limiter(slow(1), 50);
    let victim = "203.0.113.7".parse().unwrap();
    assert!(limiter.address(victim).await.is_ok());
    for address in 0..10_000 {
        let _ = limiter.address(v4(0x0a00_0000 + address)).await;
    }
    assert!(limiter.address(victim).await.is_err());
}

#[tokio::test]
async fn the_headers_say_the_policy_and_what_is_left() {
    let limiter = limiter(Rate::new(number(300), number(300), Duration::from_secs(60)), 10);
    let mut headers = HeaderMap::new();
    limiter.address(v4(1)).await.unwrap().tell(&mut headers);
    limiter.destructive(&principal("one")).await.unwrap().tell(&mut headers);
    let all = |name: &str| {
        let values = headers.get_all(name).iter().map(|value| value.to_str().unwrap());
        values.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(all("ratelimit-policy"), r#""address";q=300;w=60, "destructive";q=1;w=3600"#);
    assert_eq!(all("ratelimit"), r#""address";r=299;t=1, "destructive";r=0;t=3600"#);
    let limited = limiter.destructive(&principal("one")).await.unwrap_err();
    let mut headers = HeaderMap::new();
    limited.tell(&mut headers);
    assert_eq!(headers["retry-after"], "3600");
    assert_eq!(headers["ratelimit"], r#""destructive";r=0;t=3600"#);
    assert_eq!(
        limited.message(),
        "too many requests of this caller for tools that destroy (at most 1 in 3600 s): try again \
         in 3600 s"
    );
    let mut none = HeaderMap::new();
    Limiter::new(None).unwrap().address(v4(1)).await.unwrap().tell(&mut none);
    assert!(none.is_empty());
}
