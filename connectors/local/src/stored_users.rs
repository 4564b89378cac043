//! Users in the issuer's `Storage`.
//!
//! A user is one record, under a hash of the first login name. A second login name is a record of
//! its own that points there, and counts only while the user still bears that name: so no decision
//! needs both records to change together.

use std::sync::Arc;

use async_trait::async_trait;
use oidc_core::{
    base64url,
    connector::ConnectorError,
    identity::{Email, InvalidUpstreamSubject, UpstreamSubject},
    protocol::ConnectorId,
    storage::{
        Inserted, IssuerTag, Key, Kind, Record, Removed, Replaced, Storage, StorageError, Stored,
        Version,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::{
    login_name::LoginName,
    password::{InvalidPasswordHash, PasswordHash},
    user::{LocalUser, LocalUsers},
};

/// The version of record bodies that this code reads and writes.
const BODY_VERSION: u32 = 1;

/// Writes that may be lost to somebody else before a change is given up.
const TRIES: usize = 3;

/// Users kept in a [`Storage`], for one connector of one issuer.
#[derive(Clone, Debug)]
pub struct StoredUsers {
    storage: Arc<dyn Storage>,
    issuer: IssuerTag,
    connector_id: ConnectorId,
}

/// The outcome of [`StoredUsers::insert`].
#[must_use]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InsertedUser {
    /// The user was added.
    Yes,
    /// One of the login names is another user's; nothing was added.
    Taken,
}

/// The outcome of [`StoredUsers::set_password`].
#[must_use]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SetPassword {
    /// The password was set.
    Done,
    /// Nobody has this login name.
    Unknown,
}

/// A stored user could not be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoredUsersError {
    /// The user to add has neither an e-mail address nor a user name to sign in with.
    #[error("the user has no login name")]
    NoLoginName,
    /// Others kept changing the same user.
    #[error("the user was changed by others at the same time; try again")]
    Contended,
    /// The store could not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The JSON of a record; members this version does not know are written back as they were.
#[derive(Serialize, Deserialize)]
struct Body {
    version: u32,
    #[serde(flatten)]
    content: Content,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Content {
    User(StoredUser),
    /// The canonical login name under which the user's record stands.
    SameAs(String),
}

#[derive(Serialize, Deserialize)]
struct StoredUser {
    user_id: String,
    password: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<Email>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    preferred_username: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl StoredUsers {
    /// The users of one connector of one issuer.
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>, issuer: IssuerTag, connector_id: ConnectorId) -> Self {
        Self {
            storage,
            issuer,
            connector_id,
        }
    }

    /// Adds a user. Of all who add a login name, the first wins.
    ///
    /// # Errors
    ///
    /// [`StoredUsersError`] if the user has no login name or the store does not answer.
    pub async fn insert(&self, user: &LocalUser) -> Result<InsertedUser, StoredUsersError> {
        let mut names = user.login_names().into_iter();
        let first = names.next().ok_or(StoredUsersError::NoLoginName)?;
        // The pointer comes first: until the user is there it leads nowhere.
        for name in names {
            if !self.point(&name, &first).await? {
                return Ok(InsertedUser::Taken);
            }
        }
        let record = Body::new(Content::User(StoredUser::from(user))).to_record()?;
        Ok(
            match self.storage.insert(&self.key(&first), &record).await? {
                Inserted::Yes(_) => InsertedUser::Yes,
                Inserted::Taken => InsertedUser::Taken,
            },
        )
    }

    /// Gives a user another password.
    ///
    /// # Errors
    ///
    /// [`StoredUsersError`] if the store does not answer or others keep changing the user.
    pub async fn set_password(
        &self,
        login_name: &LoginName,
        password: &PasswordHash,
    ) -> Result<SetPassword, StoredUsersError> {
        for _ in 0..TRIES {
            let Some((key, version, mut body)) = self.read_user(login_name).await? else {
                return Ok(SetPassword::Unknown);
            };
            if let Content::User(user) = &mut body.content {
                password.as_str().clone_into(&mut user.password);
            }
            match self
                .storage
                .replace(&key, &version, &body.to_record()?)
                .await?
            {
                Replaced::Yes(_) => return Ok(SetPassword::Done),
                Replaced::Stale | Replaced::Missing => {}
            }
        }
        Err(StoredUsersError::Contended)
    }

    /// Removes a user; true if there was one. Their login names can be given anew.
    ///
    /// # Errors
    ///
    /// [`StoredUsersError`] if the store does not answer or others keep changing the user.
    pub async fn remove(&self, login_name: &LoginName) -> Result<bool, StoredUsersError> {
        for _ in 0..TRIES {
            let Some((key, version, _)) = self.read_user(login_name).await? else {
                return Ok(false);
            };
            match self.storage.remove(&key, &version).await? {
                Removed::Yes => return Ok(true),
                Removed::Stale | Removed::Missing => {}
            }
        }
        Err(StoredUsersError::Contended)
    }

