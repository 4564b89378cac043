//! The configuration file of `issuer serve`: YAML, with Dex's key names where Dex has the thing.
//!
//! Reading notes every mistake with its key, its place and what to do, and yields either a
//! [`Config`] in which everything has been checked, or all mistakes. Nothing is opened here but the
//! files that hold secrets.

use std::{
    cell::RefCell,
    collections::HashSet,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use oidc_connector_local::{LocalConfig, LocalUser};
use oidc_core::{
    client::Client,
    connector::Connector,
    protocol::{ConnectorId, IssuerUrl},
    secret::Secret32,
};

mod clients;
mod connectors;
mod duration;
mod general;
mod problem;
mod section;
mod tree_deserializer;
mod users;
mod yaml;

pub use general::default_key_file;
pub use problem::{ConfigError, Position, Problem};
pub use yaml::MAX_CONFIG;

use section::{Context, Section};

/// Everything a configuration file says, checked.
#[derive(Debug)]
#[non_exhaustive]
pub struct Config {
    /// The issuer identifier.
    pub issuer: IssuerUrl,
    /// Where records are kept.
    pub storage: StorageConfig,
    /// Where to listen.
    pub web: WebConfig,
    /// Pages that may be skipped.
    pub oauth2: OAuth2Config,
    /// How long things live.
    pub expiry: ExpiryConfig,
    /// Root keys that seal what leaves the process; empty: one is kept beside the database.
    pub sealing_keys: Vec<Secret32>,
    /// Registered clients.
    pub clients: Vec<Client>,
    /// Connectors in the order of the file; at least one.
    pub connectors: Vec<ConnectorConfig>,
    /// How to log.
    pub logger: LoggerConfig,
    /// Weak settings, to be logged at start.
    pub warnings: Vec<Problem>,
}

impl Config {
    /// A configuration with neither clients nor connectors nor a place to listen.
    #[must_use]
    pub fn new(issuer: IssuerUrl, storage: StorageConfig) -> Self {
        Self {
            issuer,
            storage,
            web: WebConfig::default(),
            oauth2: OAuth2Config::default(),
            expiry: ExpiryConfig::default(),
            sealing_keys: Vec::new(),
            clients: Vec::new(),
            connectors: Vec::new(),
            logger: LoggerConfig::default(),
            warnings: Vec::new(),
        }
    }
}

/// Where records are kept.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StorageConfig {
    /// In the process; gone when it ends.
    Memory,
    /// In a SQLite file, made if it is not there.
    Sqlite {
        /// The file.
        file: PathBuf,
    },
}

/// Where to listen.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct WebConfig {
    /// In clear text.
    pub http: Option<SocketAddr>,
    /// Over TLS.
    pub https: Option<HttpsConfig>,
}

/// Where to listen over TLS.
#[derive(Clone, Debug)]
pub struct HttpsConfig {
    /// The address.
    pub address: SocketAddr,
    /// PEM file with the certificate chain, own certificate first.
    pub tls_cert: PathBuf,
    /// PEM file with the private key.
    pub tls_key: PathBuf,
}

/// Pages that may be skipped.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct OAuth2Config {
    /// No consent page for any client.
    pub skip_approval_screen: bool,
    /// Show the connector chooser even where there is only one.
    pub always_show_login_screen: bool,
}

/// How long things live; `None` takes the default of `oidc-core`.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ExpiryConfig {
    /// ID tokens and access tokens.
    pub id_tokens: Option<Duration>,
    /// An open login.
    pub auth_requests: Option<Duration>,
    /// How long a signing key signs.
    pub signing_keys: Option<Duration>,
    /// Refresh tokens stay the same when used.
    pub disable_rotation: bool,
    /// How long a used refresh token yields its successor again.
    pub reuse_interval: Option<Duration>,
    /// A refresh token that is not used for this long ends.
    pub refresh_idle: Option<Duration>,
    /// A grant ends this long after the login.
    pub refresh_absolute: Option<Duration>,
    /// A session that is not used for this long ends.
    pub session_idle: Option<Duration>,
    /// A session ends this long after the login.
    pub session_absolute: Option<Duration>,
}

