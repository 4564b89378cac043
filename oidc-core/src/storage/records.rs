//! What is kept of end users and their sessions.

use serde::{Deserialize, Serialize};

use super::codec::Body;
use crate::{
    claims::Subject,
    clock::UnixTime,
    consent::ConsentRecord,
    grant::{Grant, Standing},
    identity::Identity,
    protocol::ConnectorId,
    secret::SecretHash,
};

/// An end user as last vouched for; kept under their `sub`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UserRecord {
    /// Which connector vouched.
    pub connector_id: ConnectorId,
    /// What it said.
    pub identity: Identity,
    /// Epoch, and whether the end user is blocked.
    #[serde(flatten)]
    pub standing: Standing,
    /// When the end user last signed in.
    pub last_login: UnixTime,
    /// What the connector needs to look again, sealed; only a login with `offline_access`
    /// replaces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_data: Option<String>,
}

/// An end user's login at the issuer; kept under its [`SessionId`](crate::grant::SessionId).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SessionRecord {
    /// Hash of the cookie's secret.
    pub secret: SecretHash,
    /// Who is signed in.
    pub subject: Subject,
    /// The end user's epoch when they signed in; a later one ends the session.
    pub user_epoch: u64,
    /// Through which connector.
    pub connector_id: ConnectorId,
    /// When the end user authenticated.
    pub auth_time: UnixTime,
    /// Authentication context class, as vouched for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// Authentication methods, as vouched for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// When the session was last used.
    pub last_used: UnixTime,
    /// The end of its absolute lifetime.
    pub expires_at: UnixTime,
    /// Ended before its time; grants that are bound to it are dead.
    #[serde(default)]
    pub ended: bool,
}

impl Body for Grant {
    const MAJOR: u32 = 1;
}

impl Body for UserRecord {
    const MAJOR: u32 = 1;
}

impl Body for SessionRecord {
    const MAJOR: u32 = 1;
}

impl Body for ConsentRecord {
    const MAJOR: u32 = 1;
}

impl Body for Standing {
    const MAJOR: u32 = 1;
}
