//! `prompt`: what the end user must be asked, or must not.

use serde::{Deserialize, Serialize};

/// A value of `prompt` ([OIDC Core section 3.1.2.1]).
///
/// [OIDC Core section 3.1.2.1]: https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Prompt {
    /// `none`: no page may be shown.
    None,
    /// `login`: the end user must authenticate again.
    Login,
    /// `consent`: the end user must be asked for consent.
    Consent,
    /// `select_account`: the end user must be let choose.
    SelectAccount,
}

impl Prompt {
    /// Every value, in the order of the variants.
    pub const ALL: [Self; 4] = [Self::None, Self::Login, Self::Consent, Self::SelectAccount];

    /// The value as sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::None => 1,
            Self::Login => 2,
            Self::Consent => 4,
            Self::SelectAccount => 8,
        }
    }
}

/// The values of `prompt` in a request; `none` is never among others.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PromptSet(u8);

/// A prompt value is unknown, repeated, or stands beside `none`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the prompt holds an unknown or repeated value, or none beside others")]
#[non_exhaustive]
pub struct InvalidPrompt;

impl PromptSet {
    /// Parses values separated by one space.
    ///
    /// # Errors
    ///
    /// [`InvalidPrompt`] if a value is unknown or repeated, or `none` is not alone.
    pub fn parse(text: &str) -> Result<Self, InvalidPrompt> {
        let mut set = Self::default();
        for word in text.split(' ') {
            let known = Prompt::ALL.into_iter().find(|value| value.as_str() == word);
            let value = known.ok_or(InvalidPrompt)?;
            // A repeated value also bounds the loop: the fifth word is refused at the latest.
            if set.contains(value) {
                return Err(InvalidPrompt);
            }
            set.0 |= value.bit();
        }
        if set.contains(Prompt::None) && set.0 != Prompt::None.bit() {
            return Err(InvalidPrompt);
        }
        Ok(set)
    }

    /// Whether `value` is asked for.
    #[must_use]
    pub const fn contains(self, value: Prompt) -> bool {
        self.0 & value.bit() != 0
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0 == 0
    }
}

impl TryFrom<String> for PromptSet {
    type Error = InvalidPrompt;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        Self::parse(&text)
    }
}

impl From<PromptSet> for String {
    fn from(set: PromptSet) -> Self {
        let values = Prompt::ALL.into_iter();
        let words: Vec<&str> = values
            .filter(|value| set.contains(*value))
            .map(Prompt::as_str)
            .collect();
        words.join(" ")
    }
}

#[cfg(test)]
mod tests;
