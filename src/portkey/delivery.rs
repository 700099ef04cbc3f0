//! How one request is delivered: its bounds, its base, its tries.

use http::HeaderName;
use secrecy::ExposeSecret;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{
    Inner,
    address::PrivateAddress,
    answer::{self, ReadBody},
    bases::{Place, Version},
    context::Context,
    error::{Kind, Trail},
    json_only,
    request::{Base, Method, Prepared, Request},
    retry,
};

const KEY_HEADER: HeaderName = HeaderName::from_static("x-portkey-api-key");

impl Inner {
    /// Sends within the deadline and until the caller leaves.
    pub(super) async fn bounded(
        &self,
        request: Request<'_>,
        context: &Context,
        trail: &mut Trail,
        read: ReadBody<'_>,
    ) -> Result<(), Kind> {
        let base = request.base;
        if context.read_only && request.method != Method::Get && !request.reads {
            return Err(Kind::ReadOnly(request.method.as_str()));
        }
        let prepared = Prepared::new(request)?;
        let sent = tokio::select! {
            biased;
            () = context.cancelled.cancelled() => Err(Kind::Cancelled),
            sent = timeout_at(context.deadline, self.route(&prepared, base, context, trail, read)) => {
                sent.unwrap_or(Err(Kind::Deadline))
            }
        };
        sent.map_err(|kind| if trail.unclear { prepared.unknown(kind) } else { kind })
    }

    /// Sends to the base that serves the request.
    async fn route(
        &self,
        prepared: &Prepared<'_>,
        base: Base,
        context: &Context,
        trail: &mut Trail,
        read: ReadBody<'_>,
    ) -> Result<(), Kind> {
        let family = match base {
            Base::Disputed { family } => family,
            Base::Given => {
                return self.tries(prepared, self.bases.given(), context, trail, read).await;
            }
            Base::Root => {
                return self.tries(prepared, self.bases.root(), context, trail, read).await;
            }
            Base::Prices => {
                trail.public = true;
                return self.tries(prepared, self.bases.prices(), context, trail, read).await;
            }
        };
        let Some(cell) = self.bases.settled(family) else {
            return self.tries(prepared, self.bases.given(), context, trail, read).await;
        };
        let version = *cell.get_or_try_init(|| self.settle(family, context, trail)).await?;
        let first = self.tries(prepared, self.bases.of(version), context, trail, read).await;
        match first {
            Err(kind) if kind.no_route() && prepared.reads => {
                let other = self.bases.of(version.other());
                match self.tries(prepared, other, context, trail, read).await {
                    Err(again) if again.no_route() => Err(kind),
                    found => {
                        if prepared.is_get_of(family) && found.is_ok() {
                            self.bases.correct(family, version.other());
                        }
                        found
                    }
                }
            }
            first => first,
        }
    }

    /// Asks Portkey which version serves `family`. Whoever comes first asks, the others wait; a
    /// failure is not remembered.
    async fn settle(
        &self,
        family: &'static str,
        context: &Context,
        trail: &mut Trail,
    ) -> Result<Version, Kind> {
        let get = Prepared::get(family);
        let mut asking = Trail::default();
        let mut last = Kind::Refused(Box::default());
        for version in [Version::V2, Version::V1] {
            match self.tries(&get, self.bases.of(version), context, &mut asking, &json_only).await {
                Ok(_) => return Ok(version),
                Err(kind) if kind.routed() => return Ok(version),
                Err(kind) if kind.no_route() => last = kind,
                Err(kind) => {
                    last = kind;
                    break;
                }
            }
        }
        *trail = asking;
        Err(last)
    }

    /// Sends until there is an answer that stands, or no further try is due.
    async fn tries(
        &self,
        prepared: &Prepared<'_>,
        place: Place<'_>,
        context: &Context,
        trail: &mut Trail,
        read: ReadBody<'_>,
    ) -> Result<(), Kind> {
        self.budget.deposit();
        let mut delays = None;
        loop {
            let kind = match self.attempt(prepared, place, context, trail, read).await {
                Ok(value) => return Ok(value),
                Err(kind) => kind,
            };
            if !(kind.undone() || kind.lost() && prepared.repeatable) {
                return Err(kind);
            }
            let delays = delays.get_or_insert_with(|| retry::delays(&self.settings));
            let asked = kind.answer().and_then(|answer| answer.retry_after).unwrap_or_default();
            let Some(delay) = delays.next().map(|delay| delay.max(asked)) else {
                return Err(kind);
            };
            let in_time = Instant::now().checked_add(delay).is_some_and(|at| at < context.deadline);
            if !in_time {
                return Err(kind);
            }
            if !self.budget.withdraw() {
                trail.withheld = true;
                return Err(kind);
            }
            sleep(delay).await;
        }
    }

    /// Sends once.
    pub(super) async fn attempt(
        &self,
        prepared: &Prepared<'_>,
        place: Place<'_>,
        context: &Context,
        trail: &mut Trail,
        read: ReadBody<'_>,
    ) -> Result<(), Kind> {
        let mut request = prepared.request(place.url)?;
        if place.keyed {
            request.headers_mut().insert(KEY_HEADER, self.key_header.clone());
        }
        trail.attempts += 1;
        let unclear = trail.unclear;
        // Until it is answered, and for good if this future is dropped before.
        trail.unclear |= !prepared.reads;
        context.note_attempt();
        let exchange = async {
            let response = self.http.execute(request).await.map_err(|error| unanswered(&error))?;
            let key = self.key.expose_secret();
            if let Some(id) = answer::request_id(response.headers(), key) {
                context.note_request_id(&id);
                trail.request_id = Some(id);
            }
            let limit = self.settings.max_answer_bytes;
            answer::take(response, limit, key, read).await
        };
        let after = self.settings.timeout;
        let answer = timeout(after, exchange).await.unwrap_or(Err(Kind::Slow(after)));
        let lost = answer.as_ref().is_err_and(Kind::unclear);
        trail.unclear = unclear || lost && !prepared.reads;
        answer
    }
}

/// Why a request brought no answer at all.
fn unanswered(error: &reqwest::Error) -> Kind {
    let mut cause: &(dyn std::error::Error + 'static) = error;
    loop {
        if let Some(PrivateAddress { host, address }) = cause.downcast_ref() {
            return Kind::PrivateAddress { host: host.clone(), address: *address };
        }
        if cause.downcast_ref().is_some_and(unprocessed) {
            return Kind::Unreachable(cause.to_string());
        }
        match cause.source() {
            Some(inner) => cause = inner,
            None if error.is_connect() => return Kind::Unreachable(cause.to_string()),
            None if error.is_builder() => return Kind::arguments(cause.to_string()),
            None => return Kind::Broken(cause.to_string()),
        }
    }
}

/// HTTP/2's ways to say that a stream was not looked at (RFC 9113 §6.8, §8.7).
fn unprocessed(error: &h2::Error) -> bool {
    let reason = error.reason();
    let refused = error.is_reset() && reason == Some(h2::Reason::REFUSED_STREAM);
    let going = error.is_go_away() && reason == Some(h2::Reason::NO_ERROR);
    error.is_remote() && (refused || going)
}
