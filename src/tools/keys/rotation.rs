//! How an API key is rotated by itself: facts.md, "Spec against reality" 13, and `rotation_policy` in
//! the official description.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const WEEK_MS: u64 = 7 * 24 * 60 * 60 * 1_000;
/// The shortest month.
const MONTH_MS: u64 = 28 * 24 * 60 * 60 * 1_000;

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct RotationPolicy {
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_period: Option<Period>,
    /// Instead of rotation_period.
    #[schemars(extend("format" = "date-time"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    next_rotation_at: Option<String>,
    /// How long the old one works.
    #[schemars(range(min = 1_800_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    key_transition_period_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Period {
    Weekly,
    Monthly,
}

impl RotationPolicy {
    /// What a policy that is not merged with another has to hold.
    pub fn check_whole(&self) -> Result<(), String> {
        if self.rotation_period.is_none() && self.next_rotation_at.is_none() {
            return Err("`rotation_policy` needs `rotation_period` or `next_rotation_at`".into());
        }
        self.check()
    }

    pub fn check(&self) -> Result<(), String> {
        if self.rotation_period.is_some() && self.next_rotation_at.is_some() {
            return Err(
                "`rotation_policy.rotation_period` and `rotation_policy.next_rotation_at` \
                        exclude each other: give one"
                    .into(),
            );
        }
        let period = match self.rotation_period {
            Some(Period::Weekly) => WEEK_MS,
            Some(Period::Monthly) => MONTH_MS,
            None => return Ok(()),
        };
        if self.key_transition_period_ms.is_some_and(|transition| transition >= period) {
            return Err("`rotation_policy.key_transition_period_ms` has to be shorter than \
                        `rotation_period`"
                .into());
        }
        Ok(())
    }
}
