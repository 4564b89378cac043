//! Sets of public keys ([RFC 7517 section 5]).
//!
//! [RFC 7517 section 5]: https://www.rfc-editor.org/rfc/rfc7517#section-5

use serde_json::Value;

use super::{
    InvalidJwk, Jwk,
    json::{self, JsonRefusal},
};

/// Largest JWK Set that is read, in bytes: what any fetched JSON may have.
pub const MAX_JWKS_BYTES: usize = 256 * 1024;

/// Most keys in a set, unknown ones included: ten times what large providers publish.
pub const MAX_JWKS_KEYS: usize = 128;

/// A JWK Set cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidJwks {
    /// Longer than [`MAX_JWKS_BYTES`].
    #[error("the key set is longer than {MAX_JWKS_BYTES} bytes")]
    TooLong,
    /// Not an acceptable JSON object.
    #[error(transparent)]
    Json(#[from] JsonRefusal),
    /// `keys` is missing or not an array of objects.
    #[error("keys is missing or not an array of objects")]
    NotASet,
    /// More than [`MAX_JWKS_KEYS`] keys.
    #[error("the key set holds more than {MAX_JWKS_KEYS} keys")]
    TooManyKeys,
    /// A key of a known type is broken.
    #[error("key {index}: {problem}")]
    Key {
        /// Position of the key in the set, from 0.
        index: usize,
        /// What is wrong with it.
        problem: InvalidJwk,
    },
}

/// A set of public keys.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Jwks {
    keys: Vec<Jwk>,
}

impl Jwks {
    /// A set of these keys.
    #[must_use]
    pub const fn new(keys: Vec<Jwk>) -> Self {
        Self { keys }
    }

    /// Reads a set. Keys of unknown type, curve, algorithm or use are skipped, as
    /// [RFC 7517 section 5] asks; a broken key of a known kind refuses the whole set.
    ///
    /// # Errors
    ///
    /// [`InvalidJwks`] says what is wrong.
    ///
    /// [RFC 7517 section 5]: https://www.rfc-editor.org/rfc/rfc7517#section-5
    pub fn parse(json: &[u8]) -> Result<Self, InvalidJwks> {
        if json.len() > MAX_JWKS_BYTES {
            return Err(InvalidJwks::TooLong);
        }
        let members = json::parse_object(json)?;
        let Some(Value::Array(entries)) = members.get("keys") else {
            return Err(InvalidJwks::NotASet);
        };
        if entries.len() > MAX_JWKS_KEYS {
            return Err(InvalidJwks::TooManyKeys);
        }
        let mut keys = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let Value::Object(members) = entry else {
                return Err(InvalidJwks::NotASet);
            };
            match Jwk::from_members(members) {
                Ok(key) => keys.push(key),
                Err(InvalidJwk::Unsupported(_)) => {}
                Err(problem) => return Err(InvalidJwks::Key { index, problem }),
            }
        }
        Ok(Self { keys })
    }

    /// The keys, in the order of the set.
    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// The one JSON text of this set.
    #[must_use]
    pub fn to_json(&self) -> String {
        let keys: Vec<String> = self.keys.iter().map(Jwk::to_json).collect();
        format!(r#"{{"keys":[{}]}}"#, keys.join(","))
    }
}
