//! JSON Web Signatures in the compact serialization ([RFC 7515]).
//!
//! [RFC 7515]: https://www.rfc-editor.org/rfc/rfc7515

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    KeyId, MAX_KEY_ID, SigningAlgorithm, VerificationKeys,
    json::{self, JsonRefusal},
};
use crate::base64url;

/// Longest token that is read, in bytes: the largest ID token that is issued.
pub const MAX_JWS: usize = 64 * 1024;

/// The protected header that we write.
#[derive(Clone, Copy, Debug, Serialize)]
#[non_exhaustive]
pub struct Header<'a> {
    /// The algorithm of the key.
    pub alg: SigningAlgorithm,
    /// The class of the token.
    pub typ: &'a str,
    /// The key's id.
    pub kid: &'a KeyId,
}

impl<'a> Header<'a> {
    /// A header of these three members.
    #[must_use]
    pub const fn new(alg: SigningAlgorithm, typ: &'a str, kid: &'a KeyId) -> Self {
        Self { alg, typ, kid }
    }

    fn to_json(self) -> String {
        let text = |value: &str| Value::from(value).to_string();
        format!(
            r#"{{"alg":"{}","typ":{},"kid":{}}}"#,
            self.alg.as_str(),
            text(self.typ),
            text(self.kid.as_str())
        )
    }
}

/// The bytes to sign: header and payload, encoded and joined ([RFC 7515 section 5.1]).
///
/// [RFC 7515 section 5.1]: https://www.rfc-editor.org/rfc/rfc7515#section-5.1
#[must_use]
pub fn signing_input(header: &Header<'_>, payload: &[u8]) -> String {
    let mut input = base64url::encode(header.to_json().as_bytes());
    input.push('.');
    input.push_str(&base64url::encode(payload));
    input
}

/// The finished token: what was signed, and the signature.
#[must_use]
pub fn assemble(mut signing_input: String, signature: &[u8]) -> String {
    signing_input.push('.');
    signing_input.push_str(&base64url::encode(signature));
    signing_input
}

/// Which `typ` a token must bear ([RFC 8725 section 3.11]).
///
/// [RFC 8725 section 3.11]: https://www.rfc-editor.org/rfc/rfc8725#section-3.11
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ExpectedType<'a> {
    /// Exactly this text, byte for byte. For every class of token that we sign.
    Exactly(&'a str),
    /// This media type with or without `application/`, in any case ([RFC 7515 section 4.1.9]).
    /// For typed tokens that others make.
    ///
    /// [RFC 7515 section 4.1.9]: https://www.rfc-editor.org/rfc/rfc7515#section-4.1.9
    MediaType(&'a str),
    /// Absent or `JWT` in any case: the classes older than explicit types, ID tokens of an
    /// upstream and client assertions. Every other type is refused.
    JwtOrAbsent,
}

impl ExpectedType<'_> {
    fn matches(self, typ: Option<&str>) -> bool {
        match self {
            Self::Exactly(expected) => typ == Some(expected),
            Self::MediaType(expected) => typ.is_some_and(|typ| same_media_type(typ, expected)),
            Self::JwtOrAbsent => typ.is_none_or(|typ| same_media_type(typ, "JWT")),
        }
    }
}

fn same_media_type(one: &str, other: &str) -> bool {
    const PREFIX: &str = "application/";
    let bare = |text: &str| match text.get(..PREFIX.len()) {
        Some(start) if start.eq_ignore_ascii_case(PREFIX) => {
            text[PREFIX.len()..].to_ascii_lowercase()
        }
        _ => text.to_ascii_lowercase(),
    };
    bare(one) == bare(other)
}

