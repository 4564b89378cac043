//! The ordered list of checks of an authorization request.

use super::{AuthorizeRefusal, Client, PageRefusal, RedirectRefusal, match_redirect_uri};
use crate::protocol::{
    AuthorizationRequest, CODE_CHALLENGE_METHOD, CodeChallenge, ConnectorId, ErrorCode, GrantType,
    MatchedRedirectUri, Nonce, PromptSet, ResponseMode, ResponseType, ResponseTypeRefusal, Scope,
    ScopeToken, StateParam, ValidAuthorizationRequest,
};

/// Values of `acr_values` and of `ui_locales` that are looked at; they are preferences in order.
const MAX_PREFERENCES: usize = 16;
/// Bytes of one such value, and of `login_hint`; longer ones are dropped, since they are hints.
const MAX_HINT_BYTES: usize = 512;

/// What the issuer's configuration says about authorization requests.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AuthorizeRules<'a> {
    /// Scope tokens besides the standard ones.
    pub custom_scopes: &'a [ScopeToken],
    /// Demand PKCE of confidential clients, too.
    pub require_pkce: bool,
}

impl<'a> AuthorizeRules<'a> {
    /// Rules with these custom scope tokens.
    #[must_use]
    pub const fn new(custom_scopes: &'a [ScopeToken], require_pkce: bool) -> Self {
        Self {
            custom_scopes,
            require_pkce,
        }
    }
}

/// Checks an authorization request against its client's registration
/// ([RFC 6749 section 4.1.1], [OIDC Core section 3.1.2.2]).
///
/// Unlike plain OAuth 2.0, and like Dex, it demands the scope `openid`. `offline_access` is
/// dropped where the client may not use refresh tokens (OIDC Core section 11).
///
/// # Errors
///
/// [`AuthorizeRefusal::Page`] until the redirect URI is trusted, from then on
/// [`AuthorizeRefusal::Redirect`].
///
/// [RFC 6749 section 4.1.1]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1
/// [OIDC Core section 3.1.2.2]: https://openid.net/specs/openid-connect-core-1_0.html#AuthRequestValidation
pub fn validate(
    request: &AuthorizationRequest,
    client: &Client,
    rules: &AuthorizeRules<'_>,
) -> Result<ValidAuthorizationRequest, AuthorizeRefusal> {
    check_client(request, client)?;
    let redirect_uri = match_redirect_uri(&request.redirect_uri, client)?;
    // From here on the redirect URI is trusted: refusals go back to the client.
    check_rest(request, client, rules, &redirect_uri).map_err(|fault| {
        RedirectRefusal::new(
            redirect_uri,
            check_response_mode(request).unwrap_or_default(),
            check_state(request).unwrap_or_default(),
            fault,
        )
        .into()
    })
}

