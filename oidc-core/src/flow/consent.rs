//! 4. Ask the end user, or skip: remembered, or not asked for this client.

use super::{
    AskConsent, Next, Outcome, UserAgent,
    begin_login::{Flow, client_of},
    pending::{PendingAuthorization, Step},
    problem::{FlowError, ProblemKind, Restart},
    respond,
    session::{LiveSession, counts, display_name},
};
use crate::{
    claims::Subject,
    client::Client,
    consent::{ConsentDecision, consent_needed},
    grant::{SessionHandle, Standing},
    issuer::{Issuer, Parts},
    protocol::{ConnectorId, ErrorCode, Prompt, Scope},
    storage::{SessionRecord, UserRecord, grants::Who},
};

/// What the consent page sent.
#[derive(Debug)]
pub(crate) struct ConsentForm {
    /// Names the flow.
    pub(crate) handle: String,
    /// The end user agreed.
    pub(crate) approved: bool,
}

/// Everyone whose word the answer rests on, freshly read and found standing.
#[derive(Debug)]
pub(super) struct Present {
    pub(super) client: Standing,
    pub(super) connector: Standing,
    pub(super) user: UserRecord,
    pub(super) session: SessionRecord,
    pub(super) consent: Option<crate::consent::ConsentRecord>,
}

/// A live session serves the request.
pub(super) async fn after_login(
    issuer: &Issuer,
    client: &Client,
    flow: Flow,
    session: &LiveSession,
) -> Result<Outcome, FlowError> {
    let who = Who {
        subject: session.subject.clone(),
        session_id: session.id,
        connector_id: session.connector_id.clone(),
    };
    let passive = flow.1.request.prompt.contains(Prompt::None);
    let present = present(issuer, &who, &flow.1).await?;
    if agreed(client, &flow.1, &present) {
        return respond::with_code(issuer, client, flow, (&who, &present)).await;
    }
    if passive {
        return Err(respond::error(
            issuer.parts(),
            &flow.1.request,
            ErrorCode::ConsentRequired,
            "the end user has not agreed yet",
        ));
    }
    let (next, sealed) = ask(issuer.parts(), client, flow, (who, &present))?;
    Ok(Outcome::new(next).keeping(sealed))
}

/// Someone just authenticated.
pub(super) async fn after_sign_in(
    issuer: &Issuer,
    client: &Client,
    flow: Flow,
    (subject, session, connector_id): (Subject, SessionHandle, &ConnectorId),
) -> Result<Outcome, FlowError> {
    let who = Who {
        subject,
        session_id: session.session_id(),
        connector_id: connector_id.clone(),
    };
    let present = present(issuer, &who, &flow.1).await?;
    let outcome = if agreed(client, &flow.1, &present) {
        respond::with_code(issuer, client, flow, (&who, &present)).await?
    } else {
        let handle = flow.0.clone();
        let (_, sealed) = ask(issuer.parts(), client, flow, (who, &present))?;
        // By a redirect: a reload of the page must not send the password again.
        Outcome::new(Next::ToConsent(handle)).keeping(sealed)
    };
    Ok(outcome.with_session(Some(session)))
}

/// Shows the consent page of a flow that waits for it.
pub(crate) async fn consent_page(
    issuer: &Issuer,
    agent: &UserAgent,
    handle: &str,
) -> Result<Outcome, FlowError> {
    let parts = issuer.parts();
    let flow = PendingAuthorization::find(parts, &agent.flows, handle, issuer.now())?;
    let who = who_must_agree(&flow.1)?;
    let client = client_of(parts, &flow.1).await?;
    let present = present(issuer, &who, &flow.1).await?;
    let (next, _) = ask(parts, &client, flow, (who, &present))?;
    Ok(Outcome::new(next))
}

/// The consent page was sent.
pub(crate) async fn consent(
    issuer: &Issuer,
    agent: &UserAgent,
    form: ConsentForm,
) -> Result<Outcome, FlowError> {
    let parts = issuer.parts();
    let flow = PendingAuthorization::find(parts, &agent.flows, &form.handle, issuer.now())?;
    let who = who_must_agree(&flow.1)?;
    let client = client_of(parts, &flow.1).await?;
    let mut present = present(issuer, &who, &flow.1).await?;
    if !form.approved {
        return respond::with_refusal(issuer, flow, (&who, &present)).await;
    }
    present.consent = parts
        .consents
        .remember(&who.subject, &client.client_id, &flow.1.request.scope)
        .await?;
    respond::with_code(issuer, &client, flow, (&who, &present)).await
}

fn who_must_agree(pending: &PendingAuthorization) -> Result<Who, FlowError> {
    match &pending.step {
        Step::Consent {
            subject,
            session_id,
            connector_id,
        } => Ok(Who {
            subject: subject.clone(),
            session_id: *session_id,
            connector_id: connector_id.clone(),
        }),
        Step::Choose | Step::Login { .. } | Step::Answered => Err(pending.out_of_step()),
    }
}

fn agreed(client: &Client, pending: &PendingAuthorization, present: &Present) -> bool {
    let request = &pending.request;
    let decision = consent_needed(
        client,
        &request.prompt,
        present.consent.as_ref(),
        &request.scope,
    );
    decision == ConsentDecision::Skip
}

fn ask(
    parts: &Parts,
    client: &Client,
    (handle, mut pending): Flow,
    (who, present): (Who, &Present),
) -> Result<(Next, super::SealedFlow), FlowError> {
    pending.step = Step::Consent {
        subject: who.subject,
        session_id: who.session_id,
        connector_id: who.connector_id,
    };
    let sealed = pending.seal(parts, &handle)?;
    let next = Next::Consent(AskConsent {
        flow: handle,
        client_name: client.display_name().to_owned(),
        user_name: display_name(&present.user),
        scope: Scope::clone(&pending.request.scope),
    });
    Ok((next, sealed))
}

/// Reads everyone afresh, and passes every gate: what was true when the page was shown may not be
/// any more.
async fn present(
    issuer: &Issuer,
    who: &Who,
    pending: &PendingAuthorization,
) -> Result<Present, FlowError> {
    let parts = issuer.parts();
    let client_id = &pending.request.client_id;
    let read = parts
        .grants
        .flow_parties(client_id, who, pending.grant_id)
        .await?;
    if read.answered {
        return Err(pending.answered());
    }
    if read.client.disabled {
        return Err(FlowError::problem(ProblemKind::ClientDisabled));
    }
    if read.connector.disabled {
        return Err(FlowError::problem(ProblemKind::NoConnector));
    }
    match (read.user, read.session) {
        (Some(user), Some(session)) if counts(parts, &session, Some(&user), issuer.now()) => {
            Ok(Present {
                client: read.client,
                connector: read.connector,
                user,
                session,
                consent: read.consent,
            })
        }
        // Signed out, blocked, or idle for too long since the page was shown.
        _ => Err(FlowError::problem(ProblemKind::Expired)
            .with_restart(Restart::Again(Box::new(pending.request.clone())))),
    }
}
