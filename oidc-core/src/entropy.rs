//! Randomness as a value: [`Entropy`], from which every unguessable value is drawn.

use std::fmt;

use crate::secret::Secret32;

/// Where the issuer draws random bytes.
///
/// # Security
///
/// Codes, tokens and keys are only as strong as this source. An implementation must be
/// cryptographically secure and must never return fewer fresh bytes than asked for.
pub trait Entropy: fmt::Debug + Send + Sync {
    /// Fills `bytes` with fresh random bytes.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] if the source cannot deliver; nothing may be issued then.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

/// The source of randomness did not deliver.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the source of randomness failed")]
#[non_exhaustive]
pub struct EntropyError;

/// Draws `N` fresh bytes.
///
/// # Errors
///
/// As [`Entropy::fill`].
pub fn draw<const N: usize>(entropy: &dyn Entropy) -> Result<[u8; N], EntropyError> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}

/// Draws a fresh 256-bit secret.
///
/// # Errors
///
/// As [`Entropy::fill`].
pub fn draw_secret(entropy: &dyn Entropy) -> Result<Secret32, EntropyError> {
    Ok(Secret32::from_bytes(draw(entropy)?))
}

/// The random generator of aws-lc, seeded by the operating system.
#[cfg(feature = "aws-lc")]
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

#[cfg(feature = "aws-lc")]
impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        aws_lc_rs::rand::fill(bytes).map_err(|_| EntropyError)
    }
}
