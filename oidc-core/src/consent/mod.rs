//! CONSENT, pure: what was agreed, and when to ask again.

mod record;
mod policy;

pub use policy::{ConsentDecision, consent_needed};
pub use record::ConsentRecord;
