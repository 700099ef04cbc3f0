//! Budgets and rates of one API key, virtual key, provider or workspace.
//!
//! Shapes: schemas `UsageLimits` and `RateLimits` of the official description. `rate_limits` is a
//! list in live answers and bodies (facts.md, "Spec against reality" 7). The reference's flat
//! arguments are accepted and folded in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Number;

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
pub struct UsageLimits {
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<Counted>,
    /// US dollars or tokens.
    #[schemars(range(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    credit_limit: Option<Number>,
    #[schemars(range(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    alert_threshold: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    periodic_reset: Option<Reset>,
    /// Instead of periodic_reset.
    #[schemars(range(min = 1, max = 365))]
    #[serde(skip_serializing_if = "Option::is_none")]
    periodic_reset_days: Option<u16>,
    #[schemars(extend("format" = "date-time"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    next_usage_reset_at: Option<String>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Counted {
    Cost,
    Tokens,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reset {
    Weekly,
    Monthly,
}

// `U` is the set of units that the operation takes.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct RateLimit<U> {
    r#type: Rated,
    unit: U,
    value: u64,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Rated {
    Requests,
    Tokens,
}

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    #[default]
    Rpm,
    Rph,
    Rpd,
}

// An API key's rate may also be per second or per week.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyUnit {
    Rps,
    #[default]
    Rpm,
    Rph,
    Rpd,
    Rpw,
}

/// The reference's arguments for the same.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Flat<U> {
    #[schemars(extend("x-hidden" = true), range(min = 1))]
    credit_limit: Option<Number>,
    #[schemars(extend("x-hidden" = true), range(min = 1))]
    alert_threshold: Option<Number>,
    #[schemars(extend("x-hidden" = true))]
    usage_limit_type: Option<Counted>,
    #[schemars(extend("x-hidden" = true))]
    periodic_reset: Option<Reset>,
    #[schemars(extend("x-hidden" = true))]
    rate_limit_rpm: Option<u64>,
    #[schemars(extend("x-hidden" = true))]
    rate_limit_value: Option<u64>,
    #[schemars(extend("x-hidden" = true))]
    rate_limit_unit: Option<U>,
}

/// Both kinds of limits, however they were given.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Limits<U> {
    usage_limits: Option<UsageLimits>,
    rate_limits: Option<Vec<RateLimit<U>>>,
    #[serde(flatten)]
    flat: Flat<U>,
}

/// What the API is sent.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Folded<U> {
    usage_limits: Option<UsageLimits>,
    rate_limits: Option<Vec<RateLimit<U>>>,
}

impl<U: Default> Limits<U> {
    /// As [`Self::fold`], for what is new: the reference's flat budget alone is one of a month's
    /// cost.
    pub fn fold_new(self) -> Result<Folded<U>, String> {
        let says_more = self.usage_limits.is_some()
            || self.flat.usage_limit_type.is_some()
            || self.flat.periodic_reset.is_some();
        let mut folded = self.fold()?;
        if let Some(usage) = folded.usage_limits.take_if(|_| !says_more) {
            let monthly = UsageLimits::monthly_cost(usage.credit_limit, usage.alert_threshold);
            folded.usage_limits = Some(monthly);
        }
        Ok(folded)
    }

    /// # Errors
    /// Names a leaf that came in both forms, and limits that contradict themselves.
    pub fn fold(self) -> Result<Folded<U>, String> {
        let Self { usage_limits, rate_limits, flat } = self;
        let flat_usage = [
            flat.credit_limit.is_some(),
            flat.alert_threshold.is_some(),
            flat.usage_limit_type.is_some(),
            flat.periodic_reset.is_some(),
        ];
        let mut usage = usage_limits;
        if flat_usage.contains(&true) {
            let usage = usage.get_or_insert_default();
            set(&mut usage.credit_limit, flat.credit_limit, "credit_limit", "credit_limit")?;
            set(
                &mut usage.alert_threshold,
                flat.alert_threshold,
                "alert_threshold",
                "alert_threshold",
            )?;
            set(&mut usage.r#type, flat.usage_limit_type, "usage_limit_type", "type")?;
            set(
                &mut usage.periodic_reset,
                flat.periodic_reset,
                "periodic_reset",
                "periodic_reset",
            )?;
        }
        let rate = match (flat.rate_limit_rpm, flat.rate_limit_value, flat.rate_limit_unit) {
            (None, None, None) => None,
            (Some(value), None, None) => Some(("rate_limit_rpm", value, U::default())),
            (None, Some(value), unit) => {
                Some(("rate_limit_value", value, unit.unwrap_or_default()))
            }
            (Some(_), ..) => {
                return Err("`rate_limit_rpm` and `rate_limit_value` are the same: give one".into());
            }
            (None, None, Some(_)) => {
                return Err("`rate_limit_unit` needs `rate_limit_value`".into());
            }
        };
        let rates = match (rate_limits, rate) {
            (Some(_), Some((name, ..))) => {
                return Err(format!("`{name}` and `rate_limits` are the same: give one"));
            }
            (None, Some((_, value, unit))) => Some(vec![RateLimit::of_requests(unit, value)]),
            (rates, None) => rates,
        };
        if let Some(usage) = &usage {
            usage.check("usage_limits.")?;
        }
        Ok(Folded { usage_limits: usage, rate_limits: rates })
    }
}

/// Puts a flat argument into its place.
fn set<T>(place: &mut Option<T>, flat: Option<T>, name: &str, leaf: &str) -> Result<(), String> {
    if place.is_some() && flat.is_some() {
        return Err(format!("`{name}` and `usage_limits.{leaf}` are the same: give one"));
    }
    if let Some(value) = flat {
        *place = Some(value);
    }
    Ok(())
}

impl UsageLimits {
    /// The budget that the reference's flat arguments mean where they say nothing of its period.
    pub fn monthly_cost(credit_limit: Option<Number>, alert_threshold: Option<Number>) -> Self {
        let (r#type, periodic_reset) = (Some(Counted::Cost), Some(Reset::Monthly));
        Self { r#type, credit_limit, alert_threshold, periodic_reset, ..Self::default() }
    }

    /// `path` is where its fields stand.
    ///
    /// # Errors
    /// Says how the limits contradict themselves.
    pub fn check(&self, path: &str) -> Result<(), String> {
        if self.periodic_reset.is_some() && self.periodic_reset_days.is_some() {
            return Err(format!(
                "`{path}periodic_reset` and `{path}periodic_reset_days` exclude each other: give one"
            ));
        }
        below(path, self.alert_threshold.as_ref(), self.credit_limit.as_ref())
    }
}

impl<U> RateLimit<U> {
    pub fn of_requests(unit: U, value: u64) -> Self {
        Self { r#type: Rated::Requests, unit, value }
    }
}

/// Refuses an alert that could never come.
pub fn below(path: &str, alert: Option<&Number>, limit: Option<&Number>) -> Result<(), String> {
    let number = |it: Option<&Number>| it.and_then(Number::as_f64);
    match (number(alert), number(limit)) {
        (Some(alert), Some(limit)) if alert > limit => Err(format!(
            "`{path}alert_threshold` has to be at most `{path}credit_limit`: it would never alert"
        )),
        _ => Ok(()),
    }
}
