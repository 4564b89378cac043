//! base64url without padding ([RFC 7515 section 2]): one text for each byte string.
//!
//! [RFC 7515 section 2]: https://www.rfc-editor.org/rfc/rfc7515#section-2

use base64ct::{Base64UrlUnpadded, Encoding};

/// Encodes `bytes` without padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// Decodes canonical text: no padding, no white space, no spare bits, no `+` or `/`.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).ok()
}

/// Decodes canonical text of exactly `N` bytes.
#[must_use]
pub fn decode_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    decode(text)?.try_into().ok()
}
