//! SEAL: what travels with the user agent, and what is kept so that the store cannot read it.
//!
//! A message is the base64url text of
//!
//! ```text
//! version 1 byte | key id 4 | expiry 8, all ones: none | salt 32 | ciphertext | tag 16
//! ```
//!
//! Keys: HKDF-SHA-256 from root key to (purpose, issuer), then with the salt to a key that seals
//! this one message with AES-256-GCM. A key is never used twice, so an anonymous flood of logins
//! cannot exhaust a nonce space. Purpose, issuer, key id, expiry and the caller's context are
//! associated data. There is one text for each message.

use std::{fmt, sync::Arc};

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    base64url,
    clock::UnixTime,
    crypto::{AEAD_NONCE, AEAD_TAG, CryptoBackend, CryptoError},
    entropy::{self, Entropy, EntropyError},
    secret::{Secret, Secret32},
    storage::IssuerTag,
};

mod keys;

#[cfg(test)]
mod tests;

pub use keys::{InvalidSealingKeys, MAX_SEALING_KEYS, SealingKeys};

/// Longest sealed text that is opened, in bytes: no larger than a record's body.
pub const MAX_SEALED: usize = crate::storage::MAX_BODY;

const VERSION: u8 = 1;
const SALT: usize = 32;
const OVERHEAD: usize = 1 + 4 + 8 + SALT + AEAD_TAG;
const NO_EXPIRY: u64 = u64::MAX;

/// The nonce can be fixed because each message has its own key.
const NONCE: [u8; AEAD_NONCE] = [0; AEAD_NONCE];

/// What a message is for. Messages of one purpose never open as another.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Purpose {
    /// The open flow, in its cookie.
    Flow,
    /// The handle of an end user's session, in its cookie.
    Session,
    /// Private keys of the local signer.
    SigningKeys,
    /// Refresh data of an upstream.
    UpstreamCredentials,
    /// User codes of the device flow.
    UserCode,
    /// Form tokens against cross-site requests.
    Csrf,
    /// Seeds of second factors.
    SecondFactor,
}

impl Purpose {
    /// Every purpose, in the order of declaration.
    pub const ALL: [Self; 7] = [
        Self::Flow,
        Self::Session,
        Self::SigningKeys,
        Self::UpstreamCredentials,
        Self::UserCode,
        Self::Csrf,
        Self::SecondFactor,
    ];

    /// The spelling that keys are derived from; never changed.
    const fn label(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Session => "session",
            Self::SigningKeys => "signing-keys",
            Self::UpstreamCredentials => "upstream-credentials",
            Self::UserCode => "user-code",
            Self::Csrf => "csrf",
            Self::SecondFactor => "second-factor",
        }
    }
}

/// A message could not be sealed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// No random salt could be drawn.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The cryptographic library failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The message would be longer than [`MAX_SEALED`].
    #[error("the message is too long to be sealed")]
    TooLong,
}

/// Why a text is not a message of ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SealRefusal {
    /// Not the one spelling of anything that was sealed here.
    #[error("not a sealed message")]
    Malformed,
    /// Sealed under a root key that is not among ours.
    #[error("sealed under an unknown key")]
    UnknownKey,
    /// Changed, or sealed for another purpose, issuer or context.
    #[error("the sealed message is not authentic")]
    Forged,
    /// Authentic, and its time is over.
    #[error("the sealed message has expired")]
    Expired,
}

/// What was in a message.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Opened {
    /// The sealed bytes.
    pub plaintext: Secret,
    /// Until when the message is valid.
    pub expires_at: Option<UnixTime>,
    /// Whether an older root key sealed it: what is kept should be sealed again.
    pub old_key: bool,
}

/// Seals and opens for one issuer.
#[derive(Clone)]
pub struct Sealer {
    crypto: Arc<dyn CryptoBackend>,
    entropy: Arc<dyn Entropy>,
    issuer: IssuerTag,
    roots: Vec<Derived>,
}

