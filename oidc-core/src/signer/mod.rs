//! SIGNER: signs bytes, and says which public keys verify them, and when.
//!
//! What a key is for at a moment follows from its times alone ([`rotation`]), so no replica needs
//! to be told. [`KeyCache`] holds the parsed keys; [`sign_jwt`] makes tokens with any signer.

use std::fmt;

use async_trait::async_trait;

use crate::{
    clock::UnixTime,
    jose::{Jwk, KeyId, SigningAlgorithm},
};

mod key_set;
mod local;
pub mod rotation;
mod sign;

#[cfg(test)]
mod tests;

pub use key_set::{KeyCache, KeyEntry, KeySet};
pub use local::{LocalSigner, LocalSignerParts, MAX_STALE};
pub use rotation::{KeyState, RotationPolicy};
pub use sign::sign_jwt;

/// Where signatures come from: keys held here, Vault, a PKCS#11 token, a cloud.
///
/// # Contract
///
/// * [`keys`](Self::keys) is cheap: implementations cache it.
/// * [`sign`](Self::sign) returns the JWS form of the signature (`r || s` for ECDSA).
/// * A key is published long before it signs, and long after; the times say when.
#[async_trait]
pub trait Signer: fmt::Debug + Send + Sync {
    /// Signs `input` with the named key, by the key's own algorithm.
    ///
    /// # Errors
    ///
    /// [`SignerError`] if no signature could be had; nothing may be issued then.
    async fn sign(&self, key: &KeyId, input: &[u8]) -> Result<Signature, SignerError>;

    /// Public keys with the times at which they are published and sign.
    ///
    /// # Errors
    ///
    /// [`SignerError`] if the keys cannot be told.
    async fn keys(&self) -> Result<Vec<PublishedKey>, SignerError>;

    /// Whether signatures come from outside this process; they are then verified before a token
    /// leaves. Default: yes.
    ///
    /// Only a signer whose library checks its own results may say no.
    fn remote(&self) -> bool {
        true
    }

    /// One bounded round of background work, such as rotation; safe on all replicas at once.
    /// Default: nothing.
    ///
    /// # Errors
    ///
    /// [`SignerError`] if the round could not be finished; the next one goes on.
    async fn maintain(&self, _now: UnixTime) -> Result<(), SignerError> {
        Ok(())
    }
}

/// A public key and its life: `publish_from <= sign_from < sign_until <= publish_until`.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct PublishedKey {
    /// The public key, with its `kid` and `alg`.
    pub jwk: Jwk,
    /// The one algorithm this key signs with.
    pub algorithm: SigningAlgorithm,
    /// From when the key stands in the JWK Set.
    pub publish_from: UnixTime,
    /// From when it signs.
    pub sign_from: UnixTime,
    /// Until when it signs; `None`: until it is replaced.
    pub sign_until: Option<UnixTime>,
    /// Until when it stands in the JWK Set; `None`: until it is replaced.
    pub publish_until: Option<UnixTime>,
}

impl PublishedKey {
    /// A key that is published and signs from `from` on, without end.
    #[must_use]
    pub const fn new(jwk: Jwk, algorithm: SigningAlgorithm, from: UnixTime) -> Self {
        Self {
            jwk,
            algorithm,
            publish_from: from,
            sign_from: from,
            sign_until: None,
            publish_until: None,
        }
    }
}

/// A signature in its JWS form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signature(pub Vec<u8>);

/// No signature, or no keys, could be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// The signer holds no key of this id.
    #[error("the signer has no key {0}")]
    UnknownKey(KeyId),
    /// The signer cannot be reached or did not answer in time.
    #[error("signer unavailable: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What the signer keeps cannot be used.
    #[error("signer misconfigured: {0}")]
    Misconfigured(String),
    /// No key signs by this algorithm now.
    #[error("no key signs by {0} now")]
    NoKey(SigningAlgorithm),
    /// The key may not sign now: it is not published yet, or its time is over.
    #[error("key {0} may not sign now")]
    NotNow(KeyId),
    /// The signer answered with a signature that its own public key does not verify.
    #[error("the signer returned a wrong signature for key {0}")]
    WrongSignature(KeyId),
}
