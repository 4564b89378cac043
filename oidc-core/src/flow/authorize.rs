//! 1. Read the authorization request, check the client, open a flow.

use std::sync::Arc;

use super::{
    Choose, Next, Outcome, UserAgent,
    begin_login::begin_login,
    consent,
    pending::PendingAuthorization,
    problem::{FlowError, ProblemKind, refused},
    respond, session,
};
use crate::{
    client::{AuthorizeRules, Client, PageRefusal, validate},
    event::Event,
    issuer::{Issuer, Parts, RegisteredConnector},
    protocol::{AuthorizationRequest, ErrorCode, Params, Prompt, ValidAuthorizationRequest},
};

/// Answers an authorization request ([RFC 6749 section 4.1.1], [OIDC Core section 3.1.2.1]).
///
/// Nothing is written unless the user agent has a live session.
///
/// [RFC 6749 section 4.1.1]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1
/// [OIDC Core section 3.1.2.1]: https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
pub(crate) async fn authorize(
    issuer: &Issuer,
    params: &Params,
    agent: &UserAgent,
) -> Result<Outcome, FlowError> {
    let parts = issuer.parts();
    let now = issuer.now();
    let (request, client) = check_request(parts, params).await.inspect_err(|error| {
        parts.record(&Event::AuthorizationRefused {
            client_id: None,
            reason: format!("{error:?}"),
        });
    })?;
    let connectors = allowed_connectors(parts, &client, &request).await?;
    if let Some(session) = session::find(parts, agent.session.as_ref(), now).await?
        && session.serves(&request, now)
        && connectors
            .iter()
            .any(|known| known.id == session.connector_id)
    {
        let (handle, pending) = PendingAuthorization::open(parts, request, now)?;
        return consent::after_login(issuer, &client, (handle, pending), &session).await;
    }
    if request.prompt.contains(Prompt::None) {
        // Nobody authenticated, so nothing is stored: the client may ask as often as it likes.
        return Err(respond::error(
            parts,
            &request,
            ErrorCode::LoginRequired,
            "the end user is not signed in",
        ));
    }
    let (handle, pending) = PendingAuthorization::open(parts, request, now)?;
    match connectors.as_slice() {
        [] => Err(FlowError::problem(ProblemKind::NoConnector)),
        [only] if !must_choose(parts, &pending.request) => {
            begin_login(issuer, &client, (handle, pending), only, false).await
        }
        _ => {
            let sealed = pending.seal(parts, &handle)?;
            let next = Next::Choose(Choose {
                flow: handle,
                client_name: client.display_name().to_owned(),
                connectors: names(&connectors),
            });
            Ok(Outcome::new(next).keeping(sealed))
        }
    }
}

fn must_choose(parts: &Parts, request: &ValidAuthorizationRequest) -> bool {
    request.connector_id.is_none()
        && (parts.config.always_show_chooser || request.prompt.contains(Prompt::SelectAccount))
}

pub(super) fn names(
    connectors: &[RegisteredConnector],
) -> Vec<(crate::protocol::ConnectorId, String)> {
    connectors
        .iter()
        .map(|known| (known.id.clone(), known.name.clone()))
        .collect()
}

async fn check_request(
    parts: &Parts,
    params: &Params,
) -> Result<(ValidAuthorizationRequest, Arc<Client>), FlowError> {
    let refuse = |refusal| refused(refusal, &parts.url);
    let request = AuthorizationRequest::parse(params).map_err(refuse)?;
    let client = parts
        .clients
        .find(&request.client_id)
        .await?
        .ok_or(PageRefusal::UnknownClient)?;
    if parts
        .grants
        .with_client(&request.client_id, None)
        .await?
        .client
        .disabled
    {
        return Err(FlowError::problem(ProblemKind::ClientDisabled));
    }
    let rules = AuthorizeRules::new(&parts.config.custom_scopes, parts.config.require_pkce);
    let valid = validate(&request, &client, &rules).map_err(refuse)?;
    Ok((valid, client))
}

/// The connectors that this request may use, in the chooser's order.
pub(super) async fn allowed_connectors(
    parts: &Parts,
    client: &Client,
    request: &ValidAuthorizationRequest,
) -> Result<Vec<RegisteredConnector>, FlowError> {
    let mut connectors = parts.connectors.list().await?;
    connectors.retain(|known| {
        client.allows_connector(&known.id)
            && request
                .connector_id
                .as_ref()
                .is_none_or(|wanted| *wanted == known.id)
    });
    Ok(connectors)
}
