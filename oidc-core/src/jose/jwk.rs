//! Public keys as JSON Web Keys ([RFC 7517]), and their thumbprints ([RFC 7638]).
//!
//! [RFC 7517]: https://www.rfc-editor.org/rfc/rfc7517
//! [RFC 7638]: https://www.rfc-editor.org/rfc/rfc7638

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{
    KeyId, SigningAlgorithm,
    json::{self, JsonRefusal},
};
use crate::base64url;

/// Longest `kid` that is read, in bytes: room for a hash in any spelling, a URL, a file name.
pub const MAX_KEY_ID: usize = 256;

/// Members that hold private or symmetric keys ([RFC 7518 section 6], [RFC 8037 section 2]).
///
/// [RFC 7518 section 6]: https://www.rfc-editor.org/rfc/rfc7518#section-6
/// [RFC 8037 section 2]: https://www.rfc-editor.org/rfc/rfc8037#section-2
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Smallest and largest RSA modulus in bits ([RFC 7518 section 3.3] demands 2048).
///
/// [RFC 7518 section 3.3]: https://www.rfc-editor.org/rfc/rfc7518#section-3.3
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Largest RSA exponent: 33 bits, as the back ends take it; a larger one only costs time.
const MAX_RSA_EXPONENT: u64 = (1 << 33) - 1;

/// y coordinates (little endian, sign bit cleared) of the Ed25519 points of small order, and the
/// spellings of two of them that exceed the field: such a key signs everything.
const ED25519_SMALL_ORDER: [&str; 7] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/// A JSON Web Key is not one that may verify signatures here.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidJwk {
    /// Not an acceptable JSON object.
    #[error(transparent)]
    Json(#[from] JsonRefusal),
    /// A key type, curve, algorithm or use that is not known here; sets may hold such keys.
    #[error("the key is of no use here: {0}")]
    Unsupported(&'static str),
    /// A member is absent, of the wrong type, or not in its one spelling.
    #[error("member {0} is missing or malformed")]
    Member(&'static str),
    /// A member of a private or symmetric key stands in it.
    #[error("the key holds private member {0}")]
    Private(&'static str),
    /// Size, exponent or point are outside what is safe.
    #[error("unacceptable key: {0}")]
    Weak(&'static str),
}

/// The numbers of a public key, in the sizes their type demands.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PublicKey {
    /// RSA: modulus and exponent, big endian, without leading zeros.
    #[non_exhaustive]
    Rsa {
        /// The modulus, 2048 to 8192 bits.
        n: Vec<u8>,
        /// The exponent, odd, 3 to 33 bits of ones.
        e: Vec<u8>,
    },
    /// A point on P-256. Whether it lies on the curve is for the back end to say.
    #[non_exhaustive]
    P256 {
        /// First coordinate, big endian.
        x: [u8; 32],
        /// Second coordinate, big endian.
        y: [u8; 32],
    },
    /// An Ed25519 public key ([RFC 8032]).
    ///
    /// [RFC 8032]: https://www.rfc-editor.org/rfc/rfc8032
    #[non_exhaustive]
    Ed25519 {
        /// The encoded point.
        x: [u8; 32],
    },
}

impl PublicKey {
    /// An RSA key of these numbers, big endian.
    ///
    /// # Errors
    ///
    /// [`InvalidJwk::Member`] for leading zeros; [`InvalidJwk::Weak`] for a modulus that is even
    /// or not of 2048 to 8192 bits, or an exponent that is even, below 3 or above 33 bits.
    pub fn rsa(n: Vec<u8>, e: Vec<u8>) -> Result<Self, InvalidJwk> {
        if n.first().is_none_or(|byte| *byte == 0) {
            return Err(InvalidJwk::Member("n"));
        }
        if e.first().is_none_or(|byte| *byte == 0) {
            return Err(InvalidJwk::Member("e"));
        }
        let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
        if !RSA_BITS.contains(&bits) {
            return Err(InvalidJwk::Weak("RSA modulus is not of 2048 to 8192 bits"));
        }
        if n.last().is_none_or(|byte| byte % 2 == 0) {
            return Err(InvalidJwk::Weak("RSA modulus is even"));
        }
        let exponent = (e.len() <= 8).then(|| {
            e.iter()
                .fold(0_u64, |value, byte| value << 8 | u64::from(*byte))
        });
        match exponent {
            Some(exponent) if exponent % 2 == 1 && (3..=MAX_RSA_EXPONENT).contains(&exponent) => {
                Ok(Self::Rsa { n, e })
            }
            _ => Err(InvalidJwk::Weak("RSA exponent")),
        }
    }

    /// A P-256 key of these coordinates.
    #[must_use]
    pub const fn p256(x: [u8; 32], y: [u8; 32]) -> Self {
        Self::P256 { x, y }
    }

    /// An Ed25519 key of this encoded point.
    ///
    /// # Errors
    ///
    /// [`InvalidJwk::Weak`] for points of small order, under which any signature can be made.
    pub fn ed25519(x: [u8; 32]) -> Result<Self, InvalidJwk> {
        let mut y = x;
        y[31] &= 0x7f;
        let spelled: String = y.iter().map(|byte| format!("{byte:02x}")).collect();
        if ED25519_SMALL_ORDER.contains(&spelled.as_str()) {
            return Err(InvalidJwk::Weak("Ed25519 point of small order"));
        }
        Ok(Self::Ed25519 { x })
    }

    /// Whether keys of this type can verify `algorithm`.
    #[must_use]
    pub const fn fits(&self, algorithm: SigningAlgorithm) -> bool {
        match algorithm {
            SigningAlgorithm::Rs256 => matches!(self, Self::Rsa { .. }),
            SigningAlgorithm::Es256 => matches!(self, Self::P256 { .. }),
            SigningAlgorithm::EdDsa => matches!(self, Self::Ed25519 { .. }),
        }
    }

    /// The required members, in the order and form that [RFC 7638 section 3] hashes.
    ///
    /// [RFC 7638 section 3]: https://www.rfc-editor.org/rfc/rfc7638#section-3
    fn required_members(&self) -> String {
        let text = base64url::encode;
        match self {
            Self::Rsa { n, e } => {
                format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, text(e), text(n))
            }
            Self::P256 { x, y } => format!(
                r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
                text(x),
                text(y)
            ),
            Self::Ed25519 { x } => {
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, text(x))
            }
        }
    }
}

/// SHA-256 of a key's required members ([RFC 7638]): the key's name that cannot be forged.
///
/// [RFC 7638]: https://www.rfc-editor.org/rfc/rfc7638
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct JwkThumbprint([u8; 32]);

impl JwkThumbprint {
    /// The hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash in base64url, as in `jkt` and as our own `kid`.
    #[must_use]
    pub fn to_text(&self) -> String {
        base64url::encode(&self.0)
    }
}

/// A public JSON Web Key for signatures. Private keys have no form of this type.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Jwk {
    key: PublicKey,
    kid: Option<KeyId>,
    alg: Option<SigningAlgorithm>,
}

