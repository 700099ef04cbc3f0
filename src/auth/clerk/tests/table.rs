//! Tokens, and what each must come to at a server with [`environment`]. Used by the integration
//! tests as well.

use serde_json::{Value, json};

use super::{
    issuer::{AUDIENCE, Issuer, SECRET_KEY, merge, now},
    signer::{Signer, base64url, hs256, raw},
};

/// Environment of a server that trusts the issuer. `SSL_CERT_FILE` is left to who starts it.
pub fn environment(issuer: &Issuer) -> Vec<(&'static str, String)> {
    let text = |text: &str| text.to_owned();
    vec![
        ("MCP_AUTH_MODE", text("clerk")),
        ("MCP_PUBLIC_BASE_URL", text("https://mcp.example.com")),
        ("CLERK_ISSUER", issuer.url.clone()),
        ("CLERK_AUDIENCE", format!("{AUDIENCE},portkey-admin")),
        ("CLERK_ALGORITHMS", text("RS256,PS256,ES256,EdDSA")),
        ("CLERK_AUTHORIZED_PARTIES", text("https://app.example.com,client_1")),
        ("CLERK_ALLOWED_SUBJECTS", text("user_1,user_2")),
        ("CLERK_SECRET_KEY", text(SECRET_KEY)),
        ("CLERK_OAUTH_CLIENT_IDS", text("client_1")),
        ("CLERK_API_URL", issuer.url.clone()),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Good,
    /// 401 without an error code.
    Missing,
    /// 401 `invalid_token`, saying this.
    Invalid(&'static str),
    /// 403.
    Forbidden,
}

impl Outcome {
    pub fn status(self) -> u16 {
        match self {
            Self::Good => 200,
            Self::Missing | Self::Invalid(_) => 401,
            Self::Forbidden => 403,
        }
    }
}

pub struct Case {
    pub name: String,
    pub token: String,
    pub outcome: Outcome,
}

/// The keys that the issuer of the table publishes, and two that it does not.
pub struct Keys {
    pub rsa: Signer,
    pub ec: Signer,
    pub ed: Signer,
    pub foreign: Signer,
}

impl Keys {
    pub fn new() -> Self {
        Self {
            rsa: Signer::rsa("ins_rsa"),
            ec: Signer::ec("ins_ec"),
            ed: Signer::ed("ins_ed"),
            foreign: Signer::rsa("ins_rsa"),
        }
    }

    pub fn published(&self) -> [&Signer; 3] {
        [&self.rsa, &self.ec, &self.ed]
    }
}

struct Table<'t> {
    issuer: &'t Issuer,
    keys: &'t Keys,
    cases: Vec<Case>,
}

/// Every token with its outcome.
pub fn table(issuer: &Issuer, keys: &Keys) -> Vec<Case> {
    let mut table = Table { issuer, keys, cases: Vec::new() };
    table.whole();
    table.headers();
    table.claims();
    table.organisations();
    table.opaque();
    table.cases
}

impl Table<'_> {
    fn case(&mut self, name: impl Into<String>, token: impl Into<String>, outcome: Outcome) {
        self.cases.push(Case { name: name.into(), token: token.into(), outcome });
    }

    /// A good token but for these claims.
    fn with(&mut self, name: impl Into<String>, change: Value, outcome: Outcome) {
        let key = &self.keys.rsa;
        let token = key.token(&key.header(), &self.issuer.claims(change));
        self.case(name, token, outcome);
    }

    /// A good token but for these members of its header; null takes one away.
    fn headed(&mut self, name: &str, change: Value, outcome: Outcome) {
        let key = &self.keys.rsa;
        let mut header = key.header();
        merge(&mut header, change);
        let token = key.token(&header, &self.issuer.claims(json!({})));
        self.case(name, token, outcome);
    }

    fn whole(&mut self) {
        use Outcome::{Good, Invalid, Missing};
        let Keys { rsa, ec, ed, foreign } = self.keys;
        let claims = self.issuer.claims(json!({}));
        let good = rsa.token(&rsa.header(), &claims);
        self.case("none", "", Missing);
        self.case("RSA", &good, Good);
        self.case("EC", ec.token(&ec.header(), &claims), Good);
        self.case("Ed25519", ed.token(&ed.header(), &claims), Good);
        self.case("no token at all", "x", Invalid("no token of Clerk"));
        self.case("two parts", good.rsplit_once('.').unwrap().0, Invalid("no token of Clerk"));
        self.case("four parts", format!("{good}.x"), Invalid(""));
        self.case("empty parts", "..", Invalid("no token of Clerk"));
        self.case("padding", format!("{good}="), Invalid("malformed"));
        self.case("whitespace inside", good.replacen('.', ". ", 1), Invalid(""));
        let huge = format!("{good}{}", "A".repeat(1 << 20));
        self.case("a megabyte", huge, Invalid("longer than 8192 bytes"));
        let long = format!("{good}{}", "A".repeat(8193 - good.len()));
        self.case("a byte too long", long, Invalid("longer than 8192 bytes"));
        let (data, signature) = good.rsplit_once('.').unwrap();
        self.case("no signature", format!("{data}."), Invalid("signature"));
        let other = if signature.starts_with('A') { "B" } else { "A" };
        let changed = format!("{data}.{other}{}", &signature[1..]);
        self.case("another signature", changed, Invalid("signature"));
        let (header, _) = good.split_once('.').unwrap();
        let more = base64url(self.issuer.claims(json!({ "sub": "user_2" })).to_string());
        self.case("another body", format!("{header}.{more}.{signature}"), Invalid("signature"));
        let not_json = raw(&rsa.header(), &json!("x"), |_| vec![0; 256]);
        self.case("claims that are none", not_json, Invalid("signature"));
        let token = foreign.token(&foreign.header(), &claims);
        self.case("key of another under the same id", token, Invalid("signature"));
    }

    fn headers(&mut self) {
        use Outcome::{Good, Invalid};
        let Keys { rsa, ec, foreign, .. } = self.keys;
        let claims = self.issuer.claims(json!({}));
        let header = |change: Value| {
            let mut header = rsa.header();
            merge(&mut header, change);
            header
        };
        let confused = hs256(&header(json!({ "alg": "HS256" })), &claims, rsa.pem().as_bytes());
        self.case("HS256 with the public key", confused, Invalid("algorithm"));
        for name in ["none", "None", "RS256 "] {
            let token = raw(&header(json!({ "alg": name })), &claims, |_| Vec::new());
            self.case(format!("alg {name}"), token, Invalid("no token of Clerk"));
        }
        let pss = rsa.pss(&header(json!({ "alg": "PS256" })), &claims);
        self.case("PSS with a key that is for RS256", pss, Invalid("algorithm"));
        self.headed(
            "an algorithm that is not taken",
            json!({ "alg": "RS512" }),
            Invalid("algorithm"),
        );
        let crossed = ec.token(&header(json!({ "alg": "ES256" })), &claims);
        self.case("EC signature under an RSA id", crossed, Invalid("algorithm"));
        self.headed("no type", json!({ "typ": null }), Good);
        self.headed("type in lower case", json!({ "typ": "jwt" }), Good);
        self.headed("type of an access token", json!({ "typ": "at+jwt" }), Good);
        self.headed("its long form", json!({ "typ": "application/at+jwt" }), Good);
        self.headed("type of a logout token", json!({ "typ": "logout+jwt" }), Invalid("`typ`"));
        self.headed("no key id", json!({ "kid": null }), Invalid("`kid`"));
        self.headed("unknown key id", json!({ "kid": "ins_unknown" }), Invalid("does not have"));
        self.headed("crit", json!({ "crit": ["exp"], "exp": 1 }), Invalid("`crit`"));
        self.headed("an empty crit", json!({ "crit": [] }), Invalid("`crit`"));
        for name in ["jku", "x5u"] {
            let bait = json!({ name: "https://evil.example/jwks.json" });
            let token = foreign.token(&header(bait.clone()), &claims);
            self.case(format!("{name} of an attacker"), token, Invalid("signature"));
            self.headed(&format!("{name} that is ignored"), bait, Good);
        }
        let token = foreign.token(&header(json!({ "jwk": foreign.jwk() })), &claims);
        self.case("jwk of an attacker", token, Invalid(""));
    }

    fn claims(&mut self) {
        use Outcome::{Forbidden, Good, Invalid};
        let now = now();
        let url = self.issuer.url.clone();
        self.with("expired", json!({ "exp": now - 60 }), Invalid("expired"));
        self.with("expired within the leeway", json!({ "exp": now - 10 }), Good);
        self.with("no exp", json!({ "exp": null }), Invalid("lacks `exp`"));
        self.with("exp as text", json!({ "exp": "soon" }), Invalid("malformed"));
        self.with("exp below zero", json!({ "exp": -1 }), Invalid(""));
        self.with("not valid yet", json!({ "nbf": now + 90 }), Invalid("`nbf`"));
        self.with("valid in a moment", json!({ "nbf": now + 10 }), Good);
        self.with("nbf as text", json!({ "nbf": "now" }), Invalid("malformed"));
        self.with("issued in the future", json!({ "iat": now + 90 }), Invalid("`iat`"));
        self.with("iat as text", json!({ "iat": "now" }), Invalid("malformed"));
        self.with("no iat and nbf", json!({ "iat": null, "nbf": null }), Good);
        self.with("another issuer", json!({ "iss": "https://evil.example" }), Invalid("issuer"));
        self.with("issuer with a slash", json!({ "iss": format!("{url}/") }), Invalid("issuer"));
        self.with("a list of issuers", json!({ "iss": [url] }), Invalid("malformed"));
        self.with("no issuer", json!({ "iss": null }), Invalid("lacks `iss`"));
        self.with("no audience", json!({ "aud": null }), Invalid("JWT template"));
        self.with("another audience", json!({ "aud": "https://other.example" }), Invalid("`aud`"));
        self.with(
            "audience with a slash",
            json!({ "aud": format!("{AUDIENCE}/") }),
            Invalid("`aud`"),
        );
        self.with("the second audience", json!({ "aud": "portkey-admin" }), Good);
        self.with(
            "a list of audiences",
            json!({ "aud": ["https://other.example", AUDIENCE] }),
            Good,
        );
        self.with(
            "a list of others",
            json!({ "aud": ["https://other.example"] }),
            Invalid("`aud`"),
        );
        self.with("an empty list", json!({ "aud": [] }), Invalid("`aud`"));
        self.with("audience as a number", json!({ "aud": 1 }), Invalid("JWT template"));
        self.with("no subject", json!({ "sub": null }), Invalid("lacks `sub`"));
        self.with("an empty subject", json!({ "sub": "" }), Invalid("no subject"));
        self.with("somebody who may not", json!({ "sub": "user_9" }), Forbidden);
        self.with(
            "another application",
            json!({ "azp": "https://evil.example" }),
            Invalid("`azp`"),
        );
        self.with("no application", json!({ "azp": null }), Invalid("`azp`"));
        let client = |id: &str| json!({ "azp": null, "client_id": id, "scope": "portkey:read" });
        self.with("session token with a client", client("client_1"), Invalid("`azp`"));
        let mut header = self.keys.rsa.header();
        header["typ"] = "at+jwt".into();
        let bare = self.keys.rsa.token(&header, &self.issuer.claims(json!({ "aud": null })));
        self.case("access token without an audience", bare, Invalid("MCP servers"));
        for (id, outcome) in [("client_1", Good), ("client_9", Invalid("`client_id`"))] {
            let mut header = self.keys.rsa.header();
            header["typ"] = "at+jwt".into();
            let token = self.keys.rsa.token(&header, &self.issuer.claims(client(id)));
            self.case(format!("access token of {id}"), token, outcome);
        }
        self.with("a pending session", json!({ "sts": "pending" }), Invalid("pending"));
        self.with("an active session", json!({ "sts": "active" }), Good);
        self.with("scopes as a number", json!({ "scope": 1 }), Invalid("malformed"));
    }

    /// Version 1 and version 2 of the organisation's claims, in every combination.
    fn organisations(&mut self) {
        let one = [
            json!({}),
            v1("org_1", "org:admin", &["org:a:x"]),
            v1("org_2", "org:admin", &["org:a:x"]),
        ];
        let two = [
            json!({}),
            v2("org_1", "admin", "1"),
            v2("org_2", "admin", "1"),
            v2("org_1", "member", "1"),
            v2("org_1", "admin", "2"),
        ];
        for (i, old) in one.iter().enumerate() {
            for (j, new) in two.iter().enumerate() {
                let mut both = old.clone();
                merge(&mut both, new.clone());
                let agree = i == 0 || j == 0 || i == j && j < 3;
                let outcome = if agree { Outcome::Good } else { Outcome::Invalid("differ") };
                self.with(format!("organisation {i} of v1, {j} of v2"), both, outcome);
            }
        }
        self.with(
            "o without an id",
            json!({ "o": { "rol": "admin" } }),
            Outcome::Invalid("malformed"),
        );
        self.with("o as text", json!({ "o": "org_1" }), Outcome::Invalid("malformed"));
        let map = json!({ "fea": "o:a", "o": { "id": "org_1", "per": "x", "fpm": "x" } });
        self.with("a map that is none", map, Outcome::Invalid("o.fpm"));
    }

    fn opaque(&mut self) {
        use Outcome::{Forbidden, Good, Invalid};
        let mut known = |name: &str, change: Value, outcome| {
            let token = format!("oat_{}", name.replace(' ', "_") + "_0123456789abcdef");
            self.issuer.knows(&token, change);
            self.cases.push(Case { name: format!("opaque: {name}"), token, outcome });
        };
        known("good", json!({}), Good);
        known("for_this_server", json!({ "aud": [AUDIENCE] }), Good);
        known("without an end", json!({ "expiration": null }), Good);
        known("its end in milliseconds", json!({ "expiration": (now() + 600) * 1000 }), Good);
        known("somebody who may not", json!({ "subject": "user_9" }), Forbidden);
        known(
            "another client",
            json!({ "client_id": "client_9" }),
            Invalid("CLERK_OAUTH_CLIENT_IDS"),
        );
        known("revoked", json!({ "revoked": true }), Invalid("revoked"));
        known("for another server", json!({ "aud": ["https://other.example"] }), Invalid("`aud`"));
        known("past its end", json!({ "expiration": now() - 1 }), Invalid("expired"));
        self.case("opaque: unknown", "oat_unknown_0123456789abcdef", Invalid("none of Clerk's"));
        for (name, token) in [
            ("short", "oat_x"),
            ("nothing", "oat_"),
            ("odd letters", "oat_0123456789abcdef/../"),
            ("long", &format!("oat_{}", "x".repeat(300))),
        ] {
            self.case(format!("opaque: {name}"), token, Invalid("no access token"));
        }
    }
}

/// Claims of version 1.
pub fn v1(id: &str, role: &str, permissions: &[&str]) -> Value {
    json!({ "org_id": id, "org_role": role, "org_permissions": permissions })
}

/// Claims of version 2, with permissions `x` and `y` of feature `a` in a map.
pub fn v2(id: &str, role: &str, map: &str) -> Value {
    json!({ "v": 2, "fea": "o:a", "o": { "id": id, "rol": role, "per": "x,y", "fpm": map } })
}
