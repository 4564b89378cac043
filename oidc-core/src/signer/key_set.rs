//! Published keys with their parsed forms, and which of them counts for what at a moment.

use std::sync::{Arc, PoisonError, RwLock};

use super::{KeyState, PublishedKey, Signer, SignerError};
use crate::{
    clock::UnixTime,
    crypto::{CryptoBackend, VerifyingKey},
    jose::{Jwks, KeyId, SigningAlgorithm, VerificationKeys},
};

/// One published key, with its parsed form.
#[derive(Clone, Debug)]
pub struct KeyEntry {
    published: PublishedKey,
    kid: KeyId,
    verifying: Arc<dyn VerifyingKey>,
}

impl KeyEntry {
    /// The key and its times.
    #[must_use]
    pub const fn published(&self) -> &PublishedKey {
        &self.published
    }

    /// The key's id.
    #[must_use]
    pub const fn kid(&self) -> &KeyId {
        &self.kid
    }

    /// The one algorithm of the key.
    #[must_use]
    pub const fn algorithm(&self) -> SigningAlgorithm {
        self.published.algorithm
    }

    /// The parsed public key.
    #[must_use]
    pub fn verifying(&self) -> &dyn VerifyingKey {
        self.verifying.as_ref()
    }
}

/// The keys of a signer as it told them.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    entries: Vec<KeyEntry>,
}

impl KeySet {
    /// Parses what a signer told, taking parsed keys over from `known` where they are the same.
    ///
    /// # Errors
    ///
    /// [`SignerError::Misconfigured`] if a key has no `kid`, repeats one, or does not parse.
    pub fn new(
        published: Vec<PublishedKey>,
        known: &Self,
        crypto: &dyn CryptoBackend,
    ) -> Result<Self, SignerError> {
        let mut entries: Vec<KeyEntry> = Vec::with_capacity(published.len());
        for key in published {
            let Some(kid) = key.jwk.kid().cloned() else {
                return Err(SignerError::Misconfigured("a key has no kid".to_owned()));
            };
            if entries.iter().any(|entry| entry.kid == kid) {
                return Err(SignerError::Misconfigured(format!(
                    "two keys are named {kid}"
                )));
            }
            let same = known.entries.iter().find(|entry| {
                entry.published.jwk == key.jwk && entry.published.algorithm == key.algorithm
            });
            let verifying = match same {
                Some(entry) => Arc::clone(&entry.verifying),
                None => crypto
                    .verifying_key(key.algorithm, &key.jwk)
                    .map_err(|error| SignerError::Misconfigured(format!("key {kid}: {error}")))?,
            };
            entries.push(KeyEntry {
                published: key,
                kid,
                verifying,
            });
        }
        Ok(Self { entries })
    }

    /// The key that signs by `algorithm` at `now`: of several, the one that began last.
    ///
    /// # Errors
    ///
    /// [`SignerError::NoKey`] if none does.
    pub fn signing(
        &self,
        algorithm: SigningAlgorithm,
        now: UnixTime,
    ) -> Result<&KeyEntry, SignerError> {
        self.entries
            .iter()
            .filter(|entry| entry.algorithm() == algorithm)
            .filter(|entry| entry.published.state(now) == Some(KeyState::Current))
            .max_by_key(|entry| entry.published.sign_from)
            .ok_or(SignerError::NoKey(algorithm))
    }

    /// The JWK Set to publish at `now`: keys that sign next, now and no more; each with `kid`,
    /// `use` and `alg`.
    #[must_use]
    pub fn jwks(&self, now: UnixTime) -> Jwks {
        Jwks::new(
            self.published(now)
                .map(|entry| {
                    let algorithm = entry.algorithm();
                    entry.published.jwk.clone().with_algorithm(algorithm)
                })
                .collect(),
        )
    }

    /// The keys that may verify our own tokens at `now`: exactly those of [`Self::jwks`].
    #[must_use]
    pub fn verification_keys(&self, now: UnixTime) -> VerificationKeys {
        self.published(now)
            .fold(VerificationKeys::new(), |keys, entry| {
                keys.with(Some(entry.kid.clone()), Arc::clone(&entry.verifying))
            })
    }

    fn published(&self, now: UnixTime) -> impl Iterator<Item = &KeyEntry> {
        self.entries
            .iter()
            .filter(move |entry| entry.published.state(now).is_some())
    }

    fn tells(&self, published: &[PublishedKey]) -> bool {
        self.entries.len() == published.len()
            && self
                .entries
                .iter()
                .zip(published)
                .all(|(entry, key)| entry.published == *key)
    }
}

/// The parsed keys of one signer, kept until the signer tells others.
///
/// Asking costs a call of [`Signer::keys`] and a comparison; keys are parsed only when new.
#[derive(Debug)]
pub struct KeyCache {
    crypto: Arc<dyn CryptoBackend>,
    set: RwLock<Arc<KeySet>>,
}

impl KeyCache {
    /// An empty cache.
    #[must_use]
    pub fn new(crypto: Arc<dyn CryptoBackend>) -> Self {
        Self {
            crypto,
            set: RwLock::default(),
        }
    }

    /// The keys that `signer` tells now.
    ///
    /// # Errors
    ///
    /// As [`Signer::keys`] and [`KeySet::new`].
    pub async fn load(&self, signer: &dyn Signer) -> Result<Arc<KeySet>, SignerError> {
        let published = signer.keys().await?;
        let known = Arc::clone(&self.set.read().unwrap_or_else(PoisonError::into_inner));
        if known.tells(&published) {
            return Ok(known);
        }
        let set = Arc::new(KeySet::new(published, &known, self.crypto.as_ref())?);
        *self.set.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&set);
        Ok(set)
    }
}
