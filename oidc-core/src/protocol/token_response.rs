//! Token responses and error bodies ([RFC 6749 section 5](https://www.rfc-editor.org/rfc/rfc6749#section-5)).

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{error_code::ErrorCode, scope::Scope};

/// The type of every access token issued here.
pub const TOKEN_TYPE: &str = "Bearer";

/// A successful token response ([RFC 6749 section 5.1], [OIDC Core section 3.1.3.3]).
///
/// `Debug` shows no token.
///
/// [RFC 6749 section 5.1]: https://www.rfc-editor.org/rfc/rfc6749#section-5.1
/// [OIDC Core section 3.1.3.3]: https://openid.net/specs/openid-connect-core-1_0.html#TokenResponse
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenResponse {
    /// The access token.
    pub access_token: String,
    /// [`TOKEN_TYPE`].
    pub token_type: String,
    /// Seconds until the access token expires.
    pub expires_in: u64,
    /// The refresh token, if one was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The ID token, if the scope has `openid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// The scope granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}

impl TokenResponse {
    /// A response with a bearer token of the given lifetime.
    #[must_use]
    pub fn bearer(access_token: impl Into<String>, lifetime: Duration) -> Self {
        Self {
            access_token: access_token.into(),
            token_type: TOKEN_TYPE.to_owned(),
            expires_in: lifetime.as_secs(),
            refresh_token: None,
            id_token: None,
            scope: None,
        }
    }

    /// The same with a refresh token.
    #[must_use]
    pub fn with_refresh_token(mut self, refresh_token: &str) -> Self {
        self.refresh_token = Some(refresh_token.to_owned());
        self
    }

    /// The same with an ID token, if there is one.
    #[must_use]
    pub fn with_id_token(mut self, id_token: Option<String>) -> Self {
        self.id_token = id_token;
        self
    }

    /// The same with the scope granted.
    #[must_use]
    pub fn with_scope(mut self, scope: &Scope) -> Self {
        self.scope = Some(scope.clone());
        self
    }
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse")
            .field("token_type", &self.token_type)
            .field("expires_in", &self.expires_in)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// An error body ([RFC 6749 section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ErrorResponse {
    /// The code.
    pub error: ErrorCode,
    /// A text for developers: a fixed text of ours, never the request's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
}

impl ErrorResponse {
    /// An error without description.
    #[must_use]
    pub const fn new(error: ErrorCode) -> Self {
        Self {
            error,
            error_description: None,
        }
    }

    /// The same with a description.
    #[must_use]
    pub fn with_description(mut self, description: &'static str) -> Self {
        self.error_description = Some(description.to_owned());
        self
    }
}
