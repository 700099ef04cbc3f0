//! What can go wrong with a request, by what the caller can do about it.
//!
//! Codes: the official description's error schemas. What they mean is Portkey's documentation, and
//! for AB03 what the API really does: it also answers so for ids of other workspaces.

mod advice;

use std::{fmt, net::IpAddr, time::Duration};

/// Why a request brought no answer that can be used, and what had been tried by then.
#[derive(Debug, thiserror::Error)]
#[error("{kind}{trail}")]
pub struct Error {
    /// What happened.
    pub kind: Kind,
    /// What was tried.
    pub trail: Trail,
}

/// What happened.
#[derive(Debug, thiserror::Error)]
pub enum Kind {
    /// Nothing was sent: an argument fits no request.
    #[error("{}{why}", named(.argument))]
    Argument {
        /// The argument, or nothing where it is all of them.
        argument: String,
        /// What is wrong with it.
        why: String,
    },
    /// Nothing was sent: it would write, and only reads may leave.
    #[error("a {0} request would write, and this server or endpoint is read-only")]
    ReadOnly(&'static str),
    /// Nothing was sent: the host of the base URL is inside a private network.
    #[error("nothing was sent: `{host}` resolves to the private address {address}")]
    PrivateAddress {
        /// Host of the base URL.
        host: String,
        /// What it resolves to.
        address: IpAddr,
    },
    /// Nothing was done: no connection came about, or it took no request.
    #[error("portkey cannot be reached ({0}); nothing was done")]
    Unreachable(String),
    /// 4xx: the request, the key or its permissions must change.
    #[error("portkey refused the request: {0}")]
    Refused(Box<Answer>),
    /// 429: too many requests; nothing was done.
    #[error("portkey limits the rate of requests: {0}")]
    Busy(Box<Answer>),
    /// 5xx: Portkey or what stands before it failed.
    #[error("portkey failed: {0}")]
    Failed(Box<Answer>),
    /// 1xx or 3xx: the base URL is not the API's own.
    #[error("portkey answered {status}, a redirect{}, which is never followed with the key",
        .to.as_ref().map(|to| format!(" to `{to}`")).unwrap_or_default())]
    Redirected {
        /// HTTP status.
        status: u16,
        /// Scheme and host of where to.
        to: Option<String>,
    },
    /// A 2xx whose body is not the JSON that it should be.
    #[error("portkey answered {status} with {content_type} that is not JSON: {problem}")]
    Unreadable {
        /// HTTP status.
        status: u16,
        /// Media type, or "no content type".
        content_type: String,
        /// Where the parser stopped, and how long the body is.
        problem: String,
    },
    /// The answer is larger than the limit.
    #[error("portkey's answer is larger than {limit} bytes")]
    TooLarge {
        /// HTTP status.
        status: u16,
        /// The limit in bytes.
        limit: usize,
    },
    /// The connection broke before the answer was complete.
    #[error("the connection to portkey broke before its answer was complete ({0})")]
    Broken(String),
    /// One try took too long.
    #[error("portkey did not answer within {0:?}")]
    Slow(Duration),
    /// The call's deadline passed.
    #[error("the time of this call was over before portkey answered")]
    Deadline,
    /// The caller left.
    #[error("the call was cancelled")]
    Cancelled,
    /// A write left, and what became of it is unclear.
    #[error("outcome unknown: {cause}; {} before trying again", advised(.read_back.as_deref()))]
    OutcomeUnknown {
        /// What happened.
        cause: Box<Kind>,
        /// The tool that shows whether the write arrived.
        read_back: Option<String>,
    },
}

/// An answer that is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Portkey's code: `AB03`, or the gateway's type.
    pub code: Option<String>,
    /// Portkey's own words, or how the body begins. Without control characters and secrets.
    pub message: Option<String>,
    /// The body has the form of Portkey's errors.
    pub enveloped: bool,
    /// What `Retry-After` asks for.
    pub retry_after: Option<Duration>,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        if let Some(message) = &self.message {
            write!(f, ", \"{message}\"")?;
        }
        if let Some(wait) = self.retry_after {
            write!(f, ", asks to wait {wait:?}")?;
        }
        Ok(())
    }
}

/// What a request left behind on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    /// How often it was sent, or tried to.
    pub attempts: u32,
    /// Portkey's id of its last answer.
    pub request_id: Option<String>,
    /// A retry was due, and the retry budget of the whole server was used up.
    pub withheld: bool,
    /// It went to the public host of the price sheets.
    pub(super) public: bool,
    /// Of a write: a try is on its way, or came to an end that leaves open whether it was done.
    pub(super) unclear: bool,
}

