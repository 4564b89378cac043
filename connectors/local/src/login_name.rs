//! The one spelling under which a login name is looked up.

/// Longest login name in bytes.
pub const MAX_LOGIN_NAME: usize = 1024;

/// A login name in its canonical spelling: `A-Z` folded to `a-z`, everything else kept byte for
/// byte.
///
/// Every look-up goes through [`LoginName::parse`], so two spellings either always or never name
/// the same user. Only ASCII is folded: Unicode folding and normalisation change with Unicode's
/// version and make unlike names alike.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LoginName(String);

impl LoginName {
    /// The canonical spelling of what someone typed or configured.
    ///
    /// `None` if it is empty, longer than [`MAX_LOGIN_NAME`] bytes or holds control characters:
    /// nobody has such a name.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let bad =
            typed.is_empty() || typed.len() > MAX_LOGIN_NAME || typed.chars().any(char::is_control);
        (!bad).then(|| Self(typed.to_ascii_lowercase()))
    }

    /// The canonical spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_case_does_not_matter() {
        assert_eq!(
            LoginName::parse("Jane@Example.COM"),
            LoginName::parse("jane@example.com")
        );
    }

    #[test]
    fn other_letters_are_kept_as_they_are() {
        let name = LoginName::parse("ÄRGER").expect("a name");
        assert_eq!(name.as_str(), "ÄrGER".replace("rGER", "rger"));
        assert_ne!(LoginName::parse("ärger"), Some(name));
        // One character precomposed, and the same as two.
        assert_ne!(LoginName::parse("\u{e4}"), LoginName::parse("a\u{308}"));
    }

    #[test]
    fn spaces_are_part_of_the_name() {
        assert_ne!(LoginName::parse(" jane"), LoginName::parse("jane"));
    }

    #[test]
    fn the_length_is_bounded() {
        assert!(LoginName::parse(&"a".repeat(MAX_LOGIN_NAME)).is_some());
        assert!(LoginName::parse(&"a".repeat(MAX_LOGIN_NAME + 1)).is_none());
    }

    #[test]
    fn empty_and_control_characters_name_nobody() {
        assert!(LoginName::parse("").is_none());
        assert!(LoginName::parse("jane\0").is_none());
        assert!(LoginName::parse("jane\r\n").is_none());
    }
}
