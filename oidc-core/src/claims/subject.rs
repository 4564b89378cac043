//! `sub`: who the end user is, for all clients.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{base64url, identity::UpstreamSubject, protocol::ConnectorId};

/// Characters of a `sub` ([OIDC Core section 2](https://openid.net/specs/openid-connect-core-1_0.html#IDToken)).
pub const MAX_SUBJECT_CHARS: usize = 255;

/// Protobuf tags: field number and wire type 2 (length-delimited).
const USER_ID: u8 = 0x0a;
const CONNECTOR_ID: u8 = 0x12;
const DIGEST: u8 = 0x1a;

/// The `sub` of an end user: an injective encoding of connector and upstream subject.
///
/// The bytes are Dex's, so that moving from Dex changes no subject: base64url of a protobuf
/// message with the upstream subject in field 1 and the connector id in field 2. Where that would
/// be longer than 255 characters, it is base64url of a message whose only field, 3, is the
/// SHA-256 of the long message. The first byte tells the forms apart, so they cannot collide.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subject(String);

/// A text that is no `sub`: empty, longer than 255 characters, or not printable ASCII.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a subject has 1 to 255 printable ASCII characters")]
#[non_exhaustive]
pub struct InvalidSubject;

impl Subject {
    /// The public `sub` of an end user.
    #[must_use]
    pub fn public(connector_id: &ConnectorId, upstream: &UpstreamSubject) -> Self {
        let mut message = Vec::new();
        push_field(&mut message, USER_ID, upstream.as_str().as_bytes());
        push_field(&mut message, CONNECTOR_ID, connector_id.as_str().as_bytes());
        let plain = base64url::encode(&message);
        if plain.len() <= MAX_SUBJECT_CHARS {
            return Self(plain);
        }
        let mut hashed = Vec::new();
        push_field(&mut hashed, DIGEST, &Sha256::digest(&message));
        Self(base64url::encode(&hashed))
    }

    /// Takes a `sub` as it is, for example from a record or an administrator.
    ///
    /// # Errors
    ///
    /// [`InvalidSubject`].
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidSubject> {
        let text = text.into();
        let printable = |byte| (0x21..=0x7e).contains(&byte);
        if text.is_empty() || text.len() > MAX_SUBJECT_CHARS || !text.bytes().all(printable) {
            return Err(InvalidSubject);
        }
        Ok(Self(text))
    }

    /// Connector and upstream subject; `None` for the hashed form and for foreign text.
    ///
    /// Only the canonical encoding is read: what comes out encodes to this very text.
    #[must_use]
    pub fn decode(&self) -> Option<(ConnectorId, UpstreamSubject)> {
        let message = base64url::decode(&self.0)?;
        let (user_id, rest) = read_field(&message, USER_ID)?;
        let (connector_id, rest) = read_field(rest, CONNECTOR_ID)?;
        if !rest.is_empty() {
            return None;
        }
        let upstream = UpstreamSubject::parse(std::str::from_utf8(user_id).ok()?).ok()?;
        let connector = ConnectorId::parse(std::str::from_utf8(connector_id).ok()?).ok()?;
        Some((connector, upstream))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn push_field(message: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    message.push(tag);
    let mut length = bytes.len();
    while length >= 0x80 {
        message.push(0x80 | (length & 0x7f) as u8);
        length >>= 7;
    }
    message.push(length as u8);
    message.extend_from_slice(bytes);
}

/// The bytes of a field and what follows it.
fn read_field(message: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, mut rest) = message.split_first()?;
    if found != tag {
        return None;
    }
    let mut length = 0;
    // Two bytes reach 16,383, far beyond the 255 characters that can get here.
    for shift in [0, 7] {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            // A trailing zero byte would be a second spelling of the same length.
            let canonical = shift == 0 || byte != 0;
            return (canonical && length <= rest.len()).then(|| rest.split_at(length));
        }
    }
    None
}

impl TryFrom<String> for Subject {
    type Error = InvalidSubject;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(text)
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
