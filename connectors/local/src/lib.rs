//! Sign in with users that the issuer keeps itself.
//!
//! [`LocalConnector`] asks for a login name and a password and looks them up in a [`LocalUsers`]:
//! [`StaticUsers`] come from configuration, [`StoredUsers`] live in the issuer's `Storage`, and an
//! embedder's own table can stand behind the trait as well.
//!
//! Passwords are kept as argon2id hashes; bcrypt hashes are accepted, so that people who come from
//! Dex keep their passwords. An unknown login name costs the same hash as a wrong password.
//!
//! ```
//! use std::sync::Arc;
//!
//! use oidc_connector_local::{
//!     LocalConfig, LocalConnector, LocalUser, StaticUsers, hash_password,
//! };
//! use oidc_core::{entropy::SystemEntropy, identity::UpstreamSubject, secret::Secret};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let password = hash_password(&Secret::new("correct horse"), &SystemEntropy)?;
//! let jane = LocalUser::new(UpstreamSubject::parse("1")?, password).with_username("jane");
//! let users = StaticUsers::new(vec![jane])?;
//! let connector = LocalConnector::open(Arc::new(users), &LocalConfig::default())?;
//! # let _ = connector;
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod config;
mod connector;
mod login_name;
mod password;
mod static_users;
mod stored_users;
mod threads;
mod user;

pub use config::LocalConfig;
pub use connector::LocalConnector;
pub use login_name::{LoginName, MAX_LOGIN_NAME};
pub use password::{
    HashPasswordError, InvalidPasswordHash, MAX_PASSWORD, PasswordHash, hash_password,
};
pub use static_users::{InvalidStaticUsers, StaticUsers};
pub use stored_users::{InsertedUser, SetPassword, StoredUsers, StoredUsersError};
pub use threads::PasswordThreads;
pub use user::{LocalUser, LocalUsers};
