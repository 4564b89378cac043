//! End users as last vouched for.

use super::{Kind, StorageError, UserRecord, store::Store};
use crate::{
    claims::Subject, clock::UnixTime, grant::Standing, identity::Identity, protocol::ConnectorId,
};

/// The end users of one issuer.
#[derive(Clone, Debug)]
pub(crate) struct Users {
    store: Store,
}

/// What a login says of an end user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeenUser<'a> {
    pub(crate) connector_id: &'a ConnectorId,
    pub(crate) identity: &'a Identity,
    /// Sealed; replaces what is kept only if given.
    pub(crate) refresh_data: Option<&'a str>,
}

impl Users {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Records what a login vouched for; the epoch stays as it is. `None` if the end user is
    /// blocked: nothing is written then.
    pub(crate) async fn record_login(
        &self,
        subject: &Subject,
        seen: SeenUser<'_>,
        now: UnixTime,
    ) -> Result<Option<UserRecord>, StorageError> {
        let key = self.store.key(Kind::User, subject.as_str());
        let change = |known: Option<&UserRecord>| {
            // A blocked end user does not get in, so nothing of theirs is renewed.
            if known.is_some_and(|known| known.standing.disabled) {
                return None;
            }
            Some(UserRecord {
                connector_id: seen.connector_id.clone(),
                identity: seen.identity.clone(),
                standing: known.map_or(Standing::default(), |known| known.standing),
                last_login: now,
                refresh_data: seen
                    .refresh_data
                    .map(ToOwned::to_owned)
                    .or_else(|| known.and_then(|known| known.refresh_data.clone())),
            })
        };
        self.store.update(&key, |_| None, change).await
    }

    /// Changes the standing of a known end user; false if there is none.
    pub(crate) async fn change_standing(
        &self,
        subject: &Subject,
        change: impl Fn(Standing) -> Standing,
    ) -> Result<bool, StorageError> {
        let key = self.store.key(Kind::User, subject.as_str());
        let changed = self
            .store
            .update(
                &key,
                |_| None,
                |known: Option<&UserRecord>| {
                    known.map(|known| UserRecord {
                        standing: change(known.standing),
                        ..known.clone()
                    })
                },
            )
            .await?;
        Ok(changed.is_some())
    }
}
