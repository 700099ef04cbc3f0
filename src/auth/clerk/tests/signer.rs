//! Keys of an issuer, and tokens as wrong as a test wants them: made by hand, so that no library
//! stands in the way. Used by the integration tests as well.

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
        RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair,
    },
};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// A key pair with its id.
pub struct Signer {
    pub id: String,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Signer {
    pub fn rsa(id: &str) -> Self {
        let pair = Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
        Self { id: id.into(), pair }
    }

    pub fn ec(id: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { id: id.into(), pair: Pair::Ec(pair) }
    }

    pub fn ed(id: &str) -> Self {
        Self { id: id.into(), pair: Pair::Ed(Ed25519KeyPair::generate().unwrap()) }
    }

    /// The algorithm that its tokens name.
    pub fn algorithm(&self) -> &'static str {
        match &self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::Ec(_) => "ES256",
            Pair::Ed(_) => "EdDSA",
        }
    }

    /// The public key as a member of a key set.
    pub fn jwk(&self) -> Value {
        let mut jwk = match &self.pair {
            // DER: two headers of 4 bytes, a zero before the modulus, and 65537 at the end.
            Pair::Rsa(pair) => {
                let der = pair.public_key().as_ref();
                json!({ "kty": "RSA", "n": base64url(&der[9..265]), "e": "AQAB" })
            }
            Pair::Ec(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = (base64url(&point[1..33]), base64url(&point[33..65]));
                json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y })
            }
            Pair::Ed(pair) => {
                let x = base64url(pair.public_key().as_ref());
                json!({ "kty": "OKP", "crv": "Ed25519", "x": x })
            }
        };
        jwk["kid"] = self.id.clone().into();
        jwk["use"] = "sig".into();
        jwk["alg"] = self.algorithm().into();
        jwk
    }

    /// The public key as PEM, which an attacker has too.
    pub fn pem(&self) -> String {
        let Pair::Rsa(pair) = &self.pair else { panic!("RSA alone") };
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        let text = BASE64_STANDARD.encode(der.as_ref());
        let lines = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap());
        let lines = lines.collect::<Vec<_>>().join("\n");
        format!("-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n")
    }

    pub fn header(&self) -> Value {
        json!({ "alg": self.algorithm(), "typ": "JWT", "kid": self.id })
    }

    /// A token with this header, signed with this key in the way of its type, whatever it names.
    pub fn token(&self, header: &Value, claims: &Value) -> String {
        raw(header, claims, |data| self.sign(data, false))
    }

    /// A token signed with RSA-PSS.
    pub fn pss(&self, header: &Value, claims: &Value) -> String {
        raw(header, claims, |data| self.sign(data, true))
    }

    fn sign(&self, data: &[u8], pss: bool) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let padding: &'static dyn aws_lc_rs::signature::RsaEncoding =
                    if pss { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                pair.sign(padding, &random, data, &mut signature).unwrap();
                signature
            }
            Pair::Ec(pair) => pair.sign(&random, data).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(data).as_ref().to_vec(),
        }
    }
}

/// A token signed by anything.
pub fn raw(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let data = format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()));
    let signature = sign(data.as_bytes());
    format!("{data}.{}", base64url(signature))
}

/// A token signed with a shared secret.
pub fn hs256(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    raw(header, claims, |data| hmac::sign(&key, data).as_ref().to_vec())
}
