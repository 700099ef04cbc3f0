//! Who of those that Clerk vouches for may use this server. Every constraint that is set must match.

use crate::auth::{identity::Identity, refused::Refused, rules::bare};

/// Empty lists ask for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Constraints {
    pub subjects: Vec<String>,
    pub organisations: Vec<String>,
    /// With or without `org:`.
    pub roles: Vec<String>,
    /// All of them, with or without `org:`.
    pub permissions: Vec<String>,
}

impl Constraints {
    pub fn is_empty(&self) -> bool {
        let Self { subjects, organisations, roles, permissions } = self;
        [subjects, organisations, roles, permissions].into_iter().all(Vec::is_empty)
    }

    /// # Errors
    /// [`Refused::Forbidden`] naming the variable that keeps the caller out. What an identity does
    /// not show does not match.
    pub fn check(&self, identity: &Identity) -> Result<(), Refused> {
        let Self { subjects, organisations, roles, permissions } = self;
        let among = |list: &[String], value: Option<&str>| {
            list.is_empty()
                || value.is_some_and(|value| list.iter().any(|it| bare(it) == bare(value)))
        };
        let exactly = |list: &[String], value: Option<&str>| {
            list.is_empty() || value.is_some_and(|value| list.iter().any(|it| it == value))
        };
        let held = |name: &String| identity.permissions.iter().any(|it| bare(it) == bare(name));
        let checks = [
            (exactly(subjects, identity.subject.as_deref()), "user", "CLERK_ALLOWED_SUBJECTS"),
            (
                exactly(organisations, identity.organisation.as_deref()),
                "organisation",
                "CLERK_ALLOWED_ORGANIZATION_IDS",
            ),
            (among(roles, identity.role.as_deref()), "role", "CLERK_ALLOWED_ROLES"),
            (permissions.iter().all(held), "permissions", "CLERK_REQUIRED_PERMISSIONS"),
        ];
        match checks.iter().find(|(met, ..)| !met) {
            None => Ok(()),
            Some((_, what, variable)) => Err(Refused::Forbidden(format!(
                "the token is good, but its {what} may not use this server, or is not shown by it \
                 ({variable}): choose the right organisation in Clerk, or ask the operator"
            ))),
        }
    }
}
