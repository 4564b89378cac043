//! Puts an issuer together and reports everything that is wrong at once.

use std::{collections::BTreeMap, fmt, sync::Arc};

use super::{
    Clients, Connectors, Issuer, Keys, Parts, RegisteredConnector,
    lookup::{ConfiguredClients, ConfiguredConnectors},
};
use crate::{
    client::Client,
    clock::{Clock, SystemClock},
    config::IssuerConfig,
    crypto::CryptoBackend,
    endpoint::discovery,
    entropy::Entropy,
    event::{EventSink, NoEvents},
    protocol::IssuerUrl,
    seal::{Sealer, SealingKeys},
    signer::{LocalSigner, LocalSignerParts, RotationPolicy, Signer, SignerError},
    storage::{
        Storage, consents::Consents, grants::Grants, seen::Seen, sessions::Sessions,
        standings::Standings, store::Store, users::Users,
    },
};

/// Puts an [`Issuer`] together.
///
/// Storage, sealing keys, at least one client and one connector are needed; everything else has
/// a default: the system's clock, the default cryptography and its randomness, and a
/// [`LocalSigner`] whose sealed keys stand in the storage.
#[derive(Debug)]
#[must_use]
pub struct IssuerBuilder {
    url: IssuerUrl,
    config: IssuerConfig,
    storage: Option<Arc<dyn Storage>>,
    sealing_keys: Option<SealingKeys>,
    signer: Option<Arc<dyn Signer>>,
    rotation: RotationPolicy,
    crypto: Option<Arc<dyn CryptoBackend>>,
    entropy: Option<Arc<dyn Entropy>>,
    clock: Arc<dyn Clock>,
    events: Arc<dyn EventSink>,
    registered: Vec<Client>,
    clients: Option<Arc<dyn Clients>>,
    opened: Vec<RegisteredConnector>,
    connectors: Option<Arc<dyn Connectors>>,
}

/// One thing that is wrong with the settings.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Problem {
    /// The setting.
    pub key: String,
    /// What is wrong with it.
    pub message: String,
    /// What to do.
    pub fix: String,
}

impl Problem {
    /// A problem with the setting `key`.
    #[must_use]
    pub fn new(key: impl Into<String>, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            message: message.into(),
            fix: fix.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.key, self.message, self.fix)
    }
}

/// Why an issuer could not be opened. Nothing was started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The settings are wrong; all problems at once.
    #[error("{}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Settings {
        /// What is wrong.
        problems: Vec<Problem>,
    },
    /// The signing keys cannot be opened.
    #[error("the signing keys cannot be opened: {0}")]
    Signer(#[from] SignerError),
}

/// What is certain once the settings were checked.
struct Checked {
    storage: Arc<dyn Storage>,
    sealing_keys: SealingKeys,
    crypto: Arc<dyn CryptoBackend>,
    entropy: Arc<dyn Entropy>,
}

impl IssuerBuilder {
    pub(super) fn new(url: IssuerUrl) -> Self {
        Self {
            url,
            config: IssuerConfig::default(),
            storage: None,
            sealing_keys: None,
            signer: None,
            rotation: RotationPolicy::default(),
            crypto: default_crypto(),
            entropy: default_entropy(),
            clock: Arc::new(SystemClock),
            events: Arc::new(NoEvents),
            registered: Vec::new(),
            clients: None,
            opened: Vec::new(),
            connectors: None,
        }
    }

    /// Sets where records are kept. Needed.
    pub fn with_storage(mut self, storage: Arc<dyn Storage>) -> Self {
        self.storage = Some(storage);
        self
    }

    /// Sets the root keys that seal what leaves the process. Needed; never kept in the storage.
    pub fn with_sealing_keys(mut self, keys: SealingKeys) -> Self {
        self.sealing_keys = Some(keys);
        self
    }

    /// Sets lifetimes and policies.
    pub fn with_config(mut self, config: IssuerConfig) -> Self {
        self.config = config;
        self
    }

    /// Registers a client.
    pub fn with_client(mut self, client: Client) -> Self {
        self.registered.push(client);
        self
    }

    /// Finds clients elsewhere; clients registered with [`Self::with_client`] are not used then.
    pub fn with_clients(mut self, clients: Arc<dyn Clients>) -> Self {
        self.clients = Some(clients);
        self
    }

    /// Adds a connector.
    pub fn with_connector(mut self, connector: RegisteredConnector) -> Self {
        self.opened.push(connector);
        self
    }

    /// Finds connectors elsewhere; connectors added with [`Self::with_connector`] are not used
    /// then.
    pub fn with_connectors(mut self, connectors: Arc<dyn Connectors>) -> Self {
        self.connectors = Some(connectors);
        self
    }

    /// Signs elsewhere than in this process.
    pub fn with_signer(mut self, signer: Arc<dyn Signer>) -> Self {
        self.signer = Some(signer);
        self
    }

    /// Sets how the local signer rotates its keys.
    pub fn with_rotation(mut self, rotation: RotationPolicy) -> Self {
        self.rotation = rotation;
        self
    }

    /// Sets the cryptography.
    pub fn with_crypto(mut self, crypto: Arc<dyn CryptoBackend>) -> Self {
        self.crypto = Some(crypto);
        self
    }