/// What the client is told: a code and a fixed text.
type Fault = (ErrorCode, &'static str);

const fn invalid(description: &'static str) -> Fault {
    (ErrorCode::InvalidRequest, description)
}

fn check_rest(
    request: &AuthorizationRequest,
    client: &Client,
    rules: &AuthorizeRules<'_>,
    redirect_uri: &MatchedRedirectUri,
) -> Result<ValidAuthorizationRequest, Fault> {
    check_duplicates(request)?;
    let state = check_state(request)?;
    check_unsupported(request)?;
    let response_type = check_response_type(request)?;
    let response_mode = check_response_mode(request)?;
    check_grant_type(client)?;
    let scope = check_scope(request, client, rules)?;
    let code_challenge = check_pkce(request, client, rules)?;
    let nonce = check_nonce(request)?;
    let prompt = check_prompt(request)?;
    let max_age = check_max_age(request, client)?;
    let connector_id = check_connector(request, client)?;
    let valid =
        ValidAuthorizationRequest::new(client.client_id.clone(), redirect_uri.clone(), scope);
    Ok(ValidAuthorizationRequest {
        response_type,
        response_mode,
        state,
        nonce,
        code_challenge,
        prompt,
        max_age,
        login_hint: hint(request.login_hint.as_deref()),
        ui_locales: preferences(request.ui_locales.as_deref()),
        acr_values: preferences(request.acr_values.as_deref()),
        connector_id,
        ..valid
    })
}

fn check_client(request: &AuthorizationRequest, client: &Client) -> Result<(), PageRefusal> {
    if request.client_id != client.client_id {
        return Err(PageRefusal::UnknownClient);
    }
    if client.disabled {
        return Err(PageRefusal::DisabledClient);
    }
    Ok(())
}

fn check_duplicates(request: &AuthorizationRequest) -> Result<(), Fault> {
    match request.duplicate {
        None => Ok(()),
        Some(_) => Err(invalid("a parameter occurs more than once")),
    }
}

fn check_state(request: &AuthorizationRequest) -> Result<Option<StateParam>, Fault> {
    let state = request.state.as_deref().map(StateParam::parse);
    state
        .transpose()
        .map_err(|_| invalid("state is longer than 4,096 bytes"))
}

/// Request objects and self-issued registration ([OIDC Core sections 6 and 7.2.1]).
///
/// [OIDC Core sections 6 and 7.2.1]: https://openid.net/specs/openid-connect-core-1_0.html#JWTRequests
fn check_unsupported(request: &AuthorizationRequest) -> Result<(), Fault> {
    if request.request.is_some() {
        return Err((
            ErrorCode::RequestNotSupported,
            "the parameter request is not supported",
        ));
    }
    if request.request_uri.is_some() {
        return Err((
            ErrorCode::RequestUriNotSupported,
            "the parameter request_uri is not supported",
        ));
    }
    if request.registration.is_some() {
        return Err((
            ErrorCode::RegistrationNotSupported,
            "the parameter registration is not supported",
        ));
    }
    Ok(())
}

fn check_response_type(request: &AuthorizationRequest) -> Result<ResponseType, Fault> {
    let text = request
        .response_type
        .as_deref()
        .ok_or(invalid("response_type is missing"))?;
    ResponseType::parse(text).map_err(|refusal| match refusal {
        ResponseTypeRefusal::Unknown => invalid("the response type is unknown"),
        ResponseTypeRefusal::Unsupported => (
            ErrorCode::UnsupportedResponseType,
            "the response type is not supported",
        ),
    })
}

fn check_response_mode(request: &AuthorizationRequest) -> Result<ResponseMode, Fault> {
    match request.response_mode.as_deref() {
        None => Ok(ResponseMode::default()),
        Some(text) => {
            ResponseMode::parse(text).map_err(|_| invalid("the response mode is not supported"))
        }
    }
}

fn check_grant_type(client: &Client) -> Result<(), Fault> {
    client
        .allows_grant_type(GrantType::AuthorizationCode)
        .then_some(())
        .ok_or((
            ErrorCode::UnauthorizedClient,
            "this client may not ask for codes",
        ))
}

fn check_scope(
    request: &AuthorizationRequest,
    client: &Client,
    rules: &AuthorizeRules<'_>,
) -> Result<Scope, Fault> {
    let fault = |description| (ErrorCode::InvalidScope, description);
    let text = request.scope.as_deref().unwrap_or_default();
    let scope = Scope::parse(text).map_err(|_| fault("the scope is malformed"))?;
    if !scope.openid() {
        return Err(fault("the scope openid is missing"));
    }
    let standard = Scope::standard();
    let custom = |token: &ScopeToken| {
        let registered = client
            .scope
            .as_ref()
            .is_none_or(|scope| scope.contains(token.as_str()));
        registered && rules.custom_scopes.contains(token)
    };
    let known = |token: &ScopeToken| standard.contains(token.as_str()) || custom(token);
    if !scope.iter().all(known) {
        return Err(fault("the scope holds values this client may not ask for"));
    }
    if !client.allows_grant_type(GrantType::RefreshToken) {
        return Ok(scope.without(crate::protocol::OFFLINE_ACCESS));
    }
    Ok(scope)
}

/// [RFC 7636 section 4.4.1]: only `S256`, and a missing method would mean `plain`.
///
/// [RFC 7636 section 4.4.1]: https://www.rfc-editor.org/rfc/rfc7636#section-4.4.1
fn check_pkce(
    request: &AuthorizationRequest,
    client: &Client,
    rules: &AuthorizeRules<'_>,
) -> Result<Option<CodeChallenge>, Fault> {
    let method = request.code_challenge_method.as_deref();
    match (request.code_challenge.as_deref(), method) {
        (None, None) if client.requires_pkce() || rules.require_pkce => {
            Err(invalid("code_challenge is missing"))
        }
        (None, None) => Ok(None),
        (None, Some(_)) => Err(invalid("code_challenge_method without code_challenge")),
        (Some(challenge), Some(CODE_CHALLENGE_METHOD)) => CodeChallenge::parse(challenge)
            .map(Some)
            .map_err(|_| invalid("code_challenge is not 32 bytes in base64url")),
        (Some(_), _) => Err(invalid("code_challenge_method must be S256")),
    }
}

fn check_nonce(request: &AuthorizationRequest) -> Result<Option<Nonce>, Fault> {
    let nonce = request.nonce.as_deref().map(Nonce::parse);
    nonce
        .transpose()
        .map_err(|_| invalid("nonce must be at most 4,096 printable ASCII characters"))
}

fn check_prompt(request: &AuthorizationRequest) -> Result<PromptSet, Fault> {
    match request.prompt.as_deref() {
        None => Ok(PromptSet::default()),
        Some(text) => PromptSet::parse(text)
            .map_err(|_| invalid("prompt holds an unknown value, or none beside others")),
    }
}

fn check_max_age(request: &AuthorizationRequest, client: &Client) -> Result<Option<u64>, Fault> {
    let Some(text) = request.max_age.as_deref() else {
        return Ok(client.default_max_age);
    };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = text.parse::<u32>().ok().filter(|_| digits);
    seconds
        .map(|seconds| Some(seconds.into()))
        .ok_or(invalid("max_age must be a number of seconds"))
}

fn check_connector(
    request: &AuthorizationRequest,
    client: &Client,
) -> Result<Option<ConnectorId>, Fault> {
    let Some(text) = request.connector_id.as_deref() else {
        return Ok(None);
    };
    ConnectorId::parse(text)
        .ok()
        .filter(|id| client.allows_connector(id))
        .map(Some)
        .ok_or(invalid("connector_id names no connector of this client"))
}

fn hint(text: Option<&str>) -> Option<String> {
    text.filter(|text| text.len() <= MAX_HINT_BYTES && !text.chars().any(char::is_control))
        .map(str::to_owned)
}

fn preferences(text: Option<&str>) -> Vec<String> {
    text.unwrap_or_default()
        .split(' ')
        .filter(|word| !word.is_empty())
        .take(MAX_PREFERENCES)
        .filter_map(|word| hint(Some(word)))
        .collect()
}

#[cfg(test)]
mod tests;
