//! When keys are published, sign and go: pure rules over times.

use std::time::Duration;

use super::PublishedKey;
use crate::clock::UnixTime;

/// What a published key is for at a given time.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum KeyState {
    /// Published, and not signing yet.
    Next,
    /// Signs.
    Current,
    /// Signs no more; what it signed is still verified.
    Retired,
}

impl PublishedKey {
    /// What the key is for at `now`; `None` before it is published and after it is gone.
    #[must_use]
    pub fn state(&self, now: UnixTime) -> Option<KeyState> {
        if now < self.publish_from || self.publish_until.is_some_and(|end| now >= end) {
            None
        } else if now < self.sign_from {
            Some(KeyState::Next)
        } else if self.sign_until.is_none_or(|end| now < end) {
            Some(KeyState::Current)
        } else {
            Some(KeyState::Retired)
        }
    }
}

/// How long keys live. Every duration has a default that fits the issuer's other defaults.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RotationPolicy {
    /// How long a key signs. Default 30 days.
    pub rotate_every: Duration,
    /// How long verifiers may keep the JWK Set. Default 600 s, the set's `max-age`.
    pub jwks_max_age: Duration,
    /// How old the keys that a replica uses may be. Default 60 s.
    pub reload_interval: Duration,
    /// How far clocks may differ. Default 60 s.
    pub skew: Duration,
    /// Longest life of a signed token: how long a retired key stays published. Default 24 h.
    pub max_token_lifetime: Duration,
}

impl Default for RotationPolicy {
    fn default() -> Self {
        Self {
            rotate_every: Duration::from_secs(30 * 24 * 3600),
            jwks_max_age: Duration::from_secs(600),
            reload_interval: Duration::from_secs(60),
            skew: Duration::from_secs(60),
            max_token_lifetime: Duration::from_secs(24 * 3600),
        }
    }
}

impl RotationPolicy {
    /// How long a successor is published before it signs.
    ///
    /// By then every replica has loaded it, also through an outage of [`super::MAX_STALE`], and
    /// every verifier has fetched it.
    #[must_use]
    pub fn lead(&self) -> Duration {
        self.jwks_max_age + self.reload_interval + super::MAX_STALE + self.skew
    }
}

/// The times of one key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeyTimes {
    /// From when the key stands in the JWK Set.
    pub publish_from: UnixTime,
    /// From when it signs.
    pub sign_from: UnixTime,
    /// Until when it signs; `None`: until it is replaced.
    pub sign_until: Option<UnixTime>,
    /// Until when it stands in the JWK Set; `None`: until it is replaced.
    pub publish_until: Option<UnixTime>,
}

/// What a chain of keys needs at a given time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "every caller must decide on every variant"
)]
pub enum Step {
    /// Nothing.
    Nothing,
    /// A key with these times. The chain's newest key, if there is one, ends with the other
    /// times.
    Add {
        /// The times of the new key.
        new: KeyTimes,
        /// When the key before it stops signing and stops being published.
        predecessor: Option<(UnixTime, UnixTime)>,
    },
}

/// Decides whether a chain (the keys of one algorithm) needs a new key at `now`.
///
/// The first key of a chain is published and signs at once: nobody can have a key set cached that
/// would have to hold it. Its times lie one skew back, so that a replica with a slow clock uses it
/// as well. A successor is made one [`RotationPolicy::lead`] before it is due, or late, and then
/// waits that long before it signs.
#[must_use]
pub fn next_step(chain: &[KeyTimes], policy: &RotationPolicy, now: UnixTime) -> Step {
    let Some(newest) = chain.iter().max_by_key(|key| key.sign_from) else {
        let from = now - policy.skew;
        return Step::Add {
            new: open_ended(from, from),
            predecessor: None,
        };
    };
    let due = newest.sign_from + policy.rotate_every;
    if now + policy.lead() < due {
        return Step::Nothing;
    }
    let sign_from = due.max(now + policy.lead());
    Step::Add {
        new: open_ended(now, sign_from),
        predecessor: Some((
            sign_from,
            sign_from + policy.max_token_lifetime + policy.skew,
        )),
    }
}

/// Whether a key can be forgotten at `now`, by the slowest clock as well.
#[must_use]
pub fn is_gone(key: &KeyTimes, policy: &RotationPolicy, now: UnixTime) -> bool {
    key.publish_until
        .is_some_and(|end| now >= end + policy.skew)
}

const fn open_ended(publish_from: UnixTime, sign_from: UnixTime) -> KeyTimes {
    KeyTimes {
        publish_from,
        sign_from,
        sign_until: None,
        publish_until: None,
    }
}
