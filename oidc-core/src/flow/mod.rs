//! FRONT CHANNEL: one file per step, in alphabetical order, which is flow order.
//!
//! Steps never call HTTP: they take what the user agent brought and return what it must be shown
//! or sent to, with the cookies to keep.

mod authorize;
mod begin_login;
mod callback;
mod consent;
mod pending;
mod problem;
mod respond;
mod session;

pub(crate) use authorize::authorize;
pub(crate) use begin_login::{choose, log_in_page};
pub(crate) use callback::{Brought, callback, password};
pub(crate) use consent::{ConsentForm, consent, consent_page};
pub(crate) use pending::{FlowHandle, SealedFlow, make_room};
pub(crate) use problem::{FlowError, Problem, ProblemKind, Restart};
pub(crate) use session::who_is_signed_in;

use url::Url;

use crate::{
    grant::SessionHandle,
    protocol::{AuthorizationResponse, ConnectorId, Scope},
};

/// What the user agent brought in its cookies.
#[derive(Debug, Default)]
pub(crate) struct UserAgent {
    /// Flow cookies: handle and sealed text.
    pub(crate) flows: Vec<SealedFlow>,
    /// The session cookie, if it has the form of one.
    pub(crate) session: Option<SessionHandle>,
}

/// What a step answers.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) next: Next,
    /// The flow cookie to set.
    pub(crate) keep: Option<SealedFlow>,
    /// Flow cookies to drop.
    pub(crate) drop: Vec<FlowHandle>,
    /// The session cookie to set.
    pub(crate) session: Option<SessionHandle>,
}

/// What the user agent must be shown or sent to.
#[derive(Debug)]
pub(crate) enum Next {
    /// The chooser of connectors.
    Choose(Choose),
    /// The login form of a connector.
    LogIn(LogIn),
    /// The consent page.
    Consent(AskConsent),
    /// The upstream.
    Upstream(Url),
    /// The upstream, by a posted form.
    UpstreamForm(Url, Vec<(String, String)>),
    /// The consent page, by a redirect: a reload must not repeat a login.
    ToConsent(FlowHandle),
    /// The client.
    Respond(AuthorizationResponse),
}

/// What the chooser shows.
#[derive(Debug)]
pub(crate) struct Choose {
    pub(crate) flow: FlowHandle,
    pub(crate) client_name: String,
    pub(crate) connectors: Vec<(ConnectorId, String)>,
}

/// What the login form shows.
#[derive(Debug)]
pub(crate) struct LogIn {
    pub(crate) flow: FlowHandle,
    pub(crate) client_name: String,
    pub(crate) connector_id: ConnectorId,
    pub(crate) connector_name: String,
    pub(crate) prompt: String,
    /// What was typed before, or hinted.
    pub(crate) username: String,
    /// The last try was wrong.
    pub(crate) failed: bool,
    /// There are other connectors to choose from.
    pub(crate) can_choose: bool,
}

/// What the consent page shows.
#[derive(Debug)]
pub(crate) struct AskConsent {
    pub(crate) flow: FlowHandle,
    pub(crate) client_name: String,
    pub(crate) user_name: String,
    pub(crate) scope: Scope,
}

impl Outcome {
    /// An answer that leaves the cookies as they are.
    pub(crate) const fn new(next: Next) -> Self {
        Self {
            next,
            keep: None,
            drop: Vec::new(),
            session: None,
        }
    }

    /// The same, keeping the flow.
    pub(crate) fn keeping(mut self, flow: SealedFlow) -> Self {
        self.keep = Some(flow);
        self
    }

    /// The same, with a session cookie.
    pub(crate) fn with_session(mut self, session: Option<SessionHandle>) -> Self {
        self.session = session;
        self
    }
}
