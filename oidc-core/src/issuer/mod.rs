//! [`Issuer`]: the parts of one issuer, put together once and shared by all requests.

use std::{fmt, sync::Arc};

use crate::{
    clock::{Clock, UnixTime},
    config::IssuerConfig,
    entropy::Entropy,
    event::{Event, EventSink},
    protocol::{IssuerUrl, ProviderMetadata},
    seal::Sealer,
    storage::{
        Storage, Swept, consents::Consents, grants::Grants, seen::Seen, sessions::Sessions,
        standings::Standings, users::Users,
    },
};

mod administration;
mod builder;
mod keys;
mod lookup;

pub use administration::Administration;
pub use builder::{BuildError, IssuerBuilder, Problem};
pub use lookup::{Clients, Connectors, RegisteredConnector};

pub(crate) use keys::Keys;

/// An issuer: configuration, storage, keys, clients and connectors.
///
/// Cheap to clone; replicas are equal, and two issuers with different settings live in one
/// process.
#[derive(Clone)]
pub struct Issuer {
    parts: Arc<Parts>,
}

/// What a request may reach.
pub(crate) struct Parts {
    pub(crate) url: IssuerUrl,
    pub(crate) config: IssuerConfig,
    pub(crate) metadata: ProviderMetadata,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) sealer: Sealer,
    pub(crate) keys: Keys,
    pub(crate) clients: Arc<dyn Clients>,
    pub(crate) connectors: Arc<dyn Connectors>,
    pub(crate) grants: Grants,
    pub(crate) users: Users,
    pub(crate) sessions: Sessions,
    pub(crate) consents: Consents,
    pub(crate) standings: Standings,
    pub(crate) seen: Seen,
    events: Arc<dyn EventSink>,
    storage: Arc<dyn Storage>,
}

impl Issuer {
    /// Starts to put an issuer together.
    pub fn builder(url: IssuerUrl) -> IssuerBuilder {
        IssuerBuilder::new(url)
    }

    /// The issuer identifier.
    #[must_use]
    pub fn url(&self) -> &IssuerUrl {
        &self.parts.url
    }

    /// Lifetimes and policies.
    #[must_use]
    pub fn config(&self) -> &IssuerConfig {
        &self.parts.config
    }

    /// Taking back: block users, end sessions, withdraw consents, disable clients.
    pub fn administration(&self) -> Administration<'_> {
        Administration::new(&self.parts)
    }

    /// One bounded round of background work: drops expired records, rotates keys.
    ///
    /// Safe on all replicas at once. The host calls it every 30 seconds.
    ///
    /// # Errors
    ///
    /// What kept the round from being finished; the next one goes on.
    pub async fn maintain(&self) -> Result<Maintained, MaintainError> {
        /// So many records at the most are dropped in one round.
        const SWEEP_LIMIT: u32 = 1_000;
        let now = self.now();
        self.parts.keys.maintain(now).await?;
        let swept = self.parts.storage.sweep(now, SWEEP_LIMIT).await?;
        if let Some(engine_time) = swept.engine_time {
            let apart = engine_time.since(now).max(now.since(engine_time));
            if apart > std::time::Duration::from_secs(60) {
                tracing::warn!(
                    seconds = apart.as_secs(),
                    "the clocks of this process and of the store are apart"
                );
            }
        }
        Ok(Maintained { swept })
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    pub(crate) fn now(&self) -> UnixTime {
        self.parts.clock.now()
    }
}

impl Parts {
    pub(crate) fn record(&self, event: &Event) {
        crate::event::trace(event);
        self.events.record(event);
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer")
            .field("url", &self.parts.url.as_str())
            .finish_non_exhaustive()
    }
}

/// What a round of background work did.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Maintained {
    /// The records that were dropped.
    pub swept: Swept,
}

/// Why a round of background work was not finished.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MaintainError {
    /// The store could not be asked.
    #[error(transparent)]
    Storage(#[from] crate::storage::StorageError),
    /// The keys could not be looked after.
    #[error(transparent)]
    Signer(#[from] crate::signer::SignerError),
}
