//! Handles: codes, refresh tokens and session cookies as they are held outside.
//!
//! A handle is a prefix (for secret scanners and people), then canonical base64url of the record's
//! id, the secrets, and a checksum. Exactly one text is valid for each value: what does not decode
//! canonically or fails its checksum is refused before anything is read from storage. The checksum
//! is no protection; the 256-bit secret is. Storage keeps SHA-256 of secrets only.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    base64url,
    entropy::{Entropy, EntropyError, draw, draw_secret},
    secret::{Secret32, SecretHash},
};

const CHECKSUM: usize = 4;

/// Name of a stored record, drawn at random: 128 bits, 22 characters of base64url.
macro_rules! record_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; 16]);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl $name {
            /// Draws a fresh id.
            ///
            /// # Errors
            ///
            /// [`EntropyError`] if the source of randomness failed.
            pub fn draw(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
                Ok(Self(draw(entropy)?))
            }

            /// Parses the 22 characters; `None` if they are anything else.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                base64url::decode_array(text).map(Self)
            }

            /// The id's bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&base64url::encode(&self.0))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text).ok_or("not 16 bytes in base64url")
            }
        }
    };
}

record_id!(
    /// Identifies a grant; drawn when the flow opens, long before the grant is stored.
    GrantId
);
record_id!(
    /// Identifies an end user's session; the `sid` claim.
    SessionId
);
record_id!(
    /// Identifies one attempt to write a record, so that the writer recognises its own write
    /// after an answer was lost.
    WriteId
);

/// A handle of a record's id and one 256-bit secret.
macro_rules! secret_handle {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $field:ident: $id:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name {
            $field: $id,
            secret: Secret32,
        }

        impl $name {
            const PREFIX: &str = $prefix;

            /// Parses the one valid text of this handle.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let bytes = decode::<48>(Self::PREFIX, text)?;
                Some(Self {
                    $field: $id(slice(&bytes, 0)),
                    secret: Secret32::from_bytes(slice(&bytes, 16)),
                })
            }

            /// The record it names.
            #[must_use]
            pub const fn $field(&self) -> $id {
                self.$field
            }

            /// What storage keeps.
            #[must_use]
            pub fn hash(&self) -> SecretHash {
                SecretHash::of(self.secret.expose())
            }

            /// Whether `hash` is of this handle; takes constant time.
            #[must_use]
            pub fn matches(&self, hash: &SecretHash) -> bool {
                hash.matches(self.secret.expose())
            }

            /// The text that is held outside. Never log it.
            #[must_use]
            pub fn expose(&self) -> Zeroizing<String> {
                encode(Self::PREFIX, &[&self.$field.0, self.secret.expose()])
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({}, …)", stringify!($name), self.$field)
            }
        }
    };
}

secret_handle!(
    /// An authorization code as the client holds it; storage sees only its [`SecretHash`].
    AuthorizationCode, "oac_", grant_id: GrantId
);
secret_handle!(
    /// The session cookie's value; storage sees only its [`SecretHash`].
    SessionHandle, "oss_", session_id: SessionId
);

impl AuthorizationCode {
    /// Draws the code of a grant.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] if the source of randomness failed.
    pub fn draw(grant_id: GrantId, entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        Ok(Self {
            grant_id,
            secret: draw_secret(entropy)?,
        })
    }
}

impl SessionHandle {
    /// Draws the handle of a new session.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] if the source of randomness failed.
    pub fn draw(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        Ok(Self {
            session_id: SessionId::draw(entropy)?,
            secret: draw_secret(entropy)?,
        })
    }
}

/// A refresh token as the client holds it; storage sees only hashes.
///
/// Besides its own secret it carries the family's, which stays the same for the life of the grant:
/// whoever shows it once held a genuine token, so an old one can be told from a forged one.
#[derive(Clone)]
pub struct RefreshToken {
    grant_id: GrantId,
    family: Zeroizing<[u8; 16]>,
    secret: Secret32,
}

impl RefreshToken {
    const PREFIX: &str = "ort_";

    /// Draws the first token of a grant.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] if the source of randomness failed.
    pub fn draw(grant_id: GrantId, entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        Ok(Self {
            grant_id,
            family: Zeroizing::new(draw(entropy)?),
            secret: draw_secret(entropy)?,
        })
    }

