//! A user kept by the issuer, and where users are looked up.

use std::fmt;

use async_trait::async_trait;
use oidc_core::{
    connector::ConnectorError,
    identity::{Email, Identity, UpstreamSubject},
};

use crate::{login_name::LoginName, password::PasswordHash};

/// A user kept by the issuer.
///
/// Signs in with the e-mail address or the user name, whichever are set.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LocalUser {
    /// Stable, never given to anyone else; becomes part of `sub`.
    pub user_id: UpstreamSubject,
    /// The password, hashed.
    pub password: PasswordHash,
    /// A name to sign in with.
    pub username: Option<String>,
    /// An address, also to sign in with.
    pub email: Option<Email>,
    /// Full name; the user name stands in for it.
    pub name: Option<String>,
    /// `preferred_username`; nothing stands in for it.
    pub preferred_username: Option<String>,
    /// The user's groups.
    pub groups: Vec<String>,
}

impl LocalUser {
    /// A user who cannot sign in yet: give them a user name, an e-mail address or both.
    #[must_use]
    pub const fn new(user_id: UpstreamSubject, password: PasswordHash) -> Self {
        Self {
            user_id,
            password,
            username: None,
            email: None,
            name: None,
            preferred_username: None,
            groups: Vec::new(),
        }
    }

    /// The same with a user name.
    #[must_use]
    pub fn with_username(mut self, username: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// The same with an e-mail address that counts as verified.
    ///
    /// Whoever configures the user vouches for it; set [`email`](Self::email) to say otherwise.
    #[must_use]
    pub fn with_email(mut self, address: impl Into<String>) -> Self {
        self.email = Some(Email {
            address: address.into(),
            verified: Some(true),
        });
        self
    }

    /// The same with a full name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The same with groups.
    #[must_use]
    pub fn with_groups(mut self, groups: Vec<String>) -> Self {
        self.groups = groups;
        self
    }

    /// The names this user signs in with: e-mail address, then user name; none twice.
    #[must_use]
    pub fn login_names(&self) -> Vec<LoginName> {
        let email = self.email.as_ref().map(|email| email.address.as_str());
        let mut names: Vec<_> = [email, self.username.as_deref()]
            .into_iter()
            .flatten()
            .filter_map(LoginName::parse)
            .collect();
        names.dedup();
        names
    }

    /// What the connector vouches for.
    #[must_use]
    pub fn to_identity(&self) -> Identity {
        let mut identity = Identity::new(self.user_id.clone()).with_groups(self.groups.clone());
        identity.name = self.name.clone().or_else(|| self.username.clone());
        identity
            .preferred_username
            .clone_from(&self.preferred_username);
        identity.email.clone_from(&self.email);
        identity
    }
}

/// Where users are looked up.
///
/// # Contract
///
/// * [`find`](Self::find) takes the same time whether it finds somebody or not, to well below the
///   cost of a password hash.
/// * Two login names never find two users of the same `user_id`, unless they are one user.
#[async_trait]
pub trait LocalUsers: fmt::Debug + Send + Sync {
    /// The user with this login name.
    ///
    /// # Errors
    ///
    /// [`ConnectorError`] if the users could not be asked; nobody is signed in then.
    async fn find(&self, login_name: &LoginName) -> Result<Option<LocalUser>, ConnectorError>;

    /// A hash that no password matches, of the cost that most users' hashes have: what an unknown
    /// login name is compared with. Default: argon2id as [`hash_password`](crate::hash_password)
    /// makes it.
    fn decoy(&self) -> PasswordHash {
        PasswordHash::decoy()
    }
}
