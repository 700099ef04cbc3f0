//! The known name that a wrong one was probably meant to be, for "did you mean".

/// Longest part of a name that is compared: a distance takes time with the product of the lengths.
const MOST: usize = 64;

/// The known name nearest to `name`, if at most a third of its letters would have to change.
pub fn near<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = beginning(name);
    known
        .map(|other| (strsim::osa_distance(name, beginning(other)), other))
        .min()
        .filter(|(distance, other)| distance * 3 <= beginning(other).chars().count())
        .map(|(_, other)| other)
}

fn beginning(name: &str) -> &str {
    name.char_indices().nth(MOST).and_then(|(end, _)| name.get(..end)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        let known = ["list_configs", "get_config", "id", "naïve"];
        for (name, want) in [
            ("list_config", Some("list_configs")),
            ("lsit_configs", Some("list_configs")),
            ("gte_confgi", Some("get_config")),
            ("naive", Some("naïve")),
            ("frobnicate", None),
            ("ip", None),
            ("", None),
        ] {
            assert_eq!(near(name, known.into_iter()), want, "{name}");
        }
        assert_eq!(near("any", std::iter::empty()), None);
    }

    #[test]
    fn only_the_beginning_of_a_long_name_is_compared() {
        let long = "ä".repeat(MOST);
        let longer = format!("{long}{}", "b".repeat(1 << 20));
        assert_eq!(near(&longer, [&*long].into_iter()), Some(&*long));
        assert_eq!(near(&longer, ["list_configs"].into_iter()), None);
    }
}
