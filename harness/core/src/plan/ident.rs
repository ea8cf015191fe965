//! Text that may stand between two slashes of a trial's id.

use std::fmt::Write;

/// Writes all but plain characters as `%` and two hex digits for each byte, so that no value of a parameter
/// can look like two parts of an id, or like another value.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+' | b':') {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02x}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_text_stays_and_the_rest_is_hex() {
        assert_eq!(escaped("pct:3"), "pct:3");
        assert_eq!(escaped("a/b=ö%"), "a%2fb%3d%c3%b6%25");
    }

    proptest! {
        #[test]
        fn different_texts_stay_different(a in ".{0,8}", b in ".{0,8}") {
            prop_assert_eq!(a == b, escaped(&a) == escaped(&b));
        }
    }
}
