//! Taking back what was given: each act is one write to one record.

use super::Parts;
use crate::{
    claims::Subject,
    grant::{GrantId, SessionId, Standing},
    protocol::{ClientId, ConnectorId},
    storage::StorageError,
};

/// Acts of an administrator. Each takes effect on every replica with its one write: every use of
/// a grant reads who gave it and through what.
///
/// All of them fail with [`StorageError`] if the store cannot be asked; those that name a record
/// return false if there is none.
#[derive(Clone, Copy)]
#[must_use]
pub struct Administration<'a> {
    parts: &'a Parts,
}

impl std::fmt::Debug for Administration<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Administration").finish_non_exhaustive()
    }
}

const fn raised(standing: Standing) -> Standing {
    Standing::new(standing.epoch + 1, standing.disabled)
}

impl<'a> Administration<'a> {
    pub(super) const fn new(parts: &'a Parts) -> Self {
        Self { parts }
    }

    /// Keeps an end user out, or lets them in again.
    ///
    /// # Errors
    ///
    /// [`StorageError`].
    pub async fn set_user_blocked(
        &self,
        subject: &Subject,
        blocked: bool,
    ) -> Result<bool, StorageError> {
        let users = &self.parts.users;
        users
            .change_standing(subject, |known| Standing::new(known.epoch, blocked))
            .await
    }

    /// Ends all sessions and takes back all grants of an end user.
    ///
    /// # Errors
    ///
    /// [`StorageError`].
    pub async fn sign_out_everywhere(&self, subject: &Subject) -> Result<bool, StorageError> {
        self.parts.users.change_standing(subject, raised).await
    }

    /// Ends one session and what was granted in it, offline access excepted.
    ///
    /// # Errors
    ///
    /// [`StorageError`].
    pub async fn end_session(&self, session_id: SessionId) -> Result<bool, StorageError> {
        self.parts.sessions.end(session_id).await
    }

    /// Withdraws an end user's consent for a client, and what was granted on it.
    ///
    /// # Errors
    ///
    /// [`StorageError`].
    pub async fn withdraw_consent(
        &self,
        subject: &Subject,
        client_id: &ClientId,
    ) -> Result<bool, StorageError> {
        self.parts.consents.withdraw(subject, client_id).await
    }

    /// Shuts a client out, or lets it in again; what it had counts again then.
    ///
    /// # Errors
    ///
    /// [`StorageError`].
    pub async fn set_client_disabled(
        &self,
        client_id: &ClientId,
        disabled: bool,
    ) -> Result<(), StorageError> {
        let standings = &self.parts.standings;
        standings
            .change_client(client_id, |known| Standing::new(known.epoch, disabled))
            .await
    }

    /// Takes back everything a client was ever granted.
    ///
    /// # Errors
    ///
    /// [`StorageError`].
    pub async fn revoke_client_grants(&self, client_id: &ClientId) -> Result<(), StorageError> {
        self.parts.standings.change_client(client_id, raised).await
    }

    /// Shuts a connector, or opens it again; what was granted through it counts again then.
    ///
    /// # Errors
    ///
    /// [`StorageError`].
    pub async fn set_connector_disabled(
        &self,
        connector_id: &ConnectorId,
        disabled: bool,
    ) -> Result<(), StorageError> {
        let standings = &self.parts.standings;
        standings
            .change_connector(connector_id, |known| Standing::new(known.epoch, disabled))
            .await
    }

    /// Takes back everything that was ever granted through a connector.
    ///
    /// # Errors
    ///
    /// [`StorageError`].
    pub async fn revoke_connector_grants(
        &self,
        connector_id: &ConnectorId,
    ) -> Result<(), StorageError> {
        let standings = &self.parts.standings;
        standings.change_connector(connector_id, raised).await
    }

    /// Takes one grant back.
    ///
    /// # Errors
    ///
    /// [`StorageError`].
    pub async fn revoke_grant(&self, grant_id: GrantId) -> Result<(), StorageError> {
        let parts = self.parts;
        parts.grants.revoke(grant_id, &*parts.entropy).await
    }
}
