//! What an end user agreed to.

use serde::{Deserialize, Serialize};

use crate::{
    claims::Subject,
    protocol::{ClientId, Scope},
};

/// What an end user agreed that a client may have.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ConsentRecord {
    /// The client.
    pub client_id: ClientId,
    /// The end user.
    pub subject: Subject,
    /// All they agreed to so far.
    pub scope: Scope,
    /// Raised by each withdrawal; grants issued under an older one count no more.
    #[serde(default)]
    pub epoch: u64,
}

impl ConsentRecord {
    /// A first agreement.
    #[must_use]
    pub const fn new(client_id: ClientId, subject: Subject, scope: Scope) -> Self {
        Self {
            client_id,
            subject,
            scope,
            epoch: 0,
        }
    }

    /// The same with `scope` agreed to as well.
    ///
    /// If together they are more than a scope can hold, only the newest agreement is kept: the
    /// end user is then asked once more than needed, never once too few.
    #[must_use]
    pub fn extended(&self, scope: &Scope) -> Self {
        let both = self.scope.iter().chain(scope.iter()).cloned();
        Self {
            scope: Scope::from_tokens(both).unwrap_or_else(|_| scope.clone()),
            ..self.clone()
        }
    }

    /// Nothing agreed to any more, and what was granted on it taken back.
    #[must_use]
    pub fn withdrawn(&self) -> Self {
        Self {
            scope: Scope::empty(),
            epoch: self.epoch + 1,
            ..self.clone()
        }
    }
}
