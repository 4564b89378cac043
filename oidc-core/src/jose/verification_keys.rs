//! The keys among which a verification may choose.

use std::sync::Arc;

use super::{Jwks, JwsRefusal, KeyId, SigningAlgorithm};
use crate::crypto::{CryptoBackend, KeyRefusal, VerifyingKey};

/// Parsed keys of one party, each bound to its algorithm.
///
/// A token gets at most one of them tried on it: the one its `kid` names, or the only one.
#[derive(Clone, Debug, Default)]
pub struct VerificationKeys {
    keys: Vec<(Option<KeyId>, Arc<dyn VerifyingKey>)>,
}

impl VerificationKeys {
    /// No keys: refuses every token.
    #[must_use]
    pub const fn new() -> Self {
        Self { keys: Vec::new() }
    }

    /// The same keys and one more.
    #[must_use]
    pub fn with(mut self, kid: Option<KeyId>, key: Arc<dyn VerifyingKey>) -> Self {
        self.keys.push((kid, key));
        self
    }

    /// The keys of a set, each bound to its `alg`, or else to the first of `algorithms` that
    /// its type fits. Keys that fit none of `algorithms` are left out.
    ///
    /// # Errors
    ///
    /// [`KeyRefusal`] if the back end refuses a key, for example a point off its curve.
    pub fn from_jwks(
        jwks: &Jwks,
        algorithms: &[SigningAlgorithm],
        crypto: &dyn CryptoBackend,
    ) -> Result<Self, KeyRefusal> {
        let mut keys = Self::new();
        for jwk in jwks.keys() {
            let algorithm = algorithms.iter().copied().find(|one| {
                jwk.algorithm()
                    .map_or_else(|| jwk.key().fits(*one), |alg| alg == *one)
            });
            if let Some(algorithm) = algorithm {
                let key = crypto.verifying_key(algorithm, jwk)?;
                keys = keys.with(jwk.kid().cloned(), key);
            }
        }
        Ok(keys)
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The one key that a header's `kid`, or its absence, selects.
    ///
    /// # Errors
    ///
    /// [`JwsRefusal::UnknownKey`] if none is selected, [`JwsRefusal::AmbiguousKey`] if several.
    pub fn select(&self, kid: Option<&str>) -> Result<&dyn VerifyingKey, JwsRefusal> {
        let mut selected = self.keys.iter().filter(|(id, _)| match kid {
            None => true,
            Some(kid) => id.as_ref().is_some_and(|id| id.as_str() == kid),
        });
        match (selected.next(), selected.next()) {
            (Some((_, key)), None) => Ok(key.as_ref()),
            (None, _) => Err(JwsRefusal::UnknownKey),
            (Some(_), Some(_)) => Err(JwsRefusal::AmbiguousKey),
        }
    }
}
