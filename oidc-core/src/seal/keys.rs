//! The root keys that everything sealed hangs on.

use std::fmt;

use base64ct::{Base64, Base64Unpadded, Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use crate::secret::Secret32;

/// Most root keys at once: the present one, and old ones until what they sealed is gone.
pub const MAX_SEALING_KEYS: usize = 8;

/// The root keys: the first seals, all open.
///
/// They come from a file, the environment or a key service, **never from the store** that they
/// protect. `Debug` shows their ids only.
#[derive(Clone)]
pub struct SealingKeys {
    keys: Vec<RootKey>,
}

/// One root key.
#[derive(Clone)]
pub(super) struct RootKey {
    pub(super) id: [u8; 4],
    pub(super) key: Secret32,
}

/// The sealing keys cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSealingKeys {
    /// There is no key.
    #[error("there is no sealing key")]
    None,
    /// A line is not 32 bytes in base64, base64url or hexadecimal digits.
    #[error("sealing key {position}: not 32 bytes in base64, base64url or hex")]
    Malformed {
        /// Which key, from 1.
        position: usize,
    },
    /// All bytes of a key are equal: a placeholder.
    #[error("sealing key {position} is a placeholder, not a random key")]
    Placeholder {
        /// Which key, from 1.
        position: usize,
    },
    /// Two keys are equal or have the same id.
    #[error("sealing key {position} repeats an earlier one")]
    Repeated {
        /// Which key, from 1.
        position: usize,
    },
    /// More than [`MAX_SEALING_KEYS`].
    #[error("more than {MAX_SEALING_KEYS} sealing keys")]
    TooMany,
}

impl SealingKeys {
    /// These root keys, the sealing one first.
    ///
    /// # Errors
    ///
    /// [`InvalidSealingKeys`] if there is none, too many, a repeated one or a placeholder.
    pub fn new(keys: Vec<Secret32>) -> Result<Self, InvalidSealingKeys> {
        if keys.is_empty() {
            return Err(InvalidSealingKeys::None);
        }
        if keys.len() > MAX_SEALING_KEYS {
            return Err(InvalidSealingKeys::TooMany);
        }
        let mut roots: Vec<RootKey> = Vec::with_capacity(keys.len());
        for (index, key) in keys.into_iter().enumerate() {
            let position = index + 1;
            let bytes = key.expose();
            if bytes.iter().all(|byte| *byte == bytes[0]) {
                return Err(InvalidSealingKeys::Placeholder { position });
            }
            let id = key_id(&key);
            if roots.iter().any(|known| known.id == id) {
                return Err(InvalidSealingKeys::Repeated { position });
            }
            roots.push(RootKey { id, key });
        }
        Ok(Self { keys: roots })
    }

    /// Reads the content of a key file: exactly 32 raw bytes, or one key a line in base64url,
    /// base64 (with or without padding) or hexadecimal digits. Empty lines are skipped.
    ///
    /// # Errors
    ///
    /// [`InvalidSealingKeys`]; the error never quotes the content.
    pub fn parse(content: &[u8]) -> Result<Self, InvalidSealingKeys> {
        if let Ok(raw) = <[u8; 32]>::try_from(content) {
            return Self::new(vec![Secret32::from_bytes(raw)]);
        }
        let text = std::str::from_utf8(content)
            .map_err(|_| InvalidSealingKeys::Malformed { position: 1 })?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let mut keys = Vec::new();
        for (index, line) in lines.enumerate() {
            if index == MAX_SEALING_KEYS {
                return Err(InvalidSealingKeys::TooMany);
            }
            let key = read_key(line).ok_or(InvalidSealingKeys::Malformed {
                position: index + 1,
            })?;
            keys.push(key);
        }
        Self::new(keys)
    }

    pub(super) fn roots(&self) -> &[RootKey] {
        &self.keys
    }
}

impl fmt::Debug for SealingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.keys.iter().map(|root| u32::from_be_bytes(root.id)))
            .finish()
    }
}

/// Four bytes that name a root key; they stand in every message in clear.
fn key_id(key: &Secret32) -> [u8; 4] {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(b"oidc-core sealing key id\0")
        .chain_update(key.expose())
        .finalize()
        .into();
    [digest[0], digest[1], digest[2], digest[3]]
}

fn read_key(text: &str) -> Option<Secret32> {
    let mut bytes = [0; 32];
    let read = match text.len() {
        43 | 44 => [
            Base64UrlUnpadded::decode,
            Base64Unpadded::decode,
            Base64::decode,
        ]
        .into_iter()
        .any(|decode| decode(text, &mut bytes).is_ok_and(|read| read.len() == 32)),
        64 => read_hex(text, &mut bytes),
        _ => false,
    };
    let key = read.then(|| Secret32::from_bytes(bytes));
    bytes.zeroize();
    key
}

fn read_hex(text: &str, bytes: &mut [u8; 32]) -> bool {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    let (pairs, _) = text.as_bytes().as_chunks::<2>();
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let (Some(high), Some(low)) = (digit(*high), digit(*low)) else {
            return false;
        };
        *byte = high << 4 | low;
    }
    true
}
