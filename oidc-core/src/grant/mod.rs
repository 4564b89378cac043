//! GRANT, pure: what an end user allowed a client, as one record and one state machine.
//!
//! The authorization code and the refresh chain are parts of that one record, so each step that
//! must happen at most once is one compare-and-swap on it.

use serde::{Deserialize, Serialize};

use crate::{
    claims::Subject,
    clock::UnixTime,
    protocol::{ClientId, ConnectorId, Nonce, Scope},
};

mod code;
mod handle;
mod refresh;
mod standing;

#[cfg(test)]
mod tests;

pub use code::{
    CodePart, CodeRefusal, CodeUse, IssuedCode, PresentedCode, RedeemedGrant, check_code,
};
pub use handle::{
    AuthorizationCode, GrantId, RefreshToken, RotationNonce, SessionHandle, SessionId, WriteId,
};
pub use refresh::{
    PresentedRefresh, Previous, RefreshChain, RefreshPart, RefreshPolicy, RefreshRefusal,
    RefreshUse, Replayed, Rotated, check_refresh, renewed, start_chain,
};
pub use standing::{Epochs, Standing, StandingRefusal, Witnesses, check_standing};

/// What an end user allowed a client.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Grant {
    /// Where the grant stands.
    pub status: GrantStatus,
    /// The client it was given to.
    pub client_id: ClientId,
    /// The end user who gave it; the key of their `User` record.
    pub subject: Subject,
    /// The connector that vouched for the end user.
    pub connector_id: ConnectorId,
    /// What was granted.
    pub scope: Scope,
    /// The session it was given in.
    pub session_id: SessionId,
    /// When the end user authenticated.
    pub auth_time: UnixTime,
    /// Authentication context class, as vouched for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// Authentication methods, as vouched for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// The `nonce` of the request; echoed in the ID token of the code and in no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
    /// The epochs it was issued under.
    #[serde(default)]
    pub epochs: Epochs,
    /// The authorization code.
    #[serde(default)]
    pub code: CodePart,
    /// The refresh chain.
    #[serde(default)]
    pub refresh: RefreshPart,
    /// Until then the flow that made the grant can come back; the record must outlive it.
    pub flow_until: UnixTime,
    /// Until then access tokens of the grant are valid.
    pub tokens_until: UnixTime,
    /// The write that made the record what it is.
    pub write: WriteId,
}

/// Where a grant stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GrantStatus {
    /// Given; its code and tokens count.
    Live,
    /// The end user said no; kept so that the flow cannot be answered again.
    Refused,
    /// Taken back; nothing of it counts any more.
    Revoked,
}

impl Grant {
    /// The grant, taken back by `write`.
    #[must_use]
    pub fn revoked(&self, write: WriteId) -> Self {
        Self {
            status: GrantStatus::Revoked,
            write,
            ..self.clone()
        }
    }

    /// When nothing of the grant can matter any more.
    ///
    /// A revoked grant keeps its life: what was issued from it must go on being refused.
    #[must_use]
    pub fn expires_at(&self) -> UnixTime {
        let code = match &self.code {
            CodePart::None => self.flow_until,
            CodePart::Issued(code) | CodePart::Redeemed { code, .. } => code.expires_at,
        };
        let refresh = match &self.refresh {
            RefreshPart::None => self.flow_until,
            RefreshPart::Chain(chain) => chain.expires_at,
        };
        self.flow_until
            .max(code)
            .max(refresh)
            .max(self.tokens_until)
    }
}