/// The keys of one root key for one issuer, in the order of [`Purpose::ALL`].
#[derive(Clone)]
struct Derived {
    id: [u8; 4],
    seal: [Secret32; Purpose::ALL.len()],
    mac: [Secret32; Purpose::ALL.len()],
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer")
            .field("issuer", &self.issuer)
            .field("keys", &self.roots.len())
            .finish_non_exhaustive()
    }
}

impl Sealer {
    /// Derives the keys of this issuer.
    #[must_use]
    pub fn new(
        keys: &SealingKeys,
        issuer: IssuerTag,
        crypto: Arc<dyn CryptoBackend>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let roots = keys
            .roots()
            .iter()
            .map(|root| Derived {
                id: root.id,
                seal: Purpose::ALL.map(|purpose| purpose_key(&root.key, "seal", purpose, issuer)),
                mac: Purpose::ALL.map(|purpose| purpose_key(&root.key, "mac", purpose, issuer)),
            })
            .collect();
        Self {
            crypto,
            entropy,
            issuer,
            roots,
        }
    }

    /// Seals `plaintext` for one purpose, under the first root key.
    ///
    /// `context` is not in the message: [`Self::open`] must be given the same.
    ///
    /// # Errors
    ///
    /// [`SealError`] if no salt could be drawn or the library failed; nothing is sealed then.
    pub fn seal(
        &self,
        purpose: Purpose,
        context: &[u8],
        expires_at: Option<UnixTime>,
        plaintext: &[u8],
    ) -> Result<String, SealError> {
        if plaintext.len() > MAX_SEALED / 4 * 3 - OVERHEAD {
            return Err(SealError::TooLong);
        }
        // There always is a first key; an empty list cannot be made.
        let root = self.roots.first().ok_or(CryptoError)?;
        let salt: [u8; SALT] = entropy::draw(self.entropy.as_ref())?;
        let expiry = expires_at.map_or(NO_EXPIRY, UnixTime::as_secs);
        let mut buffer = Zeroizing::new(Vec::with_capacity(plaintext.len() + AEAD_TAG));
        buffer.extend_from_slice(plaintext);
        self.crypto.aead_seal(
            &message_key(&root.seal[purpose as usize], &salt),
            NONCE,
            &self.associated(purpose, root.id, expiry, context),
            &mut buffer,
        )?;
        let mut message = Vec::with_capacity(OVERHEAD + plaintext.len());
        message.push(VERSION);
        message.extend_from_slice(&root.id);
        message.extend_from_slice(&expiry.to_be_bytes());
        message.extend_from_slice(&salt);
        message.extend_from_slice(&buffer);
        Ok(base64url::encode(&message))
    }

    /// Opens a message of this purpose and context.
    ///
    /// A message has expired at its expiry; the expiry is authenticated before it is judged.
    ///
    /// # Errors
    ///
    /// [`SealRefusal`]: nothing of the message can be trusted then.
    pub fn open(
        &self,
        purpose: Purpose,
        context: &[u8],
        text: &str,
        now: UnixTime,
    ) -> Result<Opened, SealRefusal> {
        let message = Message::parse(text)?;
        let (position, root) = self
            .roots
            .iter()
            .enumerate()
            .find(|(_, root)| root.id == message.key_id)
            .ok_or(SealRefusal::UnknownKey)?;
        let mut buffer = Zeroizing::new(message.sealed);
        self.crypto
            .aead_open(
                &message_key(&root.seal[purpose as usize], &message.salt),
                NONCE,
                &self.associated(purpose, root.id, message.expiry, context),
                &mut buffer,
            )
            .map_err(|_| SealRefusal::Forged)?;
        let expires_at =
            (message.expiry != NO_EXPIRY).then_some(UnixTime::from_secs(message.expiry));
        if expires_at.is_some_and(|expiry| now >= expiry) {
            return Err(SealRefusal::Expired);
        }
        Ok(Opened {
            plaintext: Secret::new(std::mem::take(&mut *buffer)),
            expires_at,
            old_key: position > 0,
        })
    }

