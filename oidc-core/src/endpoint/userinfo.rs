//! UserInfo ([OIDC Core section 5.3]).
//!
//! [OIDC Core section 5.3]: https://openid.net/specs/openid-connect-core-1_0.html#UserInfo

use serde_json::Value;

use crate::{
    claims::{ClaimsFor, released_claims},
    grant::check_standing,
    issuer::{Issuer, Parts},
    jose::{ClaimsExpected, ExpectedType, verify_jwt},
    protocol::{ClientId, Scope},
    signer::SignerError,
    storage::StorageError,
    token::{ACCESS_TOKEN_TYPE, Jti, MAX_ACCESS_TOKEN},
    token_endpoint::witnesses,
};

/// Why there is no UserInfo answer.
#[derive(Debug)]
pub(crate) enum UserInfoError {
    /// The access token does not count: 401, `invalid_token`.
    InvalidToken(&'static str),
    /// The access token has no `openid`: 403, `insufficient_scope`.
    InsufficientScope,
    /// The question could not be answered now: 503.
    Unavailable(String),
}

impl From<StorageError> for UserInfoError {
    fn from(error: StorageError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<SignerError> for UserInfoError {
    fn from(error: SignerError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// What our access tokens say, read from a verified one.
struct Presented {
    sub: String,
    client_id: ClientId,
    scope: Scope,
    jti: Jti,
}

/// The claims that the access token's scope lets its holder know.
pub(crate) async fn userinfo(issuer: &Issuer, access_token: &str) -> Result<Value, UserInfoError> {
    let parts = issuer.parts();
    let presented = verify(issuer, access_token).await?;
    if !presented.scope.openid() {
        return Err(UserInfoError::InsufficientScope);
    }
    let invalid = UserInfoError::InvalidToken;
    let id = &presented.client_id;
    let client = parts.clients.find(id).await?;
    let client = client
        .filter(|client| !client.disabled)
        .ok_or(invalid("the client is gone"))?;
    let read = parts
        .grants
        .with_access_token(id, presented.jti.grant_id(), presented.jti.as_str())
        .await?;
    if read.revoked {
        return Err(invalid("the token was revoked"));
    }
    let grant = read.grant.ok_or(invalid("the grant is gone"))?.value;
    if grant.subject.as_str() != presented.sub || grant.client_id != *id {
        return Err(invalid("the token does not fit its grant"));
    }
    let parties = parts.grants.parties(&grant).await?;
    let connector_known = parts.connectors.find(&grant.connector_id).await?.is_some();
    let connector_allowed = connector_known && client.allows_connector(&grant.connector_id);
    let witnesses = witnesses(read.client, connector_allowed, &parties);
    check_standing(&grant, &witnesses).map_err(|_| invalid("the grant no longer stands"))?;
    let user = parties.user.ok_or(invalid("the end user is gone"))?;
    let claims = released_claims(
        &client,
        &presented.scope,
        &user.identity,
        ClaimsFor::UserInfo,
    );
    Ok(claims.into_json_with_sub(&presented.sub))
}

async fn verify(issuer: &Issuer, access_token: &str) -> Result<Presented, UserInfoError> {
    let parts: &Parts = issuer.parts();
    let invalid = UserInfoError::InvalidToken;
    if access_token.len() > MAX_ACCESS_TOKEN {
        return Err(invalid("the token is too long"));
    }
    let now = issuer.now();
    let keys = parts.keys.set().await?.verification_keys(now);
    let url = parts.url.as_str();
    let expected = ClaimsExpected::new(url, url, now);
    let typ = ExpectedType::Exactly(ACCESS_TOKEN_TYPE);
    let claims = verify_jwt(access_token, typ, &keys, &expected)
        .map_err(|_| invalid("the token does not verify, or its time is over"))?;
    let text = |name| {
        claims
            .required_text(name)
            .map_err(|_| invalid("the token lacks a claim"))
    };
    Ok(Presented {
        sub: text("sub")?.to_owned(),
        client_id: ClientId::parse(text("client_id")?)
            .map_err(|_| invalid("the token lacks a claim"))?,
        scope: Scope::parse(text("scope")?).map_err(|_| invalid("the token lacks a claim"))?,
        jti: Jti::parse(text("jti")?).ok_or(invalid("the token is not one of ours"))?,
    })
}
