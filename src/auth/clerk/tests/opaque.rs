//! Opaque tokens: how often Clerk is asked, and what its moods come to.

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use futures_util::future::join_all;

use super::{issuer::Mood, *};

/// As usual, but nothing is kept for long.
const BRISK: Pace = Pace {
    opaque_kept: Duration::from_millis(200),
    opaque_turn: Duration::from_secs(1),
    opaque_deadline: Duration::from_secs(1),
    opaque_break: Duration::from_millis(300),
    ..Pace::USUAL
};

async fn asking(pace: Pace) -> (Issuer, Clerk) {
    let issuer = Issuer::start(&KEYS.published()).await;
    let clerk = started(&issuer, &settings(&issuer, &[]), pace).await;
    (issuer, clerk)
}

fn token(number: usize) -> String {
    format!("oat_{number:020}")
}

fn address(number: usize) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(
        u32::from_be_bytes([10, 0, 0, 0]) + u32::try_from(number).unwrap(),
    ))
}

#[tokio::test]
async fn such_tokens_are_off_unless_they_are_asked_for() {
    let issuer = Issuer::start(&KEYS.published()).await;
    issuer.knows(&token(1), json!({}));
    let off = [("CLERK_SECRET_KEY", ""), ("CLERK_OAUTH_CLIENT_IDS", "")];
    let clerk = started(&issuer, &settings(&issuer, &off), Pace::USUAL).await;
    let found = clerk.verify(token(1).as_bytes(), HOME).await;
    let told = matches!(&found, Err(Refused::Invalid(why)) if why.contains("CLERK_SECRET_KEY"));
    assert!(told, "{found:?}");
    assert_eq!(issuer.questions(), 0);
}

#[tokio::test]
async fn one_question_answers_all_who_bring_a_token() {
    let (issuer, clerk) = asking(Pace::USUAL).await;
    issuer.knows(&token(1), json!({}));
    let (one, two) = (token(1), token(2));
    let all = (0..50).map(|number| clerk.verify(one.as_bytes(), address(number)));
    for found in join_all(all).await {
        assert_eq!(found.unwrap().client_id.as_deref(), Some("client_1"));
    }
    assert_eq!(issuer.questions(), 1);
    for _ in 0..50 {
        assert!(matches!(clerk.verify(two.as_bytes(), HOME).await, Err(Refused::Invalid(_))));
    }
    assert_eq!(issuer.questions(), 2, "a bad answer holds too");
}

#[tokio::test]
async fn an_answer_holds_for_a_while() {
    let (issuer, clerk) = asking(BRISK).await;
    issuer.knows(&token(1), json!({}));
    assert!(clerk.verify(token(1).as_bytes(), HOME).await.is_ok());
    issuer.knows(&token(1), json!({ "revoked": true }));
    assert!(clerk.verify(token(1).as_bytes(), HOME).await.is_ok());
    tokio::time::sleep(BRISK.opaque_kept).await;
    assert!(matches!(clerk.verify(token(1).as_bytes(), HOME).await, Err(Refused::Invalid(_))));
    assert_eq!(issuer.questions(), 2);
}

#[tokio::test]
async fn strangers_leave_room_for_acquaintances_within_ten_questions_a_second() {
    let (issuer, clerk) = asking(BRISK).await;
    issuer.knows(&token(0), json!({}));
    assert!(clerk.verify(token(0).as_bytes(), HOME).await.is_ok());
    tokio::time::sleep(BRISK.opaque_kept).await;
    let (before, start) = (issuer.questions(), Instant::now());
    let tokens: Vec<String> = (1..200).map(token).collect();
    let flood = tokens.iter().enumerate().map(|(i, it)| clerk.verify(it.as_bytes(), address(i)));
    let known = token(0);
    let (flood, known) = tokio::join!(join_all(flood), clerk.verify(known.as_bytes(), HOME));
    assert!(known.is_ok(), "{known:?}");
    let unavailable =
        flood.iter().filter(|it| matches!(it, Err(Refused::Unavailable { .. }))).count();
    let asked = issuer.questions() - before;
    let most = 2 + usize::try_from(start.elapsed().as_millis() / 100).unwrap();
    assert!(asked <= most && unavailable > 100, "{asked} of {most}, {unavailable}");
}

#[tokio::test]
async fn an_address_that_guesses_is_held_up_but_not_its_neighbours_good_tokens() {
    let (issuer, clerk) = asking(BRISK).await;
    issuer.knows(&token(0), json!({}));
    issuer.knows(&token(100), json!({}));
    assert!(clerk.verify(token(0).as_bytes(), HOME).await.is_ok());
    for number in 1..=5 {
        let found = clerk.verify(token(number).as_bytes(), HOME).await;
        assert!(matches!(found, Err(Refused::Invalid(_))), "{number}: {found:?}");
    }
    let found = clerk.verify(token(6).as_bytes(), HOME).await;
    let held = matches!(&found, Err(Refused::TooMany { retry_after }) if !retry_after.is_zero());
    assert!(held, "{found:?}");
    assert_eq!(issuer.questions(), 6);
    // What it brought when all was well is asked about again.
    tokio::time::sleep(BRISK.opaque_kept).await;
    assert!(clerk.verify(token(0).as_bytes(), HOME).await.is_ok());
    assert!(clerk.verify(token(100).as_bytes(), address(1)).await.is_ok());
    assert!(clerk.verify(good(&issuer, &KEYS.rsa).as_bytes(), HOME).await.is_ok());
}