impl Jwk {
    /// A key that names neither itself nor its algorithm.
    #[must_use]
    pub const fn new(key: PublicKey) -> Self {
        Self {
            key,
            kid: None,
            alg: None,
        }
    }

    /// The same key with a `kid`.
    #[must_use]
    pub fn with_kid(mut self, kid: KeyId) -> Self {
        self.kid = Some(kid);
        self
    }

    /// The same key with an `alg`; ignored by keys that cannot verify it.
    #[must_use]
    pub fn with_algorithm(mut self, algorithm: SigningAlgorithm) -> Self {
        if self.key.fits(algorithm) {
            self.alg = Some(algorithm);
        }
        self
    }

    /// Reads a public key.
    ///
    /// Unknown members, certificates among them, are ignored ([RFC 7517 section 4]): nothing is
    /// ever fetched or trusted because a key points to it.
    ///
    /// # Errors
    ///
    /// [`InvalidJwk`]; `Unsupported` if the key may be fine for others.
    ///
    /// [RFC 7517 section 4]: https://www.rfc-editor.org/rfc/rfc7517#section-4
    pub fn parse(json: &[u8]) -> Result<Self, InvalidJwk> {
        Self::from_members(&json::parse_object(json)?)
    }

    pub(super) fn from_members(members: &Map<String, Value>) -> Result<Self, InvalidJwk> {
        check_use(members)?;
        let key = read_key(members)?;
        if let Some(name) = PRIVATE_MEMBERS
            .into_iter()
            .find(|name| members.contains_key(*name))
        {
            return Err(InvalidJwk::Private(name));
        }
        let alg = read_algorithm(members, &key)?;
        let kid = read_key_id(members)?;
        Ok(Self { key, kid, alg })
    }

