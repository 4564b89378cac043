//! The front channel over HTTP: what the user agent brought goes to a step of the flow, what the
//! step answers becomes a page or a redirect with cookies.

use http::{HeaderValue, StatusCode, header};

use super::{
    pages::{
        ChooserPage, ConnectorChoice, ConsentPage, ErrorPage, FormPostPage, HiddenField, LoginPage,
        ScopeLine, SignedInPage,
    },
    problem,
    request::Call,
    response::{self, Answer},
    route::Route,
    service::Inner,
};
use crate::{
    connector,
    flow::{
        AskConsent, Brought, Choose, ConsentForm, FlowError, LogIn, Next, Outcome, ProblemKind,
        UserAgent, authorize, callback, choose, consent, consent_page, log_in_page, make_room,
        password, who_is_signed_in,
    },
    protocol::{AuthorizationResponse, ConnectorId, Params, ResponseMode},
    secret::Secret,
};

/// The field and parameter that name a flow on our own pages.
const FLOW: &str = "flow";

/// Answers a route of the front channel.
pub(super) async fn answer(inner: &Inner, route: &Route, call: &Call) -> Answer {
    let agent = inner.cookies.read(call.headers());
    if *route == Route::Home {
        return home(inner, &agent).await;
    }
    match step(inner, route, call, &agent).await {
        Ok(outcome) => show(inner, &make_room(inner.issuer.parts(), &agent, outcome)),
        Err(error) => problem::answer(inner, error),
    }
}

async fn step(
    inner: &Inner,
    route: &Route,
    call: &Call,
    agent: &UserAgent,
) -> Result<Outcome, FlowError> {
    let issuer = &inner.issuer;
    let params = params(call)?;
    match route {
        Route::Authorize => authorize(issuer, &params, agent).await,
        Route::Choose(id) if params.get(FLOW).ok().flatten().is_none() => {
            let params = params.with("connector_id", id.as_str());
            authorize(issuer, &params, agent).await
        }
        Route::Choose(id) => {
            let id = (id.as_str() != CHOOSER).then_some(id);
            choose(issuer, agent, flow_of(&params)?, id).await
        }
        Route::LogIn(id) if call.is_post() => log_in(inner, call, agent, (id, &params)).await,
        Route::LogIn(id) => log_in_page(issuer, agent, flow_of(&params)?, id).await,
        Route::Callback(id) => callback(issuer, agent, brought(call, id.as_ref(), params)?).await,
        Route::Approval if call.is_post() => {
            check_origin(inner, call)?;
            let form = ConsentForm {
                handle: flow_of(&params)?.to_owned(),
                approved: decision(&params)?,
            };
            consent(issuer, agent, form).await
        }
        Route::Approval => consent_page(issuer, agent, flow_of(&params)?).await,
        Route::Metadata | Route::Jwks | Route::Token | Route::UserInfo | Route::Home => {
            Err(FlowError::problem(ProblemKind::OutOfStep))
        }
    }
}

/// `/auth/-?flow=…` goes back to the chooser; no connector can be called that.
const CHOOSER: &str = "-";

/// Query and form together: a parameter in both is there twice, and refused as such.
fn params(call: &Call) -> Result<Params, FlowError> {
    let malformed = || FlowError::problem(ProblemKind::Malformed);
    let query = Params::from_query(call.query()).map_err(|_| malformed())?;
    if !call.is_post() {
        return Ok(query);
    }
    if !call.is_form() {
        return Err(malformed());
    }
    let form = Params::from_form(&call.body).map_err(|_| malformed())?;
    query.and(form).map_err(|_| malformed())
}

fn flow_of(params: &Params) -> Result<&str, FlowError> {
    match params.get(FLOW) {
        Ok(Some(handle)) => Ok(handle),
        Ok(None) | Err(_) => Err(FlowError::problem(ProblemKind::UnknownFlow)),
    }
}

fn decision(params: &Params) -> Result<bool, FlowError> {
    match params.get("decision") {
        Ok(Some("approve")) => Ok(true),
        Ok(Some("deny")) => Ok(false),
        _ => Err(FlowError::problem(ProblemKind::Malformed)),
    }
}

/// Our forms are sent by our own pages only. The flow cookie already keeps other sites out; this
/// holds where a browser does not know `SameSite`.
fn check_origin(inner: &Inner, call: &Call) -> Result<(), FlowError> {
    if call.is_cross_origin(inner.issuer.url().origin()) {
        return Err(FlowError::problem(ProblemKind::UnknownFlow));
    }
    Ok(())
}

async fn log_in(
    inner: &Inner,
    call: &Call,
    agent: &UserAgent,
    (id, params): (&ConnectorId, &Params),
) -> Result<Outcome, FlowError> {
    check_origin(inner, call)?;
    let field = |name| match params.get(name) {
        Ok(value) => Ok(value.unwrap_or_default()),
        Err(_) => Err(FlowError::problem(ProblemKind::Malformed)),
    };
    let username = field("username")?.to_owned();
    let typed = Secret::new(field("password")?);
    let flow = (flow_of(params)?, id);
    password(&inner.issuer, agent, flow, (username, typed)).await
}

fn brought(call: &Call, id: Option<&ConnectorId>, params: Params) -> Result<Brought, FlowError> {
    let name = if call.is_post() && params.has("RelayState") {
        "RelayState"
    } else {
        "state"
    };
    let handle = match params.get(name) {
        Ok(Some(handle)) => handle.to_owned(),
        Ok(None) | Err(_) => return Err(FlowError::problem(ProblemKind::UnknownFlow)),
    };
    let pairs = params.into_pairs();
    Ok(Brought {
        connector_id: id.cloned(),
        handle,
        answer: if call.is_post() {
            connector::Answer::Form(pairs)
        } else {
            connector::Answer::Query(pairs)
        },
    })
}

