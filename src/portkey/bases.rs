//! Where the API begins: the base URL, its root, which of `/v1` and `/v2` serves what the sources
//! disagree about, and the host of the price sheets.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

/// Where requests go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// Without trailing slash.
    pub url: &'a str,
    /// The key goes there too.
    pub keyed: bool,
}

/// The bases of one credential.
#[derive(Debug)]
pub(super) struct Bases {
    given: String,
    /// The base URL without its version.
    root: String,
    prices: String,
    /// Both versions, the one of the official description first. None where the base URL does not
    /// end in a version.
    disputed: Option<Pair>,
    /// What has been settled, by family. The families stand in the rows, so this is bounded.
    settled: Mutex<HashMap<&'static str, Arc<OnceCell<Version>>>>,
}

#[derive(Debug)]
struct Pair {
    v2: String,
    v1: String,
}

/// One of the two versions that a family may live in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    V2,
    V1,
}

impl Version {
    pub(super) fn other(self) -> Self {
        match self {
            Self::V2 => Self::V1,
            Self::V1 => Self::V2,
        }
    }
}

impl Bases {
    /// The base URL and the host of the price sheets, without trailing slash.
    pub(super) fn new(given: String, prices: String) -> Self {
        let stem = given.strip_suffix("/v1").or_else(|| given.strip_suffix("/v2"));
        let disputed = stem.map(|stem| Pair { v2: format!("{stem}/v2"), v1: format!("{stem}/v1") });
        let root = stem.unwrap_or(&given).to_owned();
        Self { given, root, prices, disputed, settled: Mutex::default() }
    }

    pub(super) fn given(&self) -> Place<'_> {
        Place { url: &self.given, keyed: true }
    }

    pub(super) fn of(&self, version: Version) -> Place<'_> {
        let url = match (&self.disputed, version) {
            (Some(pair), Version::V2) => &pair.v2,
            (Some(pair), Version::V1) => &pair.v1,
            (None, _) => &self.given,
        };
        Place { url, keyed: true }
    }

    pub(super) fn root(&self) -> Place<'_> {
        Place { url: &self.root, keyed: false }
    }

    pub(super) fn prices(&self) -> Place<'_> {
        Place { url: &self.prices, keyed: false }
    }

    /// Where the version that serves `family` is kept once it is settled. None when there is
    /// nothing to settle.
    pub(super) fn settled(&self, family: &'static str) -> Option<Arc<OnceCell<Version>>> {
        self.disputed.as_ref()?;
        let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(settled.entry(family).or_default()))
    }

    /// Remembers that `family` has been found at `version`.
    pub(super) fn correct(&self, family: &'static str, version: Version) {
        let cell = Arc::new(OnceCell::new_with(Some(version)));
        self.settled.lock().unwrap_or_else(PoisonError::into_inner).insert(family, cell);
    }
}
