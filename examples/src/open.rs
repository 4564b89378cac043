//! From a configuration to an open issuer. Everything is opened before anything listens.

use std::{io, sync::Arc, time::Duration};

use oidc_connector_local::{
    InvalidStaticUsers, LocalConnector, LocalUsers, StaticUsers, StoredUsers,
};
use oidc_core::{
    config::IssuerConfig,
    connector::Connector,
    entropy::{EntropyError, SystemEntropy, draw_secret},
    grant::RefreshPolicy,
    http::{IssuerService, pages::PagesError},
    issuer::{BuildError, Issuer, IssuerBuilder, RegisteredConnector},
    protocol::{ConnectorId, IssuerUrl},
    seal::{InvalidSealingKeys, SealingKeys},
    signer::RotationPolicy,
    storage::{Key, Kind, Storage},
};
use oidc_token_store::{
    MemoryStorage,
    sqlite::{SqliteStorage, StoreOpenError},
};

use crate::{
    config::{
        Config, ConnectorConfig, ConnectorKind, ExpiryConfig, StorageConfig, default_key_file,
    },
    key_file::{self, KeyFileError},
    server::Health,
};

/// An open issuer, as HTTP service, and the store behind it.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The issuer.
    pub issuer: Issuer,
    /// The issuer over HTTP.
    pub service: IssuerService,
    /// Its store.
    pub storage: Arc<dyn Storage>,
}

/// Why an issuer was not opened. Nothing listens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The database cannot be opened.
    #[error("storage: {0}")]
    Storage(#[from] StoreOpenError),
    /// The sealing key cannot be had.
    #[error("sealing key: {0}")]
    KeyFile(#[from] KeyFileError),
    /// The configured sealing keys cannot be used.
    #[error("sealingKeys: {0}")]
    SealingKeys(#[from] InvalidSealingKeys),
    /// No key could be drawn.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// Users cannot be told apart.
    #[error("{0}")]
    Users(#[from] InvalidStaticUsers),
    /// The operating system gives no threads.
    #[error("password threads: {0}")]
    Threads(io::Error),
    /// The issuer refuses its settings, or its keys cannot be opened.
    #[error("{0}")]
    Build(#[from] BuildError),
    /// The pages cannot be read.
    #[error("{0}")]
    Pages(#[from] PagesError),
}

/// Opens store, keys, connectors and clients.
///
/// # Errors
///
/// [`OpenError`] says what could not be opened.
pub async fn open(config: &Config) -> Result<Opened, OpenError> {
    let (sealing_keys, storage) = open_storage(config)?;
    let mut builder = Issuer::builder(config.issuer.clone())
        .with_storage(Arc::clone(&storage))
        .with_sealing_keys(sealing_keys)
        .with_config(issuer_config(config))
        .with_rotation(rotation(&config.expiry));
    for client in &config.clients {
        builder = builder.with_client(client.clone());
    }
    for connector in &config.connectors {
        builder = with_connector(builder, connector, &config.issuer, &storage)?;
    }
    let issuer = builder.open().await?;
    let service = IssuerService::new(issuer.clone())?;
    Ok(Opened {
        issuer,
        service,
        storage,
    })
}

/// Opens the configured store and the keys that seal what is in it.
///
/// The key comes first: a database without one has lost its key.
///
/// # Errors
///
/// [`OpenError`] if keys or database cannot be opened.
pub fn open_storage(config: &Config) -> Result<(SealingKeys, Arc<dyn Storage>), OpenError> {
    let sealing_keys = sealing_keys(config)?;
    let storage: Arc<dyn Storage> = match &config.storage {
        StorageConfig::Memory => Arc::new(MemoryStorage::new()),
        StorageConfig::Sqlite { file } => Arc::new(SqliteStorage::open(file)?),
    };
    Ok((sealing_keys, storage))
}

/// The users of a local connector that keeps them in the store.
#[must_use]
pub fn stored_users(
    storage: &Arc<dyn Storage>,
    issuer: &IssuerUrl,
    connector_id: &ConnectorId,
) -> StoredUsers {
    StoredUsers::new(Arc::clone(storage), issuer.tag(), connector_id.clone())
}

fn sealing_keys(config: &Config) -> Result<SealingKeys, OpenError> {
    if !config.sealing_keys.is_empty() {
        return Ok(SealingKeys::new(config.sealing_keys.clone())?);
    }
    match (&config.storage, default_key_file(&config.storage)) {
        (StorageConfig::Sqlite { file }, Some(key)) => {
            Ok(key_file::load_or_make(&key, file, &SystemEntropy)?)
        }
        // What is sealed is lost with the process anyway, and so may be the key.
        _ => Ok(SealingKeys::new(vec![draw_secret(&SystemEntropy)?])?),
    }
}

fn with_connector(
    builder: IssuerBuilder,
    config: &ConnectorConfig,
    issuer: &IssuerUrl,
    storage: &Arc<dyn Storage>,
) -> Result<IssuerBuilder, OpenError> {
    let connector: Arc<dyn Connector> = match &config.kind {
        ConnectorKind::Local(settings, users) => {
            let users: Arc<dyn LocalUsers> = match users {
                Some(users) => Arc::new(StaticUsers::new(users.clone())?),
                None => Arc::new(stored_users(storage, issuer, &config.id)),
            };
            Arc::new(LocalConnector::open(users, settings).map_err(OpenError::Threads)?)
        }
        ConnectorKind::Ldap(connector) => Arc::clone(connector),
    };
    let connector = RegisteredConnector::new(config.id.clone(), config.name.clone(), connector);
    Ok(builder.with_connector(connector))
}

fn issuer_config(config: &Config) -> IssuerConfig {
    let expiry = &config.expiry;
    let mut settings = IssuerConfig::default();
    if let Some(lifetime) = expiry.id_tokens {
        // As in Dex, where an access token is an ID token by another name.
        settings = settings
            .with_id_token_lifetime(lifetime)
            .with_access_token_lifetime(lifetime);
    }
    let set = |value: &mut Duration, given: Option<Duration>| {
        if let Some(given) = given {
            *value = given;
        }
    };
    set(&mut settings.flow_lifetime, expiry.auth_requests);
    set(&mut settings.session_lifetime, expiry.session_absolute);
    set(&mut settings.session_idle, expiry.session_idle);
    let mut refresh = RefreshPolicy::default();
    refresh.rotate = !expiry.disable_rotation;
    set(&mut refresh.grace, expiry.reuse_interval);
    set(&mut refresh.idle, expiry.refresh_idle);
    set(&mut refresh.absolute, expiry.refresh_absolute);
    settings
        .with_refresh(refresh)
        .with_always_show_chooser(config.oauth2.always_show_login_screen)
}

fn rotation(expiry: &ExpiryConfig) -> RotationPolicy {
    let mut policy = RotationPolicy::default();
    if let Some(every) = expiry.signing_keys {
        policy.rotate_every = every;
    }
    policy
}

impl Opened {
    /// Healthy means that the store answers.
    #[must_use]
    pub fn health(&self) -> Health {
        let storage = Arc::clone(&self.storage);
        let key = Key::new(self.issuer.url().tag(), Kind::Keys, "health");
        Arc::new(move || {
            let (storage, key) = (Arc::clone(&storage), key.clone());
            Box::pin(async move { storage.get(&[key]).await.is_ok() })
        })
    }
}
