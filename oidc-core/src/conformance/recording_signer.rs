//! A signer that counts what it signs: the ledger for "nothing was issued".

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;

use crate::{
    clock::UnixTime,
    jose::KeyId,
    signer::{PublishedKey, Signature, Signer, SignerError},
};

/// Counts the signatures of another signer, and can break down.
#[derive(Debug)]
pub struct RecordingSigner {
    inner: Arc<dyn Signer>,
    signatures: AtomicU64,
    broken: std::sync::atomic::AtomicBool,
}

impl RecordingSigner {
    /// Counts what `inner` signs.
    #[must_use]
    pub fn new(inner: Arc<dyn Signer>) -> Self {
        Self {
            inner,
            signatures: AtomicU64::new(0),
            broken: false.into(),
        }
    }

    /// How many signatures were made.
    #[must_use]
    pub fn signatures(&self) -> u64 {
        self.signatures.load(Ordering::Relaxed)
    }

    /// From now on no signature can be had, or again.
    pub fn set_broken(&self, broken: bool) {
        self.broken.store(broken, Ordering::Relaxed);
    }
}

#[async_trait]
impl Signer for RecordingSigner {
    async fn sign(&self, key: &KeyId, input: &[u8]) -> Result<Signature, SignerError> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(SignerError::Unavailable("broken by the test".into()));
        }
        let signature = self.inner.sign(key, input).await?;
        self.signatures.fetch_add(1, Ordering::Relaxed);
        Ok(signature)
    }

    async fn keys(&self) -> Result<Vec<PublishedKey>, SignerError> {
        self.inner.keys().await
    }

    fn remote(&self) -> bool {
        self.inner.remote()
    }

    async fn maintain(&self, now: UnixTime) -> Result<(), SignerError> {
        self.inner.maintain(now).await
    }
}
