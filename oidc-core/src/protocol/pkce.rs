//! Proof key for code exchange ([RFC 7636]). Only `S256` exists here.
//!
//! [RFC 7636]: https://www.rfc-editor.org/rfc/rfc7636

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::base64url;

/// The only `code_challenge_method` offered; `plain` protects nothing.
pub const CODE_CHALLENGE_METHOD: &str = "S256";

/// A `code_challenge`: the SHA-256 of a verifier.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CodeChallenge([u8; 32]);

/// Not 32 bytes in canonical base64url.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the code challenge is not 32 bytes in base64url")]
#[non_exhaustive]
pub struct InvalidCodeChallenge;

impl CodeChallenge {
    /// Parses the 43 characters of an `S256` challenge ([RFC 7636 section 4.2]).
    ///
    /// # Errors
    ///
    /// [`InvalidCodeChallenge`] for any other text.
    ///
    /// [RFC 7636 section 4.2]: https://www.rfc-editor.org/rfc/rfc7636#section-4.2
    pub fn parse(text: &str) -> Result<Self, InvalidCodeChallenge> {
        base64url::decode_array(text)
            .map(Self)
            .ok_or(InvalidCodeChallenge)
    }

    /// The challenge that belongs to `verifier`.
    #[must_use]
    pub fn of(verifier: &CodeVerifier) -> Self {
        Self(Sha256::digest(verifier.0.as_bytes()).into())
    }
}

impl TryFrom<String> for CodeChallenge {
    type Error = InvalidCodeChallenge;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<CodeChallenge> for String {
    fn from(challenge: CodeChallenge) -> Self {
        base64url::encode(&challenge.0)
    }
}

impl fmt::Display for CodeChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

/// A `code_verifier`: 43 to 128 unreserved characters.
#[derive(Clone)]
pub struct CodeVerifier(Zeroizing<String>);

/// A code verifier that is too short, too long, or holds other than unreserved characters.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the code verifier is not 43 to 128 unreserved characters")]
#[non_exhaustive]
pub struct InvalidCodeVerifier;

impl CodeVerifier {
    /// Parses a verifier ([RFC 7636 section 4.1]).
    ///
    /// # Errors
    ///
    /// [`InvalidCodeVerifier`]; nothing is hashed then.
    ///
    /// [RFC 7636 section 4.1]: https://www.rfc-editor.org/rfc/rfc7636#section-4.1
    pub fn parse(text: &str) -> Result<Self, InvalidCodeVerifier> {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if !(43..=128).contains(&text.len()) || !text.bytes().all(unreserved) {
            return Err(InvalidCodeVerifier);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeVerifier(…)")
    }
}

/// The verifier is not the one whose hash was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the code verifier does not match the code challenge")]
#[non_exhaustive]
pub struct VerifierMismatch;

/// Compares a `code_verifier` with the challenge kept from the authorization request.
///
/// Implements [RFC 7636 section 4.6].
///
/// # Errors
///
/// [`VerifierMismatch`] if the hashes differ. The comparison takes constant time.
///
/// [RFC 7636 section 4.6]: https://www.rfc-editor.org/rfc/rfc7636#section-4.6
pub fn verify_challenge(
    challenge: &CodeChallenge,
    verifier: &CodeVerifier,
) -> Result<(), VerifierMismatch> {
    bool::from(challenge.0.ct_eq(&CodeChallenge::of(verifier).0))
        .then_some(())
        .ok_or(VerifierMismatch)
}

#[cfg(test)]
mod tests;
