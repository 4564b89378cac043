//! One-time ids: the first who shows one wins.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    Kind, StorageError,
    codec::Body,
    store::{Store, Written},
};
use crate::{
    base64url, connector::OneTime, entropy::Entropy, grant::WriteId, protocol::ConnectorId,
};

/// The one-time ids of one issuer.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    store: Store,
}

#[derive(Debug, Serialize, Deserialize)]
struct SeenRecord {
    write: WriteId,
}

impl Body for SeenRecord {
    const MAJOR: u32 = 1;
}

impl Written for SeenRecord {
    fn same_write(&self, other: &Self) -> bool {
        self.write == other.write
    }
}

impl Seen {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Uses up a connector's one-time id; false if it was used before.
    ///
    /// # Concurrency
    ///
    /// Of all calls with one id, at most one returns true.
    pub(crate) async fn first_time(
        &self,
        connector_id: &ConnectorId,
        once: &OneTime,
        entropy: &dyn Entropy,
    ) -> Result<bool, StorageError> {
        let id = seen_id(&["connector", connector_id.as_str(), &once.id]);
        let write = WriteId::draw(entropy).map_err(StorageError::unavailable)?;
        let key = self.store.key(Kind::Seen, id);
        self.store
            .insert(&key, &SeenRecord { write }, once.until)
            .await
    }
}

/// Where the mark of a revoked access token stands.
pub(super) fn revoked_jti(jti: &str) -> String {
    seen_id(&["jti", jti])
}

/// Hashes the parts with their lengths, so that no two lists share an id.
fn seen_id(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    base64url::encode(&hash.finalize())
}
