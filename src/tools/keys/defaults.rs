//! What the requests of an API key have unless they say otherwise, and the reference's flat arguments
//! for it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::tool::JsonObject;

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
pub struct Defaults {
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<JsonObject>,
    /// From list_configs.
    #[serde(skip_serializing_if = "Option::is_none")]
    config_id: Option<String>,
    /// Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_config_override: Option<bool>,
}

// The same in both forms.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GivenDefaults {
    defaults: Option<Defaults>,
    #[schemars(extend("x-hidden" = true))]
    default_metadata: Option<JsonObject>,
    #[schemars(extend("x-hidden" = true))]
    default_config_id: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    default_allow_config_override: Option<bool>,
}

impl GivenDefaults {
    /// # Errors
    /// Names a leaf that came in both forms.
    pub fn fold(self) -> Result<Option<Defaults>, String> {
        let Self { defaults, default_metadata, default_config_id, default_allow_config_override } =
            self;
        let any = defaults.is_some()
            || default_metadata.is_some()
            || default_config_id.is_some()
            || default_allow_config_override.is_some();
        let mut folded = defaults.unwrap_or_default();
        set(&mut folded.metadata, default_metadata, "metadata")?;
        set(&mut folded.config_id, default_config_id, "config_id")?;
        let (place, flat) = (&mut folded.allow_config_override, default_allow_config_override);
        set(place, flat, "allow_config_override")?;
        Ok(any.then_some(folded))
    }
}

fn set<T>(place: &mut Option<T>, flat: Option<T>, name: &str) -> Result<(), String> {
    if place.is_some() && flat.is_some() {
        return Err(format!("`default_{name}` and `defaults.{name}` are the same: give one"));
    }
    if flat.is_some() {
        *place = flat;
    }
    Ok(())
}
