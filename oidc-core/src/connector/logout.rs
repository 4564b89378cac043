//! The ability to end a login at the upstream too.

use std::fmt;

use async_trait::async_trait;

use super::{Answer, Ask, ConnectorError, ConnectorState, Login};
use crate::{clock::UnixTime, identity::UpstreamSubject};

/// Ends the upstream's session, and hears of sessions that ended there.
#[async_trait]
pub trait UpstreamLogout: fmt::Debug + Send + Sync {
    /// Opens a logout: where the user agent must be sent.
    ///
    /// # Errors
    ///
    /// [`ConnectorError`] if the upstream could not be asked.
    async fn start(
        &self,
        login: &Login<'_>,
        upstream_session: &[u8],
    ) -> Result<LogoutProgress, ConnectorError>;

    /// Goes on with what the user agent brought back.
    ///
    /// # Errors
    ///
    /// [`ConnectorError`] if the upstream could not be asked.
    async fn resume(
        &self,
        login: &Login<'_>,
        state: ConnectorState,
        answer: Answer,
    ) -> Result<LogoutProgress, ConnectorError>;

    /// The upstream says that a session ended (OIDC back-channel, SAML `LogoutRequest`).
    ///
    /// # Errors
    ///
    /// [`ConnectorError::BadAnswer`] if the message does not verify.
    async fn receive(&self, now: UnixTime, answer: Answer)
    -> Result<EndedUpstream, ConnectorError>;
}

/// Where a logout stands after a step.
#[derive(Debug)]
pub enum LogoutProgress {
    /// The user agent must do something first.
    Ask(Ask, ConnectorState),
    /// The upstream's session is over.
    Ended,
}

/// What ended at the upstream.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EndedUpstream {
    /// One session.
    Session(Vec<u8>),
    /// All sessions of one subject.
    Subject(UpstreamSubject),
}