#[tokio::test]
async fn when_clerk_is_down_it_is_said_so_and_soon_not_asked() {
    let (issuer, clerk) = asking(BRISK).await;
    issuer.knows(&token(1), json!({}));
    let unavailable = async |wait: u64| {
        let found = clerk.verify(token(1).as_bytes(), HOME).await;
        let Err(Refused::Unavailable { retry_after, .. }) = found else { panic!("{found:?}") };
        assert!(retry_after >= Duration::from_secs(wait), "{retry_after:?}");
    };
    for (mood, wait) in [
        (Mood::Down, 1),
        (Mood::Garbage, 1),
        (Mood::Huge, 1),
        (Mood::Busy(7), 7),
        (Mood::Redirects("https://elsewhere.example/".into()), 1),
    ] {
        issuer.be(mood);
        unavailable(wait).await;
    }
    assert_eq!(issuer.questions(), 5);
    issuer.be(Mood::Well);
    unavailable(0).await;
    assert_eq!(issuer.questions(), 5, "nobody is asked after five failures");
    tokio::time::sleep(BRISK.opaque_break).await;
    assert!(clerk.verify(token(1).as_bytes(), HOME).await.is_ok());
}

#[tokio::test]
async fn a_question_has_a_deadline() {
    let (issuer, clerk) = asking(BRISK).await;
    issuer.be(Mood::Hangs);
    let start = Instant::now();
    let found = clerk.verify(token(1).as_bytes(), HOME).await;
    assert!(matches!(found, Err(Refused::Unavailable { .. })), "{found:?}");
    assert!(start.elapsed() < BRISK.opaque_deadline * 2, "{:?}", start.elapsed());
}

#[tokio::test]
async fn strangers_who_wait_for_their_turn_do_not_make_clerk_look_down() {
    let deadline = Duration::from_millis(1500);
    let pace = Pace {
        opaque_turn: deadline,
        opaque_deadline: deadline,
        opaque_break: Duration::from_secs(60),
        ..BRISK
    };
    let (issuer, clerk) = asking(pace).await;
    for number in [0, 100] {
        issuer.knows(&token(number), json!({}));
    }
    assert!(clerk.verify(token(0).as_bytes(), HOME).await.is_ok());
    issuer.be(Mood::Slow(deadline * 4 / 5));
    // Their turns come every 200 ms: most have less time left than Clerk takes.
    let tokens: Vec<String> = (1..20).map(token).collect();
    let flood = tokens.iter().enumerate().map(|(i, it)| clerk.verify(it.as_bytes(), address(i)));
    let flood = join_all(flood).await;
    let told = |bad: &Result<_, _>| matches!(bad, Err(Refused::Invalid(_)));
    assert!(flood.iter().filter(|it| told(it)).count() > 5, "{flood:?}");
    for number in [0, 100] {
        let found = clerk.verify(token(number).as_bytes(), HOME).await;
        assert!(found.is_ok(), "{number}: {found:?}");
    }
}

#[tokio::test]
async fn what_clerk_stumbles_over_holds_up_strangers_alone() {
    let (issuer, clerk) = asking(Pace { opaque_break: Duration::from_secs(60), ..BRISK }).await;
    for number in [0, 100] {
        issuer.knows(&token(number), json!({}));
    }
    assert!(clerk.verify(token(0).as_bytes(), HOME).await.is_ok());
    for number in 1..=5 {
        issuer.knows(&token(number), json!({ "subject": null }));
        let found = clerk.verify(token(number).as_bytes(), HOME).await;
        assert!(matches!(found, Err(Refused::Unavailable { .. })), "{number}: {found:?}");
    }
    assert_eq!(issuer.questions(), 6);
    let stranger = clerk.verify(token(100).as_bytes(), HOME).await;
    assert!(matches!(stranger, Err(Refused::Unavailable { .. })), "{stranger:?}");
    assert_eq!(issuer.questions(), 6);
    tokio::time::sleep(BRISK.opaque_kept).await;
    assert!(clerk.verify(token(0).as_bytes(), HOME).await.is_ok());
    assert_eq!(issuer.questions(), 7);
    // Clerk has answered somebody: it is well.
    assert!(clerk.verify(token(100).as_bytes(), HOME).await.is_ok());
}

#[tokio::test]
async fn a_secret_key_that_clerk_does_not_take_is_no_fault_of_the_caller() {
    let issuer = Issuer::start(&KEYS.published()).await;
    issuer.knows(&token(1), json!({}));
    let other = settings(&issuer, &[("CLERK_SECRET_KEY", "sk_test_another")]);
    let clerk = started(&issuer, &other, BRISK).await;
    let found = clerk.verify(token(1).as_bytes(), HOME).await;
    assert!(matches!(found, Err(Refused::Unavailable { .. })), "{found:?}");
}
