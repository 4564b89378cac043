//! Error codes on the wire.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $wire:literal,)*) => {
        /// An error code as registered with IANA; one variant per code, with its section.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[$doc])* #[serde(rename = $wire)] $name,)*
        }

        impl ErrorCode {
            /// Every code, in the order of the variants.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code as sent.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $wire,)*
                }
            }
        }
    };
}

error_codes! {
    /// A parameter is missing, repeated, or ill-formed ([RFC 6749 section 4.1.2.1, 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
    InvalidRequest = "invalid_request",
    /// Client authentication failed ([RFC 6749 section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
    InvalidClient = "invalid_client",
    /// The code or refresh token is not valid for this request ([RFC 6749 section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
    InvalidGrant = "invalid_grant",
    /// The client may not use this method ([RFC 6749 section 4.1.2.1, 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
    UnauthorizedClient = "unauthorized_client",
    /// The grant type is not offered ([RFC 6749 section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
    UnsupportedGrantType = "unsupported_grant_type",
    /// The scope is unknown, ill-formed, or too wide ([RFC 6749 section 4.1.2.1, 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
    InvalidScope = "invalid_scope",
    /// The end user or the issuer refused ([RFC 6749 section 4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1)).
    AccessDenied = "access_denied",
    /// The response type is not offered ([RFC 6749 section 4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1)).
    UnsupportedResponseType = "unsupported_response_type",
    /// The issuer failed ([RFC 6749 section 4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1)).
    ServerError = "server_error",
    /// The issuer cannot answer just now ([RFC 6749 section 4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1)).
    TemporarilyUnavailable = "temporarily_unavailable",
    /// The end user would have to log in ([OIDC Core section 3.1.2.6](https://openid.net/specs/openid-connect-core-1_0.html#AuthError)).
    LoginRequired = "login_required",
    /// The end user would have to consent ([OIDC Core section 3.1.2.6](https://openid.net/specs/openid-connect-core-1_0.html#AuthError)).
    ConsentRequired = "consent_required",
    /// The end user would have to be shown a page ([OIDC Core section 3.1.2.6](https://openid.net/specs/openid-connect-core-1_0.html#AuthError)).
    InteractionRequired = "interaction_required",
    /// The end user would have to choose a session ([OIDC Core section 3.1.2.6](https://openid.net/specs/openid-connect-core-1_0.html#AuthError)).
    AccountSelectionRequired = "account_selection_required",
    /// The `request` parameter is not supported ([OIDC Core section 3.1.2.6](https://openid.net/specs/openid-connect-core-1_0.html#AuthError)).
    RequestNotSupported = "request_not_supported",
    /// The `request_uri` parameter is not supported ([OIDC Core section 3.1.2.6](https://openid.net/specs/openid-connect-core-1_0.html#AuthError)).
    RequestUriNotSupported = "request_uri_not_supported",
    /// The `registration` parameter is not supported ([OIDC Core section 3.1.2.6](https://openid.net/specs/openid-connect-core-1_0.html#AuthError)).
    RegistrationNotSupported = "registration_not_supported",
    /// The access token is expired, revoked, or otherwise invalid ([RFC 6750 section 3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1)).
    InvalidToken = "invalid_token",
    /// The access token lacks a scope ([RFC 6750 section 3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1)).
    InsufficientScope = "insufficient_scope",
    /// The token type cannot be revoked here ([RFC 7009 section 2.2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.2.1)).
    UnsupportedTokenType = "unsupported_token_type",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
