//! Zero configuration: an issuer on loopback with one user and one demo client.

use std::{
    fmt::Write as _,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use oidc_connector_local::{
    HashPasswordError, InsertedUser, LocalConfig, LocalUser, StoredUsersError, hash_password,
};
use oidc_core::{
    base64url,
    client::Client,
    entropy::{Entropy, EntropyError, SystemEntropy, draw},
    identity::{InvalidUpstreamSubject, UpstreamSubject},
    protocol::{
        ClientId, ConnectorId, InvalidIdentifier, InvalidRedirectUri, IssuerUrl, RedirectUri,
    },
    secret::Secret,
};

use crate::{
    config::{Config, ConnectorConfig, ConnectorKind, Position, StorageConfig},
    open::{self, OpenError, Opened, stored_users},
    server::Listener,
};

/// Where zero configuration listens unless told otherwise.
pub const DEFAULT_ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 5556);
/// The user who is there from the start.
pub const ADMIN: &str = "admin@example.com";
/// The client that is there from the start.
pub const DEMO_CLIENT: &str = "demo";
/// Where the demo client listens, on any port.
pub const DEMO_REDIRECT_URI: &str = "http://127.0.0.1:5555/callback";

/// 32 letters and digits that look unlike each other.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Characters of a made password: 100 bits.
const PASSWORD_LENGTH: usize = 20;

