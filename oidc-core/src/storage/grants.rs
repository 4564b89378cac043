//! Grants, by the protocol's verbs.

use super::{
    Kind, StorageError, Stored,
    codec::{self, Loaded},
    store::{Store, Written},
};
use crate::{
    claims::Subject,
    consent::ConsentRecord,
    entropy::Entropy,
    grant::{Grant, GrantId, SessionId, Standing, WriteId},
    protocol::{ClientId, ConnectorId},
    storage::{SessionRecord, UserRecord, consents::consent_id},
};

/// How often a revocation is tried against others that change the same grant.
const REVOKE_TRIES: u32 = 64;

/// The grants of one issuer.
#[derive(Clone, Debug)]
pub(crate) struct Grants {
    store: Store,
}

/// A grant as read, with what the first batch of a token request brings along.
#[derive(Debug)]
pub(crate) struct ClientAndGrant {
    pub(crate) client: Standing,
    pub(crate) grant: Option<Loaded<Grant>>,
    /// The access token asked about was revoked on its own.
    pub(crate) revoked: bool,
}

/// What the second batch of a token request brings.
#[derive(Debug)]
pub(crate) struct GrantParties {
    pub(crate) user: Option<UserRecord>,
    pub(crate) session: Option<SessionRecord>,
    pub(crate) consent: Option<ConsentRecord>,
    pub(crate) connector: Standing,
}

/// Who is signed in, in which session, through what.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(crate) subject: Subject,
    pub(crate) session_id: SessionId,
    pub(crate) connector_id: ConnectorId,
}

/// What a flow reads before it answers.
#[derive(Debug)]
pub(crate) struct FlowParties {
    pub(crate) client: Standing,
    pub(crate) user: Option<UserRecord>,
    pub(crate) session: Option<SessionRecord>,
    pub(crate) consent: Option<ConsentRecord>,
    pub(crate) connector: Standing,
    /// The flow's grant is stored: the flow was answered.
    pub(crate) answered: bool,
}

impl Written for Grant {
    fn same_write(&self, other: &Self) -> bool {
        self.write == other.write
    }
}

impl Grants {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Answers a flow: stores its grant. False if the flow was answered before.
    ///
    /// # Concurrency
    ///
    /// Of all answers ever given to one flow, at most one is stored.
    pub(crate) async fn answer_flow(
        &self,
        id: GrantId,
        grant: &Grant,
    ) -> Result<bool, StorageError> {
        let key = self.store.key(Kind::Grant, id.to_string());
        self.store.insert(&key, grant, grant.expires_at()).await
    }

    /// The first batch of a token request: the client's standing and the grant, if a handle named
    /// one.
    pub(crate) async fn with_client(
        &self,
        client_id: &ClientId,
        id: Option<GrantId>,
    ) -> Result<ClientAndGrant, StorageError> {
        let client = self.store.key(Kind::Client, client_id.as_str());
        let Some(id) = id else {
            let [client] = self.store.batch([client]).await?;
            return Ok(ClientAndGrant {
                client: standing(client)?,
                grant: None,
                revoked: false,
            });
        };
        let grant = self.store.key(Kind::Grant, id.to_string());
        let [client, grant] = self.store.batch([client, grant]).await?;
        Ok(ClientAndGrant {
            client: standing(client)?,
            grant: grant.map(codec::decode).transpose()?,
            revoked: false,
        })
    }

    /// The first batch of a request with an access token: as [`Self::with_client`], and whether
    /// that one token was revoked.
    pub(crate) async fn with_access_token(
        &self,
        client_id: &ClientId,
        id: GrantId,
        jti: &str,
    ) -> Result<ClientAndGrant, StorageError> {
        let [client, grant, seen] = self
            .store
            .batch([
                self.store.key(Kind::Client, client_id.as_str()),
                self.store.key(Kind::Grant, id.to_string()),
                self.store.key(Kind::Seen, super::seen::revoked_jti(jti)),
            ])
            .await?;
        Ok(ClientAndGrant {
            client: standing(client)?,
            grant: grant.map(codec::decode).transpose()?,
            revoked: seen.is_some(),
        })
    }

