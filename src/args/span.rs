//! Bounds of one span: an argument whose name ends in `_min` and the one that ends in `_max`. Portkey
//! answers a span without content with nothing, as if nothing were there.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value;

use crate::tool::JsonObject;

/// Every upper bound in `object` that lies below its lower one, with the lower one.
pub fn crossed(object: &JsonObject) -> impl Iterator<Item = (&str, String)> {
    object.iter().filter_map(|(max, upper)| {
        let min = format!("{}_min", max.strip_suffix("_max")?);
        is_below(upper, object.get(&min)?).then_some((max.as_str(), min))
    })
}

/// What is no number and no time is told by its own rule.
fn is_below(upper: &Value, lower: &Value) -> bool {
    let order = match (upper, lower) {
        (Value::String(upper), Value::String(lower)) => {
            let time = |text: &String| text.parse::<Timestamp>().ok();
            time(upper).zip(time(lower)).map(|(upper, lower)| upper.cmp(&lower))
        }
        _ => {
            upper.as_f64().zip(lower.as_f64()).and_then(|(upper, lower)| upper.partial_cmp(&lower))
        }
    };
    order == Some(Ordering::Less)
}
