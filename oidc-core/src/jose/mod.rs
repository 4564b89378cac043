//! JWS, JWT, JWK and thumbprint. Pure; cryptography comes in as a [`crate::crypto::CryptoBackend`].
//!
//! A token passes three doors, each a type that only the previous one can make:
//! [`verify`] finds the one key, compares the algorithm and checks the signature;
//! [`Claims::of`] reads the payload strictly; [`Claims::check`] compares issuer, audience, times.

use std::fmt;

use serde::{Deserialize, Serialize};

pub mod json;
mod jwk;
mod jwks;
mod jws;
mod jwt;
mod verification_keys;

#[cfg(test)]
mod tests;

pub use jwk::{InvalidJwk, Jwk, JwkThumbprint, MAX_KEY_ID, PublicKey};
pub use jwks::{InvalidJwks, Jwks, MAX_JWKS_BYTES, MAX_JWKS_KEYS};
pub use jws::{
    ExpectedType, Header, JwsRefusal, MAX_JWS, VerifiedJws, assemble, signing_input, verify,
};
pub use jwt::{
    Claims, ClaimsExpected, ClaimsRefusal, JwtRefusal, MAX_AUDIENCES, MAX_NUMERIC_DATE, verify_jwt,
};
pub use verification_keys::VerificationKeys;

/// A JWS signature algorithm ([RFC 7518 section 3.1]); bound to a key, never chosen by a header.
///
/// [RFC 7518 section 3.1]: https://www.rfc-editor.org/rfc/rfc7518#section-3.1
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl SigningAlgorithm {
    /// Every algorithm, in the order of declaration.
    pub const ALL: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    /// The registered name, as in `alg`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Reads a registered name; names are case-sensitive. `none` and every MAC are unknown here.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A key id, `kid`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub String);

impl KeyId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
