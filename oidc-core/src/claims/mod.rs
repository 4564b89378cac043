//! CLAIM MAPPING, pure: from what a connector vouches for to what a client is told.

mod subject;
mod standard;
mod mapping;
mod requested;
mod mapper;

pub use mapper::{
    ClaimsFor, MAX_GROUP_BYTES, MAX_GROUPS, NormalizeRefusal, normalize, released_claims,
};
pub use mapping::{ClaimMapping, ClaimRelease, ClaimSource, GroupRules, ReleasedClaim};
pub use requested::standard_claims;
pub use standard::{ClaimName, ClaimSet, InvalidClaimName, MAX_CLAIM_NAME_BYTES, StandardClaim};
pub use subject::{InvalidSubject, MAX_SUBJECT_CHARS, Subject};
