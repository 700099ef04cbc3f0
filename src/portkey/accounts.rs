//! The credentials of this process: one client each, with a budget of its own.

use std::{collections::HashMap, sync::Arc};

use super::Portkey;

/// The clients, by the names of their credentials. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Accounts(Arc<HashMap<String, Portkey>>);

impl Accounts {
    /// The client of a credential.
    pub fn of(&self, credential: &str) -> Option<&Portkey> {
        self.0.get(credential)
    }

    pub fn all(&self) -> impl Iterator<Item = &Portkey> {
        self.0.values()
    }
}

impl FromIterator<Portkey> for Accounts {
    fn from_iter<I: IntoIterator<Item = Portkey>>(clients: I) -> Self {
        let named = clients.into_iter().map(|it| (it.credential_name().to_owned(), it));
        Self(Arc::new(named.collect()))
    }
}

impl From<Portkey> for Accounts {
    fn from(client: Portkey) -> Self {
        Self::from_iter([client])
    }
}
