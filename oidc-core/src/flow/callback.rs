//! 3. The connector answers: from what the user agent brought to an identity, a user and a
//!    session.

use std::time::Duration;

use super::{
    LogIn, Next, Outcome, UserAgent,
    begin_login::{Flow, ask, callback_url, client_of, login_of},
    consent,
    pending::{PendingAuthorization, Step},
    problem::{FlowError, ProblemKind, Restart},
    respond, session,
};
use crate::{
    base64url,
    claims::{Subject, normalize},
    client::Client,
    clock::UnixTime,
    connector::{Answer, Authenticated, ConnectorError, ConnectorState, Denial, Progress},
    entropy::draw,
    event::Event,
    grant::SessionHandle,
    issuer::{Issuer, RegisteredConnector},
    protocol::{ConnectorId, ErrorCode, Prompt},
    seal::Purpose,
    secret::Secret,
    storage::users::SeenUser,
};

/// Longest user name or password that is looked at, in bytes: what is longer is wrong anyway, and
/// must not cost hashing time.
const MAX_CREDENTIAL: usize = 1024;
/// So much may the clocks of an upstream and ours be apart.
const SKEW: Duration = Duration::from_secs(60);

/// What the user agent brought back to the callback.
#[derive(Debug)]
pub(crate) struct Brought {
    /// The connector in the path, if any.
    pub(crate) connector_id: Option<ConnectorId>,
    /// Names the flow: `state` or `RelayState`.
    pub(crate) handle: String,
    pub(crate) answer: Answer,
}

/// The upstream sent the user agent back.
pub(crate) async fn callback(
    issuer: &Issuer,
    agent: &UserAgent,
    brought: Brought,
) -> Result<Outcome, FlowError> {
    let flow =
        PendingAuthorization::find(issuer.parts(), &agent.flows, &brought.handle, issuer.now())?;
    resume(issuer, flow, brought.connector_id.as_ref(), brought.answer).await
}

/// The login form was sent.
pub(crate) async fn password(
    issuer: &Issuer,
    agent: &UserAgent,
    (handle, connector_id): (&str, &ConnectorId),
    (username, password): (String, Secret),
) -> Result<Outcome, FlowError> {
    let parts = issuer.parts();
    let flow = PendingAuthorization::find(parts, &agent.flows, handle, issuer.now())?;
    if username.len() > MAX_CREDENTIAL || password.expose().len() > MAX_CREDENTIAL {
        let client = client_of(parts, &flow.1).await?;
        let connector = connector_of(issuer, &client, &flow.1, Some(connector_id))
            .await?
            .0;
        return wrong_credentials(issuer, &client, flow, &connector, String::new()).await;
    }
    let answer = Answer::Credentials { username, password };
    resume(issuer, flow, Some(connector_id), answer).await
}

async fn resume(
    issuer: &Issuer,
    flow: Flow,
    connector_id: Option<&ConnectorId>,
    answer: Answer,
) -> Result<Outcome, FlowError> {
    let parts = issuer.parts();
    let client = client_of(parts, &flow.1).await?;
    let (connector, state) = connector_of(issuer, &client, &flow.1, connector_id).await?;
    let typed = match &answer {
        Answer::Credentials { username, .. } => Some(username.clone()),
        _ => None,
    };
    let callback_url = callback_url(parts, &connector.id)?;
    let seed = flow.1.seed();
    let login = login_of(&flow, &callback_url, seed, issuer.now());
    let progress = connector.connector.resume(&login, state, answer).await;
    match (progress, typed) {
        (Ok(Progress::Denied(Denial::InvalidCredentials)), Some(username)) => {
            wrong_credentials(issuer, &client, flow, &connector, username).await
        }
        (progress, _) => proceed(issuer, &client, flow, &connector, (progress, false)).await,
    }
}

