//! Response types.

use serde::{Deserialize, Serialize};

/// A response type that is offered ([RFC 6749 section 3.1.1]).
///
/// [RFC 6749 section 3.1.1]: https://www.rfc-editor.org/rfc/rfc6749#section-3.1.1
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResponseType {
    /// `code`: the authorization code flow.
    #[default]
    Code,
}

/// A response type that is not offered.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ResponseTypeRefusal {
    /// Registered words, but a combination that is not offered here.
    #[error("the response type is not supported")]
    Unsupported,
    /// No registered response type.
    #[error("the response type is unknown")]
    Unknown,
}

impl ResponseType {
    /// Parses words separated by one space; their order does not matter ([OAuth multiple
    /// response types section 3]).
    ///
    /// # Errors
    ///
    /// [`ResponseTypeRefusal`] tells what is registered but not offered from what is unknown.
    ///
    /// [OAuth multiple response types section 3]: https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html
    pub fn parse(text: &str) -> Result<Self, ResponseTypeRefusal> {
        // Four words are registered; a longer list must repeat one or hold an unknown one.
        const MAX_WORDS: usize = 4;
        let mut words: Vec<&str> = text.split(' ').take(MAX_WORDS + 1).collect();
        words.sort_unstable();
        match words.as_slice() {
            ["code"] => Ok(Self::Code),
            ["token" | "none" | "id_token"]
            | ["code" | "id_token", "token"]
            | ["code", "id_token"]
            | ["code", "id_token", "token"] => Err(ResponseTypeRefusal::Unsupported),
            _ => Err(ResponseTypeRefusal::Unknown),
        }
    }

    /// The response type as sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
        }
    }
}
