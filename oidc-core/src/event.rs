//! What the issuer decided: one typed event for every decision, for audit logs and metrics.
//!
//! Events carry identifiers and reasons, never codes, tokens, passwords or assertions.

use std::fmt;

use crate::{
    claims::Subject,
    grant::{GrantId, SessionId},
    protocol::{ClientId, ConnectorId, ErrorCode, GrantType},
};

/// A decision of the issuer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// An authorization request was refused.
    AuthorizationRefused {
        /// The client, as far as it is known.
        client_id: Option<ClientId>,
        /// Why.
        reason: String,
    },
    /// An end user signed in.
    LoginSucceeded {
        /// Who.
        subject: Subject,
        /// Through which connector.
        connector_id: ConnectorId,
        /// For which client.
        client_id: ClientId,
        /// The session that was opened.
        session_id: SessionId,
    },
    /// A login was denied; the end user saw one fixed text.
    LoginDenied {
        /// By which connector.
        connector_id: ConnectorId,
        /// For which client.
        client_id: ClientId,
        /// Why.
        reason: String,
    },
    /// A connector could not answer.
    ConnectorFailed {
        /// Which connector.
        connector_id: ConnectorId,
        /// What the end user was shown to quote.
        correlation_id: String,
        /// Why.
        reason: String,
    },
    /// An end user allowed a client what it asked for.
    GrantIssued {
        /// The grant.
        grant_id: GrantId,
        /// To whom.
        client_id: ClientId,
        /// By whom.
        subject: Subject,
    },
    /// An end user refused a client.
    GrantRefused {
        /// The grant.
        grant_id: GrantId,
        /// To whom.
        client_id: ClientId,
        /// By whom.
        subject: Subject,
    },
    /// Tokens were issued.
    TokensIssued {
        /// The grant.
        grant_id: GrantId,
        /// To whom.
        client_id: ClientId,
        /// By which grant type.
        grant_type: GrantType,
    },
    /// A token request was refused.
    TokenRefused {
        /// The client, as far as it is known.
        client_id: Option<ClientId>,
        /// The code on the wire.
        error: ErrorCode,
        /// Why.
        reason: String,
    },
    /// A grant was taken back because its code or refresh token was misused.
    GrantRevoked {
        /// The grant.
        grant_id: GrantId,
        /// The client that showed the code or token.
        client_id: ClientId,
        /// Why.
        reason: &'static str,
    },
}

/// Where events go, besides `tracing`.
pub trait EventSink: fmt::Debug + Send + Sync {
    /// Takes an event; must return quickly and not panic.
    fn record(&self, event: &Event);
}

/// Drops events; `tracing` still has them.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoEvents;

impl EventSink for NoEvents {
    fn record(&self, _: &Event) {}
}

/// Writes the event as one structured log line.
pub(crate) fn trace(event: &Event) {
    match event {
        Event::ConnectorFailed { .. } => {
            tracing::warn!(target: "oidc_core::event", event = %Quoted(event));
        }
        Event::GrantRevoked { .. } => {
            tracing::warn!(target: "oidc_core::event", event = %Quoted(event));
        }
        _ => tracing::info!(target: "oidc_core::event", event = %Quoted(event)),
    }
}

/// One line of at most 1,024 characters: control characters are escaped by `Debug`.
struct Quoted<'a>(&'a Event);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:?}", self.0);
        f.write_str(&text[..text.floor_char_boundary(1024)])
    }
}