/// The connector that the flow waits for, and its state.
async fn connector_of(
    issuer: &Issuer,
    client: &Client,
    pending: &PendingAuthorization,
    in_path: Option<&ConnectorId>,
) -> Result<(RegisteredConnector, ConnectorState), FlowError> {
    let parts = issuer.parts();
    let out_of_step = || pending.out_of_step();
    let Step::Login {
        connector_id,
        state,
        ..
    } = &pending.step
    else {
        return Err(out_of_step());
    };
    // The connector that was asked is the only one that may answer (mix-up).
    if in_path.is_some_and(|id| id != connector_id) {
        return Err(out_of_step());
    }
    let connector = parts
        .connectors
        .find(connector_id)
        .await?
        .filter(|known| client.allows_connector(&known.id))
        .ok_or_else(|| FlowError::problem(ProblemKind::NoConnector))?;
    let state = base64url::decode(state).ok_or_else(out_of_step)?;
    Ok((connector, ConnectorState(state)))
}

/// The form again, with one fixed text for every cause.
async fn wrong_credentials(
    issuer: &Issuer,
    client: &Client,
    (handle, pending): Flow,
    connector: &RegisteredConnector,
    username: String,
) -> Result<Outcome, FlowError> {
    issuer.parts().record(&Event::LoginDenied {
        connector_id: connector.id.clone(),
        client_id: client.client_id.clone(),
        reason: "invalid credentials".to_owned(),
    });
    let Step::Login {
        prompt: Some(prompt),
        ..
    } = &pending.step
    else {
        return Err(pending.out_of_step());
    };
    let connectors =
        super::authorize::allowed_connectors(issuer.parts(), client, &pending.request).await?;
    Ok(Outcome::new(Next::LogIn(LogIn {
        flow: handle,
        client_name: client.display_name().to_owned(),
        connector_id: connector.id.clone(),
        connector_name: connector.name.clone(),
        prompt: prompt.clone(),
        username,
        failed: true,
        can_choose: connectors.len() > 1,
    })))
}

/// Goes on with what the connector said.
pub(super) async fn proceed(
    issuer: &Issuer,
    client: &Client,
    flow: Flow,
    connector: &RegisteredConnector,
    (progress, can_choose): (Result<Progress, ConnectorError>, bool),
) -> Result<Outcome, FlowError> {
    match progress {
        Ok(Progress::Ask(what, state)) => ask(
            issuer.parts(),
            client,
            flow,
            connector,
            (what, state, can_choose),
        ),
        Ok(Progress::Authenticated(authenticated)) => {
            signed_in(issuer, client, flow, connector, *authenticated).await
        }
        Ok(Progress::Denied(denial)) => Err(denied(issuer, &flow, connector, &denial)),
        Err(error) => Err(failed(issuer, flow, connector, &error)),
    }
}

fn denied(
    issuer: &Issuer,
    (_, pending): &Flow,
    connector: &RegisteredConnector,
    denial: &Denial,
) -> FlowError {
    let parts = issuer.parts();
    parts.record(&Event::LoginDenied {
        connector_id: connector.id.clone(),
        client_id: pending.request.client_id.clone(),
        reason: format!("{denial:?}"),
    });
    match denial {
        // Nobody authenticated: the client is told, nothing is stored.
        Denial::Cancelled => respond::error(
            parts,
            &pending.request,
            ErrorCode::AccessDenied,
            "the end user did not sign in",
        ),
        Denial::InvalidCredentials | Denial::Refused(_) => FlowError::problem(ProblemKind::Denied)
            .with_restart(Restart::Again(Box::new(pending.request.clone()))),
    }
}

fn failed(
    issuer: &Issuer,
    (_, pending): Flow,
    connector: &RegisteredConnector,
    error: &ConnectorError,
) -> FlowError {
    let parts = issuer.parts();
    let correlation_id = match draw::<6>(&*parts.entropy) {
        Ok(bytes) => base64url::encode(&bytes),
        Err(error) => return error.into(),
    };
    parts.record(&Event::ConnectorFailed {
        connector_id: connector.id.clone(),
        correlation_id: correlation_id.clone(),
        reason: error.to_string(),
    });
    FlowError::problem(ProblemKind::ConnectorFailed(correlation_id))
        .with_restart(Restart::Again(Box::new(pending.request)))
}

