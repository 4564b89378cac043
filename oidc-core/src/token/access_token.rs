//! The access token: a JWT by RFC 9068, whose `jti` begins with the grant's id.

use std::fmt;

use serde::Serialize;

use crate::{
    base64url,
    clock::UnixTime,
    entropy::{Entropy, EntropyError, draw},
    grant::{Grant, GrantId},
    protocol::{IssuerUrl, Scope},
};

/// The `jti` of an access token: the grant's id, a dot, and 128 random bits.
///
/// So whoever sees the token at our endpoints finds the grant, and sees at once if it was taken
/// back. The id alone gives no power over the grant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Jti {
    grant_id: GrantId,
    text: String,
}

impl Jti {
    /// Draws the id of a token of `grant_id`.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] if the source of randomness failed.
    pub fn draw(grant_id: GrantId, entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let unique: [u8; 16] = draw(entropy)?;
        Ok(Self {
            grant_id,
            text: format!("{grant_id}.{}", base64url::encode(&unique)),
        })
    }

    /// Reads a `jti` of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (grant_id, unique) = text.split_once('.')?;
        let _: [u8; 16] = base64url::decode_array(unique)?;
        Some(Self {
            grant_id: GrantId::parse(grant_id)?,
            text: text.to_owned(),
        })
    }

    /// The grant the token belongs to.
    #[must_use]
    pub const fn grant_id(&self) -> GrantId {
        self.grant_id
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Jti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The claims of an access token ([RFC 9068 section 2.2]).
///
/// [RFC 9068 section 2.2]: https://www.rfc-editor.org/rfc/rfc9068#section-2.2
#[derive(Debug, Serialize)]
pub struct AccessTokenClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    /// Without a resource indicator the token is for the issuer's own UserInfo endpoint.
    aud: &'a str,
    exp: UnixTime,
    iat: UnixTime,
    jti: &'a str,
    client_id: &'a str,
    scope: String,
    auth_time: UnixTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    amr: &'a [String],
}

impl<'a> AccessTokenClaims<'a> {
    /// The claims of a token of `grant` for `scope`, valid from `now` until `exp`.
    #[must_use]
    pub fn new(
        issuer: &'a IssuerUrl,
        grant: &'a Grant,
        scope: &Scope,
        jti: &'a Jti,
        (now, exp): (UnixTime, UnixTime),
    ) -> Self {
        Self {
            iss: issuer.as_str(),
            sub: grant.subject.as_str(),
            aud: issuer.as_str(),
            exp,
            iat: now,
            jti: jti.as_str(),
            client_id: grant.client_id.as_str(),
            scope: scope.to_string(),
            auth_time: grant.auth_time,
            acr: grant.acr.as_deref(),
            amr: &grant.amr,
        }
    }
}
