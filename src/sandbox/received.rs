//! The last requests that reached the sandbox and what it answered, for tests that look at either.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::Value;

use super::access::KEY_HEADER;

const REQUESTS: usize = 1_000;
/// Of requests and answers together.
const BYTES: usize = 2 << 20;

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
    /// Absent while there is none, and where the connection was closed without one.
    pub answer: Option<Answered>,
}

/// What left for a request.
#[derive(Clone, Debug)]
pub struct Answered {
    pub status: u16,
    /// As sent: half of it where a fault cut it off.
    pub body: Bytes,
}

impl Received {
    /// The body as JSON; null when there is none or it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    fn weight(&self) -> usize {
        let answer = self.answer.as_ref().map_or(0, |answer| answer.body.len());
        self.path.len() + self.query.len() + self.body.len() + answer
    }
}

#[derive(Debug, Default)]
pub(super) struct Log(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    requests: VecDeque<Received>,
    bytes: usize,
    /// How many came before the first that is kept.
    gone: u64,
}

/// Which request an answer is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(u64);

impl Log {
    pub fn note(&self, mut request: Received) -> Number {
        request.headers.remove(KEY_HEADER);
        let mut kept = self.kept();
        kept.bytes += request.weight();
        kept.requests.push_back(request);
        let number = kept.gone + kept.requests.len() as u64 - 1;
        kept.bound();
        Number(number)
    }

    /// Adds the answer to a request that is still kept.
    pub fn note_answer(&self, Number(number): Number, answer: Answered) {
        let mut kept = self.kept();
        let Some(index) = number.checked_sub(kept.gone).and_then(|it| usize::try_from(it).ok())
        else {
            return;
        };
        let weight = answer.body.len();
        let Some(request) = kept.requests.get_mut(index) else { return };
        request.answer = Some(answer);
        kept.bytes += weight;
        kept.bound();
    }

    pub fn all(&self) -> Vec<Received> {
        self.kept().requests.iter().cloned().collect()
    }

    pub fn clear(&self) {
        let mut kept = self.kept();
        let gone = kept.gone + kept.requests.len() as u64;
        *kept = Kept { gone, ..Kept::default() };
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn bound(&mut self) {
        while self.requests.len() > REQUESTS || (self.bytes > BYTES && self.requests.len() > 1) {
            self.bytes -= self.requests.pop_front().map_or(0, |gone| gone.weight());
            self.gone += 1;
        }
    }
}
