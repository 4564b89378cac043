//! Look-ups of clients and connectors, so that an embedder's own table can stand behind them.

use std::{collections::BTreeMap, fmt, sync::Arc};

use async_trait::async_trait;

use crate::{
    claims::ClaimMapping,
    client::Client,
    connector::Connector,
    protocol::{ClientId, ConnectorId},
    storage::StorageError,
};

/// Finds registered clients.
#[async_trait]
pub trait Clients: fmt::Debug + Send + Sync {
    /// The client of this id; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if the question could not be answered.
    async fn find(&self, id: &ClientId) -> Result<Option<Arc<Client>>, StorageError>;
}

/// Finds open connectors.
#[async_trait]
pub trait Connectors: fmt::Debug + Send + Sync {
    /// The connector of this id; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if the question could not be answered.
    async fn find(&self, id: &ConnectorId) -> Result<Option<RegisteredConnector>, StorageError>;

    /// All connectors, in the order in which the chooser shows them.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if the question could not be answered.
    async fn list(&self) -> Result<Vec<RegisteredConnector>, StorageError>;
}

/// An open connector with its id and name.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RegisteredConnector {
    /// Stands in paths and in `sub`; must never change.
    pub id: ConnectorId,
    /// What the chooser calls it.
    pub name: String,
    /// The connector itself.
    pub connector: Arc<dyn Connector>,
    /// How what it vouches for is normalised.
    pub claim_mapping: ClaimMapping,
}

impl RegisteredConnector {
    /// A connector whose identities are taken as they are.
    #[must_use]
    pub fn new(id: ConnectorId, name: impl Into<String>, connector: Arc<dyn Connector>) -> Self {
        Self {
            id,
            name: name.into(),
            connector,
            claim_mapping: ClaimMapping::default(),
        }
    }

    /// The same with rules for what it vouches for.
    #[must_use]
    pub fn with_claim_mapping(mut self, mapping: ClaimMapping) -> Self {
        self.claim_mapping = mapping;
        self
    }
}

/// Clients from configuration.
#[derive(Debug)]
pub(super) struct ConfiguredClients(pub(super) BTreeMap<ClientId, Arc<Client>>);

#[async_trait]
impl Clients for ConfiguredClients {
    async fn find(&self, id: &ClientId) -> Result<Option<Arc<Client>>, StorageError> {
        Ok(self.0.get(id).cloned())
    }
}

/// Connectors from configuration.
#[derive(Debug)]
pub(super) struct ConfiguredConnectors(pub(super) Vec<RegisteredConnector>);

#[async_trait]
impl Connectors for ConfiguredConnectors {
    async fn find(&self, id: &ConnectorId) -> Result<Option<RegisteredConnector>, StorageError> {
        Ok(self.0.iter().find(|known| known.id == *id).cloned())
    }

    async fn list(&self) -> Result<Vec<RegisteredConnector>, StorageError> {
        Ok(self.0.clone())
    }
}
