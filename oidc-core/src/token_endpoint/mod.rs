//! TOKEN ENDPOINT: client authentication, then one file per grant type.
//!
//! The order is the same for all: checks, gates, mint and sign, the one write, answer. Nothing
//! that can fail stands behind the write.

mod authorization_code;
mod error;
mod mint;
mod refresh_token;

pub(crate) use error::TokenError;

use std::sync::Arc;

use crate::{
    client::{AuthenticatedClient, PresentedCredentials, authenticate},
    event::Event,
    grant::{Grant, GrantId, Standing, StandingRefusal, Witnesses, check_standing},
    issuer::{Issuer, Parts},
    protocol::{GrantType, TokenRequest, TokenResponse},
    storage::{UserRecord, codec::Loaded, grants::GrantParties},
};

/// How often a request reads again after losing a race, before it asks the client to try later.
const TRIES: u32 = 3;

/// A token request, taken apart.
#[derive(Debug)]
pub(crate) struct TokenCall {
    pub(crate) credentials: PresentedCredentials,
    pub(crate) request: TokenRequest,
}

/// An authenticated client, its standing, and the grant that its handle named.
pub(crate) struct Opened {
    pub(crate) client: AuthenticatedClient,
    pub(crate) standing: Standing,
    pub(crate) grant: Option<Loaded<Grant>>,
}

impl Opened {
    /// Reads again after someone else changed the grant: every check is due anew, on what is
    /// there now.
    async fn again(self, parts: &Parts, grant_id: GrantId) -> Result<Self, TokenError> {
        let read = parts
            .grants
            .with_client(self.client.id(), Some(grant_id))
            .await?;
        Ok(Self {
            client: self.client,
            standing: read.client,
            grant: read.grant,
        })
    }
}

/// Answers a token request ([RFC 6749 section 3.2]).
///
/// [RFC 6749 section 3.2]: https://www.rfc-editor.org/rfc/rfc6749#section-3.2
pub(crate) async fn token(issuer: &Issuer, call: TokenCall) -> Result<TokenResponse, TokenError> {
    let client_id = call.credentials.client_id().cloned();
    let answer = match &call.request {
        TokenRequest::AuthorizationCode(exchange) => {
            authorization_code::redeem(issuer, &call.credentials, exchange).await
        }
        TokenRequest::RefreshToken(request) => {
            refresh_token::refresh(issuer, &call.credentials, request).await
        }
    };
    answer.inspect_err(|error| {
        issuer.parts().record(&Event::TokenRefused {
            client_id,
            error: error.code(),
            reason: error.reason(),
        });
    })
}

/// Authenticates the client, and reads its standing with the grant in one batch.
async fn open(
    parts: &Parts,
    credentials: &PresentedCredentials,
    grant_id: Option<GrantId>,
) -> Result<Opened, TokenError> {
    let id = credentials.client_id().ok_or_else(TokenError::no_client)?;
    let registered = parts.clients.find(id).await?;
    let read = parts.grants.with_client(id, grant_id).await?;
    let registered = registered.ok_or_else(|| TokenError::unknown_client(credentials))?;
    let client = authenticate(Arc::unwrap_or_clone(registered), credentials)
        .map_err(|refusal| TokenError::client_refused(refusal, credentials))?;
    if read.client.disabled {
        return Err(TokenError::disabled_client(credentials));
    }
    Ok(Opened {
        client,
        standing: read.client,
        grant: read.grant,
    })
}

/// Checks every gate of a live grant on fresh reads; gives the end user whose claims are told.
async fn check_gates(
    parts: &Parts,
    client: &AuthenticatedClient,
    standing: Standing,
    grant: &Grant,
) -> Result<UserRecord, TokenError> {
    let parties = parts.grants.parties(grant).await?;
    let connector_known = parts.connectors.find(&grant.connector_id).await?.is_some();
    let witnesses = witnesses(
        standing,
        connector_known && client.client().allows_connector(&grant.connector_id),
        &parties,
    );
    check_standing(grant, &witnesses).map_err(TokenError::standing)?;
    parties
        .user
        .ok_or_else(|| TokenError::standing(StandingRefusal::User))
}

/// What the gates look at.
pub(crate) fn witnesses(
    client: Standing,
    connector_allowed: bool,
    parties: &GrantParties,
) -> Witnesses {
    Witnesses {
        client,
        connector_allowed,
        connector: parties.connector,
        user: parties.user.as_ref().map(|user| user.standing),
        consent_epoch: parties.consent.as_ref().map_or(0, |record| record.epoch),
        session_ended: parties
            .session
            .as_ref()
            .is_some_and(|session| session.ended),
    }
}

/// Takes a grant back because of what was presented, and tells.
async fn revoke(
    parts: &Parts,
    grant_id: GrantId,
    client: &AuthenticatedClient,
    reason: &'static str,
) -> Result<(), TokenError> {
    parts.grants.revoke(grant_id, &*parts.entropy).await?;
    parts.record(&Event::GrantRevoked {
        grant_id,
        client_id: client.id().clone(),
        reason,
    });
    Ok(())
}

fn tell_issued(
    parts: &Parts,
    grant_id: GrantId,
    client: &AuthenticatedClient,
    grant_type: GrantType,
) {
    parts.record(&Event::TokensIssued {
        grant_id,
        client_id: client.id().clone(),
        grant_type,
    });
}
