//! Token endpoint and UserInfo over HTTP.

use http::{HeaderValue, StatusCode, header};

use super::{
    request::Call,
    response::{self, Answer},
};
use crate::{
    client::PresentedCredentials,
    endpoint::userinfo::{self, UserInfoError},
    issuer::Issuer,
    protocol::{BearerError, ErrorCode, Params, TokenRequest, access_token},
    token_endpoint::{TokenCall, TokenError},
};

/// What a client reads when it should try later.
const LATER: &str = "try again in a moment";

/// Answers `/token`.
pub(super) async fn token(issuer: &Issuer, call: &Call) -> Answer {
    let refused = |description: &str| {
        let status = StatusCode::BAD_REQUEST;
        response::oauth_error(status, ErrorCode::InvalidRequest, description)
    };
    if !call.query().is_empty() {
        return refused("parameters belong into the body, not into the query");
    }
    if !call.is_form() {
        return refused("the body must be application/x-www-form-urlencoded");
    }
    let params = match Params::from_form(&call.body) {
        Ok(params) => params,
        Err(error) => return refused(&error.to_string()),
    };
    match read(call, &params) {
        Ok(read) => match crate::token_endpoint::token(issuer, read).await {
            Ok(tokens) => match serde_json::to_vec(&tokens) {
                Ok(body) => {
                    let mut answer = response::json(StatusCode::OK, body);
                    let no_cache = HeaderValue::from_static("no-cache");
                    answer.headers_mut().insert(header::PRAGMA, no_cache);
                    answer
                }
                Err(error) => unavailable(&error),
            },
            Err(error) => token_error(&error),
        },
        Err(error) => token_error(&error),
    }
}

fn read(call: &Call, params: &Params) -> Result<TokenCall, TokenError> {
    let authorization: Vec<&[u8]> = call
        .headers()
        .get_all(header::AUTHORIZATION)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    let credentials = PresentedCredentials::parse(&authorization, params)
        .map_err(|refusal| TokenError::credentials(&refusal, !authorization.is_empty()))?;
    let request = TokenRequest::parse(params)?;
    Ok(TokenCall {
        credentials,
        request,
    })
}

fn token_error(error: &TokenError) -> Answer {
    let code = error.code();
    let status = match code {
        // RFC 6749 section 5.2: 401 where the client used the Authorization header.
        ErrorCode::InvalidClient => StatusCode::UNAUTHORIZED,
        ErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    };
    let mut answer = response::oauth_error(status, code, error.description());
    let headers = answer.headers_mut();
    if error.challenges_basic() {
        let challenge = HeaderValue::from_static("Basic realm=\"token\"");
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    answer
}

/// Answers `/userinfo`.
pub(super) async fn userinfo(issuer: &Issuer, call: &Call) -> Answer {
    let authorization: Vec<&[u8]> = call
        .headers()
        .get_all(header::AUTHORIZATION)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    let form = (call.is_post() && call.is_form()).then_some(&*call.body);
    let presented = match access_token(&authorization, form, call.query()) {
        Ok(token) => token,
        // RFC 6750 section 3.1: who brought nothing is told how, and no error.
        Err(BearerError::Missing) => return challenge(StatusCode::UNAUTHORIZED, None),
        Err(BearerError::Malformed(why)) => {
            return challenge(
                StatusCode::BAD_REQUEST,
                Some((ErrorCode::InvalidRequest, why)),
            );
        }
    };
    let token = presented.expose_str().unwrap_or_default();
    match userinfo::userinfo(issuer, token).await {
        Ok(claims) => response::json(StatusCode::OK, claims.to_string()),
        Err(UserInfoError::InvalidToken(why)) => challenge(
            StatusCode::UNAUTHORIZED,
            Some((ErrorCode::InvalidToken, why)),
        ),
        Err(UserInfoError::InsufficientScope) => challenge(
            StatusCode::FORBIDDEN,
            Some((
                ErrorCode::InsufficientScope,
                "the access token was not issued for openid",
            )),
        ),
        Err(UserInfoError::Unavailable(error)) => {
            tracing::error!(%error, "userinfo could not be answered");
            later()
        }
    }
}

/// `WWW-Authenticate: Bearer` ([RFC 6750 section 3]); all texts are constants of ours.
///
/// [RFC 6750 section 3]: https://www.rfc-editor.org/rfc/rfc6750#section-3
fn challenge(status: StatusCode, error: Option<(ErrorCode, &str)>) -> Answer {
    let mut value = "Bearer realm=\"userinfo\"".to_owned();
    let mut answer = match error {
        Some((code, why)) => {
            value.push_str(&format!(
                ", error=\"{}\", error_description=\"{why}\"",
                code.as_str()
            ));
            response::oauth_error(status, code, why)
        }
        None => response::json(status, "{}"),
    };
    if let Ok(value) = HeaderValue::from_str(&value) {
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    answer
}

/// The question could not be answered now; the reason is for the log.
pub(super) fn unavailable(error: &dyn std::error::Error) -> Answer {
    tracing::error!(%error, "a request could not be answered");
    later()
}

fn later() -> Answer {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let mut answer = response::oauth_error(status, ErrorCode::TemporarilyUnavailable, LATER);
    let headers = answer.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}
