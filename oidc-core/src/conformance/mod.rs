//! CONFORMANCE: the suites that an implementation must pass, and the test doubles. For
//! dev-dependencies only.

pub mod connector;
pub mod storage;

mod browser;
mod counting_storage;
mod faulty_storage;
mod manual_clock;
mod recording_events;
mod recording_signer;
mod relying_party;
mod scripted_connector;
mod seeded_entropy;
mod test_bed;

pub use browser::{Browser, Page, call, encode};
pub use counting_storage::{CountingStorage, Counts};
pub use faulty_storage::{Call, Fault, FaultyStorage, InjectedFault, Operation};
pub use manual_clock::ManualClock;
pub use recording_events::RecordingEvents;
pub use recording_signer::RecordingSigner;
pub use relying_party::{Redirected, RelyingParty, TokenAnswer, VERIFIER};
pub use scripted_connector::{Manner, ScriptedConnector};
pub use seeded_entropy::SeededEntropy;
pub use test_bed::{APP, APP_SECRET, CLI, Ledger, OTHER, OTHER_SECRET, TestBed, TestBedOptions};