    /// Sets the source of randomness.
    pub fn with_entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = Some(entropy);
        self
    }

    /// Sets the clock.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets where events go besides `tracing`.
    pub fn with_events(mut self, events: Arc<dyn EventSink>) -> Self {
        self.events = events;
        self
    }

    /// Checks the settings and opens the issuer, making signing keys if there are none.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: all problems of the settings at once, or why the keys cannot be opened.
    pub async fn open(mut self) -> Result<Issuer, BuildError> {
        let checked = self.check()?;
        let tag = self.url.tag();
        let sealer = Sealer::new(
            &checked.sealing_keys,
            tag,
            Arc::clone(&checked.crypto),
            Arc::clone(&checked.entropy),
        );
        let keys = self.open_keys(&checked, &sealer).await?;
        let metadata = discovery::metadata(&self.url, &self.config);
        let store = Store::new(Arc::clone(&checked.storage), tag);
        let clients = self.clients.take().unwrap_or_else(|| {
            let by_id = self.registered.into_iter();
            let by_id: BTreeMap<_, _> = by_id
                .map(|client| (client.client_id.clone(), Arc::new(client)))
                .collect();
            Arc::new(ConfiguredClients(by_id))
        });
        let connectors = self
            .connectors
            .take()
            .unwrap_or_else(|| Arc::new(ConfiguredConnectors(self.opened)));
        Ok(Issuer {
            parts: Arc::new(Parts {
                url: self.url,
                config: self.config,
                metadata,
                clock: self.clock,
                entropy: checked.entropy,
                sealer,
                keys,
                clients,
                connectors,
                grants: Grants::new(store.clone()),
                users: Users::new(store.clone()),
                sessions: Sessions::new(store.clone()),
                consents: Consents::new(store.clone()),
                standings: Standings::new(store.clone()),
                seen: Seen::new(store),
                events: self.events,
                storage: checked.storage,
            }),
        })
    }

    async fn open_keys(&self, checked: &Checked, sealer: &Sealer) -> Result<Keys, BuildError> {
        let crypto = Arc::clone(&checked.crypto);
        if let Some(signer) = &self.signer {
            let keys = Keys::new(Arc::clone(signer), crypto);
            // A signer that cannot sign as configured is found out now, not at the first login.
            let now = self.clock.now();
            keys.set()
                .await?
                .signing(self.config.signing_algorithm, now)?;
            return Ok(keys);
        }
        let parts = LocalSignerParts::new(
            Arc::clone(&checked.storage),
            Arc::new(sealer.clone()),
            Arc::clone(&crypto),
            Arc::clone(&self.clock),
            self.url.tag(),
        )
        .with_algorithms(vec![self.config.signing_algorithm])
        .with_policy(self.rotation);
        Ok(Keys::new(Arc::new(LocalSigner::open(parts).await?), crypto))
    }

    fn check(&mut self) -> Result<Checked, BuildError> {
        let mut problems = self.config.problems();
        let mut missing = |key: &str, fix: &str| {
            problems.push(Problem::new(key, "is missing", fix));
        };
        if self.storage.is_none() {
            missing("storage", "give the issuer a place for its records");
        }
        if self.sealing_keys.is_none() {
            missing("sealing_keys", "give the issuer at least one 32-byte key");
        }
        if self.crypto.is_none() || self.entropy.is_none() {
            missing(
                "crypto",
                "enable the feature aws-lc, or set crypto and entropy",
            );
        }
        if self.clients.is_none() && self.registered.is_empty() {
            missing("clients", "register at least one client");
        }
        if self.connectors.is_none() && self.opened.is_empty() {
            missing("connectors", "add at least one connector");
        }
        self.check_registrations(&mut problems);
        let parts = (
            self.storage.take(),
            self.sealing_keys.take(),
            self.crypto.take(),
            self.entropy.take(),
        );
        match parts {
            (Some(storage), Some(sealing_keys), Some(crypto), Some(entropy))
                if problems.is_empty() =>
            {
                Ok(Checked {
                    storage,
                    sealing_keys,
                    crypto,
                    entropy,
                })
            }
            _ => Err(BuildError::Settings { problems }),
        }
    }

    fn check_registrations(&self, problems: &mut Vec<Problem>) {
        for (at, client) in self.registered.iter().enumerate() {
            let id = &client.client_id;
            if self.registered[..at]
                .iter()
                .any(|other| other.client_id == *id)
            {
                problems.push(Problem::new(
                    format!("clients[{at}].client_id"),
                    format!("{id} is registered twice"),
                    "give each client its own id",
                ));
            }
            for unknown in client.allowed_connectors.iter().filter(|wanted| {
                self.connectors.is_none() && !self.opened.iter().any(|known| known.id == **wanted)
            }) {
                problems.push(Problem::new(
                    format!("clients[{at}].allowed_connectors"),
                    format!("names {unknown}, which is no connector"),
                    "name one of the configured connectors",
                ));
            }
        }
        for (at, connector) in self.opened.iter().enumerate() {
            let id = &connector.id;
            if self.opened[..at].iter().any(|other| other.id == *id) {
                problems.push(Problem::new(
                    format!("connectors[{at}].id"),
                    format!("{id} is used twice"),
                    "give each connector its own id",
                ));
            }
        }
    }
}

#[cfg(feature = "aws-lc")]
#[expect(
    clippy::unnecessary_wraps,
    reason = "without the feature there is no default"
)]
fn default_crypto() -> Option<Arc<dyn CryptoBackend>> {
    Some(Arc::new(crate::crypto::AwsLcBackend))
}

#[cfg(not(feature = "aws-lc"))]
fn default_crypto() -> Option<Arc<dyn CryptoBackend>> {
    None
}

#[cfg(feature = "aws-lc")]
#[expect(
    clippy::unnecessary_wraps,
    reason = "without the feature there is no default"
)]
fn default_entropy() -> Option<Arc<dyn Entropy>> {
    Some(Arc::new(crate::entropy::SystemEntropy))
}

#[cfg(not(feature = "aws-lc"))]
fn default_entropy() -> Option<Arc<dyn Entropy>> {
    None
}
