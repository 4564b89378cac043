//! End users' sessions.

use super::{
    Kind, SessionRecord, StorageError, UserRecord,
    codec::Loaded,
    grants::value,
    store::{Store, Written},
};
use crate::{
    clock::UnixTime,
    grant::{SessionHandle, SessionId},
};

/// The sessions of one issuer.
#[derive(Clone, Debug)]
pub(crate) struct Sessions {
    store: Store,
}

impl Written for SessionRecord {
    // A session is only ever written under an id that its writer drew.
    fn same_write(&self, other: &Self) -> bool {
        self.secret.as_bytes() == other.secret.as_bytes() && self.last_used == other.last_used
    }
}

impl Sessions {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Stores a new session under its handle's id.
    pub(crate) async fn open(
        &self,
        handle: &SessionHandle,
        session: &SessionRecord,
    ) -> Result<bool, StorageError> {
        let key = self
            .store
            .key(Kind::Session, handle.session_id().to_string());
        self.store.insert(&key, session, session.expires_at).await
    }

    /// The session that the handle names, if its secret is right, with its user's record.
    pub(crate) async fn find(
        &self,
        handle: &SessionHandle,
    ) -> Result<Option<(Loaded<SessionRecord>, Option<UserRecord>)>, StorageError> {
        let key = self
            .store
            .key(Kind::Session, handle.session_id().to_string());
        let Some(session) = self.store.load::<SessionRecord>(key).await? else {
            return Ok(None);
        };
        if !handle.matches(&session.value.secret) {
            return Ok(None);
        }
        let user = self.store.key(Kind::User, session.value.subject.as_str());
        let [user] = self.store.batch([user]).await?;
        Ok(Some((session, value(user)?)))
    }

    /// Notes that the session was used; someone else's note serves as well.
    pub(crate) async fn touch(
        &self,
        id: SessionId,
        session: &Loaded<SessionRecord>,
        now: UnixTime,
    ) -> Result<(), StorageError> {
        let key = self.store.key(Kind::Session, id.to_string());
        let used = SessionRecord {
            last_used: now,
            ..session.value.clone()
        };
        self.store
            .replace(&key, session, &used, used.expires_at)
            .await
            .map(|_| ())
    }

    /// Ends the session; grants bound to it are dead from then on. False if there is none.
    pub(crate) async fn end(&self, id: SessionId) -> Result<bool, StorageError> {
        let key = self.store.key(Kind::Session, id.to_string());
        let expires_at = |session: &SessionRecord| Some(session.expires_at);
        let ended = self
            .store
            .update(&key, expires_at, |known: Option<&SessionRecord>| {
                known.map(|known| SessionRecord {
                    ended: true,
                    ..known.clone()
                })
            })
            .await?;
        Ok(ended.is_some())
    }
}
