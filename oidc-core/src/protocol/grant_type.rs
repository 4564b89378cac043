//! Grant types.

use serde::{Deserialize, Serialize};

/// A grant type that is offered.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GrantType {
    /// `authorization_code` ([RFC 6749 section 4.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1)).
    AuthorizationCode,
    /// `refresh_token` ([RFC 6749 section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6)).
    RefreshToken,
}

/// A grant type that is not offered.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the grant type is not supported")]
#[non_exhaustive]
pub struct UnsupportedGrantType;

impl GrantType {
    /// Every grant type, in the order of the variants.
    pub const ALL: &[Self] = &[Self::AuthorizationCode, Self::RefreshToken];

    /// Parses a grant type.
    ///
    /// # Errors
    ///
    /// [`UnsupportedGrantType`] for anything that is not offered.
    pub fn parse(text: &str) -> Result<Self, UnsupportedGrantType> {
        match text {
            "authorization_code" => Ok(Self::AuthorizationCode),
            "refresh_token" => Ok(Self::RefreshToken),
            _ => Err(UnsupportedGrantType),
        }
    }

    /// The grant type as sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
        }
    }
}
