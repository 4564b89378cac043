//! The ability to look at an identity again.

use std::fmt;

use async_trait::async_trait;

use super::{Authenticated, ConnectorError, Denial};
use crate::{clock::UnixTime, identity::Identity};

/// Looks at an identity again, without the end user, when tokens are refreshed.
#[async_trait]
pub trait RefreshIdentity: fmt::Debug + Send + Sync {
    /// Asks the upstream about `identity` as it was last vouched for.
    ///
    /// # Errors
    ///
    /// [`ConnectorError`] if the upstream could not be asked; that ends nothing.
    async fn refresh(
        &self,
        now: UnixTime,
        identity: &Identity,
        refresh_data: &[u8],
    ) -> Result<Refreshed, ConnectorError>;
}

/// What the upstream says now. Every caller must decide on both cases.
#[derive(Debug)]
pub enum Refreshed {
    /// Still there; the identity as of now. Its subject must not have changed.
    Current(Box<Authenticated>),
    /// No longer there, or no longer let in.
    Gone(Denial),
}
