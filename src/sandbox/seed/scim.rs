//! The seeded groups of an identity provider.

use super::Seeder;
use crate::sandbox::scim::{GROUPS, MAPPINGS, describe};

/// Organisation, group, where it is a member and as what.
type Seeded = (usize, &'static str, &'static [(&'static str, &'static str)]);

const SEEDED: [Seeded; 4] = [
    (0, "Platform Engineering", &[("Production", "admin"), ("Staging", "admin")]),
    (0, "Data Science", &[("Research", "manager")]),
    (0, "Support", &[("Production", "member")]),
    (1, "Everyone", &[("Main", "member")]),
];

pub(super) fn seed(seeder: &mut Seeder<'_>) {
    for (organisation, name, places) in SEEDED {
        let mut group = seeder.row(organisation, "scim_group", name, 100);
        group.fields.insert("name".to_owned(), name.into());
        for (workspace, role) in places {
            let key = format!("{name}/{workspace}");
            let mut row = seeder.row(organisation, "scim_mapping", &key, 99);
            row.workspace = Some(seeder.workspace_id(organisation, workspace));
            describe(&mut row, &group.id, name, role);
            seeder.insert(MAPPINGS, row, 0);
        }
        seeder.insert(GROUPS, group, 0);
    }
}
