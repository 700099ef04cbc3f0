//! The last requests that reached the sandbox, for tests that look at what was sent.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::Value;

use super::access::KEY_HEADER;

const REQUESTS: usize = 1_000;
const BYTES: usize = 1 << 20;

/// One request.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: Method,
    /// As sent, percent-encoding included: `/v1/configs/pc-x`.
    pub path: String,
    /// Without the question mark; empty when there is none.
    pub query: String,
    /// Without the key.
    pub headers: HeaderMap,
    pub body: Bytes,
    /// Name of the seeded key; absent when the key is missing or unknown.
    pub key: Option<&'static str>,
}

impl Received {
    /// The body as JSON; null when there is none or it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    fn weight(&self) -> usize {
        self.path.len() + self.query.len() + self.body.len()
    }
}

#[derive(Debug, Default)]
pub(super) struct Log(Mutex<(VecDeque<Received>, usize)>);

impl Log {
    pub fn note(&self, mut request: Received) {
        request.headers.remove(KEY_HEADER);
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (requests, bytes) = &mut *log;
        *bytes += request.weight();
        requests.push_back(request);
        while requests.len() > REQUESTS || (*bytes > BYTES && requests.len() > 1) {
            *bytes -= requests.pop_front().map_or(0, |gone| gone.weight());
        }
    }

    pub fn all(&self) -> Vec<Received> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.iter().cloned().collect()
    }

    pub fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (VecDeque::new(), 0);
    }
}
