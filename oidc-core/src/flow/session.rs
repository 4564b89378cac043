//! The end user's session as the front channel sees it.

use std::time::Duration;

use super::problem::FlowError;
use crate::{
    claims::Subject,
    clock::UnixTime,
    connector::Authentication,
    grant::{SessionHandle, SessionId},
    issuer::{Issuer, Parts},
    protocol::{ConnectorId, Prompt, ValidAuthorizationRequest},
    storage::{SessionRecord, UserRecord},
};

/// A session that counts: not ended, not over, its user not blocked.
#[derive(Debug)]
pub(super) struct LiveSession {
    pub(super) id: SessionId,
    pub(super) subject: Subject,
    pub(super) connector_id: ConnectorId,
    auth_time: UnixTime,
}

/// Whether the session counts, by its record and its user's.
pub(super) fn counts(
    parts: &Parts,
    session: &SessionRecord,
    user: Option<&UserRecord>,
    now: UnixTime,
) -> bool {
    !session.ended
        && now < session.expires_at
        && now.since(session.last_used) < parts.config.session_idle
        && user.is_some_and(|user| {
            !user.standing.disabled && user.standing.epoch == session.user_epoch
        })
}

/// The live session of the user agent, if it has one.
pub(super) async fn find(
    parts: &Parts,
    handle: Option<&SessionHandle>,
    now: UnixTime,
) -> Result<Option<LiveSession>, FlowError> {
    let Some(handle) = handle else {
        return Ok(None);
    };
    let Some((session, user)) = parts.sessions.find(handle).await? else {
        return Ok(None);
    };
    if !counts(parts, &session.value, user.as_ref(), now) {
        return Ok(None);
    }
    // A note for the idle time, at most twelve times in it; losing it costs an early sign-in.
    if now.since(session.value.last_used) >= parts.config.session_idle / 12 {
        let noted = parts
            .sessions
            .touch(handle.session_id(), &session, now)
            .await;
        if let Err(error) = noted {
            tracing::warn!(%error, "the use of a session was not noted");
        }
    }
    Ok(Some(LiveSession {
        id: handle.session_id(),
        subject: session.value.subject,
        connector_id: session.value.connector_id,
        auth_time: session.value.auth_time,
    }))
}

impl LiveSession {
    /// Whether the session is recent enough, and not to be passed over, for this request
    /// ([OIDC Core section 3.1.2.1]).
    ///
    /// [OIDC Core section 3.1.2.1]: https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
    pub(super) fn serves(&self, request: &ValidAuthorizationRequest, now: UnixTime) -> bool {
        // An age of zero asks for a login like `prompt=login`, even within the second of the last.
        let recent = request.max_age.is_none_or(|max_age| {
            max_age > 0 && now.since(self.auth_time) <= Duration::from_secs(max_age)
        });
        let asked_anew = request.prompt.contains(Prompt::Login)
            || request.prompt.contains(Prompt::SelectAccount);
        let connector = request
            .connector_id
            .as_ref()
            .is_none_or(|wanted| *wanted == self.connector_id);
        recent && !asked_anew && connector
    }
}

/// Opens a session for who just authenticated.
pub(super) async fn open(
    parts: &Parts,
    (subject, user): (&Subject, &UserRecord),
    connector_id: &ConnectorId,
    authentication: &Authentication,
    now: UnixTime,
) -> Result<SessionHandle, FlowError> {
    let handle = SessionHandle::draw(&*parts.entropy)?;
    let session = SessionRecord {
        secret: handle.hash(),
        subject: subject.clone(),
        user_epoch: user.standing.epoch,
        connector_id: connector_id.clone(),
        auth_time: authentication.auth_time,
        acr: authentication.acr.clone(),
        amr: authentication.amr.clone(),
        last_used: now,
        expires_at: now + parts.config.session_lifetime,
        ended: false,
    };
    if parts.sessions.open(&handle, &session).await? {
        Ok(handle)
    } else {
        Err(FlowError::Unavailable(
            "a drawn session id was taken".to_owned(),
        ))
    }
}

/// The name of who is signed in in this user agent.
pub(crate) async fn who_is_signed_in(
    issuer: &Issuer,
    handle: Option<&SessionHandle>,
) -> Result<Option<String>, FlowError> {
    let Some(handle) = handle else {
        return Ok(None);
    };
    let parts = issuer.parts();
    let Some((session, user)) = parts.sessions.find(handle).await? else {
        return Ok(None);
    };
    let live = counts(parts, &session.value, user.as_ref(), issuer.now());
    Ok(user.filter(|_| live).map(|user| display_name(&user)))
}

/// What pages call an end user.
pub(super) fn display_name(user: &UserRecord) -> String {
    let identity = &user.identity;
    identity
        .name
        .clone()
        .or_else(|| identity.preferred_username.clone())
        .or_else(|| identity.email.as_ref().map(|email| email.address.clone()))
        .unwrap_or_else(|| identity.subject.to_string())
}
