//! Tokens: one counts only if its issuer signed it, and says of its bearer only what its claims say.
//!
//! Input: `r` and a token; `c` and claims in JSON, which are signed; `x` and what is changed in a good
//! token; `k` and a key set.

use std::{net::IpAddr, sync::LazyLock};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::{Algorithm, get_current_timestamp};
use portkey_admin_mcp::auth::{Clerk, Identity, Refused, clerk};
use serde_json::{Value, json};

use super::server::block_on;

const ISSUER: &str = "https://issuer.example.com";
const AUDIENCE: &str = "https://mcp.example.com/mcp";

static PAIR: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::generate().expect("a key"));
static CLERK: LazyLock<Clerk> = LazyLock::new(|| {
    let clerk = Clerk::new(&settings()).expect("a client");
    assert!(clerk.hold(json!({ "keys": [key()] }).to_string().as_bytes()));
    clerk
});
/// With the keys of an input.
static OTHER: LazyLock<Clerk> = LazyLock::new(|| Clerk::new(&settings()).expect("a client"));
static GOOD: LazyLock<String> = LazyLock::new(|| {
    let expires = get_current_timestamp() + 24 * 60 * 60;
    signed(&json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "user", "exp": expires }).to_string())
});

fn key() -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "kid": "k", "x": BASE64.encode(PAIR.public_key()) })
}

fn settings() -> clerk::Settings {
    clerk::Settings {
        given: Vec::new(),
        issuer: ISSUER.into(),
        audience: vec![AUDIENCE.into()],
        jwks_url: "https://127.0.0.1:9/jwks".parse().expect("a URL"),
        algorithms: vec![Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA],
        authorized_parties: Vec::new(),
        constraints: clerk::Constraints::default(),
        opaque: None,
        mirror: false,
    }
}

fn signed(claims: &str) -> String {
    let header = json!({ "alg": "EdDSA", "kid": "k", "typ": "JWT" }).to_string();
    let message = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
    let signature = PAIR.sign(message.as_bytes());
    format!("{message}.{}", BASE64.encode(signature))
}

fn verify(clerk: &Clerk, token: &[u8]) -> Result<Identity, Refused> {
    let from = IpAddr::from([127, 0, 0, 1]);
    let verified = block_on(clerk.verify(token, from));
    if let (Err(refused), Ok(token)) = (&verified, std::str::from_utf8(token)) {
        let told = refused.to_string();
        let is_jwt = token.len() > 16 && token.split('.').count() == 3;
        assert!(!is_jwt || !told.contains(token), "the token is quoted");
    }
    verified
}

pub fn check(input: &[u8]) {
    let Some((kind, rest)) = input.split_first() else { return };
    match kind {
        b'c' => claims(rest),
        b'x' => changed(rest),
        b'k' => {
            if !OTHER.hold(rest) {
                return;
            }
            let x = BASE64.encode(PAIR.public_key());
            let known = rest.windows(x.len()).any(|part| part == x.as_bytes());
            assert!(known || verify(&OTHER, GOOD.as_bytes()).is_err(), "not signed by these keys");
        }
        _ => assert!(verify(&CLERK, rest).is_err(), "nobody signed this"),
    }
}

fn claims(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let token = signed(text);
    let Ok(identity) = verify(&CLERK, token.as_bytes()) else { return };
    let claims: Value = serde_json::from_str(text).expect("claims");
    assert_eq!(claims["iss"], ISSUER);
    let audience = &claims["aud"];
    let named = audience.as_array().map(|all| all.iter().any(|it| it == AUDIENCE));
    assert!(audience == AUDIENCE || named == Some(true), "{claims}");
    let now = get_current_timestamp() as f64;
    assert!(claims["exp"].as_f64().is_some_and(|exp| exp > now - 31.0), "{claims}");
    assert!(claims["nbf"].as_f64().is_none_or(|nbf| nbf < now + 31.0), "{claims}");
    assert!(claims["sts"] != "pending");
    assert_eq!(identity.subject.as_deref(), claims["sub"].as_str());
    assert!(identity.subject.is_some_and(|it| !it.is_empty()));
    if let Some(organisation) = identity.organisation {
        let either = [&claims["org_id"], &claims["o"]["id"]];
        assert!(either.into_iter().any(|it| *it == organisation));
    }
}

/// Pairs of bytes: how far to go on, and what to put there.
fn changed(changes: &[u8]) {
    let mut token = GOOD.clone().into_bytes();
    let mut at = 0;
    for change in changes.chunks_exact(2) {
        at = (at + usize::from(change[0])) % token.len();
        token[at] = change[1];
    }
    let same = token == GOOD.as_bytes();
    assert_eq!(verify(&CLERK, &token).is_ok(), same, "{}", String::from_utf8_lossy(&token));
}
