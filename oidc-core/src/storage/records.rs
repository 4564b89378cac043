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
    // Not flattened: `Incoming` would then take every field of this record for an unknown one,
    // and write it twice.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::UpstreamSubject;
    use crate::storage::{Stored, Version, codec};

    #[test]
    fn a_user_can_be_replaced_again_and_again() {
        let user = UserRecord {
            connector_id: ConnectorId::parse("ldap").unwrap(),
            identity: Identity::new(UpstreamSubject::parse("1").unwrap()),
            standing: Standing::new(2, false),
            last_login: UnixTime::from_secs(5),
            refresh_data: Some("sealed".to_owned()),
        };
        let mut body = codec::encode(&user).unwrap();
        for _ in 0..3 {
            let version = Version::from_bytes(*b"1");
            let loaded = codec::decode::<UserRecord>(Stored { body, version }).unwrap();
            assert_eq!(loaded.value.standing, user.standing);
            assert_eq!(loaded.value.refresh_data, user.refresh_data);
            body = codec::encode_over(&loaded.value, &loaded).unwrap();
        }
    }
}
