//! Scope: a set of scope tokens.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Scope tokens of one request or grant.
pub const MAX_SCOPE_TOKENS: usize = 64;
/// Characters of one scope token: room for a URL, not for a document.
pub const MAX_SCOPE_TOKEN_BYTES: usize = 256;

/// Asks for an ID token ([OIDC Core section 3.1.2.1](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest)).
pub const OPENID: &str = "openid";
/// Asks for `name` and `preferred_username`.
pub const PROFILE: &str = "profile";
/// Asks for `email` and `email_verified`.
pub const EMAIL: &str = "email";
/// Asks for `groups`.
pub const GROUPS: &str = "groups";
/// Asks for a refresh token ([OIDC Core section 11](https://openid.net/specs/openid-connect-core-1_0.html#OfflineAccess)).
pub const OFFLINE_ACCESS: &str = "offline_access";

/// A scope or scope token does not have the syntax of [RFC 6749 section 3.3], or is over a limit.
///
/// [RFC 6749 section 3.3]: https://www.rfc-editor.org/rfc/rfc6749#section-3.3
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidScope {
    /// A token is empty.
    #[error("a scope token is empty")]
    Empty,
    /// A token is longer than [`MAX_SCOPE_TOKEN_BYTES`].
    #[error("a scope token is too long")]
    TokenTooLong,
    /// More than [`MAX_SCOPE_TOKENS`] tokens.
    #[error("the scope has too many tokens")]
    TooManyTokens,
    /// A character that scope tokens may not hold.
    #[error("the scope holds a character that is not allowed")]
    Character,
}

/// One scope token: 1 to 256 characters of `0x21`, `0x23-0x5B`, `0x5D-0x7E`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScopeToken(String);

impl ScopeToken {
    /// Parses one scope token ([RFC 6749 section 3.3]).
    ///
    /// # Errors
    ///
    /// [`InvalidScope`] says what is wrong.
    ///
    /// [RFC 6749 section 3.3]: https://www.rfc-editor.org/rfc/rfc6749#section-3.3
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidScope> {
        let text = text.into();
        if text.is_empty() {
            return Err(InvalidScope::Empty);
        }
        if text.len() > MAX_SCOPE_TOKEN_BYTES {
            return Err(InvalidScope::TokenTooLong);
        }
        let allowed = |byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if !text.bytes().all(allowed) {
            return Err(InvalidScope::Character);
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ScopeToken {
    type Error = InvalidScope;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(text)
    }
}

impl From<ScopeToken> for String {
    fn from(token: ScopeToken) -> Self {
        token.0
    }
}

impl std::borrow::Borrow<str> for ScopeToken {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ScopeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A set of at most 64 scope tokens; written in sorted order.
///
/// Order and repetition mean nothing in a scope ([RFC 6749 section 3.3]), so neither is kept.
///
/// [RFC 6749 section 3.3]: https://www.rfc-editor.org/rfc/rfc6749#section-3.3
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(BTreeSet<ScopeToken>);

impl Scope {
    /// The scope without tokens.
    #[must_use]
    pub const fn empty() -> Self {
        Self(BTreeSet::new())
    }

    /// What every client may ask for: `openid`, `profile`, `email`, `groups`, `offline_access`.
    #[must_use]
    pub fn standard() -> Self {
        let tokens = [OPENID, PROFILE, EMAIL, GROUPS, OFFLINE_ACCESS];
        Self(tokens.map(|token| ScopeToken(token.to_owned())).into())
    }

    /// Whether an ID token is asked for.
    #[must_use]
    pub fn openid(&self) -> bool {
        self.contains(OPENID)
    }

    /// Whether a refresh token is asked for.
    #[must_use]
    pub fn offline_access(&self) -> bool {
        self.contains(OFFLINE_ACCESS)
    }

    /// The same with more tokens, as long as there are no more than [`MAX_SCOPE_TOKENS`].
    #[must_use]
    pub fn with_tokens(mut self, tokens: impl IntoIterator<Item = ScopeToken>) -> Self {
        for token in tokens {
            if self.0.len() < MAX_SCOPE_TOKENS {
                self.0.insert(token);
            }
        }
        self
    }

    /// Parses tokens separated by spaces; repeated spaces are tolerated, other white space is not.
    ///
    /// # Errors
    ///
    /// [`InvalidScope`] if there are more than [`MAX_SCOPE_TOKENS`] tokens, repeated ones
    /// included, or one of them is ill-formed.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        let mut tokens = BTreeSet::new();
        let words = text.split(' ').filter(|word| !word.is_empty());
        for (index, word) in words.enumerate() {
            if index >= MAX_SCOPE_TOKENS {
                return Err(InvalidScope::TooManyTokens);
            }
            tokens.insert(ScopeToken::parse(word)?);
        }
        Ok(Self(tokens))
    }

    /// Takes tokens one by one.
    ///
    /// # Errors
    ///
    /// [`InvalidScope::TooManyTokens`] if there are more than [`MAX_SCOPE_TOKENS`].
    pub fn from_tokens(tokens: impl IntoIterator<Item = ScopeToken>) -> Result<Self, InvalidScope> {
        let mut set = BTreeSet::new();
        for token in tokens {
            set.insert(token);
            if set.len() > MAX_SCOPE_TOKENS {
                return Err(InvalidScope::TooManyTokens);
            }
        }
        Ok(Self(set))
    }

    /// Whether `token` is in the set.
    #[must_use]
    pub fn contains(&self, token: &str) -> bool {
        self.0.contains(token)
    }

    /// Whether every token of this scope is in `other`.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// The same without `token`.
    #[must_use]
    pub fn without(mut self, token: &str) -> Self {
        self.0.remove(token);
        self
    }

    /// The tokens in sorted order.
    pub fn iter(&self) -> impl Iterator<Item = &ScopeToken> {
        self.0.iter()
    }

    /// The tokens as text, in sorted order.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(ScopeToken::as_str)
    }

    /// How many tokens there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no token.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<String> for Scope {
    type Error = InvalidScope;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, token) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(token.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
