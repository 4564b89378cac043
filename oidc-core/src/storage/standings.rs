//! The standing of clients and connectors: enabled or not, and since when.

use super::{Kind, StorageError, store::Store};
use crate::{
    grant::Standing,
    protocol::{ClientId, ConnectorId},
};

/// The standings of one issuer's clients and connectors.
#[derive(Clone, Debug)]
pub(crate) struct Standings {
    store: Store,
}

impl Standings {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Changes the standing of a client.
    pub(crate) async fn change_client(
        &self,
        id: &ClientId,
        change: impl Fn(Standing) -> Standing,
    ) -> Result<(), StorageError> {
        self.change(Kind::Client, id.as_str(), change).await
    }

    /// Changes the standing of a connector.
    pub(crate) async fn change_connector(
        &self,
        id: &ConnectorId,
        change: impl Fn(Standing) -> Standing,
    ) -> Result<(), StorageError> {
        self.change(Kind::Connector, id.as_str(), change).await
    }

    async fn change(
        &self,
        kind: Kind,
        id: &str,
        change: impl Fn(Standing) -> Standing,
    ) -> Result<(), StorageError> {
        let key = self.store.key(kind, id);
        self.store
            .update(
                &key,
                |_| None,
                |known: Option<&Standing>| Some(change(known.copied().unwrap_or_default())),
            )
            .await
            .map(|_| ())
    }
}
