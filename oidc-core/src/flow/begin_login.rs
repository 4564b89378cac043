//! 2. Choose a connector and start it.

use std::time::Duration;

use url::Url;

use super::{
    Choose, LogIn, Next, Outcome, UserAgent, authorize, callback,
    pending::{FlowHandle, PendingAuthorization, Step},
    problem::{FlowError, ProblemKind},
};
use crate::{
    base64url,
    client::{Client, PageRefusal},
    clock::UnixTime,
    connector::{Ask, ConnectorState, Login, MAX_CONNECTOR_STATE},
    issuer::{Issuer, Parts, RegisteredConnector},
    protocol::{ConnectorId, Prompt},
    secret::Secret32,
};

/// A flow with the handle under which its user agent holds it.
pub(super) type Flow = (FlowHandle, PendingAuthorization);

/// The end user chose a connector, or came back to the chooser (`connector_id` is `None`).
pub(crate) async fn choose(
    issuer: &Issuer,
    agent: &UserAgent,
    handle: &str,
    connector_id: Option<&ConnectorId>,
) -> Result<Outcome, FlowError> {
    let parts = issuer.parts();
    let (handle, pending) = PendingAuthorization::find(parts, &agent.flows, handle, issuer.now())?;
    let client = client_of(parts, &pending).await?;
    let connectors = authorize::allowed_connectors(parts, &client, &pending.request).await?;
    let can_choose = connectors.len() > 1;
    let Some(connector_id) = connector_id else {
        return Ok(Outcome::new(Next::Choose(Choose {
            flow: handle,
            client_name: client.display_name().to_owned(),
            connectors: authorize::names(&connectors),
        })));
    };
    let chosen = connectors
        .iter()
        .find(|known| known.id == *connector_id)
        .ok_or_else(|| FlowError::problem(ProblemKind::NoConnector))?;
    begin_login(issuer, &client, (handle, pending), chosen, can_choose).await
}

/// Shows the login form of the connector that the flow waits for, as after a reload.
pub(crate) async fn log_in_page(
    issuer: &Issuer,
    agent: &UserAgent,
    handle: &str,
    connector_id: &ConnectorId,
) -> Result<Outcome, FlowError> {
    choose(issuer, agent, handle, Some(connector_id)).await
}

/// Starts a connector.
pub(super) async fn begin_login(
    issuer: &Issuer,
    client: &Client,
    flow: Flow,
    connector: &RegisteredConnector,
    can_choose: bool,
) -> Result<Outcome, FlowError> {
    let parts = issuer.parts();
    if parts
        .grants
        .connector_standing(&connector.id)
        .await?
        .disabled
    {
        return Err(FlowError::problem(ProblemKind::NoConnector));
    }
    let callback_url = callback_url(parts, &connector.id)?;
    let seed = flow.1.seed();
    let login = login_of(&flow, &callback_url, seed, issuer.now());
    let progress = connector.connector.start(&login).await;
    callback::proceed(issuer, client, flow, connector, (progress, can_choose)).await
}

/// What the connector asks for becomes what the user agent is shown or sent to.
pub(super) fn ask(
    parts: &Parts,
    client: &Client,
    (handle, mut pending): Flow,
    connector: &RegisteredConnector,
    (ask, state, can_choose): (Ask, ConnectorState, bool),
) -> Result<Outcome, FlowError> {
    if state.0.len() > MAX_CONNECTOR_STATE {
        return Err(FlowError::Unavailable(format!(
            "connector {} keeps {} bytes of state, {MAX_CONNECTOR_STATE} are allowed",
            connector.id,
            state.0.len()
        )));
    }
    let mut prompt = None;
    let next = match ask {
        Ask::Redirect { to } => Next::Upstream(to),
        Ask::PostForm { to, fields } => Next::UpstreamForm(to, fields),
        Ask::Credentials { prompt: asked } => {
            prompt = Some(asked.clone());
            Next::LogIn(LogIn {
                flow: handle.clone(),
                client_name: client.display_name().to_owned(),
                connector_id: connector.id.clone(),
                connector_name: connector.name.clone(),
                prompt: asked,
                username: pending.request.login_hint.clone().unwrap_or_default(),
                failed: false,
                can_choose,
            })
        }
        Ask::Negotiate { .. } | Ask::TrustedHeaders { .. } => {
            return Err(FlowError::Unavailable(format!(
                "connector {} asks for something that this issuer does not offer",
                connector.id
            )));
        }
    };
    pending.step = Step::Login {
        connector_id: connector.id.clone(),
        state: base64url::encode(&state.0),
        prompt,
    };
    let sealed = pending.seal(parts, &handle)?;
    Ok(Outcome::new(next).keeping(sealed))
}

/// What a connector is told about the flow.
pub(super) fn login_of<'a>(
    (handle, pending): &'a Flow,
    callback_url: &'a Url,
    seed: &'a Secret32,
    now: UnixTime,
) -> Login<'a> {
    let request = &pending.request;
    let mut login = Login::new(callback_url, handle.as_str(), now, seed);
    login.offline_access = request.scope.offline_access();
    login.reauthenticate = if request.prompt.contains(Prompt::Login) {
        Some(Duration::ZERO)
    } else {
        request.max_age.map(Duration::from_secs)
    };
    login.acr_values = &request.acr_values;
    login.login_hint = request.login_hint.as_deref();
    login.ui_locales = &request.ui_locales;
    login
}

/// Where the upstream of a connector sends the user agent back to.
pub(super) fn callback_url(parts: &Parts, id: &ConnectorId) -> Result<Url, FlowError> {
    let text = parts.url.join(&format!("/callback/{id}"));
    Url::parse(&text).map_err(|error| FlowError::internal(&error))
}

/// The client of a flow, freshly read: its registration may have changed since the flow opened.
pub(super) async fn client_of(
    parts: &Parts,
    pending: &PendingAuthorization,
) -> Result<std::sync::Arc<Client>, FlowError> {
    let client = parts.clients.find(&pending.request.client_id).await?;
    let client = client.ok_or(PageRefusal::UnknownClient)?;
    if client.disabled {
        return Err(FlowError::problem(ProblemKind::ClientDisabled));
    }
    Ok(client)
}
