//! Documents of Clerk, fetched within bounds: no redirect, a deadline, a largest size.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use reqwest::{Client, ClientBuilder, RequestBuilder, StatusCode, redirect};
use tokio::time::timeout;

const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
/// Shorter than the idle timeouts usual before web services.
const IDLE_TIMEOUT: Duration = Duration::from_secs(45);

/// What came back, whatever its status.
pub struct Document {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Why there is no document. Names no address: who set it knows it.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("no whole answer within {0:?}")]
    Slow(Duration),
    #[error("an answer of more than {0} bytes")]
    TooLarge(usize),
    #[error("{0}")]
    Network(String),
}

/// Trusts the platform's roots, and those of `SSL_CERT_FILE`.
pub fn client() -> ClientBuilder {
    // reqwest panics where no provider is installed. An error says that one is already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Client::builder()
        .user_agent(USER_AGENT)
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never().max_retries_per_request(0))
        .no_proxy()
        .tcp_nodelay(true)
        .https_only(true)
        .pool_idle_timeout(IDLE_TIMEOUT)
}

/// Sends a request and reads at most `limit` bytes of its answer.
pub async fn fetch(
    request: RequestBuilder,
    limit: usize,
    deadline: Duration,
) -> Result<Document, Failure> {
    let whole = async {
        let mut response = request.send().await.map_err(network)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(network)? {
            if body.len() + chunk.len() > limit {
                return Err(Failure::TooLarge(limit));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Document { status, headers, body: body.freeze() })
    };
    timeout(deadline, whole).await.unwrap_or(Err(Failure::Slow(deadline)))
}

fn network(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Failure::Network(cause.to_string())
}