    /// Parses the one valid text of a refresh token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = decode::<64>(Self::PREFIX, text)?;
        Some(Self {
            grant_id: GrantId(slice(&bytes, 0)),
            family: Zeroizing::new(slice(&bytes, 16)),
            secret: Secret32::from_bytes(slice(&bytes, 32)),
        })
    }

    /// The grant the token belongs to.
    #[must_use]
    pub const fn grant_id(&self) -> GrantId {
        self.grant_id
    }

    /// What storage keeps of the family secret.
    #[must_use]
    pub fn family_hash(&self) -> SecretHash {
        SecretHash::of(&*self.family)
    }

    /// What storage keeps of the token's own secret.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(self.secret.expose())
    }

    /// Whether `hash` is of this token's family; takes constant time.
    #[must_use]
    pub fn is_of_family(&self, hash: &SecretHash) -> bool {
        hash.matches(&*self.family)
    }

    /// Whether `hash` is of this token's own secret; takes constant time.
    #[must_use]
    pub fn matches(&self, hash: &SecretHash) -> bool {
        hash.matches(self.secret.expose())
    }

    /// The next token of the family: its secret is HMAC-SHA-256 of the stored nonce under this
    /// token's secret, so that only who holds this token, or the answer, knows it, and the same
    /// answer can be given again to a client that lost it.
    #[must_use]
    pub fn successor(&self, nonce: &RotationNonce) -> Self {
        use hmac::{Hmac, KeyInit, Mac};
        // RFC 2104 pads a short key with zeros to the block, so this cannot fail.
        let mut key = Zeroizing::new([0; 64]);
        key[..32].copy_from_slice(self.secret.expose());
        let mut mac = Hmac::<Sha256>::new((&*key).into());
        mac.update(&nonce.0);
        Self {
            grant_id: self.grant_id,
            family: self.family.clone(),
            secret: Secret32::from_bytes(mac.finalize().into_bytes().into()),
        }
    }

    /// The text that goes to the client. Never log it.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        encode(
            Self::PREFIX,
            &[&self.grant_id.0, &*self.family, self.secret.expose()],
        )
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefreshToken({}, …)", self.grant_id)
    }
}

/// The random value from which a successor's secret derives; worthless without the predecessor.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RotationNonce([u8; 32]);

impl RotationNonce {
    /// Draws a fresh nonce.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] if the source of randomness failed.
    pub fn draw(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        Ok(Self(draw(entropy)?))
    }
}

impl From<RotationNonce> for String {
    fn from(nonce: RotationNonce) -> Self {
        base64url::encode(&nonce.0)
    }
}

impl TryFrom<String> for RotationNonce {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        base64url::decode_array(&text)
            .map(Self)
            .ok_or("not 32 bytes in base64url")
    }
}

fn slice<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut part = [0; N];
    // Callers pass arrays whose length covers the part; a shorter one leaves zeros.
    if let Some(found) = bytes.get(at..at + N) {
        part.copy_from_slice(found);
    }
    part
}

fn checksum(prefix: &str, payload: &[u8]) -> [u8; CHECKSUM] {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(prefix)
        .chain_update(payload)
        .finalize()
        .into();
    slice(&digest, 0)
}

fn encode(prefix: &str, parts: &[&[u8]]) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(68));
    for part in parts {
        bytes.extend_from_slice(part);
    }
    let sum = checksum(prefix, &bytes);
    bytes.extend_from_slice(&sum);
    let body = Zeroizing::new(base64url::encode(&bytes));
    Zeroizing::new([prefix, body.as_str()].concat())
}

fn decode<const N: usize>(prefix: &str, text: &str) -> Option<Zeroizing<Vec<u8>>> {
    // A handle has one length; longer text is refused before it is decoded.
    if text.len() > 128 {
        return None;
    }
    let mut bytes = Zeroizing::new(base64url::decode(text.strip_prefix(prefix)?)?);
    if bytes.len() != N + CHECKSUM {
        return None;
    }
    let sum = bytes.split_off(N);
    (checksum(prefix, &bytes) == *sum).then_some(bytes)
}