/// Something that zero configuration makes could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ZeroError {
    /// The address makes no issuer URL.
    #[error("{0}: without a configuration the issuer listens on loopback only")]
    NotLoopback(SocketAddr),
    /// The address cannot be had.
    #[error("{address}: {source}; choose another with --listen")]
    Address {
        /// Which address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The issuer cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A name that is made here is not valid.
    #[error(transparent)]
    Identifier(#[from] InvalidIdentifier),
    /// A redirect URI that is made here is not valid.
    #[error(transparent)]
    RedirectUri(#[from] InvalidRedirectUri),
    /// A user id that is made here is not valid.
    #[error(transparent)]
    Subject(#[from] InvalidUpstreamSubject),
    /// Randomness failed.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// No password could be hashed.
    #[error(transparent)]
    Password(#[from] HashPasswordError),
    /// The user could not be stored.
    #[error(transparent)]
    Users(#[from] StoredUsersError),
}

/// The configuration of an issuer that listens on `address`, with its files in `data`.
///
/// # Errors
///
/// [`ZeroError`] if the address is not on loopback.
pub fn config(address: SocketAddr, data: &Path) -> Result<Config, ZeroError> {
    if !address.ip().is_loopback() {
        return Err(ZeroError::NotLoopback(address));
    }
    let issuer = IssuerUrl::parse(&format!("http://{address}"))?;
    let mut config = Config::new(
        issuer.clone(),
        StorageConfig::Sqlite {
            file: data.join("issuer.sqlite"),
        },
    );
    config.web.http = Some(address);
    config.connectors.push(ConnectorConfig {
        key: "local".to_owned(),
        at: Position::START,
        id: connector_id()?,
        name: "Local account".to_owned(),
        kind: ConnectorKind::Local(LocalConfig::default(), None),
    });
    let redirect_uris = vec![
        RedirectUri::parse(DEMO_REDIRECT_URI)?,
        RedirectUri::parse(&issuer.join("/"))?,
    ];
    let demo = Client::public(ClientId::parse(DEMO_CLIENT)?, redirect_uris);
    config.clients.push(demo.with_client_name("Demo"));
    Ok(config)
}

/// Opens the issuer of zero configuration and its socket.
///
/// The socket comes first: with port 0 only it knows the port, which is part of the issuer URL.
///
/// # Errors
///
/// [`ZeroError`] if anything cannot be opened.
pub async fn open(address: SocketAddr, data: &Path) -> Result<(Opened, Vec<Listener>), ZeroError> {
    if !address.ip().is_loopback() {
        return Err(ZeroError::NotLoopback(address));
    }
    let socket_error = |source| ZeroError::Address { address, source };
    let listener = Listener::bind(address, None).await.map_err(socket_error)?;
    let address = listener.local_address().map_err(socket_error)?;
    let config = config(address, data)?;
    Ok((open::open(&config).await?, vec![listener]))
}

/// The connector of the users that zero configuration keeps in the store.
///
/// # Errors
///
/// Never: the name is valid.
pub fn connector_id() -> Result<ConnectorId, InvalidIdentifier> {
    ConnectorId::parse("local")
}

/// Adds the first user unless there is one; the password if it was made now.
///
/// # Errors
///
/// [`ZeroError`] if the user could not be made.
pub async fn first_user(opened: &Opened) -> Result<Option<String>, ZeroError> {
    let users = stored_users(&opened.storage, opened.issuer.url(), &connector_id()?);
    let password = random_password(&SystemEntropy)?;
    let hash = hash_password(&Secret::new(password.as_str()), &SystemEntropy)?;
    let user = LocalUser::new(random_user_id(&SystemEntropy)?, hash)
        .with_email(ADMIN)
        .with_username("admin")
        .with_name("Administrator")
        .with_groups(vec!["admins".to_owned()]);
    Ok(match users.insert(&user).await? {
        InsertedUser::Yes => Some(password),
        InsertedUser::Taken => None,
    })
}

/// A password for somebody else to type: five groups of four, 100 bits.
///
/// # Errors
///
/// [`EntropyError`] if randomness fails.
pub fn random_password(entropy: &dyn Entropy) -> Result<String, EntropyError> {
    let bytes: [u8; PASSWORD_LENGTH] = draw(entropy)?;
    let letters = bytes.map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
    let groups: Vec<String> = letters
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    Ok(groups.join("-"))
}

/// A user id that nobody else has.
///
/// # Errors
///
/// [`ZeroError::Entropy`] if randomness fails.
pub fn random_user_id(entropy: &dyn Entropy) -> Result<UpstreamSubject, ZeroError> {
    let bytes: [u8; 16] = draw(entropy)?;
    Ok(UpstreamSubject::parse(base64url::encode(&bytes))?)
}

/// What is printed when the issuer runs: where it is, who can sign in, what to open.
///
/// # Errors
///
/// [`ZeroError`] if randomness fails.
pub fn welcome(
    issuer: &IssuerUrl,
    data: &Path,
    password: Option<&str>,
) -> Result<String, ZeroError> {
    let shown = |name: &str| -> PathBuf { data.join(name) };
    let mut text = format!(
        "\n  Issuer       {issuer}\n  Discovery    {}\n  Data         {} (records), {} (key)\n\n",
        issuer.join("/.well-known/openid-configuration"),
        shown("issuer.sqlite").display(),
        shown("issuer.key").display(),
    );
    let _ = match password {
        Some(password) => write!(
            text,
            "  Sign in as   {ADMIN}\n  Password     {password}   (shown this once)\n\n"
        ),
        None => write!(
            text,
            "  Sign in as   {ADMIN}, with the password shown at the first start\n               \
             (issuer user set-password {ADMIN}{} sets another)\n\n",
            flags(issuer, data)
        ),
    };
    let challenge = base64url::encode(&draw::<32>(&SystemEntropy)?);
    let _ = write!(
        text,
        "  Open this in a browser to sign in:\n\n    {}?response_type=code&client_id={DEMO_CLIENT}\
         &redirect_uri={}&scope=openid%20profile%20email&code_challenge={challenge}\
         &code_challenge_method=S256\n\n  Or point an OpenID Connect client at the issuer: client id \
         {DEMO_CLIENT}, no secret, PKCE,\n  redirect URI {DEMO_REDIRECT_URI} (any port).\n\n  \
         Ctrl-C stops it. For a configuration file of your own: issuer serve FILE\n",
        issuer.join("/auth"),
        percent_encoded(&issuer.join("/")),
    );
    Ok(text)
}

/// What else has to be said so that a command finds these files and this issuer.
fn flags(issuer: &IssuerUrl, data: &Path) -> String {
    let mut flags = String::new();
    if data != Path::new(".") {
        flags += &format!(" --data {}", data.display());
    }
    let address = issuer.origin().trim_start_matches("http://");
    if address != DEFAULT_ADDRESS.to_string() {
        flags += &format!(" --listen {address}");
    }
    flags
}

fn percent_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
