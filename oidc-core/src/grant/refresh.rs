//! The refresh chain: rotation, the grace window, and what an old token means.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Grant, GrantStatus, RefreshToken, RotationNonce, WriteId};
use crate::{clock::UnixTime, protocol::ClientId, secret::SecretHash};

/// The refresh chain's part of a grant.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefreshPart {
    /// No refresh token was issued.
    #[default]
    None,
    /// A chain of which one token is current.
    Chain(RefreshChain),
}

/// What is kept of a chain of refresh tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RefreshChain {
    /// Hash of the secret that all tokens of the chain share.
    pub family: SecretHash,
    /// Hash of the current token's own secret.
    pub current: SecretHash,
    /// The token before, and how the current one derives from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
    /// How often the chain was rotated.
    pub generation: u64,
    /// When a token of the chain was last used.
    pub last_used: UnixTime,
    /// The end of the absolute lifetime.
    pub absolute_until: UnixTime,
    /// From then on the current token is refused: idle or absolute lifetime is over.
    pub expires_at: UnixTime,
}

/// The token before the current one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Previous {
    /// Hash of its own secret.
    pub hash: SecretHash,
    /// From it the current token's secret derives.
    pub nonce: RotationNonce,
    /// When the current token replaced it.
    pub rotated_at: UnixTime,
}

/// How refresh tokens live.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct RefreshPolicy {
    /// Whether each use brings a new token; otherwise one token serves for life.
    pub rotate: bool,
    /// How long the predecessor gets the same successor again. Default 30 s.
    pub grace: Duration,
    /// How long after a rotation the predecessor is refused without taking the grant back:
    /// requests that were under way at the same time. Default 10 s; counts where it is longer
    /// than `grace`.
    pub in_flight: Duration,
    /// Unused for this long, the chain ends. Default 30 days.
    pub idle: Duration,
    /// The chain ends this long after its start. Default 180 days.
    pub absolute: Duration,
}

impl Default for RefreshPolicy {
    fn default() -> Self {
        const DAY: u64 = 86_400;
        Self {
            rotate: true,
            grace: Duration::from_secs(30),
            in_flight: Duration::from_secs(10),
            idle: Duration::from_secs(30 * DAY),
            absolute: Duration::from_secs(180 * DAY),
        }
    }
}

/// Why a refresh token was not accepted. Nothing changes because of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RefreshRefusal {
    /// No such token, not this client's, or forged.
    Unknown,
    /// Its time is over.
    Expired,
    /// The grant was revoked.
    Revoked,
    /// Replaced a moment ago: requests were under way at the same time.
    InFlight,
}

/// What a presented refresh token means. Every caller must decide on each case.
#[derive(Debug)]
#[must_use]
pub enum RefreshUse {
    /// The current token: writing the grant is what rotates (or renews) the chain.
    Current(Rotated),
    /// The predecessor inside the grace window: the same successor again, nothing to write.
    Again(Replayed),
    /// A genuine old token: the grant must be revoked.
    Revoke,
    /// Refused; nothing changes.
    Refused(RefreshRefusal),
}

/// A grant whose current refresh token was presented; only [`check_refresh`] makes one.
#[derive(Debug)]
pub struct Rotated {
    /// The grant as it will be stored.
    pub grant: Box<Grant>,
    /// The token that the client gets.
    pub token: RefreshToken,
}

/// The answer of an earlier refresh, given again; only [`check_refresh`] makes one.
#[derive(Debug)]
pub struct Replayed {
    /// The token that the client gets again.
    pub token: RefreshToken,
}

/// A refresh token as presented at the token endpoint, by whom.
#[derive(Debug)]
pub struct PresentedRefresh<'a> {
    /// The token.
    pub token: &'a RefreshToken,
    /// Who presents it, authenticated.
    pub client_id: &'a ClientId,
    /// The issuer's policy.
    pub policy: &'a RefreshPolicy,
    /// A fresh nonce for the successor.
    pub nonce: RotationNonce,
    /// The id of this attempt's write.
    pub write: WriteId,
}

