//! Random-looking bytes that are the same in every run.

use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::entropy::{Entropy, EntropyError};

/// Deterministic bytes: SHA-256 over a seed and a counter. **For tests only.**
///
/// # Security
///
/// Whoever knows the seed knows every code, token and key drawn from it.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: [u8; 32],
    drawn: Mutex<Drawn>,
}

#[derive(Debug)]
struct Drawn {
    blocks: u64,
    rest: Vec<u8>,
}

impl SeededEntropy {
    /// The stream of bytes that belongs to `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed: Sha256::digest(seed.to_be_bytes()).into(),
            drawn: Mutex::new(Drawn {
                blocks: 0,
                rest: Vec::new(),
            }),
        }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        for byte in bytes {
            if drawn.rest.is_empty() {
                let mut block = Sha256::new();
                block.update(self.seed);
                block.update(drawn.blocks.to_be_bytes());
                drawn.rest = block.finalize().to_vec();
                drawn.blocks += 1;
            }
            *byte = drawn.rest.pop().ok_or(EntropyError)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::draw;

    #[test]
    fn one_seed_gives_one_stream_however_it_is_cut() {
        let whole: [u8; 100] = draw(&SeededEntropy::new(7)).unwrap();

        let cut = SeededEntropy::new(7);
        let first: [u8; 33] = draw(&cut).unwrap();
        let second: [u8; 67] = draw(&cut).unwrap();

        assert_eq!(whole[..33], first);
        assert_eq!(whole[33..], second);
    }

    #[test]
    fn seeds_give_different_streams_and_draws_differ() {
        let one = SeededEntropy::new(1);
        let first: [u8; 32] = draw(&one).unwrap();
        let second: [u8; 32] = draw(&one).unwrap();
        let other: [u8; 32] = draw(&SeededEntropy::new(2)).unwrap();

        assert_ne!(first, second);
        assert_ne!(first, other);
    }
}