    /// The second batch: everyone whose word the grant rests on.
    pub(crate) async fn parties(&self, grant: &Grant) -> Result<GrantParties, StorageError> {
        let consent = consent_id(&grant.subject, &grant.client_id);
        let [user, session, consent, connector] = self
            .store
            .batch([
                self.store.key(Kind::User, grant.subject.as_str()),
                self.store.key(Kind::Session, grant.session_id.to_string()),
                self.store.key(Kind::Consent, consent),
                self.store.key(Kind::Connector, grant.connector_id.as_str()),
            ])
            .await?;
        Ok(GrantParties {
            user: value(user)?,
            session: value(session)?,
            consent: value(consent)?,
            connector: standing(connector)?,
        })
    }

    /// What a flow reads before it answers: everyone whose word the answer rests on, and whether
    /// the flow was answered before.
    pub(crate) async fn flow_parties(
        &self,
        client_id: &ClientId,
        who: &Who,
        grant_id: GrantId,
    ) -> Result<FlowParties, StorageError> {
        let consent = consent_id(&who.subject, client_id);
        let [client, user, session, consent, connector, grant] = self
            .store
            .batch([
                self.store.key(Kind::Client, client_id.as_str()),
                self.store.key(Kind::User, who.subject.as_str()),
                self.store.key(Kind::Session, who.session_id.to_string()),
                self.store.key(Kind::Consent, consent),
                self.store.key(Kind::Connector, who.connector_id.as_str()),
                self.store.key(Kind::Grant, grant_id.to_string()),
            ])
            .await?;
        Ok(FlowParties {
            client: standing(client)?,
            user: value(user)?,
            session: value(session)?,
            consent: value(consent)?,
            connector: standing(connector)?,
            answered: grant.is_some(),
        })
    }

    /// The standing of a connector.
    pub(crate) async fn connector_standing(
        &self,
        id: &ConnectorId,
    ) -> Result<Standing, StorageError> {
        let [connector] = self
            .store
            .batch([self.store.key(Kind::Connector, id.as_str())])
            .await?;
        standing(connector)
    }

    /// Redeems a code or rotates a refresh token: stores what the pure checks made of the grant.
    /// False if the grant changed since it was read; read again and re-run every check.
    ///
    /// # Concurrency
    ///
    /// Of all writes based on one read of a grant, at most one returns true.
    pub(crate) async fn advance(
        &self,
        id: GrantId,
        loaded: &Loaded<Grant>,
        grant: &Grant,
    ) -> Result<bool, StorageError> {
        let key = self.store.key(Kind::Grant, id.to_string());
        self.store
            .replace(&key, loaded, grant, grant.expires_at())
            .await
    }

    /// Takes a grant back. When it returns, no later use of the grant succeeds.
    pub(crate) async fn revoke(
        &self,
        id: GrantId,
        entropy: &dyn Entropy,
    ) -> Result<(), StorageError> {
        let key = self.store.key(Kind::Grant, id.to_string());
        let write = WriteId::draw(entropy).map_err(StorageError::unavailable)?;
        for _ in 0..REVOKE_TRIES {
            let Some(loaded) = self.store.load::<Grant>(key.clone()).await? else {
                return Ok(());
            };
            if loaded.value.status == crate::grant::GrantStatus::Revoked {
                return Ok(());
            }
            let revoked = loaded.value.revoked(write);
            if self.advance(id, &loaded, &revoked).await? {
                return Ok(());
            }
        }
        Err(StorageError::unavailable(
            "the grant is being changed too often",
        ))
    }
}

pub(super) fn value<T: codec::Body>(stored: Option<Stored>) -> Result<Option<T>, StorageError> {
    let loaded = stored.map(codec::decode::<T>).transpose()?;
    Ok(loaded.map(|loaded| loaded.value))
}

/// Nobody changed the standing of what has no record: enabled, epoch 0.
pub(super) fn standing(stored: Option<Stored>) -> Result<Standing, StorageError> {
    Ok(value(stored)?.unwrap_or_default())
}