    /// The numbers of the key.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The key's `kid`.
    #[must_use]
    pub const fn kid(&self) -> Option<&KeyId> {
        self.kid.as_ref()
    }

    /// The key's `alg`.
    #[must_use]
    pub const fn algorithm(&self) -> Option<SigningAlgorithm> {
        self.alg
    }

    /// The key's thumbprint; it depends on the numbers alone.
    #[must_use]
    pub fn thumbprint(&self) -> JwkThumbprint {
        JwkThumbprint(Sha256::digest(self.key.required_members()).into())
    }

    /// The one JSON text of this key: its members, `alg`, `kid`, `use`, in a fixed order.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = self.key.required_members();
        json.pop();
        if let Some(alg) = self.alg {
            json.push_str(r#","alg":""#);
            json.push_str(alg.as_str());
            json.push('"');
        }
        if let Some(kid) = &self.kid {
            json.push_str(r#","kid":"#);
            json.push_str(&Value::from(kid.as_str()).to_string());
        }
        json.push_str(r#","use":"sig"}"#);
        json
    }
}

/// [RFC 7517 sections 4.2 and 4.3]: a key made for encryption does not verify signatures.
///
/// [RFC 7517 sections 4.2 and 4.3]: https://www.rfc-editor.org/rfc/rfc7517#section-4.2
fn check_use(members: &Map<String, Value>) -> Result<(), InvalidJwk> {
    match members.get("use") {
        None => {}
        Some(Value::String(text)) if text == "sig" => {}
        Some(Value::String(_)) => return Err(InvalidJwk::Unsupported("use")),
        Some(_) => return Err(InvalidJwk::Member("use")),
    }
    match members.get("key_ops") {
        None => Ok(()),
        Some(Value::Array(operations)) => {
            if operations.iter().any(|one| one == "verify") {
                Ok(())
            } else {
                Err(InvalidJwk::Unsupported("key_ops"))
            }
        }
        Some(_) => Err(InvalidJwk::Member("key_ops")),
    }
}

fn read_key(members: &Map<String, Value>) -> Result<PublicKey, InvalidJwk> {
    match text(members, "kty")? {
        "RSA" => PublicKey::rsa(bytes(members, "n")?, bytes(members, "e")?),
        "EC" => match text(members, "crv")? {
            "P-256" => Ok(PublicKey::p256(array(members, "x")?, array(members, "y")?)),
            _ => Err(InvalidJwk::Unsupported("crv")),
        },
        "OKP" => match text(members, "crv")? {
            "Ed25519" => PublicKey::ed25519(array(members, "x")?),
            _ => Err(InvalidJwk::Unsupported("crv")),
        },
        _ => Err(InvalidJwk::Unsupported("kty")),
    }
}

fn read_algorithm(
    members: &Map<String, Value>,
    key: &PublicKey,
) -> Result<Option<SigningAlgorithm>, InvalidJwk> {
    let Some(value) = members.get("alg") else {
        return Ok(None);
    };
    let name = value.as_str().ok_or(InvalidJwk::Member("alg"))?;
    let algorithm = SigningAlgorithm::parse(name).ok_or(InvalidJwk::Unsupported("alg"))?;
    if !key.fits(algorithm) {
        return Err(InvalidJwk::Member("alg"));
    }
    Ok(Some(algorithm))
}

fn read_key_id(members: &Map<String, Value>) -> Result<Option<KeyId>, InvalidJwk> {
    match members.get("kid") {
        None => Ok(None),
        Some(Value::String(kid)) if !kid.is_empty() && kid.len() <= MAX_KEY_ID => {
            Ok(Some(KeyId(kid.clone())))
        }
        Some(_) => Err(InvalidJwk::Member("kid")),
    }
}

fn text<'a>(members: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, InvalidJwk> {
    members
        .get(name)
        .and_then(Value::as_str)
        .ok_or(InvalidJwk::Member(name))
}

fn bytes(members: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, InvalidJwk> {
    base64url::decode(text(members, name)?).ok_or(InvalidJwk::Member(name))
}

fn array<const N: usize>(
    members: &Map<String, Value>,
    name: &'static str,
) -> Result<[u8; N], InvalidJwk> {
    base64url::decode_array(text(members, name)?).ok_or(InvalidJwk::Member(name))
}