impl fmt::Display for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.attempts > 1 {
            write!(f, " (tried {} times)", self.attempts)?;
        }
        if self.withheld {
            f.write_str(" (retries were withheld: too many requests fail at present)")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " (portkey's request id `{id}`)")?;
        }
        Ok(())
    }
}

impl Error {
    /// HTTP status of Portkey's answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        self.kind.status()
    }

    /// Portkey's error code: `AB03`.
    pub fn code(&self) -> Option<&str> {
        self.kind.answer()?.code.as_deref()
    }

    /// Portkey's own words, or how its answer begins.
    pub fn message(&self) -> Option<&str> {
        self.kind.answer()?.message.as_deref()
    }

    /// What `Retry-After` asks for.
    pub fn retry_after(&self) -> Option<Duration> {
        self.kind.answer()?.retry_after
    }

    /// Portkey's id of its last answer.
    pub fn request_id(&self) -> Option<&str> {
        self.trail.request_id.as_deref()
    }

    /// How often the request was sent, or tried to.
    pub fn attempts(&self) -> u32 {
        self.trail.attempts
    }

    /// The same call may succeed later, and repeating it does no harm.
    pub fn retryable(&self) -> bool {
        match &self.kind {
            Kind::Unreachable(_)
            | Kind::Busy(_)
            | Kind::Broken(_)
            | Kind::Slow(_)
            | Kind::Deadline => true,
            Kind::Failed(answer) => answer.status != 501,
            _ => false,
        }
    }

    /// A write left, and nobody knows whether it was done.
    pub fn outcome_unknown(&self) -> bool {
        matches!(self.kind, Kind::OutcomeUnknown { .. })
    }

    /// What Portkey means by its code, else by the HTTP status.
    pub fn meaning(&self) -> Option<&'static str> {
        self.code().and_then(advice::of_code).or_else(|| advice::of_status(self.status()?))
    }

    /// What to do about it.
    pub fn remedy(&self) -> String {
        if self.trail.public { advice::of_prices(&self.kind) } else { advice::remedy(&self.kind) }
    }
}

impl Kind {
    /// All the arguments fit no request.
    pub(super) fn arguments(why: impl Into<String>) -> Self {
        Self::Argument { argument: String::new(), why: why.into() }
    }

    /// The error that Portkey answered with, if it did.
    pub fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Refused(answer) | Self::Busy(answer) | Self::Failed(answer) => Some(answer),
            Self::OutcomeUnknown { cause, .. } => cause.answer(),
            _ => None,
        }
    }

    fn status(&self) -> Option<u16> {
        match self {
            Self::Redirected { status, .. }
            | Self::Unreadable { status, .. }
            | Self::TooLarge { status, .. } => Some(*status),
            Self::OutcomeUnknown { cause, .. } => cause.status(),
            other => other.answer().map(|answer| answer.status),
        }
    }

    /// The request was not done, whatever it was.
    pub(super) fn undone(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Busy(_))
    }

    /// It is unclear whether the request was done, and another try may bring the answer.
    pub(super) fn lost(&self) -> bool {
        match self {
            Self::Broken(_) | Self::Slow(_) => true,
            Self::Failed(answer) => answer.status != 501,
            _ => false,
        }
    }

    /// Portkey may have done what a write asked for.
    pub(super) fn unclear(&self) -> bool {
        self.lost()
            || matches!(
                self,
                Self::Unreadable { .. } | Self::TooLarge { .. } | Self::Deadline | Self::Cancelled
            )
    }

    /// The route exists: Portkey's own refusal of anything but the key, which it may check before
    /// it looks for the route.
    pub(super) fn routed(&self) -> bool {
        matches!(self, Self::Refused(answer) if answer.enveloped && answer.status != 401)
    }

    /// No such route: a 404 that does not come from Portkey's own code.
    pub(super) fn no_route(&self) -> bool {
        matches!(self, Self::Refused(answer) if answer.status == 404 && !answer.enveloped)
    }
}

fn named(argument: &str) -> String {
    if argument.is_empty() { String::new() } else { format!("`{argument}` ") }
}

fn advised(tool: Option<&str>) -> String {
    match tool {
        Some(tool) => format!("read back with `{tool}`"),
        None => "read back what it would have changed".to_owned(),
    }
}
