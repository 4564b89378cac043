//! What can go wrong while asking a store.

/// The store could not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The engine could not be reached or did not confirm in time.
    ///
    /// **The outcome is unknown**: a write that ends like this may have happened.
    #[error("storage unavailable: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The record is larger than the engine takes. Nothing was written.
    #[error("record of {size} bytes is too large")]
    TooLarge {
        /// Size of the refused record in bytes.
        size: usize,
    },
    /// What is stored cannot be read: damaged, or of a newer major version.
    #[error("stored record cannot be read: {0}")]
    Corrupt(String),
}

impl StorageError {
    /// The engine could not be reached or did not confirm; the outcome is unknown.
    #[must_use]
    pub fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(source.into())
    }
}
