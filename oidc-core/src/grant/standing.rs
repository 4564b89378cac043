//! The gates every use of a grant passes: who gave it, to whom, through what, still stand.
//!
//! Taking back widely is one write to one record: it raises that record's epoch, and each grant
//! that was issued under an older one is dead at its next use.

use serde::{Deserialize, Serialize};

use super::{Grant, GrantStatus};

/// The epochs a grant was issued under.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Epochs {
    /// Of the end user: raised by "sign out everywhere" and when the upstream lets go of them.
    pub user: u64,
    /// Of the client.
    pub client: u64,
    /// Of the connector.
    pub connector: u64,
    /// Of the consent: raised when it is withdrawn.
    pub consent: u64,
}

/// Whether a client or connector may be used, and since when.
///
/// A record of it exists only once somebody changed it; until then epoch 0 and enabled.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Standing {
    /// Raised to take back everything issued so far.
    pub epoch: u64,
    /// Nothing is issued while this is set.
    pub disabled: bool,
}

impl Standing {
    /// The standing with this epoch.
    #[must_use]
    pub const fn new(epoch: u64, disabled: bool) -> Self {
        Self { epoch, disabled }
    }
}

/// What the gates look at, freshly read.
#[derive(Clone, Copy, Debug)]
pub struct Witnesses {
    /// The client's standing.
    pub client: Standing,
    /// Whether the client may still use the grant's connector, and whether that is configured.
    pub connector_allowed: bool,
    /// The connector's standing.
    pub connector: Standing,
    /// The end user's epoch and whether they are blocked; `None`: there is no such user.
    pub user: Option<Standing>,
    /// The consent's epoch; 0 if none is remembered.
    pub consent_epoch: u64,
    /// Whether the session was ended (not merely outlived).
    pub session_ended: bool,
}

/// Which gate is shut.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StandingRefusal {
    /// The grant itself was refused or taken back.
    NotLive,
    /// The client is disabled, or everything it had was taken back.
    Client,
    /// The connector is gone, disabled, no longer allowed for the client, or taken back.
    Connector,
    /// The end user is gone, blocked, or signed out everywhere.
    User,
    /// The consent was withdrawn.
    Consent,
    /// The session was ended, and the grant was not for offline access.
    Session,
}

/// Checks every gate of a grant, in a fixed order.
///
/// # Errors
///
/// The first gate that is shut.
pub fn check_standing(grant: &Grant, witnesses: &Witnesses) -> Result<(), StandingRefusal> {
    let open = |gate: bool, refusal| gate.then_some(()).ok_or(refusal);
    open(grant.status == GrantStatus::Live, StandingRefusal::NotLive)?;
    open(
        holds(witnesses.client, grant.epochs.client),
        StandingRefusal::Client,
    )?;
    open(
        witnesses.connector_allowed && holds(witnesses.connector, grant.epochs.connector),
        StandingRefusal::Connector,
    )?;
    open(
        witnesses
            .user
            .is_some_and(|user| holds(user, grant.epochs.user)),
        StandingRefusal::User,
    )?;
    open(
        witnesses.consent_epoch == grant.epochs.consent,
        StandingRefusal::Consent,
    )?;
    // OIDC Core section 11: offline access outlives the session.
    open(
        grant.scope.offline_access() || !witnesses.session_ended,
        StandingRefusal::Session,
    )
}

const fn holds(standing: Standing, issued_under: u64) -> bool {
    !standing.disabled && standing.epoch == issued_under
}