/// A connector.
#[derive(Debug)]
#[non_exhaustive]
pub struct ConnectorConfig {
    /// The full name of its place in the file.
    pub key: String,
    /// Where it stands.
    pub at: Position,
    /// Its identifier; part of every `sub`.
    pub id: ConnectorId,
    /// What end users see.
    pub name: String,
    /// Its kind and settings.
    pub kind: ConnectorKind,
}

/// The kinds of connectors this binary has.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectorKind {
    /// Users kept by the issuer; `None`: those in the store.
    Local(LocalConfig, Option<Vec<LocalUser>>),
    /// An LDAP directory.
    Ldap(Arc<dyn Connector>),
}

/// How to log.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LoggerConfig {
    /// The least important level that is logged; default info.
    pub level: tracing::Level,
    /// One JSON object a line instead of text.
    pub json: bool,
}

impl Default for LoggerConfig {
    fn default() -> Self {
        Self {
            level: tracing::Level::INFO,
            json: false,
        }
    }
}

/// Reads a configuration.
///
/// `environment` looks variables up; relative file names are relative to `directory`.
///
/// # Errors
///
/// [`ConfigError`] holds every mistake. No value of a key stands in it.
pub fn load(
    text: &str,
    directory: &Path,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, ConfigError> {
    let tree = yaml::parse(text).map_err(|problem| ConfigError {
        problems: vec![problem],
    })?;
    let context = Context {
        environment,
        directory,
        problems: RefCell::default(),
        warnings: RefCell::default(),
    };
    let config = Section::open(&context, "", &tree).and_then(read);
    let mut problems = context.problems.into_inner();
    problems.sort_by_key(|problem| problem.at);
    let mut warnings = context.warnings.into_inner();
    warnings.sort_by_key(|warning| warning.at);
    match config {
        Some(config) if problems.is_empty() => Ok(Config { warnings, ..config }),
        _ => Err(ConfigError { problems }),
    }
}

/// Reads a configuration file; relative file names in it are relative to its directory.
///
/// # Errors
///
/// [`ConfigError`] if the file cannot be read, and as [`load`].
pub fn load_file(path: &Path) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError {
        problems: vec![Problem {
            at: None,
            key: String::new(),
            message: format!("the file cannot be read: {error}"),
            fix: "name a configuration file".to_owned(),
        }],
    })?;
    let directory = path.parent().unwrap_or_else(|| Path::new(""));
    load(&text, directory, &|name| std::env::var(name).ok())
}

fn read(mut file: Section<'_>) -> Option<Config> {
    let issuer = general::issuer(&mut file);
    let storage = general::storage(&mut file);
    let web = general::web(&mut file);
    let oauth2 = general::oauth2(&mut file);
    let expiry = general::expiry(&mut file);
    let sealing_keys = general::sealing_keys(&mut file);
    let logger = general::logger(&mut file);
    let mut connectors = connectors::connectors(&mut file);
    connectors.extend(connectors::password_database(&mut file));
    check_connectors(&file, &connectors);
    let mut clients = clients::clients(&mut file, &connectors);
    for client in &mut clients {
        client.skip_consent |= oauth2.skip_approval_screen;
    }
    if clients.is_empty() && (!file.has("staticClients") || file.is_sound()) {
        file.problem(
            "staticClients",
            "is missing: there would be nobody to issue to",
            "list a client",
        );
    }
    file.finish();
    Some(Config {
        issuer: issuer?,
        storage: storage?,
        web,
        oauth2,
        expiry,
        sealing_keys,
        clients,
        connectors,
        logger,
        warnings: Vec::new(),
    })
}

fn check_connectors(file: &Section<'_>, connectors: &[ConnectorConfig]) {
    let named = file.has("connectors") || file.has("enablePasswordDB");
    if connectors.is_empty() && (!named || file.is_sound()) {
        file.problem(
            "connectors",
            "is missing: nobody could sign in",
            "add a connector, or set enablePasswordDB: true",
        );
    }
    let mut ids = HashSet::new();
    // From the end: the one that enablePasswordDB adds has no id to change.
    for connector in connectors.iter().rev() {
        if !ids.insert(&connector.id) {
            file.context.problem(
                connector.at,
                &format!("{}.id", connector.key),
                "is the id of another connector (enablePasswordDB adds one called local)",
                "give each connector its own id",
            );
        }
    }
}

#[cfg(test)]
mod tests;
