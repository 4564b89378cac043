//! `prompt`: what the end user must be asked, or must not.

use serde::{Deserialize, Serialize};

/// The set of prompt values of a request ([OIDC Core section 3.1.2.1]).
///
/// [OIDC Core section 3.1.2.1]: https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prompt(u8);

/// A prompt value is unknown, repeated, or stands beside `none`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the prompt holds an unknown or repeated value, or none beside others")]
#[non_exhaustive]
pub struct InvalidPrompt;

const VALUES: [(&str, u8); 4] = [
    ("none", 1),
    ("login", 2),
    ("consent", 4),
    ("select_account", 8),
];

impl Prompt {
    /// Parses values separated by one space.
    ///
    /// # Errors
    ///
    /// [`InvalidPrompt`] if a value is unknown or repeated, or `none` is not alone.
    pub fn parse(text: &str) -> Result<Self, InvalidPrompt> {
        let mut set = 0;
        for word in text.split(' ') {
            let (_, bit) = VALUES
                .iter()
                .find(|(name, _)| *name == word)
                .ok_or(InvalidPrompt)?;
            // A repeated value also bounds the loop: the fifth word is refused at the latest.
            if set & bit != 0 {
                return Err(InvalidPrompt);
            }
            set |= bit;
        }
        if set & 1 != 0 && set != 1 {
            return Err(InvalidPrompt);
        }
        Ok(Self(set))
    }

    /// `none`: no page may be shown.
    #[must_use]
    pub const fn none(self) -> bool {
        self.0 & 1 != 0
    }

    /// `login`: the end user must authenticate again.
    #[must_use]
    pub const fn login(self) -> bool {
        self.0 & 2 != 0
    }

    /// `consent`: the end user must be asked for consent.
    #[must_use]
    pub const fn consent(self) -> bool {
        self.0 & 4 != 0
    }

    /// `select_account`: the end user must be let choose.
    #[must_use]
    pub const fn select_account(self) -> bool {
        self.0 & 8 != 0
    }
}

impl TryFrom<String> for Prompt {
    type Error = InvalidPrompt;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        Self::parse(&text)
    }
}

impl From<Prompt> for String {
    fn from(prompt: Prompt) -> Self {
        let words: Vec<&str> = VALUES
            .iter()
            .filter(|(_, bit)| prompt.0 & bit != 0)
            .map(|(name, _)| *name)
            .collect();
        words.join(" ")
    }
}
