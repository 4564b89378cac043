//! The issuer's keys as endpoints use them.

use std::sync::Arc;

use serde::Serialize;

use crate::{
    clock::UnixTime,
    crypto::CryptoBackend,
    jose::SigningAlgorithm,
    signer::{KeyCache, KeySet, Signer, SignerError, sign_jwt},
};

/// A signer with its parsed keys.
#[derive(Debug)]
pub(crate) struct Keys {
    signer: Arc<dyn Signer>,
    cache: KeyCache,
}

impl Keys {
    pub(crate) fn new(signer: Arc<dyn Signer>, crypto: Arc<dyn CryptoBackend>) -> Self {
        Self {
            signer,
            cache: KeyCache::new(crypto),
        }
    }

    /// The keys as the signer tells them now, parsed.
    pub(crate) async fn set(&self) -> Result<Arc<KeySet>, SignerError> {
        self.cache.load(&*self.signer).await
    }

    /// Signs a token of class `typ` with the current key of `algorithm`.
    pub(crate) async fn sign<T: Serialize + Sync>(
        &self,
        set: &KeySet,
        (typ, algorithm): (&str, SigningAlgorithm),
        claims: &T,
        now: UnixTime,
    ) -> Result<String, SignerError> {
        let key = set.signing(algorithm, now)?;
        sign_jwt(&*self.signer, key, typ, claims).await
    }

    /// Rotates what is due.
    pub(crate) async fn maintain(&self, now: UnixTime) -> Result<(), SignerError> {
        self.signer.maintain(now).await
    }
}