/// Turns an outcome into a response, cookies included.
fn show(inner: &Inner, outcome: &Outcome) -> Answer {
    let cross_site = matches!(outcome.next, Next::UpstreamForm(..));
    let mut answer = body(inner, &outcome.next)
        .unwrap_or_else(|| response::text(StatusCode::SERVICE_UNAVAILABLE, problem::PLAIN));
    let cookies = &inner.cookies;
    let lifetime = inner.issuer.config().session_lifetime.as_secs();
    let set = outcome
        .drop
        .iter()
        .map(|handle| cookies.drop_flow(handle))
        .chain(
            outcome
                .keep
                .iter()
                .map(|flow| cookies.set_flow(flow, cross_site)),
        )
        .chain(
            outcome
                .session
                .iter()
                .map(|session| cookies.set_session(session, lifetime)),
        )
        .flatten();
    for cookie in set {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}

fn body(inner: &Inner, next: &Next) -> Option<Answer> {
    match next {
        Next::Choose(choose) => chooser(inner, choose),
        Next::LogIn(log_in) => login(inner, log_in),
        Next::Consent(ask) => consent_form(inner, ask),
        Next::Upstream(to) => response::see_other(to.as_str()),
        Next::UpstreamForm(to, fields) => {
            form_post(inner, to.as_str(), fields.iter().map(|(n, v)| (&**n, &**v)))
        }
        Next::ToConsent(flow) => {
            let path = format!("/approval?{FLOW}={}", flow.as_str());
            response::see_other(&inner.issuer.url().join(&path))
        }
        Next::Respond(response) => respond(inner, response),
    }
}

/// The client's answer in its response mode.
pub(super) fn respond(inner: &Inner, answer: &AuthorizationResponse) -> Option<Answer> {
    match answer.response_mode() {
        ResponseMode::Query | ResponseMode::Fragment => response::see_other(&answer.location()),
        ResponseMode::FormPost => {
            let fields = answer.form_fields();
            form_post(inner, answer.redirect_uri(), fields.into_iter())
        }
    }
}

fn rendered(
    status: StatusCode,
    page: Result<super::pages::HtmlPage, super::pages::RenderError>,
) -> Option<Answer> {
    match page {
        Ok(page) => Some(response::page(status, page)),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            None
        }
    }
}

fn form_post<'a>(
    inner: &Inner,
    action: &'a str,
    fields: impl Iterator<Item = (&'a str, &'a str)>,
) -> Option<Answer> {
    let fields = fields
        .map(|(name, value)| HiddenField::new(name, value))
        .collect();
    let page = FormPostPage::new(action, fields);
    rendered(StatusCode::OK, inner.pages.form_post(&page))
}

fn chooser(inner: &Inner, choose: &Choose) -> Option<Answer> {
    let url = inner.issuer.url();
    let links: Vec<_> = choose
        .connectors
        .iter()
        .map(|(id, _)| url.join(&format!("/auth/{id}?{FLOW}={}", choose.flow.as_str())))
        .collect();
    let choices = choose
        .connectors
        .iter()
        .zip(&links)
        .map(|((id, name), link)| ConnectorChoice::new(id.as_str(), name, link))
        .collect();
    let page = ChooserPage::new(&choose.client_name, choices);
    rendered(StatusCode::OK, inner.pages.chooser(&page))
}

fn login(inner: &Inner, log_in: &LogIn) -> Option<Answer> {
    let url = inner.issuer.url();
    let flow = log_in.flow.as_str();
    let action = url.join(&format!("/auth/{}/login", log_in.connector_id));
    let back = url.join(&format!("/auth/{CHOOSER}?{FLOW}={flow}"));
    let mut page = LoginPage::new(
        &log_in.client_name,
        &log_in.connector_name,
        &log_in.prompt,
        &action,
    );
    page.username = &log_in.username;
    page.failed = log_in.failed;
    page.fields = vec![HiddenField::new(FLOW, flow)];
    page.back_link = log_in.can_choose.then_some(&back);
    let status = if log_in.failed {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::OK
    };
    rendered(status, inner.pages.login(&page))
}

fn consent_form(inner: &Inner, ask: &AskConsent) -> Option<Answer> {
    let action = inner.issuer.url().join("/approval");
    let scopes = ask.scope.tokens().map(ScopeLine::new).collect();
    let mut page = ConsentPage::new(&ask.client_name, &ask.user_name, scopes, &action);
    page.fields = vec![HiddenField::new(FLOW, ask.flow.as_str())];
    rendered(StatusCode::OK, inner.pages.consent(&page))
}

/// The issuer's own page: who is signed in here.
async fn home(inner: &Inner, agent: &UserAgent) -> Answer {
    let page = match who_is_signed_in(&inner.issuer, agent.session.as_ref()).await {
        Ok(Some(name)) => inner.pages.signed_in(&SignedInPage::new(&name)),
        Ok(None) => inner.pages.error(&ErrorPage::new(
            "You are not signed in",
            "Signing in starts at the application that you want to use.",
            "-",
        )),
        Err(error) => return problem::answer(inner, error),
    };
    let mut answer = rendered(StatusCode::OK, page)
        .unwrap_or_else(|| response::text(StatusCode::SERVICE_UNAVAILABLE, problem::PLAIN));
    // The page differs by cookie.
    answer
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("Cookie"));
    answer
}
