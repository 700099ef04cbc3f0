//! The forms in which Portkey writes times, all UTC.

use jiff::Timestamp;

#[derive(Clone, Copy, Debug)]
pub(super) enum Dates {
    /// `2026-01-25T11:35:07.000Z`
    Iso,
    /// `2026-01-25 11:35:07+00:00`, as workspaces have it.
    Spaced,
    /// `2026-01-25 11:35:07`, as people have it.
    Bare,
}

impl Dates {
    pub fn write(self, at: Timestamp) -> String {
        let form = match self {
            Self::Iso => "%Y-%m-%dT%H:%M:%S.000Z",
            Self::Bare => "%Y-%m-%d %H:%M:%S",
            Self::Spaced => "%Y-%m-%d %H:%M:%S+00:00",
        };
        at.strftime(form).to_string()
    }
}
