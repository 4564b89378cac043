//! 5. Answer the client: a code, or the end user's no. One insert makes it final.

use super::{
    Next, Outcome,
    begin_login::Flow,
    consent::Present,
    pending::{PendingAuthorization, Step},
    problem::FlowError,
};
use crate::{
    client::Client,
    event::Event,
    grant::{
        AuthorizationCode, CodePart, Epochs, Grant, GrantStatus, IssuedCode, RefreshPart, WriteId,
    },
    issuer::{Issuer, Parts},
    protocol::{AuthorizationResponse, ErrorCode, ValidAuthorizationRequest},
    storage::grants::Who,
};

/// Tells the client why there is no code; nothing is stored, since nobody decided anything.
pub(super) fn error(
    parts: &Parts,
    request: &ValidAuthorizationRequest,
    code: ErrorCode,
    description: &'static str,
) -> FlowError {
    FlowError::Redirect(Box::new(AuthorizationResponse::error(
        &request.redirect_uri,
        request.response_mode,
        (code, description),
        request.state.as_ref(),
        &parts.url,
    )))
}

/// Issues the code: the insert of the grant is what answers the flow.
pub(super) async fn with_code(
    issuer: &Issuer,
    client: &Client,
    (handle, pending): Flow,
    (who, present): (&Who, &Present),
) -> Result<Outcome, FlowError> {
    let parts = issuer.parts();
    let now = issuer.now();
    let code = AuthorizationCode::draw(pending.grant_id, &*parts.entropy)?;
    let request = &pending.request;
    let mut grant = new_grant(parts, &pending, (who, present), GrantStatus::Live)?;
    let expires_at = now + parts.config.code_lifetime;
    grant.code = CodePart::Issued(IssuedCode::new(
        &code,
        request.redirect_uri.as_str().to_owned(),
        request.code_challenge.clone(),
        expires_at,
    ));
    let response = AuthorizationResponse::success(
        &request.redirect_uri,
        request.response_mode,
        &code.expose(),
        request.state.as_ref(),
        &parts.url,
    );
    let sealed = answered(parts, &pending, &handle)?;
    if !parts.grants.answer_flow(pending.grant_id, &grant).await? {
        return Err(pending.answered());
    }
    parts.record(&Event::GrantIssued {
        grant_id: pending.grant_id,
        client_id: client.client_id.clone(),
        subject: who.subject.clone(),
    });
    Ok(Outcome::new(Next::Respond(response)).keeping(sealed))
}

/// Tells the client that the end user said no; the flow cannot be answered again.
pub(super) async fn with_refusal(
    issuer: &Issuer,
    (handle, pending): Flow,
    (who, present): (&Who, &Present),
) -> Result<Outcome, FlowError> {
    let parts = issuer.parts();
    let request = &pending.request;
    let grant = new_grant(parts, &pending, (who, present), GrantStatus::Refused)?;
    let response = AuthorizationResponse::error(
        &request.redirect_uri,
        request.response_mode,
        (ErrorCode::AccessDenied, "the end user said no"),
        request.state.as_ref(),
        &parts.url,
    );
    let sealed = answered(parts, &pending, &handle)?;
    if !parts.grants.answer_flow(pending.grant_id, &grant).await? {
        return Err(pending.answered());
    }
    parts.record(&Event::GrantRefused {
        grant_id: pending.grant_id,
        client_id: request.client_id.clone(),
        subject: who.subject.clone(),
    });
    Ok(Outcome::new(Next::Respond(response)).keeping(sealed))
}

/// What stays with the user agent: enough to say that this was answered, when it comes back.
fn answered(
    parts: &Parts,
    pending: &PendingAuthorization,
    handle: &super::FlowHandle,
) -> Result<super::SealedFlow, FlowError> {
    pending.at_step(Step::Answered).seal(parts, handle)
}

fn new_grant(
    parts: &Parts,
    pending: &PendingAuthorization,
    (who, present): (&Who, &Present),
    status: GrantStatus,
) -> Result<Grant, FlowError> {
    let request = &pending.request;
    Ok(Grant {
        status,
        client_id: request.client_id.clone(),
        subject: who.subject.clone(),
        connector_id: who.connector_id.clone(),
        scope: request.scope.clone(),
        session_id: who.session_id,
        auth_time: present.session.auth_time,
        acr: present.session.acr.clone(),
        amr: present.session.amr.clone(),
        nonce: request.nonce.clone(),
        epochs: Epochs {
            user: present.user.standing.epoch,
            client: present.client.epoch,
            connector: present.connector.epoch,
            consent: present.consent.as_ref().map_or(0, |record| record.epoch),
        },
        code: CodePart::None,
        refresh: RefreshPart::None,
        flow_until: pending.expires_at,
        tokens_until: pending.expires_at,
        write: WriteId::draw(&*parts.entropy)?,
    })
}