    /// HMAC-SHA-256 of `data` under a key of this purpose and issuer, by the first root key.
    ///
    /// Unlike a sealed message it is the same each time, so it can be a record's id.
    #[must_use]
    pub fn mac(&self, purpose: Purpose, data: &[u8]) -> [u8; 32] {
        self.macs(purpose, data).next().unwrap_or_default()
    }

    /// The same under each root key, the first one first: where to look for what an older root
    /// key may have named.
    pub fn macs(&self, purpose: Purpose, data: &[u8]) -> impl Iterator<Item = [u8; 32]> {
        self.roots
            .iter()
            .map(move |root| hmac(&root.mac[purpose as usize], data))
    }

    /// Whether `mac` is the HMAC of `data` under any root key, in constant time.
    #[must_use]
    pub fn verify_mac(&self, purpose: Purpose, data: &[u8], mac: &[u8]) -> bool {
        self.macs(purpose, data)
            .fold(false, |found, own| bool::from(own.ct_eq(mac)) | found)
    }

    fn associated(&self, purpose: Purpose, key: [u8; 4], expiry: u64, context: &[u8]) -> Vec<u8> {
        let label = purpose.label();
        let mut data = Vec::with_capacity(64 + context.len());
        data.extend_from_slice(b"oidc-core sealed message\0");
        data.push(VERSION);
        data.extend_from_slice(label.as_bytes());
        data.push(0);
        data.extend_from_slice(self.issuer.as_bytes());
        data.extend_from_slice(&key);
        data.extend_from_slice(&expiry.to_be_bytes());
        // Last and of any length; all before it have one length or end with a zero.
        data.extend_from_slice(context);
        data
    }
}

struct Message {
    key_id: [u8; 4],
    expiry: u64,
    salt: [u8; SALT],
    sealed: Vec<u8>,
}

impl Message {
    fn parse(text: &str) -> Result<Self, SealRefusal> {
        if text.len() > MAX_SEALED {
            return Err(SealRefusal::Malformed);
        }
        let bytes = base64url::decode(text).ok_or(SealRefusal::Malformed)?;
        Self::split(&bytes).ok_or(SealRefusal::Malformed)
    }

    fn split(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        let (key_id, rest) = rest.split_first_chunk::<4>()?;
        let (expiry, rest) = rest.split_first_chunk::<8>()?;
        let (salt, sealed) = rest.split_first_chunk::<SALT>()?;
        (*version == VERSION && sealed.len() >= AEAD_TAG).then(|| Self {
            key_id: *key_id,
            expiry: u64::from_be_bytes(*expiry),
            salt: *salt,
            sealed: sealed.to_vec(),
        })
    }
}

/// HKDF-SHA-256 ([RFC 5869]) from a root key to one use, purpose and issuer.
///
/// [RFC 5869]: https://www.rfc-editor.org/rfc/rfc5869
fn purpose_key(root: &Secret32, usage: &str, purpose: Purpose, issuer: IssuerTag) -> Secret32 {
    let info = [
        b"oidc-core ",
        usage.as_bytes(),
        b"\0",
        purpose.label().as_bytes(),
        b"\0",
        issuer.as_bytes(),
    ]
    .concat();
    expand(None, root, &info)
}

fn message_key(purpose: &Secret32, salt: &[u8; SALT]) -> Secret32 {
    expand(Some(salt), purpose, b"oidc-core message")
}

#[expect(
    clippy::expect_used,
    reason = "HKDF-SHA-256 gives up to 8160 bytes; 32 never fail"
)]
fn expand(salt: Option<&[u8]>, key: &Secret32, info: &[u8]) -> Secret32 {
    let mut out = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(salt, key.expose())
        .expand(info, out.as_mut_slice())
        .expect("32 bytes are a valid length");
    Secret32::from_bytes(*out)
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn hmac(key: &Secret32, data: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("any length is valid");
    mac.update(data);
    mac.finalize().into_bytes().into()
}
