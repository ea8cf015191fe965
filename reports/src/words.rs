//! Numbers and foreign text, made fit for people.

use std::fmt::Write as _;

/// A count with separators: `100,000`.
#[must_use]
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count and its noun: `1 execution`, `2 executions`.
#[must_use]
pub fn counted(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" })
}

/// A length of time with three significant digits at most: `850 ns`, `1.24 ms`, `3 min 20 s`,
/// `8 h 0 min`.
#[must_use]
pub fn span(ns: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let value = ns as f64;
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{} µs", digits(value / 1e3)),
        1_000_000..1_000_000_000 => format!("{} ms", digits(value / 1e6)),
        1_000_000_000..120_000_000_000 => format!("{} s", digits(value / 1e9)),
        120_000_000_000..7_200_000_000_000 => {
            format!("{} min {} s", ns / 60_000_000_000, ns / 1_000_000_000 % 60)
        }
        _ => format!("{} h {} min", ns / 3_600_000_000_000, ns / 60_000_000_000 % 60),
    }
}

fn digits(value: f64) -> String {
    let places = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.places$}")
}

/// The chance that the next execution is one not seen yet, in per cent, for people.
///
/// The estimate is the share of executions seen exactly once. If there are none of them it is 0, which would read as
/// a proof; what `n` executions can say at best is "less than one in `n`".
#[must_use]
pub fn chance_of_new(unseen: f64, executions: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one digit is shown")]
    let one_in = 1.0 / executions.max(1) as f64;
    // A sampler may report any number; what is no chance must not be shown as a small one.
    if !(0.0..=1.0).contains(&unseen) {
        return "unknown".to_owned();
    }
    if unseen < one_in { format!("< {}", percent(one_in)) } else { format!("about {}", percent(unseen)) }
}

/// An upper bound on a chance, in per cent and rounded up: `≤ 4.7 %`.
#[must_use]
pub fn at_most(chance: f64) -> String {
    if !(0.0..=1.0).contains(&chance) {
        return "unknown".to_owned();
    }
    let value = chance * 100.0;
    // The small subtrahend keeps what is not exact in binary from going up a digit.
    format!("≤ {:.1} %", ((value * 10.0 - 1e-9).ceil() / 10.0).max(0.1))
}

/// A lower bound on a chance, in per cent and rounded down, never to a certainty: `≥ 99.9 %`.
#[must_use]
pub fn at_least(chance: f64) -> String {
    if !(0.0..=1.0).contains(&chance) {
        return "unknown".to_owned();
    }
    let value = (chance * 1000.0 + 1e-9).floor() / 10.0;
    if value < 0.1 { "next to 0 %".to_owned() } else { format!("≥ {:.1} %", value.min(99.9)) }
}

/// Rounded up to one digit below 1 %, because rounding down would promise more than was seen.
fn percent(chance: f64) -> String {
    let value = chance * 100.0;
    if value >= 1.0 {
        return format!("{value:.0} %");
    }
    let mut places = 1;
    let mut scale = 10.0;
    while value * scale < 1.0 && places < 12 {
        places += 1;
        scale *= 10.0;
    }
    // The small subtrahend keeps 0.02, which is not exact in binary, from becoming 0.03.
    let up = (value * scale - 1e-9).ceil() / scale;
    format!("{up:.places$} %")
}

/// Text of the code under test on one line: control characters, escape sequences included, are shown, not obeyed.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.trim_end().chars() {
        match c {
            '\n' => out.push('⏎'),
            '\t' => out.push(' '),
            c if c.is_control() || is_bidi(c) => {
                let _ = write!(out, "{}", c.escape_unicode());
            }
            c => out.push(c),
        }
    }
    out
}

/// Characters that reorder what follows them on the line.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// At most `most` characters, with an ellipsis where something was cut.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_separators() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (100_000, "100,000"), (1_234_567, "1,234,567")];
        for (n, text) in cases {
            assert_eq!(count(n), text);
        }
        assert_eq!((counted(1, "trial"), counted(2, "trial")), ("1 trial".to_owned(), "2 trials".to_owned()));
    }

    #[test]
    fn spans_have_units() {
        let cases = [
            (12, "12 ns"),
            (1_240, "1.24 µs"),
            (45_600_000, "45.6 ms"),
            (20_000_000_000, "20.0 s"),
            (200_000_000_000, "3 min 20 s"),
        ];
        for (ns, text) in cases {
            assert_eq!(span(ns), text);
        }
    }

    #[test]
    fn a_chance_is_never_zero_and_never_rounded_down() {
        assert_eq!(chance_of_new(0.0, 100_000), "< 0.001 %");
        assert_eq!(chance_of_new(0.0002, 100_000), "about 0.02 %");
        assert_eq!(chance_of_new(0.000_21, 100_000), "about 0.03 %");
        assert_eq!(chance_of_new(0.37, 100), "about 37 %");
        assert_eq!(chance_of_new(0.0, 0), "< 100 %");
        assert_eq!(chance_of_new(f64::NAN, 10), "unknown");
        assert_eq!(chance_of_new(-0.1, 10), "unknown");
    }

    #[test]
    fn a_bound_is_rounded_to_the_side_that_promises_less() {
        let said = [0.0, 0.0031, 0.04, 0.04637, 1.0].map(at_most);
        assert_eq!(said, ["≤ 0.1 %", "≤ 0.4 %", "≤ 4.0 %", "≤ 4.7 %", "≤ 100.0 %"]);
        let said = [0.0, 0.0004, 0.5, 0.12399, 0.9999, 1.0].map(at_least);
        assert_eq!(said, ["next to 0 %", "next to 0 %", "≥ 50.0 %", "≥ 12.3 %", "≥ 99.9 %", "≥ 99.9 %"]);
        assert_eq!([at_most(f64::NAN), at_least(1.5)], ["unknown", "unknown"]);
    }

    #[test]
    fn foreign_text_cannot_steer_the_terminal() {
        assert_eq!(clean("a\u{1b}[31mred\nb\n"), "a\\u{1b}[31mred⏎b");
        assert_eq!(clean("x\u{202e}y"), "x\\u{202e}y");
    }

    #[test]
    fn a_cut_says_so() {
        assert_eq!((cut("abcd", 4), cut("abcde", 4)), ("abcd".to_owned(), "abc…".to_owned()));
    }
}
