//! `state` and `nonce`: text of the client's that comes back unchanged.

use serde::{Deserialize, Serialize};

/// Bytes of a `state` or `nonce`.
pub const MAX_STATE_BYTES: usize = 4096;

/// The client's `state`: 1 to 4,096 bytes, returned byte for byte and never interpreted.
///
/// [RFC 6749 appendix A.5] allows printable ASCII only; other text is returned as it came all
/// the same, since it is always escaped on the way out.
///
/// [RFC 6749 appendix A.5]: https://www.rfc-editor.org/rfc/rfc6749#appendix-A.5
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StateParam(String);

/// A `state` that is empty or longer than 4,096 bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the state is empty or longer than 4,096 bytes")]
#[non_exhaustive]
pub struct InvalidState;

impl StateParam {
    /// Takes a `state` as it came.
    ///
    /// # Errors
    ///
    /// [`InvalidState`] if it is empty or too long.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidState> {
        let text = text.into();
        if text.is_empty() || text.len() > MAX_STATE_BYTES {
            return Err(InvalidState);
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The client's `nonce`: 1 to 4,096 printable ASCII characters, echoed in the ID token.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nonce(String);

/// A `nonce` that is empty, longer than 4,096 bytes, or not printable ASCII.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the nonce is empty, longer than 4,096 bytes, or not printable ASCII")]
#[non_exhaustive]
pub struct InvalidNonce;

impl Nonce {
    /// Takes a `nonce` as it came.
    ///
    /// # Errors
    ///
    /// [`InvalidNonce`] if it is empty, too long, or not printable ASCII.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidNonce> {
        let text = text.into();
        let printable = |byte| (0x20..=0x7e).contains(&byte);
        if text.is_empty() || text.len() > MAX_STATE_BYTES || !text.bytes().all(printable) {
            return Err(InvalidNonce);
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! text_conversions {
    ($name:ident, $error:ident) => {
        impl TryFrom<String> for $name {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    };
}

text_conversions!(StateParam, InvalidState);
text_conversions!(Nonce, InvalidNonce);
