//! How far a text stands for itself, eight bytes at a time.

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
const SPACES: u64 = u64::from_ne_bytes([b' '; 8]);

/// How many bytes come before the first quote, backslash or control character (RFC 8259 §7).
pub(super) fn unescaped(bytes: &[u8]) -> usize {
    first(bytes, |eight| below(eight, 0x20) | equal(eight, b'"') | equal(eight, b'\\'))
}

/// The same, and before the first byte that is no visible ASCII.
pub(super) fn ascii(bytes: &[u8]) -> usize {
    first(bytes, |eight| {
        below(eight, 0x20)
            | equal(eight, b'"')
            | equal(eight, b'\\')
            | equal(eight, 0x7f)
            | eight & HIGH
    })
}

/// Where `marks` first sets the high bit of a byte. Marks above the first may be wrong: borrows run
/// upward.
fn first(bytes: &[u8], marks: impl Fn(u64) -> u64) -> usize {
    let (eights, rest) = bytes.as_chunks::<8>();
    let mut at = 0;
    for eight in eights {
        let marked = marks(u64::from_le_bytes(*eight)) & HIGH;
        if marked != 0 {
            return at + (marked.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    if rest.is_empty() {
        return at;
    }
    // The last eight once more: what is before the rest is marked by nothing. A shorter text is
    // filled up with spaces.
    let (last, before) = match bytes.last_chunk::<8>() {
        Some(last) => (u64::from_le_bytes(*last), 8 - rest.len()),
        None => (rest.iter().rev().fold(SPACES, |all, byte| all << 8 | u64::from(*byte)), 0),
    };
    let marked = marks(last) & HIGH;
    if marked == 0 { bytes.len() } else { at + (marked.trailing_zeros() / 8) as usize - before }
}

fn below(eight: u64, limit: u8) -> u64 {
    eight.wrapping_sub(ONES.wrapping_mul(u64::from(limit))) & !eight
}

fn equal(eight: u64, byte: u8) -> u64 {
    let zero = eight ^ ONES.wrapping_mul(u64::from(byte));
    zero.wrapping_sub(ONES) & !zero
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_special_byte_is_found(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
            let end = |found: Option<usize>| found.unwrap_or(bytes.len());
            prop_assert_eq!(unescaped(&bytes), end(bytes.iter().position(special)));
            let unseen = |byte: &u8| special(byte) || *byte >= 0x7f;
            prop_assert_eq!(ascii(&bytes), end(bytes.iter().position(unseen)));
        }

        #[test]
        fn plain_bytes_are_passed_over(plain in "[ !#-\\[\\]-~]{0,40}", end in any::<u8>()) {
            let mut bytes = plain.clone().into_bytes();
            bytes.push(end);
            let special = matches!(end, b'"' | b'\\' | 0..=0x1f);
            prop_assert_eq!(unescaped(&bytes), plain.len() + usize::from(!special));
        }
    }
}
