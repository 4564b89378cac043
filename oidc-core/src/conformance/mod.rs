//! CONFORMANCE: the suites that an implementation must pass, and the test doubles. For
//! dev-dependencies only.

pub mod connector;
pub mod storage;

mod counting_storage;
mod faulty_storage;
mod manual_clock;
mod seeded_entropy;

pub use counting_storage::{CountingStorage, Counts};
pub use faulty_storage::{Call, Fault, FaultyStorage, InjectedFault, Operation};
pub use manual_clock::ManualClock;
pub use seeded_entropy::SeededEntropy;
