//! A clock that stands still until a test moves it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::clock::{Clock, UnixTime};

/// A clock that stands still until it is moved; clones share the same hands.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// Where [`ManualClock::default`] starts: 2026-01-01T00:00:00Z.
    pub const START: UnixTime = UnixTime::from_secs(1_767_225_600);

    /// A clock that stands at `now`.
    #[must_use]
    pub fn new(now: UnixTime) -> Self {
        Self(Arc::new(AtomicU64::new(now.as_secs())))
    }

    /// Moves the clock forward by `by`, counted in whole seconds.
    pub fn advance(&self, by: Duration) {
        // A test that moves time from several tasks must not lose a step.
        self.0.fetch_add(by.as_secs(), Ordering::SeqCst);
    }

    /// Sets the clock to `now`, which may lie in its past.
    pub fn set(&self, now: UnixTime) {
        self.0.store(now.as_secs(), Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new(Self::START)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_secs(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_same_hands() {
        let clock = ManualClock::default();
        let shared = clock.clone();

        clock.advance(Duration::from_secs(90));
        assert_eq!(shared.now(), ManualClock::START + Duration::from_secs(90));

        shared.set(UnixTime::from_secs(5));
        assert_eq!(clock.now(), UnixTime::from_secs(5));
    }
}
