//! Makes the tokens of a grant: claims, signatures, and the bounds on their sizes.

use super::TokenError;
use crate::{
    claims::released_claims,
    client::AuthenticatedClient,
    clock::UnixTime,
    grant::{Grant, GrantId},
    issuer::Parts,
    protocol::{Nonce, Scope, TokenResponse},
    storage::UserRecord,
    token::{
        ACCESS_TOKEN_TYPE, AccessTokenClaims, ID_TOKEN_TYPE, IdTokenClaims, IdTokenInput, Jti,
        MAX_ACCESS_TOKEN, MAX_ID_TOKEN, access_token_hash,
    },
};

/// For what and for whom tokens are made.
#[derive(Debug)]
pub(super) struct Minting<'a> {
    pub(super) client: &'a AuthenticatedClient,
    pub(super) grant_id: GrantId,
    pub(super) grant: &'a Grant,
    /// What this answer allows; the grant may allow more.
    pub(super) scope: &'a Scope,
    pub(super) user: &'a UserRecord,
    /// Of the code's ID token only.
    pub(super) nonce: Option<&'a Nonce>,
    pub(super) now: UnixTime,
}

/// Signs an access token, and an ID token where `openid` is in the scope.
pub(super) async fn mint(parts: &Parts, minting: Minting<'_>) -> Result<TokenResponse, TokenError> {
    let set = parts.keys.set().await?;
    let algorithm = parts.config.signing_algorithm;
    let now = minting.now;
    let jti = Jti::draw(minting.grant_id, &*parts.entropy)?;
    let lifetime = parts.config.access_token_lifetime;
    let claims = AccessTokenClaims::new(
        &parts.url,
        minting.grant,
        minting.scope,
        &jti,
        (now, now + lifetime),
    );
    let typ = (ACCESS_TOKEN_TYPE, algorithm);
    let access_token = parts.keys.sign(&set, typ, &claims, now).await?;
    check_size(&access_token, MAX_ACCESS_TOKEN)?;
    let id_token = if minting.scope.openid() {
        let released = released_claims(
            minting.client.client(),
            minting.scope,
            &minting.user.identity,
            crate::claims::ClaimsFor::IdToken,
        );
        let input = IdTokenInput {
            nonce: minting.nonce,
            at_hash: access_token_hash(&access_token, algorithm),
            claims: &released,
            now,
            exp: now + parts.config.id_token_lifetime,
        };
        let claims = IdTokenClaims::new(&parts.url, minting.grant, input);
        let typ = (ID_TOKEN_TYPE, algorithm);
        let id_token = parts.keys.sign(&set, typ, &claims, now).await?;
        check_size(&id_token, MAX_ID_TOKEN)?;
        Some(id_token)
    } else {
        None
    };
    Ok(TokenResponse::bearer(access_token, lifetime)
        .with_id_token(id_token)
        .with_scope(minting.scope))
}

fn check_size(token: &str, limit: usize) -> Result<(), TokenError> {
    (token.len() <= limit)
        .then_some(())
        .ok_or_else(TokenError::too_large)
}