/// Why a token's signature does not count.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JwsRefusal {
    /// Longer than [`MAX_JWS`].
    #[error("the token is longer than {MAX_JWS} bytes")]
    TooLong,
    /// Not three parts, or a part is not in its one base64url spelling.
    #[error("not a compact JWS")]
    NotCompact,
    /// The header is not an acceptable JSON object.
    #[error("header: {0}")]
    Header(JsonRefusal),
    /// A header member is absent, of the wrong type or too long.
    #[error("header member {0} is missing or malformed")]
    Member(&'static str),
    /// The header demands an extension; none is understood here.
    #[error("header member {0} demands an extension")]
    Critical(&'static str),
    /// The token is of another class.
    #[error("the token is of another type")]
    Type,
    /// No key has this `kid`, or there is no key.
    #[error("the key is not known")]
    UnknownKey,
    /// Several keys could be meant.
    #[error("several keys could be meant")]
    AmbiguousKey,
    /// The header names another algorithm than the key's.
    #[error("the algorithm is not the key's")]
    Algorithm,
    /// The signature is not the key's over these bytes.
    #[error("the signature is wrong")]
    Signature,
}

/// A payload that was signed by a key that was asked for. Only [`verify`] makes one.
#[derive(Clone)]
pub struct VerifiedJws {
    payload: Vec<u8>,
    kid: Option<KeyId>,
    algorithm: SigningAlgorithm,
}

impl fmt::Debug for VerifiedJws {
    // Payloads hold what end users are; they stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedJws")
            .field("payload", &format_args!("{} bytes", self.payload.len()))
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish()
    }
}

impl VerifiedJws {
    /// What was signed.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The `kid` of the header.
    #[must_use]
    pub const fn kid(&self) -> Option<&KeyId> {
        self.kid.as_ref()
    }

    /// The algorithm of the key.
    #[must_use]
    pub const fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }
}

/// Verifies a token in the compact serialization.
///
/// The key is chosen by `kid` (absent: only if there is exactly one key), the algorithm by the
/// key; the header's `alg` is only compared. `jwk`, `jku`, `x5u` and `x5c` are ignored. Any
/// `crit` and any `b64` refuses, since no extension is understood.
///
/// # Errors
///
/// [`JwsRefusal`] names the first check that failed.
pub fn verify(
    token: &str,
    expected: ExpectedType<'_>,
    keys: &VerificationKeys,
) -> Result<VerifiedJws, JwsRefusal> {
    let parts = split(token)?;
    let header = read_header(parts.header)?;
    check_extensions(&header)?;
    let typ = text(&header, "typ")?;
    if !expected.matches(typ) {
        return Err(JwsRefusal::Type);
    }
    let kid = text(&header, "kid")?;
    if kid.is_some_and(|kid| kid.len() > MAX_KEY_ID) {
        return Err(JwsRefusal::Member("kid"));
    }
    let key = keys.select(kid)?;
    let alg = text(&header, "alg")?.ok_or(JwsRefusal::Member("alg"))?;
    if alg != key.algorithm().as_str() {
        return Err(JwsRefusal::Algorithm);
    }
    let payload = base64url::decode(parts.payload).ok_or(JwsRefusal::NotCompact)?;
    let signature = base64url::decode(parts.signature).ok_or(JwsRefusal::NotCompact)?;
    key.verify(parts.signing_input.as_bytes(), &signature)
        .map_err(|_| JwsRefusal::Signature)?;
    Ok(VerifiedJws {
        payload,
        kid: kid.map(|kid| KeyId(kid.to_owned())),
        algorithm: key.algorithm(),
    })
}

struct Parts<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    signing_input: &'a str,
}

fn split(token: &str) -> Result<Parts<'_>, JwsRefusal> {
    if token.len() > MAX_JWS {
        return Err(JwsRefusal::TooLong);
    }
    let (signing_input, signature) = token.rsplit_once('.').ok_or(JwsRefusal::NotCompact)?;
    let (header, payload) = signing_input
        .split_once('.')
        .ok_or(JwsRefusal::NotCompact)?;
    if payload.contains('.') || header.is_empty() || signature.is_empty() {
        return Err(JwsRefusal::NotCompact);
    }
    Ok(Parts {
        header,
        payload,
        signature,
        signing_input,
    })
}

fn read_header(part: &str) -> Result<Map<String, Value>, JwsRefusal> {
    let bytes = base64url::decode(part).ok_or(JwsRefusal::NotCompact)?;
    json::parse_object(&bytes).map_err(JwsRefusal::Header)
}

/// RFC 7515 section 4.1.11: what is critical and not understood refuses the token. RFC 7797
/// section 6: `b64` only ever stands there together with `crit`.
fn check_extensions(header: &Map<String, Value>) -> Result<(), JwsRefusal> {
    ["crit", "b64"]
        .into_iter()
        .find(|name| header.contains_key(*name))
        .map_or(Ok(()), |name| Err(JwsRefusal::Critical(name)))
}

fn text<'a>(
    header: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, JwsRefusal> {
    match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(JwsRefusal::Member(name)),
    }
}
