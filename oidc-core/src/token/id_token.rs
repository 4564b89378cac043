//! The ID token ([OIDC Core section 2]).
//!
//! [OIDC Core section 2]: https://openid.net/specs/openid-connect-core-1_0.html#IDToken

use serde::Serialize;

use crate::{
    claims::ClaimSet,
    clock::UnixTime,
    grant::Grant,
    protocol::{IssuerUrl, Nonce},
};

/// The claims of an ID token.
#[derive(Debug, Serialize)]
pub struct IdTokenClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: UnixTime,
    iat: UnixTime,
    auth_time: UnixTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a Nonce>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    amr: &'a [String],
    at_hash: String,
    sid: String,
    #[serde(flatten)]
    claims: &'a ClaimSet,
}

/// What an ID token is made from besides its grant.
#[derive(Debug)]
pub struct IdTokenInput<'a> {
    /// Of the code's ID token only: a refreshed one carries none.
    pub nonce: Option<&'a Nonce>,
    /// Binds the access token issued with it.
    pub at_hash: String,
    /// What the scope lets the client know of the end user.
    pub claims: &'a ClaimSet,
    /// When it is issued.
    pub now: UnixTime,
    /// When it ends.
    pub exp: UnixTime,
}

impl<'a> IdTokenClaims<'a> {
    /// The claims of an ID token of `grant`.
    ///
    /// `aud` is the client alone, so there is no `azp` (OIDC Core section 2 asks for it with
    /// several audiences only).
    #[must_use]
    pub fn new(issuer: &'a IssuerUrl, grant: &'a Grant, input: IdTokenInput<'a>) -> Self {
        Self {
            iss: issuer.as_str(),
            sub: grant.subject.as_str(),
            aud: grant.client_id.as_str(),
            exp: input.exp,
            iat: input.now,
            auth_time: grant.auth_time,
            nonce: input.nonce,
            acr: grant.acr.as_deref(),
            amr: &grant.amr,
            at_hash: input.at_hash,
            sid: grant.session_id.to_string(),
            claims: input.claims,
        }
    }
}
