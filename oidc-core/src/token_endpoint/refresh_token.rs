//! The refresh token grant ([RFC 6749 section 6]).
//!
//! [RFC 6749 section 6]: https://www.rfc-editor.org/rfc/rfc6749#section-6

use super::{
    Opened, TRIES, TokenError, check_gates,
    mint::{Minting, mint},
    open, revoke, tell_issued,
};
use crate::{
    client::PresentedCredentials,
    clock::UnixTime,
    grant::{
        Grant, PresentedRefresh, RefreshRefusal, RefreshToken, RefreshUse, Replayed, Rotated,
        RotationNonce, WriteId, check_refresh, renewed,
    },
    issuer::{Issuer, Parts},
    protocol::{GrantType, RefreshRequest, Scope, TokenResponse},
    storage::codec::Loaded,
};

/// Swaps a refresh token for fresh tokens.
///
/// # Concurrency
///
/// Of all requests made with one refresh token at most one rotates the chain; inside the grace
/// window the others get the same successor.
pub(super) async fn refresh(
    issuer: &Issuer,
    credentials: &PresentedCredentials,
    request: &RefreshRequest,
) -> Result<TokenResponse, TokenError> {
    let parts = issuer.parts();
    let now = issuer.now();
    let token = RefreshToken::parse(request.refresh_token.expose_str().unwrap_or_default());
    let grant_id = token.as_ref().map(RefreshToken::grant_id);
    let mut opened = open(parts, credentials, grant_id).await?;
    if !opened
        .client
        .client()
        .allows_grant_type(GrantType::RefreshToken)
    {
        return Err(TokenError::grant_type_not_allowed());
    }
    let token = token.ok_or_else(TokenError::malformed_refresh)?;
    for _ in 0..TRIES {
        let wanted = request.scope.as_ref();
        if let Some(response) = attempt(parts, &opened, (&token, wanted), now).await? {
            tell_issued(
                parts,
                token.grant_id(),
                &opened.client,
                GrantType::RefreshToken,
            );
            return Ok(response);
        }
        opened = opened.again(parts, token.grant_id()).await?;
    }
    Err(TokenError::lost_races())
}

/// One attempt; `None` if the grant changed meanwhile.
async fn attempt(
    parts: &Parts,
    opened: &Opened,
    (token, wanted): (&RefreshToken, Option<&Scope>),
    now: UnixTime,
) -> Result<Option<TokenResponse>, TokenError> {
    let Some(loaded) = &opened.grant else {
        return Err(TokenError::refresh_refused(RefreshRefusal::Unknown));
    };
    let presented = PresentedRefresh {
        token,
        client_id: opened.client.id(),
        policy: &parts.config.refresh,
        nonce: RotationNonce::draw(&*parts.entropy)?,
        write: WriteId::draw(&*parts.entropy)?,
    };
    match check_refresh(&loaded.value, &presented, now) {
        RefreshUse::Current(rotated) => rotate(parts, opened, (loaded, rotated, wanted), now).await,
        RefreshUse::Again(Replayed { token }) => {
            let response = answer(parts, opened, (&loaded.value, &token, wanted), now).await?;
            Ok(Some(response))
        }
        RefreshUse::Refused(refusal) => Err(TokenError::refresh_refused(refusal)),
        RefreshUse::Revoke => {
            let reason = "an old refresh token was used again";
            revoke(parts, token.grant_id(), &opened.client, reason).await?;
            Err(TokenError::reused_refresh())
        }
    }
}

async fn rotate(
    parts: &Parts,
    opened: &Opened,
    (loaded, rotated, wanted): (&Loaded<Grant>, Rotated, Option<&Scope>),
    now: UnixTime,
) -> Result<Option<TokenResponse>, TokenError> {
    let Rotated { mut grant, token } = rotated;
    let response = answer(parts, opened, (&grant, &token, wanted), now).await?;
    let policy = &parts.config.refresh;
    // Inside the grace window the same answer is given again without a write, so the record must
    // cover the tokens of then.
    grant.tokens_until = now + parts.config.access_token_lifetime + policy.grace;
    if !policy.rotate && renewed(&loaded.value, now) {
        return Ok(Some(response));
    }
    let stored = parts
        .grants
        .advance(token.grant_id(), loaded, &grant)
        .await?;
    Ok(stored.then_some(response))
}

/// Everything that can fail, before the write: scope, gates, tokens.
async fn answer(
    parts: &Parts,
    opened: &Opened,
    (grant, token, wanted): (&Grant, &RefreshToken, Option<&Scope>),
    now: UnixTime,
) -> Result<TokenResponse, TokenError> {
    let scope = match wanted {
        // Narrowing counts for this answer only (RFC 6749 section 6).
        Some(wanted) if wanted.is_subset(&grant.scope) => wanted,
        Some(_) => return Err(TokenError::scope_widened()),
        None => &grant.scope,
    };
    let user = check_gates(parts, &opened.client, opened.standing, grant).await?;
    let minting = Minting {
        client: &opened.client,
        grant_id: token.grant_id(),
        grant,
        scope,
        user: &user,
        nonce: None,
        now,
    };
    let response = mint(parts, minting).await?;
    Ok(response.with_refresh_token(&token.expose()))
}
