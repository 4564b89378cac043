//! Signs people in with their account in an LDAP directory, as a [`Connector`] of `oidc-core`.
//!
//! One login:
//!
//! 1. a search with the service account finds the one entry with the typed user name,
//! 2. a bind as that entry, on a connection of its own, proves the password,
//! 3. searches page by page find the groups, and the groups of groups.
//!
//! ```
//! use oidc_connector_ldap::{LdapConfig, LdapConnector};
//!
//! let mut config = LdapConfig::new("ldap.example.org", "ou=people,dc=example,dc=org", "uid");
//! config.insecure_no_ssl = true; // so that this example needs no certificate
//! config.user_search.name_attr = Some("cn".to_owned());
//! let connector = LdapConnector::new(config)?;
//! # let _ = connector;
//! # Ok::<(), oidc_connector_ldap::LdapConfigError>(())
//! ```
//!
//! Every answer of the server is parsed and matched with its request before the client library
//! sees it; referrals and aliases are never followed. Unix only.
//!
//! [`Connector`]: oidc_core::connector::Connector

#![forbid(unsafe_code)]

mod connector;
mod config;
mod settings;
mod search;
mod transport;
mod tls;
mod guard;
mod message;
mod ber;
mod groups;
mod identity;
pub mod dn;
pub mod filter;

pub use config::{
    DEFAULT_MAX_GROUPS, DEFAULT_NESTING_DEPTH, DEFAULT_TIMEOUT, GroupSearch, LdapConfig,
    LdapConfigError, OneOrMany, UserMatcher, UserSearch,
};
pub use connector::{LdapConnector, MAX_CREDENTIAL, MAX_MATCHED_VALUES};

/// What lies behind the connector, for the fuzz targets and scripted servers of this workspace. Not
/// part of the interface.
#[doc(hidden)]
pub mod fuzzing;
