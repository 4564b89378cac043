//! The authorization code: when it may be redeemed, and what a second use means.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{AuthorizationCode, Grant, GrantStatus, WriteId};
use crate::{
    client::AuthenticatedClient,
    clock::UnixTime,
    protocol::{CodeChallenge, CodeExchange, CodeVerifier, verify_challenge},
    secret::SecretHash,
};

/// The code's part of a grant.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CodePart {
    /// No code was issued.
    #[default]
    None,
    /// Issued, not used yet.
    Issued(IssuedCode),
    /// Used; kept to recognise a second use.
    Redeemed {
        /// The code as issued.
        code: IssuedCode,
        /// When it was redeemed.
        at: UnixTime,
    },
}

/// What is kept of an issued code.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IssuedCode {
    /// Hash of the code's secret.
    pub hash: SecretHash,
    /// The `redirect_uri` of the authorization request, byte for byte.
    pub redirect_uri: String,
    /// The PKCE challenge, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<CodeChallenge>,
    /// From then on the code is refused.
    pub expires_at: UnixTime,
}

impl IssuedCode {
    /// What is kept of `code`.
    #[must_use]
    pub fn new(
        code: &AuthorizationCode,
        redirect_uri: String,
        code_challenge: Option<CodeChallenge>,
        expires_at: UnixTime,
    ) -> Self {
        Self {
            hash: code.hash(),
            redirect_uri,
            code_challenge,
            expires_at,
        }
    }
}

/// Why a code was not redeemed. Nothing changes because of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CodeRefusal {
    /// No such code, or not this client's.
    Unknown,
    /// Its time is over.
    Expired,
    /// The `redirect_uri` is absent or not the one of the authorization request.
    RedirectUriMismatch,
    /// A verifier is missing, superfluous or ill-formed.
    VerifierUnusable,
    /// The grant was revoked.
    Revoked,
    /// Used a moment ago by who proved to be the same client: a retry, not a theft.
    RetriedTooLate,
}

/// What a presented code means. Every caller must decide on each case.
#[derive(Debug)]
#[must_use]
pub enum CodeUse {
    /// First use, everything checked. Writing the grant it holds is what redeems the code.
    First(RedeemedGrant),
    /// A second use after the retry window, or a wrong verifier: the grant must be revoked.
    Revoke,
    /// Refused; nothing changes.
    Refused(CodeRefusal),
}

/// A grant whose code passed every check; only [`check_code`] makes one.
#[derive(Clone, Debug)]
pub struct RedeemedGrant(Box<Grant>);

impl RedeemedGrant {
    /// The grant as it will be stored, its code marked as used.
    #[must_use]
    pub fn grant(&self) -> &Grant {
        &self.0
    }

    /// The grant to complete and store.
    #[must_use]
    pub fn into_grant(self) -> Grant {
        *self.0
    }
}

/// Decides what presenting `code` means ([RFC 6749 section 4.1.3], [RFC 7636 section 4.6]).
///
/// Ownership comes first: a stranger who knows the code, or an owner whose request is ill-formed,
/// changes nothing. Only the owner's well-formed wrong verifier, and a second use that passes
/// every check which the first passed, take the grant back.
///
/// [RFC 6749 section 4.1.3]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3
/// [RFC 7636 section 4.6]: https://www.rfc-editor.org/rfc/rfc7636#section-4.6
pub fn check_code(grant: &Grant, request: &PresentedCode<'_>, now: UnixTime) -> CodeUse {
    match judge(grant, request, now) {
        Ok(code_use) => code_use,
        Err(refusal) => CodeUse::Refused(refusal),
    }
}

/// A code as presented at the token endpoint, by whom, and the attempt's write.
#[derive(Debug)]
pub struct PresentedCode<'a> {
    /// The code.
    pub code: &'a AuthorizationCode,
    /// The other parameters of the request.
    pub exchange: &'a CodeExchange,
    /// Who presents it.
    pub client: &'a AuthenticatedClient,
    /// How long after the first use a second one is taken for a retry.
    pub retry_window: Duration,
    /// The id of this attempt's write.
    pub write: WriteId,
}

fn judge(
    grant: &Grant,
    request: &PresentedCode<'_>,
    now: UnixTime,
) -> Result<CodeUse, CodeRefusal> {
    let (issued, redeemed_at) = match &grant.code {
        CodePart::None => return Err(CodeRefusal::Unknown),
        CodePart::Issued(issued) => (issued, None),
        CodePart::Redeemed { code, at } => (code, Some(*at)),
    };
    check_ownership(grant, issued, request)?;
    check_expiry(issued, now)?;
    check_redirect_uri(issued, request)?;
    let verifier = check_verifier_form(issued, request)?;
    check_live(grant)?;
    // From here on the owner speaks: what is wrong now is a theft or an attack.
    if !verifier_matches(issued, verifier.as_ref()) {
        return Ok(CodeUse::Revoke);
    }
    let Some(first_use) = redeemed_at else {
        return Ok(CodeUse::First(redeem(grant, issued, request.write, now)));
    };
    if verifier.is_some() && now.since(first_use) < request.retry_window {
        // Proxies and browsers retry; the verifier proves that it is the same client.
        return Err(CodeRefusal::RetriedTooLate);
    }
    Ok(CodeUse::Revoke)
}

fn check_ownership(
    grant: &Grant,
    issued: &IssuedCode,
    request: &PresentedCode<'_>,
) -> Result<(), CodeRefusal> {
    let owned = request.code.matches(&issued.hash) && grant.client_id == *request.client.id();
    owned.then_some(()).ok_or(CodeRefusal::Unknown)
}

fn check_expiry(issued: &IssuedCode, now: UnixTime) -> Result<(), CodeRefusal> {
    (now < issued.expires_at)
        .then_some(())
        .ok_or(CodeRefusal::Expired)
}

fn check_redirect_uri(issued: &IssuedCode, request: &PresentedCode<'_>) -> Result<(), CodeRefusal> {
    let given = request.exchange.redirect_uri.as_deref();
    (given == Some(issued.redirect_uri.as_str()))
        .then_some(())
        .ok_or(CodeRefusal::RedirectUriMismatch)
}

fn check_verifier_form(
    issued: &IssuedCode,
    request: &PresentedCode<'_>,
) -> Result<Option<CodeVerifier>, CodeRefusal> {
    let given = request.exchange.code_verifier.as_ref();
    match (issued.code_challenge.is_some(), given) {
        (false, None) => Ok(None),
        (true, Some(text)) => CodeVerifier::parse(text.expose_str().unwrap_or_default())
            .map(Some)
            .map_err(|_| CodeRefusal::VerifierUnusable),
        // RFC 9700 section 2.1.1: a verifier without a challenge is a downgrade attack.
        (true, None) | (false, Some(_)) => Err(CodeRefusal::VerifierUnusable),
    }
}

fn check_live(grant: &Grant) -> Result<(), CodeRefusal> {
    (grant.status == GrantStatus::Live)
        .then_some(())
        .ok_or(CodeRefusal::Revoked)
}

fn verifier_matches(issued: &IssuedCode, verifier: Option<&CodeVerifier>) -> bool {
    match (&issued.code_challenge, verifier) {
        (Some(challenge), Some(verifier)) => verify_challenge(challenge, verifier).is_ok(),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn redeem(grant: &Grant, issued: &IssuedCode, write: WriteId, now: UnixTime) -> RedeemedGrant {
    RedeemedGrant(Box::new(Grant {
        code: CodePart::Redeemed {
            code: issued.clone(),
            at: now,
        },
        write,
        ..grant.clone()
    }))
}
