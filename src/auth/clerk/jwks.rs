//! A key set (RFC 7517), read key by key, and the keys that tokens are verified with.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use jwks_client_rs::{JsonWebKey, JsonWebKeySet, JwksClient, JwksClientError, source::JwksSource};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Keys that are looked at in a set; Clerk has one or two.
const MAX_KEYS: usize = 64;

/// What tells two keys apart that share an id.
pub type Thumb = [u8; 32];

/// A key that tokens may be signed with.
pub struct Key {
    pub thumb: Thumb,
    pub decoding: DecodingKey,
    /// What has to hold of its tokens. The algorithms are the configured ones that fit its type,
    /// and the one that it is meant for, if it says so: never what a token's header asks for.
    pub validation: Validation,
}

/// The keys of one fetch. What the client asks for them is answered from memory.
pub struct KeySet {
    client: JwksClient<Fetched>,
    thumbs: HashMap<String, Thumb>,
    made: RwLock<HashMap<String, Arc<Key>>>,
    fetched: SystemTime,
}

/// The source of [`KeySet`]'s client. It never waits: `jwks_client_rs` holds a lock for all while
/// it asks its source, so the network is elsewhere.
struct Fetched(Vec<JsonWebKey>);

#[async_trait]
impl JwksSource for Fetched {
    async fn fetch_keys(&self) -> Result<JsonWebKeySet, JwksClientError> {
        Ok(self.0.clone().into())
    }
}

impl KeySet {
    /// Reads a document. A key that cannot be used is passed over; `None` if there is none that can.
    pub fn read(document: &[u8]) -> Option<Self> {
        let mut document: Value = serde_json::from_slice(document).ok()?;
        let keys = document.get_mut("keys")?.as_array_mut()?;
        let mut thumbs = HashMap::new();
        let mut usable = Vec::new();
        for key in keys.iter_mut().take(MAX_KEYS).filter(|key| is_for_signatures(key)) {
            let thumb = thumb(key);
            let Ok(key) = serde_json::from_value::<JsonWebKey>(key.take()) else { continue };
            // Of two keys with one id the first counts.
            if !thumbs.contains_key(key.key_id()) {
                thumbs.insert(key.key_id().to_owned(), thumb);
                usable.push(key);
            }
        }
        if usable.is_empty() {
            return None;
        }
        let client = JwksClient::builder().build(Fetched(usable));
        Some(Self { client, thumbs, made: RwLock::default(), fetched: SystemTime::now() })
    }

    /// By the clock on the wall, which goes on while the process is frozen.
    pub fn age(&self) -> Duration {
        self.fetched.elapsed().unwrap_or_else(|error| error.duration())
    }

    pub fn thumb(&self, id: &str) -> Option<&Thumb> {
        self.thumbs.get(id)
    }

    /// The key of that id; made at its first use.
    pub async fn key(&self, id: &str, template: &Validation) -> Option<Arc<Key>> {
        let thumb = *self.thumb(id)?;
        let made = self.made.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        if made.is_some() {
            return made;
        }
        let key = Arc::new(Key::new(&self.client.get(id).await.ok()?, thumb, template)?);
        let mut made = self.made.write().unwrap_or_else(PoisonError::into_inner);
        made.insert(id.to_owned(), Arc::clone(&key));
        Some(key)
    }
}

impl Key {
    fn new(key: &JsonWebKey, thumb: Thumb, template: &Validation) -> Option<Self> {
        use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
        let (decoding, fitting): (_, &[Algorithm]) = match key {
            JsonWebKey::Rsa(rsa) => (
                DecodingKey::from_rsa_components(rsa.modulus(), rsa.exponent()),
                &[RS256, RS384, RS512, PS256, PS384, PS512],
            ),
            JsonWebKey::Ec(ec) => {
                let fitting: &[Algorithm] = match ec.curve() {
                    "P-256" => &[ES256],
                    "P-384" => &[ES384],
                    _ => return None,
                };
                (DecodingKey::from_ec_components(ec.x(), ec.y()), fitting)
            }
            JsonWebKey::Okp(okp) if okp.curve() == "Ed25519" => {
                (DecodingKey::from_ed_components(okp.x()), &[EdDSA])
            }
            JsonWebKey::Okp(_) => return None,
        };
        let meant = match key.alg().map(str::parse::<Algorithm>) {
            None => None,
            Some(Ok(algorithm)) => Some(algorithm),
            Some(Err(_)) => return None,
        };
        let mut validation = template.clone();
        validation
            .algorithms
            .retain(|it| fitting.contains(it) && meant.is_none_or(|one| one == *it));
        let can_verify = !validation.algorithms.is_empty();
        Some(Self { thumb, decoding: decoding.ok()?, validation }).filter(|_| can_verify)
    }
}

/// RFC 7517 sections 4.2 and 4.3.
fn is_for_signatures(key: &Value) -> bool {
    let usage = key.get("use").is_none_or(|usage| usage == "sig");
    let operations = key.get("key_ops").is_none_or(|operations| {
        operations.as_array().is_some_and(|all| all.iter().any(|it| it == "verify"))
    });
    usage && operations
}

/// Over what makes a public key what it is (RFC 7638), and what it is meant for.
fn thumb(key: &Value) -> Thumb {
    let mut hash = Sha256::new();
    for member in ["kty", "alg", "crv", "e", "n", "x", "y"] {
        let value = key.get(member).and_then(Value::as_str).unwrap_or_default();
        hash.update((value.len() as u64).to_be_bytes());
        hash.update(value);
    }
    hash.finalize().into()
}
