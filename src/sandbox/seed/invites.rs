//! The seeded invitations: one in each state.

use serde_json::{Value, json};

use super::Seeder;
use crate::sandbox::{ids, invites};

/// Organisation, e-mail, organisation role, status, days ago, workspace and role there.
type Seeded = (usize, &'static str, &'static str, &'static str, i64, &'static str, &'static str);

const INVITED: [Seeded; 5] = [
    (0, "hedda.quillfeather@example.com", "member", "pending", 2, "Staging", "member"),
    (0, "rufus.emberly@example.com", "admin", "pending", 5, "Production", "admin"),
    (0, "wes.thistledown@example.com", "member", "accepted", 199, "Research", "manager"),
    (0, "old.contractor@example.com", "member", "expired", 40, "Staging", "member"),
    (1, "newcomer@example.com", "member", "pending", 1, "Main", "member"),
];

pub(super) fn seed(seeder: &mut Seeder<'_>) {
    let by = seeder.id("0/users/mara.lindqvale@example.com");
    for (organisation, email, role, status, days, workspace, place) in INVITED {
        let id = seeder.workspace_id(organisation, workspace);
        let places =
            vec![json!({ "workspace_id": ids::slug("ws-", workspace, &id), "role": place })];
        let mut row = seeder.row(organisation, "invite", email, days);
        row.fields.insert("email".to_owned(), email.into());
        row.fields.insert("role".to_owned(), Value::from(role));
        invites::describe(&mut row, &by, status, places);
        seeder.insert("invites", row, 0);
    }
}
