//! CRYPTO: the primitives that JOSE and sealing need, behind one trait.
//!
//! A back end is a value, chosen when the issuer is built: two issuers in one process may use
//! different ones, and no process global is ever set.

use std::{fmt, sync::Arc};

use crate::{
    jose::{InvalidJwk, Jwk, SigningAlgorithm},
    secret::{Secret, Secret32},
    signer::Signature,
};

#[cfg(feature = "aws-lc")]
mod aws_lc;
#[cfg(feature = "aws-lc")]
mod der;

#[cfg(test)]
mod tests;

#[cfg(feature = "aws-lc")]
pub use aws_lc::AwsLcBackend;

/// Length of the nonce of [`CryptoBackend::aead_seal`].
pub const AEAD_NONCE: usize = 12;

/// Length of the tag that [`CryptoBackend::aead_seal`] appends.
pub const AEAD_TAG: usize = 16;

/// What a cryptographic library does for the issuer.
///
/// # Contract
///
/// * Keys are parsed once, into values that callers keep; signing and verifying never parse.
/// * Every operation on secrets takes constant time as far as the library can.
/// * Verification refuses RSA keys outside 2048 to 8192 bits, points off their curve, signatures
///   in any but the JWS form, and non-canonical Ed25519 scalars.
pub trait CryptoBackend: fmt::Debug + Send + Sync {
    /// The algorithms that this back end signs and verifies; discovery advertises no others.
    fn algorithms(&self) -> &[SigningAlgorithm];

    /// A key that verifies signatures by `algorithm` and by no other.
    ///
    /// # Errors
    ///
    /// [`KeyRefusal`] if the key is of another type, names another algorithm or is no key.
    fn verifying_key(
        &self,
        algorithm: SigningAlgorithm,
        jwk: &Jwk,
    ) -> Result<Arc<dyn VerifyingKey>, KeyRefusal>;

    /// A key that signs by `algorithm`, read from PKCS#8 in DER.
    ///
    /// # Errors
    ///
    /// [`KeyRefusal`] if the key is of another type or is no key.
    fn signing_key(
        &self,
        algorithm: SigningAlgorithm,
        pkcs8: &Secret,
    ) -> Result<Arc<dyn SigningKey>, KeyRefusal>;

    /// A fresh private key as PKCS#8 in DER. RSA keys have 2048 bits and take some 100 ms.
    ///
    /// # Errors
    ///
    /// [`CryptoError`] if the library could not make one.
    fn generate(&self, algorithm: SigningAlgorithm) -> Result<Secret, CryptoError>;

    /// Encrypts `buffer` in place with AES-256-GCM and appends the tag.
    ///
    /// # Security
    ///
    /// A key and nonce must never be used for two messages.
    ///
    /// # Errors
    ///
    /// [`CryptoError`] if the library refused; the buffer must then not be used.
    fn aead_seal(
        &self,
        key: &Secret32,
        nonce: [u8; AEAD_NONCE],
        associated: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Result<(), CryptoError>;

    /// Decrypts in place what [`Self::aead_seal`] made, and cuts the tag off.
    ///
    /// # Errors
    ///
    /// [`CryptoError`] if a byte differs anywhere; the buffer must then not be used.
    fn aead_open(
        &self,
        key: &Secret32,
        nonce: [u8; AEAD_NONCE],
        associated: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Result<(), CryptoError>;
}

/// A parsed public key, bound to one algorithm.
pub trait VerifyingKey: fmt::Debug + Send + Sync {
    /// The one algorithm of this key.
    fn algorithm(&self) -> SigningAlgorithm;

    /// Checks a signature in its JWS form over `input`.
    ///
    /// # Errors
    ///
    /// [`InvalidSignature`] if it is not this key's over these bytes.
    fn verify(&self, input: &[u8], signature: &[u8]) -> Result<(), InvalidSignature>;
}

/// A parsed private key, bound to one algorithm. `Debug` shows no part of it.
pub trait SigningKey: fmt::Debug + Send + Sync {
    /// The one algorithm of this key.
    fn algorithm(&self) -> SigningAlgorithm;

    /// Signs `input`; the signature is in its JWS form.
    ///
    /// # Errors
    ///
    /// [`CryptoError`] if the library could not sign.
    fn sign(&self, input: &[u8]) -> Result<Signature, CryptoError>;

    /// The public half, with `alg` and without `kid`.
    fn public_jwk(&self) -> Jwk;
}

/// A signature is not the key's over the bytes; nothing more is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the signature is wrong")]
#[non_exhaustive]
pub struct InvalidSignature;

/// The cryptographic library failed, or data was not authentic.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the cryptographic operation failed")]
#[non_exhaustive]
pub struct CryptoError;

/// A key cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRefusal {
    /// The key is of another type than the algorithm, or names another algorithm.
    #[error("the key is not one for {0}")]
    Algorithm(SigningAlgorithm),
    /// The library does not take the key: a point off its curve, a broken encoding.
    #[error("the key is refused by the cryptographic library")]
    Rejected,
    /// The public half is not acceptable.
    #[error(transparent)]
    Jwk(#[from] InvalidJwk),
}
