//! Places for streams that stay open by themselves: each holds memory and a connection as long as
//! its client likes, so a caller has only so many.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, PoisonError},
};

use crate::auth::PrincipalId;

/// Open streams by caller.
#[derive(Clone, Default)]
pub(super) struct Streams {
    open: Arc<Mutex<HashMap<PrincipalId, usize>>>,
}

/// One open stream; the place is free again when it is dropped.
pub(super) struct Place {
    streams: Streams,
    id: PrincipalId,
}

impl Streams {
    /// A place, if the caller has fewer than `most` streams open.
    pub fn place(&self, id: PrincipalId, most: usize) -> Option<Place> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(id).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place { streams: self.clone(), id })
    }

    /// Streams over all callers.
    pub fn count(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = open.entry(self.id) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}
