//! What is wrong with a configuration, in a form that a person can act on.

use std::fmt;

/// A place in a file, both counted from 1.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Position {
    /// The line.
    pub line: u64,
    /// The column, in characters.
    pub column: u64,
}

impl Position {
    /// The beginning of a file; also for what stands in no file.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// One mistake, or one weak setting: where, what, and what to do about it.
///
/// Holds names of keys, never values, so that no secret gets into a terminal or a log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// Where in the file, if it stands anywhere.
    pub at: Option<Position>,
    /// The full name of the key, such as `staticClients[0].secret`; empty for the whole file.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do; may be empty where the message says it.
    pub fix: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = self.at {
            write!(f, "{at}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)?;
        if !self.fix.is_empty() {
            write!(f, "; {}", self.fix)?;
        }
        Ok(())
    }
}

/// All mistakes of a configuration, in the order of the file. Nothing was started.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub struct ConfigError {
    /// The mistakes; never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

/// The candidate that `typed` was most likely meant to be.
pub(crate) fn nearest<'a>(typed: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let typed = typed.to_ascii_lowercase();
    let limit = (typed.chars().count() / 3).max(2);
    candidates
        .iter()
        .map(|candidate| {
            (
                distance(&typed, &candidate.to_ascii_lowercase()),
                *candidate,
            )
        })
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions and replacements between two short texts.
fn distance(left: &str, right: &str) -> usize {
    /// Keys are short; longer ones are no typing mistakes, and the work is quadratic.
    const LONGEST: usize = 64;
    if left.len() > LONGEST || right.len() > LONGEST {
        return usize::MAX;
    }
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, letter) in left.chars().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (index, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[index + 1];
            row[index + 1] = replaced.min(row[index] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_suggested_and_a_far_one_is_not() {
        let keys = ["issuer", "storage", "staticClients", "web"];
        assert_eq!(nearest("isuer", &keys), Some("issuer"));
        assert_eq!(nearest("staticclients", &keys), Some("staticClients"));
        assert_eq!(nearest("staticClient", &keys), Some("staticClients"));
        assert_eq!(nearest("frontend", &keys), None);
        assert_eq!(nearest(&"x".repeat(100_000), &keys), None);
    }
}
