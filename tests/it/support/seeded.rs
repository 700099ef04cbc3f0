//! The sandbox with another key, and what is seeded in it.

use std::sync::Arc;

use portkey_admin_mcp::{mcp::Endpoint, tools::Catalogue};

use super::{Served, portkey_of, settings};

impl Served {
    /// The same sandbox behind an endpoint with another of the seeded keys.
    pub fn keyed(self, key: &str) -> Self {
        let portkey = portkey_of(&self.sandbox, key);
        let catalogue = Arc::new(Catalogue::new(&[]).unwrap());
        Self { endpoint: Endpoint::new(settings(), catalogue, portkey), ..self }
    }

    /// A field of the row of this name in a list of the sandbox.
    pub async fn seeded(&self, key: &str, path: &str, name: &str, field: &str) -> String {
        let list = self.account(key).get(path).await;
        let row = list["data"].as_array().unwrap().iter().find(|row| row["name"] == name);
        row.unwrap_or_else(|| panic!("no {name} in {path}"))[field].as_str().unwrap().to_owned()
    }
}