    /// Makes `name` point to the user under `first`; false if it is another user's.
    async fn point(&self, name: &LoginName, first: &LoginName) -> Result<bool, StoredUsersError> {
        let record = Body::new(Content::SameAs(first.as_str().to_owned())).to_record()?;
        let key = self.key(name);
        if let Inserted::Yes(_) = self.storage.insert(&key, &record).await? {
            return Ok(true);
        }
        if self.read_user(name).await?.is_some() {
            return Ok(false);
        }
        // A pointer that leads nowhere is left over from a user who was removed or never came.
        let Some((version, _)) = self.read(&key).await? else {
            return Err(StoredUsersError::Contended);
        };
        match self.storage.replace(&key, &version, &record).await? {
            Replaced::Yes(_) => Ok(true),
            Replaced::Stale | Replaced::Missing => Err(StoredUsersError::Contended),
        }
    }

    /// The record of the user with this login name, through a pointer if need be.
    async fn read_user(
        &self,
        name: &LoginName,
    ) -> Result<Option<(Key, Version, Body)>, StorageError> {
        let key = self.key(name);
        let Some((version, body)) = self.read(&key).await? else {
            return Ok(None);
        };
        let Content::SameAs(first) = &body.content else {
            return Ok(Some((key, version, body)));
        };
        let Some(first) = LoginName::parse(first) else {
            return Err(StorageError::Corrupt(
                "a pointer to no login name".to_owned(),
            ));
        };
        let key = self.key(&first);
        let Some((version, body)) = self.read(&key).await? else {
            return Ok(None);
        };
        Ok(body.is_user_named(name).then_some((key, version, body)))
    }

    async fn read(&self, key: &Key) -> Result<Option<(Version, Body)>, StorageError> {
        let mut found = self.storage.get(std::slice::from_ref(key)).await?;
        match found.pop().flatten() {
            Some(stored) => Ok(Some((stored.version.clone(), Body::from_stored(&stored)?))),
            None => Ok(None),
        }
    }

    fn key(&self, name: &LoginName) -> Key {
        let mut digest = Sha256::new();
        digest.update(self.connector_id.as_str());
        digest.update([0]);
        digest.update(name.as_str());
        Key::new(
            self.issuer,
            Kind::Password,
            base64url::encode(&digest.finalize()),
        )
    }
}

#[async_trait]
impl LocalUsers for StoredUsers {
    async fn find(&self, login_name: &LoginName) -> Result<Option<LocalUser>, ConnectorError> {
        let found = self.read_user(login_name).await.map_err(unavailable)?;
        let Some((
            _,
            _,
            Body {
                content: Content::User(user),
                ..
            },
        )) = found
        else {
            return Ok(None);
        };
        LocalUser::try_from(user).map(Some).map_err(unavailable)
    }
}

fn unavailable(error: impl Into<StorageError>) -> ConnectorError {
    ConnectorError::Unavailable(error.into().to_string())
}

impl Body {
    fn new(content: Content) -> Self {
        Self {
            version: BODY_VERSION,
            content,
            rest: Map::new(),
        }
    }

    fn from_stored(stored: &Stored) -> Result<Self, StorageError> {
        let body: Self = serde_json::from_slice(&stored.body)
            .map_err(|_| StorageError::Corrupt("a local user is not readable".to_owned()))?;
        if body.version != BODY_VERSION {
            return Err(StorageError::Corrupt(format!(
                "a local user of version {}; this release reads {BODY_VERSION}",
                body.version
            )));
        }
        Ok(body)
    }

    fn to_record(&self) -> Result<Record, StorageError> {
        serde_json::to_vec(self)
            .map(Record::new)
            .map_err(|_| StorageError::Corrupt("a local user cannot be written".to_owned()))
    }

    fn is_user_named(&self, name: &LoginName) -> bool {
        let Content::User(user) = &self.content else {
            return false;
        };
        user.username.as_deref().and_then(LoginName::parse).as_ref() == Some(name)
    }
}

impl From<&LocalUser> for StoredUser {
    fn from(user: &LocalUser) -> Self {
        Self {
            user_id: user.user_id.as_str().to_owned(),
            password: user.password.as_str().to_owned(),
            username: user.username.clone(),
            email: user.email.clone(),
            name: user.name.clone(),
            preferred_username: user.preferred_username.clone(),
            groups: user.groups.clone(),
            rest: Map::new(),
        }
    }
}

impl TryFrom<StoredUser> for LocalUser {
    type Error = UnreadableUser;

    fn try_from(stored: StoredUser) -> Result<Self, Self::Error> {
        let mut user = Self::new(
            UpstreamSubject::parse(stored.user_id)?,
            PasswordHash::parse(&stored.password)?,
        );
        user.username = stored.username;
        user.email = stored.email;
        user.name = stored.name;
        user.preferred_username = stored.preferred_username;
        user.groups = stored.groups;
        Ok(user)
    }
}

/// What a stored user holds is not what this code wrote.
struct UnreadableUser(String);

impl From<InvalidUpstreamSubject> for UnreadableUser {
    fn from(error: InvalidUpstreamSubject) -> Self {
        Self(error.to_string())
    }
}

impl From<InvalidPasswordHash> for UnreadableUser {
    fn from(error: InvalidPasswordHash) -> Self {
        Self(error.to_string())
    }
}

impl From<UnreadableUser> for StorageError {
    fn from(error: UnreadableUser) -> Self {
        Self::Corrupt(error.0)
    }
}

#[cfg(test)]
mod tests;