/// Starts the chain of a grant with its first token.
#[must_use]
pub fn start_chain(token: &RefreshToken, policy: &RefreshPolicy, now: UnixTime) -> RefreshPart {
    let absolute_until = now + policy.absolute;
    RefreshPart::Chain(RefreshChain {
        family: token.family_hash(),
        current: token.hash(),
        previous: None,
        generation: 0,
        last_used: now,
        absolute_until,
        expires_at: absolute_until.min(now + policy.idle),
    })
}

/// Decides what presenting a refresh token means ([RFC 9700 section 4.14.2]).
///
/// [RFC 9700 section 4.14.2]: https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2
pub fn check_refresh(grant: &Grant, request: &PresentedRefresh<'_>, now: UnixTime) -> RefreshUse {
    match judge(grant, request, now) {
        Ok(refresh_use) => refresh_use,
        Err(refusal) => RefreshUse::Refused(refusal),
    }
}

fn judge(
    grant: &Grant,
    request: &PresentedRefresh<'_>,
    now: UnixTime,
) -> Result<RefreshUse, RefreshRefusal> {
    let RefreshPart::Chain(chain) = &grant.refresh else {
        return Err(RefreshRefusal::Unknown);
    };
    let refuse_unless = |holds: bool, refusal| holds.then_some(()).ok_or(refusal);
    refuse_unless(
        request.token.is_of_family(&chain.family) && grant.client_id == *request.client_id,
        RefreshRefusal::Unknown,
    )?;
    refuse_unless(grant.status == GrantStatus::Live, RefreshRefusal::Revoked)?;
    refuse_unless(now < chain.expires_at, RefreshRefusal::Expired)?;
    if request.token.matches(&chain.current) {
        return Ok(RefreshUse::Current(use_current(grant, chain, request, now)));
    }
    // Whoever knows the family secret once held a genuine token of this grant.
    match &chain.previous {
        Some(previous) if request.token.matches(&previous.hash) => {
            judge_previous(chain, previous, request, now)
        }
        _ => Ok(RefreshUse::Revoke),
    }
}

fn judge_previous(
    chain: &RefreshChain,
    previous: &Previous,
    request: &PresentedRefresh<'_>,
    now: UnixTime,
) -> Result<RefreshUse, RefreshRefusal> {
    let age = now.since(previous.rotated_at);
    if age < request.policy.grace {
        let token = request.token.successor(&previous.nonce);
        // A predecessor of a wrong derivation cannot occur; if it does, nothing is given away.
        return if token.matches(&chain.current) {
            Ok(RefreshUse::Again(Replayed { token }))
        } else {
            Err(RefreshRefusal::Unknown)
        };
    }
    if age < request.policy.in_flight {
        return Err(RefreshRefusal::InFlight);
    }
    Ok(RefreshUse::Revoke)
}

fn use_current(
    grant: &Grant,
    chain: &RefreshChain,
    request: &PresentedRefresh<'_>,
    now: UnixTime,
) -> Rotated {
    let mut next = chain.clone();
    next.last_used = now;
    next.expires_at = chain.absolute_until.min(now + request.policy.idle);
    let token = if request.policy.rotate {
        let successor = request.token.successor(&request.nonce);
        next.previous = Some(Previous {
            hash: chain.current,
            nonce: request.nonce,
            rotated_at: now,
        });
        next.current = successor.hash();
        next.generation += 1;
        successor
    } else {
        request.token.clone()
    };
    Rotated {
        grant: Box::new(Grant {
            refresh: RefreshPart::Chain(next),
            write: request.write,
            ..grant.clone()
        }),
        token,
    }
}

/// Whether `grant` already is what a renewal without rotation would write: someone else renewed
/// the same token at the same moment.
#[must_use]
pub fn renewed(grant: &Grant, now: UnixTime) -> bool {
    matches!(&grant.refresh, RefreshPart::Chain(chain) if chain.last_used >= now)
}
