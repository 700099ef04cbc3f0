//! Requests that the sandbox refuses, with its answers.

use http::header::CONTENT_TYPE;
use portkey_admin_mcp::sandbox::Received;
use secrecy::ExposeSecret;

use crate::calls;

/// Sends these again without a known key, with one that may not write, with one of another
/// organisation and, where they have a body, with one that is no JSON.
pub async fn refused(requests: impl Iterator<Item = &Received>) -> Vec<Received> {
    // reqwest wants a provider, even in clear; an error says that one is installed already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let sandbox = calls::sandbox().await;
    let key = |name| sandbox.key(name).unwrap().expose_secret().to_owned();
    let [read_only, other, admin] = ["read-only", "other-admin", "admin"].map(key);
    for request in requests {
        let mut url = sandbox.base_url();
        url.set_path(&request.path);
        url.set_query(Some(&request.query).filter(|query| !query.is_empty()).map(String::as_str));
        let body = &request.body[..];
        let broken = body.get(..1).unwrap_or_default();
        for (key, body) in [("unknown", body), (&read_only, body), (&other, body), (&admin, broken)]
        {
            let sent = http
                .request(request.method.clone(), url.clone())
                .header("x-portkey-api-key", key)
                .header(CONTENT_TYPE, "application/json")
                .body(body.to_vec());
            sent.send().await.unwrap();
        }
    }
    let is_refused = |it: &Received| it.answer.as_ref().is_some_and(|it| it.status >= 400);
    let mut all = sandbox.requests();
    all.retain(is_refused);
    all
}
