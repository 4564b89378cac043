//! Durations in Go's syntax, as Dex has them: `24h`, `1h30m`, `1.5s`, `0`.

use std::time::Duration;

/// Units and their nanoseconds, longest spelling first where one starts another.
const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
];

/// Most digits of one number: enough for a century in nanoseconds.
const MAX_DIGITS: usize = 19;

/// Reads a duration; `None` if it is malformed, negative or beyond what can be counted.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut nanoseconds: u128 = 0;
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => digits(after),
            None => ("", after),
        };
        let (unit, after) = UNITS
            .iter()
            .find_map(|(name, unit)| after.strip_prefix(name).map(|after| (*unit, after)))?;
        nanoseconds = nanoseconds.checked_add(scaled(whole, fraction, unit)?)?;
        rest = after;
    }
    let nanoseconds = u64::try_from(nanoseconds).ok()?;
    (!text.is_empty()).then(|| Duration::from_nanos(nanoseconds))
}

fn digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

fn scaled(whole: &str, fraction: &str, unit: u128) -> Option<u128> {
    if whole.len() + fraction.len() == 0 || whole.len().max(fraction.len()) > MAX_DIGITS {
        return None;
    }
    let number = |digits: &str| -> Option<u128> {
        if digits.is_empty() {
            Some(0)
        } else {
            digits.parse().ok()
        }
    };
    let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let whole = number(whole)?.checked_mul(unit)?;
    let part = number(fraction)?.checked_mul(unit)? / scale;
    whole.checked_add(part)
}

/// Writes a duration the way [`parse`] reads it, in the largest units that fit.
pub(crate) fn format(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [
        (seconds / 3600, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let text: String = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number}{unit}"))
        .collect();
    if text.is_empty() {
        "0".to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_durations_are_read() {
        for (text, seconds) in [
            ("0", 0.0),
            ("24h", 86400.0),
            ("1h30m", 5400.0),
            ("3s", 3.0),
            ("1.5s", 1.5),
            (".5m", 30.0),
            ("250ms", 0.25),
            ("1h2m3s4ms", 3723.004),
            ("2160h", 7_776_000.0),
        ] {
            assert_eq!(
                parse(text),
                Some(Duration::from_secs_f64(seconds)),
                "{text}"
            );
        }
    }

    #[test]
    fn anything_else_is_not() {
        let many = "9".repeat(20) + "h";
        for text in [
            "",
            "24",
            "h",
            "1d",
            "-1h",
            "1h-",
            "1 h",
            ".s",
            "1..5s",
            "٣s",
            many.as_str(),
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert!(parse(&("9".repeat(MAX_DIGITS) + "ns")).is_some());
        assert_eq!(parse(&("9".repeat(MAX_DIGITS + 1) + "ns")), None);
    }

    #[test]
    fn what_is_written_is_read_back() {
        for seconds in [0, 1, 59, 60, 3600, 3661, 15_552_000] {
            let duration = Duration::from_secs(seconds);
            assert_eq!(parse(&format(duration)), Some(duration));
        }
    }
}
