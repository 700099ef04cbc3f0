//! The seeded partials, in the Production workspace.

use super::Seeder;
use crate::sandbox::{
    ids,
    partials::{add_version, home},
};

/// Name, texts of its versions, number of the published one.
const PLANS: &[(&str, &[&str], usize)] = &[
    (
        "tone-of-voice",
        &[
            "Answer kindly and in two sentences.",
            "Answer kindly, in two sentences, and address the customer as {{customer_name}}.",
        ],
        2,
    ),
    ("refund-policy", &["Refunds are possible within 30 days of delivery."], 1),
];

pub(super) fn seed(seeder: &mut Seeder<'_>, organisation: usize, name: &str, workspace: &str) {
    if organisation != 0 || name != "Production" {
        return;
    }
    for (number, (name, texts, published)) in PLANS.iter().enumerate() {
        let days = 80 - i64::try_from(number).unwrap_or_default() * 7;
        let mut row = seeder.row(organisation, "partial", name, days);
        row.workspace = Some(workspace.to_owned());
        row.slug = Some(ids::slug("pp-part-", name, &row.id));
        row.fields.insert("name".to_owned(), (*name).into());
        let collection = home(seeder.store, Some(workspace));
        row.fields.insert("collection_id".to_owned(), collection.into());
        row.fields.insert("status".to_owned(), "active".into());
        row.fields.insert("default_version".to_owned(), (*published).into());
        for (version, text) in texts.iter().enumerate() {
            let id = seeder.id(&format!("{}/version/{version}", row.id));
            add_version(&mut row, id, text, Some(&format!("Version {}", version + 1)));
        }
        seeder.insert("partials", row, 500);
    }
}
