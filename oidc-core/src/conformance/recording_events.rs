//! An event sink that remembers: what the issuer said it decided.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::event::{Event, EventSink};

/// Keeps every event in the order in which it came.
#[derive(Debug, Default)]
pub struct RecordingEvents(Mutex<Vec<Event>>);

impl RecordingEvents {
    /// The events so far.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.kept().clone()
    }

    /// How many grants the issuer took back on its own.
    #[must_use]
    pub fn revocations(&self) -> usize {
        let revoked = |event: &&Event| matches!(event, Event::GrantRevoked { .. });
        self.kept().iter().filter(revoked).count()
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Event>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventSink for RecordingEvents {
    fn record(&self, event: &Event) {
        self.kept().push(event.clone());
    }
}
