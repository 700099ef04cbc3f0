//! The issuer's keys: rotation, outages, floods of unknown ids.

use std::time::{Duration, Instant};

use super::{issuer::Mood, *};

/// As usual, but nothing takes long.
const BRISK: Pace = Pace {
    cooldown: Duration::from_millis(300),
    fetch: Duration::from_secs(1),
    patience: Duration::from_millis(400),
    ..Pace::USUAL
};

async fn brisk(pace: Pace) -> (Issuer, Clerk) {
    let issuer = Issuer::start(&[&KEYS.rsa]).await;
    let clerk = started(&issuer, &settings(&issuer, &[]), pace).await;
    (issuer, clerk)
}

/// A token that is signed by nobody, under an id.
fn under(issuer: &Issuer, id: &str) -> String {
    let header = json!({ "alg": "RS256", "kid": id });
    signer::raw(&header, &issuer.claims(json!({})), |_| vec![0; 256])
}

fn is_unavailable(found: &Result<Identity, Refused>) -> bool {
    matches!(found, Err(Refused::Unavailable { retry_after, .. }) if !retry_after.is_zero())
}

/// Asks until a condition holds.
async fn until(clerk: &Clerk, token: &str, holds: impl Fn(&Result<Identity, Refused>) -> bool) {
    let start = Instant::now();
    loop {
        let found = clerk.verify(token.as_bytes(), HOME).await;
        if holds(&found) {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{found:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_rotated_key_is_fetched_and_the_old_one_forgotten() {
    let (issuer, clerk) = brisk(BRISK).await;
    let old = good(&issuer, &KEYS.rsa);
    let new = good(&issuer, &KEYS.ec);
    assert!(clerk.verify(old.as_bytes(), HOME).await.is_ok());
    issuer.publish(&[&KEYS.ec]);
    until(&clerk, &new, Result::is_ok).await;
    // It had been remembered as good.
    let found = clerk.verify(old.as_bytes(), HOME).await;
    assert!(matches!(found, Err(Refused::Invalid(_))), "{found:?}");
}

#[tokio::test]
async fn another_key_under_the_same_id_ends_what_was_remembered() {
    let (issuer, clerk) = brisk(BRISK).await;
    let old = good(&issuer, &KEYS.rsa);
    assert!(clerk.verify(old.as_bytes(), HOME).await.is_ok());
    issuer.publish(&[&KEYS.foreign]);
    until(&clerk, &under(&issuer, "other"), |_| issuer.fetches() > 1).await;
    until(&clerk, &good(&issuer, &KEYS.foreign), Result::is_ok).await;
    let found = clerk.verify(old.as_bytes(), HOME).await;
    assert!(matches!(&found, Err(Refused::Invalid(why)) if why.contains("signature")), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_unknown_ids_cause_one_fetch_a_cooldown() {
    let cooldown = Duration::from_secs(2);
    let (issuer, clerk) = brisk(Pace { cooldown, ..BRISK }).await;
    tokio::time::sleep(cooldown).await;
    let (before, start) = (issuer.fetches(), Instant::now());
    let tasks = 8;
    let storm = (0..tasks).map(|task| {
        let (clerk, claims) = (clerk.clone(), issuer.claims(json!({})));
        tokio::spawn(async move {
            for number in 0..100_000 / tasks {
                let header = json!({ "alg": "RS256", "kid": format!("{task}-{number}") });
                let token = signer::raw(&header, &claims, |_| vec![0; 8]);
                assert!(clerk.verify(token.as_bytes(), HOME).await.is_err());
                // As a request does when it reads its connection.
                tokio::task::yield_now().await;
            }
        })
    });
    for ended in storm.collect::<Vec<_>>() {
        ended.await.unwrap();
    }
    let (caused, took) = (issuer.fetches() - before, start.elapsed());
    let most = 1 + took.as_millis() / cooldown.as_millis();
    println!("a storm of 100,000 unknown ids: {caused} fetches in {took:?}");
    assert!(caused >= 1 && caused as u128 <= most, "{caused} in {took:?}");
    assert!(clerk.verify(good(&issuer, &KEYS.rsa).as_bytes(), HOME).await.is_ok());
}

#[tokio::test]
async fn a_known_key_does_not_wait_while_the_fetch_for_an_unknown_one_hangs() {
    let (issuer, clerk) = brisk(BRISK).await;
    let known = good(&issuer, &KEYS.rsa);
    tokio::time::sleep(BRISK.cooldown).await;
    issuer.be(Mood::Hangs);
    let fetches = issuer.fetches();
    let asking = tokio::spawn({
        let (clerk, token) = (clerk.clone(), under(&issuer, "unknown"));
        async move {
            let start = Instant::now();
            (clerk.verify(token.as_bytes(), HOME).await, start.elapsed())
        }
    });
    issuer.fetched(fetches + 1).await;
    let start = Instant::now();
    // Its signature has not been verified before, so this is the long way.
    assert!(clerk.verify(known.as_bytes(), HOME).await.is_ok());
    // Others with unknown ids do not wait either.
    let found = clerk.verify(under(&issuer, "another").as_bytes(), HOME).await;
    assert!(is_unavailable(&found), "{found:?}");
    assert!(start.elapsed() < BRISK.patience / 2, "{:?}", start.elapsed());
    let (found, waited) = asking.await.unwrap();
    assert!(is_unavailable(&found), "{found:?}");
    assert!(waited < BRISK.patience * 2, "{waited:?}");
}

#[tokio::test]
async fn an_outage_and_nonsense_change_nothing() {
    let (issuer, clerk) = brisk(Pace { fresh: Duration::from_millis(1), ..BRISK }).await;
    let elsewhere = Issuer::start(&[&KEYS.foreign]).await;
    for mood in [
        Mood::Down,
        Mood::Garbage,
        Mood::Huge,
        Mood::Hangs,
        Mood::Redirects(format!("{}/.well-known/jwks.json", elsewhere.url)),
    ] {
        issuer.be(mood.clone());
        let fetches = issuer.fetches();
        // Stale keys are fetched again because somebody asks, who does not wait for it.
        until(&clerk, &good(&issuer, &KEYS.rsa), |found| {
            assert!(found.is_ok(), "{mood:?}: {found:?}");
            issuer.fetches() > fetches + 1
        })
        .await;
        let found = clerk.verify(under(&issuer, "unknown").as_bytes(), HOME).await;
        assert!(is_unavailable(&found), "{mood:?}: {found:?}");
    }
    assert_eq!(elsewhere.fetches(), 0);
    issuer.be(Mood::Well);
    until(&clerk, &under(&issuer, "unknown"), |it| matches!(it, Err(Refused::Invalid(_)))).await;
}

#[tokio::test]
async fn without_keys_nothing_is_refused_for_good() {
    let issuer = Issuer::start(&[]).await;
    let pace = Pace { cooldown: Duration::from_millis(50), ..BRISK };
    let clerk = started(&issuer, &settings(&issuer, &[]), pace).await;
    let token = good(&issuer, &KEYS.rsa);
    assert!(!clerk.has_keys() && !clerk.had_keys());
    assert!(is_unavailable(&clerk.verify(token.as_bytes(), HOME).await));
    issuer.publish(&[&KEYS.rsa]);
    // Found by the timer: nobody asks.
    let start = Instant::now();
    while !clerk.has_keys() {
        assert!(start.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(clerk.verify(token.as_bytes(), HOME).await.is_ok());
}

#[tokio::test]
async fn keys_that_could_not_be_fetched_for_too_long_are_no_longer_trusted() {
    let kept = Duration::from_millis(200);
    let (issuer, clerk) = brisk(Pace { kept, ..BRISK }).await;
    let token = good(&issuer, &KEYS.rsa);
    assert!(clerk.has_keys() && clerk.verify(token.as_bytes(), HOME).await.is_ok());
    issuer.be(Mood::Down);
    tokio::time::sleep(kept).await;
    assert!(!clerk.has_keys() && clerk.had_keys());
    assert!(is_unavailable(&clerk.verify(token.as_bytes(), HOME).await), "remembered or not");
    issuer.be(Mood::Well);
    until(&clerk, &token, Result::is_ok).await;
}

#[tokio::test]
async fn a_key_that_cannot_be_used_does_not_spoil_the_set() {
    let issuer = Issuer::start(&[]).await;
    let mut encrypting = KEYS.ec.jwk();
    encrypting["use"] = "enc".into();
    issuer.publish_raw(vec![
        json!("x"),
        json!({ "kty": "RSA" }),
        json!({ "kty": "oct", "kid": "shared", "k": "AAAA" }),
        json!({ "kty": "new", "kid": "new" }),
        encrypting,
        KEYS.rsa.jwk(),
        KEYS.foreign.jwk(),
    ]);
    let clerk = started(&issuer, &settings(&issuer, &[]), Pace::USUAL).await;
    assert!(clerk.verify(good(&issuer, &KEYS.rsa).as_bytes(), HOME).await.is_ok());
    let found = clerk.verify(good(&issuer, &KEYS.ec).as_bytes(), HOME).await;
    assert!(matches!(found, Err(Refused::Invalid(_))), "{found:?}");
    let shared = json!({ "alg": "HS256", "kid": "shared" });
    let token = signer::hs256(&shared, &issuer.claims(json!({})), &[0, 0, 0]);
    let found = clerk.verify(token.as_bytes(), HOME).await;
    assert!(matches!(found, Err(Refused::Invalid(_))), "{found:?}");
}

#[tokio::test]
async fn the_metadata_is_mirrored_without_what_is_not_the_issuers() {
    let issuer = Issuer::start(&[]).await;
    let elsewhere = Issuer::start(&[]).await;
    for mood in [
        Mood::Down,
        Mood::Garbage,
        Mood::Huge,
        Mood::Redirects(format!("{}/.well-known/oauth-authorization-server", elsewhere.url)),
    ] {
        issuer.be(mood.clone());
        let (before, start) = (issuer.readings(), Instant::now());
        let mirror = Mirror::with(&issuer.url, http(&issuer));
        // The second time it has done with the first.
        while issuer.readings() < before + 2 {
            assert!(start.elapsed() < Duration::from_secs(10));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(mirror.document().is_none(), "{mood:?}");
    }
    assert_eq!(elsewhere.readings(), 0);
    issuer.be(Mood::Well);
    let (before, start) = (issuer.readings(), Instant::now());
    let mirror = Mirror::with(&issuer.url, http(&issuer));
    let document = loop {
        if let Some(document) = mirror.document() {
            break document;
        }
        assert!(start.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let document: Value = serde_json::from_slice(&document).unwrap();
    assert_eq!(document["issuer"], issuer.url);
    assert_eq!(document["token_endpoint"], format!("{}/oauth/token", issuer.url));
    assert_eq!(document["registration_endpoint"], Value::Null);
    assert_eq!(issuer.readings(), before + 1);
    for _ in 0..100 {
        assert!(mirror.document().is_some());
    }
    assert_eq!(issuer.readings(), before + 1, "never fetched because somebody asks");
}
