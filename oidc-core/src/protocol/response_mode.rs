//! Response modes.

use serde::{Deserialize, Serialize};

/// How the authorization response reaches the client.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResponseMode {
    /// In the query of the redirect URI: the default of `response_type=code`.
    #[default]
    Query,
    /// In the fragment of the redirect URI.
    Fragment,
    /// As a form that the user agent posts ([OAuth form post response mode]).
    ///
    /// [OAuth form post response mode]: https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html
    FormPost,
}

/// A response mode that is not offered.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the response mode is not supported")]
#[non_exhaustive]
pub struct UnknownResponseMode;

impl ResponseMode {
    /// Every mode, in the order of the variants.
    pub const ALL: &[Self] = &[Self::Query, Self::Fragment, Self::FormPost];

    /// Parses a response mode; all of them are allowed for `code`.
    ///
    /// # Errors
    ///
    /// [`UnknownResponseMode`] for anything else.
    pub fn parse(text: &str) -> Result<Self, UnknownResponseMode> {
        match text {
            "query" => Ok(Self::Query),
            "fragment" => Ok(Self::Fragment),
            "form_post" => Ok(Self::FormPost),
            _ => Err(UnknownResponseMode),
        }
    }

    /// The mode as sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }
}