/// Someone authenticated: uses up one-time ids, records user and session, goes on to consent.
async fn signed_in(
    issuer: &Issuer,
    client: &Client,
    flow: Flow,
    connector: &RegisteredConnector,
    mut authenticated: Authenticated,
) -> Result<Outcome, FlowError> {
    let parts = issuer.parts();
    let now = issuer.now();
    check_reauthenticated(issuer, &flow.1, authenticated.authentication.auth_time)?;
    authenticated.identity = match normalize(&connector.claim_mapping, authenticated.identity) {
        Ok(identity) => identity,
        Err(refusal) => {
            let denial = Denial::Refused(refusal.to_string());
            return Err(denied(issuer, &flow, connector, &denial));
        }
    };
    let subject = Subject::public(&connector.id, &authenticated.identity.subject);
    if parts
        .grants
        .connector_standing(&connector.id)
        .await?
        .disabled
    {
        return Err(FlowError::problem(ProblemKind::NoConnector));
    }
    for once in &authenticated.once {
        if !parts
            .seen
            .first_time(&connector.id, once, &*parts.entropy)
            .await?
        {
            let denial = Denial::Refused("a one-time id was shown again".to_owned());
            return Err(denied(issuer, &flow, connector, &denial));
        }
    }
    let handle = record(issuer, &flow.1, connector, (&subject, &authenticated), now).await?;
    let Some(handle) = handle else {
        let denial = Denial::Refused("the end user is blocked".to_owned());
        return Err(denied(issuer, &flow, connector, &denial));
    };
    parts.record(&Event::LoginSucceeded {
        subject: subject.clone(),
        connector_id: connector.id.clone(),
        client_id: flow.1.request.client_id.clone(),
        session_id: handle.session_id(),
    });
    consent::after_sign_in(issuer, client, flow, (subject, handle, &connector.id)).await
}

/// Writes user and session; `None` if the end user is blocked.
async fn record(
    issuer: &Issuer,
    pending: &PendingAuthorization,
    connector: &RegisteredConnector,
    (subject, authenticated): (&Subject, &Authenticated),
    now: UnixTime,
) -> Result<Option<SessionHandle>, FlowError> {
    let parts = issuer.parts();
    // Only a login for offline access replaces what is kept for refreshing: another one may have
    // been given less by the upstream.
    let refresh_data = match &authenticated.refresh_data {
        Some(data) if pending.request.scope.offline_access() => Some(parts.sealer.seal(
            Purpose::UpstreamCredentials,
            subject.as_str().as_bytes(),
            None,
            data.expose(),
        )?),
        _ => None,
    };
    let seen = SeenUser {
        connector_id: &connector.id,
        identity: &authenticated.identity,
        refresh_data: refresh_data.as_deref(),
    };
    let Some(user) = parts.users.record_login(subject, seen, now).await? else {
        return Ok(None);
    };
    let authentication = &authenticated.authentication;
    session::open(parts, (subject, &user), &connector.id, authentication, now)
        .await
        .map(Some)
}

/// The client asked for a fresh authentication; an upstream that let an old one pass is not it.
fn check_reauthenticated(
    issuer: &Issuer,
    pending: &PendingAuthorization,
    auth_time: UnixTime,
) -> Result<(), FlowError> {
    let request = &pending.request;
    let oldest = if request.prompt.contains(Prompt::Login) {
        pending.started_at
    } else if let Some(max_age) = request.max_age {
        pending.started_at - Duration::from_secs(max_age)
    } else {
        return Ok(());
    };
    if auth_time + SKEW >= oldest {
        return Ok(());
    }
    Err(respond::error(
        issuer.parts(),
        request,
        ErrorCode::LoginRequired,
        "the end user was not authenticated recently enough",
    ))
}
