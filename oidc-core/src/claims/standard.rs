//! Claim names and sets of claims.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Bytes of a claim name: room for a URL.
pub const MAX_CLAIM_NAME_BYTES: usize = 256;

/// Claims that say how a token came to be and what it is worth; no mapping may set them.
const PROTOCOL_CLAIMS: [&str; 33] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "jti",
    "nonce",
    "at_hash",
    "c_hash",
    "s_hash",
    "azp",
    "auth_time",
    "sid",
    "acr",
    "amr",
    "client_id",
    "scope",
    "scp",
    "events",
    "cnf",
    "act",
    "may_act",
    "typ",
    "token_type",
    "sub_jwk",
    "sub_id",
    "active",
    "trust_chain",
    "toe",
    "txn",
    "_claim_names",
    "_claim_sources",
];

/// A claim about an end user that OIDC Core section 5.1 defines, or that clients of Dex know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StandardClaim {
    /// `name`: full name.
    Name,
    /// `preferred_username`: short name.
    PreferredUsername,
    /// `email`: address.
    Email,
    /// `email_verified`: whether the upstream vouches for the address.
    EmailVerified,
    /// `groups`: names of groups.
    Groups,
}

impl StandardClaim {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::PreferredUsername => "preferred_username",
            Self::Email => "email",
            Self::EmailVerified => "email_verified",
            Self::Groups => "groups",
        }
    }
}

/// The name of a claim that a mapping may set: no protocol claim.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClaimName(String);

/// Why a name cannot be a mapped claim's.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidClaimName {
    /// Empty, too long, or with control characters.
    #[error("a claim name has 1 to 256 bytes and no control characters")]
    Syntax,
    /// A claim that the issuer alone sets.
    #[error("this claim is set by the issuer and cannot be mapped")]
    Protocol,
}

impl ClaimName {
    /// Parses the name of a claim that a mapping sets.
    ///
    /// # Errors
    ///
    /// [`InvalidClaimName`].
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidClaimName> {
        let text = text.into();
        if text.is_empty()
            || text.len() > MAX_CLAIM_NAME_BYTES
            || text.chars().any(char::is_control)
        {
            return Err(InvalidClaimName::Syntax);
        }
        if PROTOCOL_CLAIMS.contains(&text.as_str()) {
            return Err(InvalidClaimName::Protocol);
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<StandardClaim> for ClaimName {
    fn from(claim: StandardClaim) -> Self {
        Self(claim.as_str().to_owned())
    }
}

impl TryFrom<String> for ClaimName {
    type Error = InvalidClaimName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(text)
    }
}

impl From<ClaimName> for String {
    fn from(name: ClaimName) -> Self {
        name.0
    }
}

impl fmt::Display for ClaimName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Claims about an end user, in sorted order; never a protocol claim.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct ClaimSet(Map<String, Value>);

impl ClaimSet {
    /// Sets a claim, in place of what it was.
    pub fn insert(&mut self, name: impl Into<ClaimName>, value: impl Into<Value>) {
        self.0.insert(name.into().0, value.into());
    }

    /// The value of a claim.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All claims.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there is no claim.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A UserInfo answer: the claims and `sub`
    /// ([OIDC Core section 5.3.2](https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse)).
    #[must_use]
    pub fn into_json_with_sub(mut self, sub: &str) -> Value {
        self.0.insert("sub".to_owned(), Value::from(sub));
        Value::Object(self.0)
    }
}
