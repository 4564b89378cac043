//! The authorization code grant ([RFC 6749 section 4.1.3]).
//!
//! [RFC 6749 section 4.1.3]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3

use super::{
    Opened, TRIES, TokenError, check_gates,
    mint::{Minting, mint},
    open, revoke, tell_issued,
};
use crate::{
    client::PresentedCredentials,
    clock::UnixTime,
    grant::{
        AuthorizationCode, CodeRefusal, CodeUse, Grant, PresentedCode, RedeemedGrant, RefreshToken,
        WriteId, check_code, start_chain,
    },
    issuer::{Issuer, Parts},
    protocol::{CodeExchange, GrantType, TokenResponse},
};

/// Swaps a code for tokens.
///
/// # Concurrency
///
/// Of all requests ever made with one code, at most one gets tokens.
pub(super) async fn redeem(
    issuer: &Issuer,
    credentials: &PresentedCredentials,
    exchange: &CodeExchange,
) -> Result<TokenResponse, TokenError> {
    let parts = issuer.parts();
    let now = issuer.now();
    let code = AuthorizationCode::parse(exchange.code.expose_str().unwrap_or_default());
    let grant_id = code.as_ref().map(AuthorizationCode::grant_id);
    let mut opened = open(parts, credentials, grant_id).await?;
    if !opened
        .client
        .client()
        .allows_grant_type(GrantType::AuthorizationCode)
    {
        return Err(TokenError::grant_type_not_allowed());
    }
    let code = code.ok_or_else(TokenError::malformed_code)?;
    for _ in 0..TRIES {
        if let Some(response) = attempt(parts, &opened, (&code, exchange), now).await? {
            tell_issued(
                parts,
                code.grant_id(),
                &opened.client,
                GrantType::AuthorizationCode,
            );
            return Ok(response);
        }
        opened = opened.again(parts, code.grant_id()).await?;
    }
    Err(TokenError::lost_races())
}

/// One attempt; `None` if the grant changed meanwhile.
async fn attempt(
    parts: &Parts,
    opened: &Opened,
    (code, exchange): (&AuthorizationCode, &CodeExchange),
    now: UnixTime,
) -> Result<Option<TokenResponse>, TokenError> {
    let Some(loaded) = &opened.grant else {
        return Err(TokenError::code_refused(CodeRefusal::Unknown));
    };
    let presented = PresentedCode {
        code,
        exchange,
        client: &opened.client,
        retry_window: parts.config.code_retry_window,
        write: WriteId::draw(&*parts.entropy)?,
    };
    let redeemed = match check_code(&loaded.value, &presented, now) {
        CodeUse::First(redeemed) => redeemed,
        CodeUse::Refused(refusal) => return Err(TokenError::code_refused(refusal)),
        CodeUse::Revoke => {
            let reason = "the code was used again, or with a wrong verifier";
            revoke(parts, code.grant_id(), &opened.client, reason).await?;
            return Err(TokenError::replayed_code());
        }
    };
    let (grant, response) = answer(parts, opened, (code, redeemed), now).await?;
    let stored = parts
        .grants
        .advance(code.grant_id(), loaded, &grant)
        .await?;
    Ok(stored.then_some(response))
}

/// Everything that can fail, before the write: gates, tokens, the grant as it will be.
async fn answer(
    parts: &Parts,
    opened: &Opened,
    (code, redeemed): (&AuthorizationCode, RedeemedGrant),
    now: UnixTime,
) -> Result<(Grant, TokenResponse), TokenError> {
    let mut grant = redeemed.into_grant();
    let user = check_gates(parts, &opened.client, opened.standing, &grant).await?;
    let minting = Minting {
        client: &opened.client,
        grant_id: code.grant_id(),
        grant: &grant,
        scope: &grant.scope,
        user: &user,
        nonce: grant.nonce.as_ref(),
        now,
    };
    let mut response = mint(parts, minting).await?;
    if grant.scope.offline_access()
        && opened
            .client
            .client()
            .allows_grant_type(GrantType::RefreshToken)
    {
        let token = RefreshToken::draw(code.grant_id(), &*parts.entropy)?;
        grant.refresh = start_chain(&token, &parts.config.refresh, now);
        response = response.with_refresh_token(&token.expose());
    }
    grant.tokens_until = now + parts.config.access_token_lifetime;
    Ok((grant, response))
}
