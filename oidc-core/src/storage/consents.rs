//! Remembered consents.

use sha2::{Digest, Sha256};

use super::{Kind, StorageError, store::Store};
use crate::{
    base64url,
    claims::Subject,
    consent::ConsentRecord,
    protocol::{ClientId, Scope},
};

/// The remembered consents of one issuer.
#[derive(Clone, Debug)]
pub(crate) struct Consents {
    store: Store,
}

impl Consents {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Remembers that `subject` agreed to `scope` for the client, besides what they agreed to
    /// before; returns what is remembered now.
    pub(crate) async fn remember(
        &self,
        subject: &Subject,
        client_id: &ClientId,
        scope: &Scope,
    ) -> Result<Option<ConsentRecord>, StorageError> {
        let key = self
            .store
            .key(Kind::Consent, consent_id(subject, client_id));
        self.store
            .update(
                &key,
                |_: &ConsentRecord| None,
                |known| {
                    Some(match known {
                        Some(record) => record.extended(scope),
                        None => {
                            ConsentRecord::new(client_id.clone(), subject.clone(), scope.clone())
                        }
                    })
                },
            )
            .await
    }

    /// Forgets what was agreed to and takes back what was granted on it; false if there is none.
    pub(crate) async fn withdraw(
        &self,
        subject: &Subject,
        client_id: &ClientId,
    ) -> Result<bool, StorageError> {
        let key = self
            .store
            .key(Kind::Consent, consent_id(subject, client_id));
        let withdrawn = self
            .store
            .update(
                &key,
                |_| None,
                |known: Option<&ConsentRecord>| known.map(ConsentRecord::withdrawn),
            )
            .await?;
        Ok(withdrawn.is_some())
    }
}

/// Where a consent stands: the hash of both parties, with their lengths.
pub(super) fn consent_id(subject: &Subject, client_id: &ClientId) -> String {
    let digest = Sha256::new()
        .chain_update((subject.as_str().len() as u64).to_be_bytes())
        .chain_update(subject.as_str())
        .chain_update(client_id.as_str())
        .finalize();
    base64url::encode(&digest)
}
