//! The ability to vouch for the subject of an upstream's token.

use std::fmt;

use async_trait::async_trait;

use super::{ConnectorError, Refreshed};
use crate::clock::UnixTime;

/// Vouches for the subject of a token that the upstream issued
/// ([RFC 8693](https://www.rfc-editor.org/rfc/rfc8693)).
#[async_trait]
pub trait ExchangeToken: fmt::Debug + Send + Sync {
    /// Checks the token and says whom it stands for.
    ///
    /// # Errors
    ///
    /// [`ConnectorError`] if the upstream could not be asked.
    async fn exchange(
        &self,
        now: UnixTime,
        token: &SubjectToken<'_>,
    ) -> Result<Refreshed, ConnectorError>;
}

/// A `subject_token` and its `subject_token_type`.
#[derive(Clone, Copy)]
pub struct SubjectToken<'a> {
    /// The token type URI.
    pub token_type: &'a str,
    /// The token itself.
    pub token: &'a str,
}

impl fmt::Debug for SubjectToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubjectToken")
            .field("token_type", &self.token_type)
            .finish_non_exhaustive()
    }
}
