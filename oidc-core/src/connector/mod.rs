//! CONNECTOR LOGIN: a login is a conversation between core and a [`Connector`].
//!
//! Core calls [`Connector::start`], shows the end user what it asks for, and hands what the user
//! agent brings back to [`Connector::resume`], until the connector vouches for someone or says no.
//! One shape serves passwords, redirects, posted forms, SPNEGO and authenticating proxies.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use url::Url;

use crate::{
    clock::UnixTime,
    identity::Identity,
    secret::{Secret, Secret32},
};

mod error;
mod exchange;
mod logout;
mod refresh;

pub use error::ConnectorError;
pub use exchange::{ExchangeToken, SubjectToken};
pub use logout::{EndedUpstream, LogoutProgress, UpstreamLogout};
pub use refresh::{RefreshIdentity, Refreshed};

/// Largest [`ConnectorState`] in bytes: it travels sealed in a cookie.
pub const MAX_CONNECTOR_STATE: usize = 1024;

/// An upstream that end users sign in with.
///
/// No connector sees an HTTP request of ours, a clock or a random generator: what it needs comes
/// in through [`Login`] and [`Answer`].
///
/// # Contract
///
/// * "No" is an outcome ([`Progress::Denied`]); `Err` means that the question could not be
///   answered.
/// * An [`Identity`] is only returned when the upstream vouched for it in this conversation.
/// * What is fetched follows the connector's configuration, never what the client asked for.
/// * Calls may be repeated with the same arguments (a browser can replay any older step).
#[async_trait]
pub trait Connector: fmt::Debug + Send + Sync {
    /// Opens a login: what the user agent must be shown or sent to.
    ///
    /// # Errors
    ///
    /// [`ConnectorError`] if the upstream could not be asked.
    async fn start(&self, login: &Login<'_>) -> Result<Progress, ConnectorError>;

    /// Goes on with what the user agent brought back.
    ///
    /// An answer of another shape than was asked for is [`ConnectorError::BadAnswer`].
    ///
    /// # Errors
    ///
    /// [`ConnectorError`] if the upstream could not be asked.
    async fn resume(
        &self,
        login: &Login<'_>,
        state: ConnectorState,
        answer: Answer,
    ) -> Result<Progress, ConnectorError>;

    /// The ability to look at an identity again when tokens are refreshed.
    fn refresh(&self) -> Option<&dyn RefreshIdentity> {
        None
    }

    /// The ability to vouch for the subject of a token of the upstream.
    fn exchange(&self) -> Option<&dyn ExchangeToken> {
        None
    }

    /// The ability to end the login at the upstream too.
    fn logout(&self) -> Option<&dyn UpstreamLogout> {
        None
    }
}

/// What the flow tells the connector about one login.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Login<'a> {
    /// Where the upstream sends the user agent back to.
    pub callback: &'a Url,
    /// The unguessable handle of this flow: `state` or `RelayState` upstream.
    pub handle: &'a str,
    /// The present time.
    pub now: UnixTime,
    /// A secret of this flow from which PKCE verifier, nonce and request ids derive.
    pub seed: &'a Secret32,
    /// The client asked for `offline_access`.
    pub offline_access: bool,
    /// The end user must authenticate anew if the last time is longer ago than this.
    pub reauthenticate: Option<Duration>,
    /// The end user must not be asked anything (`prompt=none`).
    pub passive: bool,
    /// Authentication contexts the client would like.
    pub acr_values: &'a [String],
    /// Whom the client expects to sign in.
    pub login_hint: Option<&'a str>,
    /// Languages of the end user, most wanted first.
    pub ui_locales: &'a [String],
}

impl<'a> Login<'a> {
    /// A plain login: no offline access, nothing demanded, nothing hinted.
    #[must_use]
    pub const fn new(
        callback: &'a Url,
        handle: &'a str,
        now: UnixTime,
        seed: &'a Secret32,
    ) -> Self {
        Self {
            callback,
            handle,
            now,
            seed,
            offline_access: false,
            reauthenticate: None,
            passive: false,
            acr_values: &[],
            login_hint: None,
            ui_locales: &[],
        }
    }
}

/// Where a login stands after a step. Every caller must decide on each case.
#[derive(Debug)]
pub enum Progress {
    /// The user agent must do something; the state comes back with its answer.
    Ask(Ask, ConnectorState),
    /// The upstream vouched for someone.
    Authenticated(Box<Authenticated>),
    /// The upstream, or the end user there, said no.
    Denied(Denial),
}

/// What the user agent must do next.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Ask {
    /// Go to this address; the answer is [`Answer::Query`] or [`Answer::Form`].
    Redirect {
        /// The upstream's address.
        to: Url,
    },
    /// Post a form to this address; the answer is [`Answer::Form`].
    PostForm {
        /// The upstream's address.
        to: Url,
        /// Names and values of the hidden fields.
        fields: Vec<(String, String)>,
    },
    /// Show our login form; the answer is [`Answer::Credentials`].
    Credentials {
        /// What the user name is called here, such as "E-mail address".
        prompt: String,
    },
    /// 401 with the token; its body is the credentials form, so a browser without a ticket can
    /// go on. The answer is [`Answer::Negotiate`] or [`Answer::Credentials`].
    Negotiate {
        /// The SPNEGO token to send, if any.
        token: Option<Vec<u8>>,
        /// What the user name is called in the form; `None` shows no form.
        or: Option<String>,
    },
    /// Come back on our own callback; core checks the peer and hands over exactly these headers,
    /// duplicates included. The answer is [`Answer::Headers`].
    TrustedHeaders {
        /// Names of the headers.
        names: Vec<String>,
    },
}

/// What the user agent brought back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Answer {
    /// The decoded query of the callback, in order, duplicates included.
    Query(Vec<(String, String)>),
    /// The decoded form posted to the callback, in order, duplicates included.
    Form(Vec<(String, String)>),
    /// What the end user typed.
    Credentials {
        /// The user name as typed, neither trimmed nor folded. At most 1,024 bytes.
        username: String,
        /// The password as typed. At most 1,024 bytes.
        password: Secret,
    },
    /// A SPNEGO token.
    Negotiate(Vec<u8>),
    /// Values of the headers asked for.
    Headers(Vec<(String, Vec<u8>)>),
}

/// What a connector wants back with the user agent's answer; at most
/// [`MAX_CONNECTOR_STATE`] bytes, sealed on the way. Never counted on to be fresh: a browser can
/// replay an older one.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ConnectorState(pub Vec<u8>);

/// What a connector says of someone who just authenticated.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Authenticated {
    /// Whom the upstream vouches for.
    pub identity: Identity,
    /// How and when they authenticated.
    pub authentication: Authentication,
    /// What [`RefreshIdentity::refresh`] needs later, kept sealed.
    pub refresh_data: Option<Secret>,
    /// One-time ids that core consumes before it accepts the login (SAML assertion ids).
    pub once: Vec<OneTime>,
}

impl Authenticated {
    /// `identity`, vouched for at `now` in no particular way.
    #[must_use]
    pub fn new(identity: Identity, now: UnixTime) -> Self {
        Self {
            identity,
            authentication: Authentication::at(now),
            refresh_data: None,
            once: Vec::new(),
        }
    }

    /// The same with `amr` values ([RFC 8176](https://www.rfc-editor.org/rfc/rfc8176)).
    #[must_use]
    pub fn with_amr(mut self, amr: &[&str]) -> Self {
        self.authentication.amr = amr.iter().map(|value| (*value).to_owned()).collect();
        self
    }

    /// The same with data for later refreshes.
    #[must_use]
    pub fn with_refresh_data(mut self, data: Secret) -> Self {
        self.refresh_data = Some(data);
        self
    }
}

/// How and when an end user authenticated, as the upstream vouches for it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Authentication {
    /// When the end user authenticated.
    pub auth_time: UnixTime,
    /// Authentication context class.
    pub acr: Option<String>,
    /// Authentication methods.
    pub amr: Vec<String>,
    /// The upstream's session, for logout.
    pub upstream_session: Option<Secret>,
}

impl Authentication {
    /// An authentication at `auth_time` of which nothing else is known.
    #[must_use]
    pub const fn at(auth_time: UnixTime) -> Self {
        Self {
            auth_time,
            acr: None,
            amr: Vec::new(),
            upstream_session: None,
        }
    }
}

/// An id that must be new, and until when it must be remembered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OneTime {
    /// The id, within the connector.
    pub id: String,
    /// From then on it would be refused for another reason anyway.
    pub until: UnixTime,
}

/// Why an upstream said no. The end user sees one fixed text for all; the reason is for the log.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Denial {
    /// Unknown user or wrong password; the form is shown again.
    InvalidCredentials,
    /// The end user gave up or refused at the upstream: `access_denied` to the client.
    Cancelled,
    /// The upstream knows the end user and does not let them in: locked, expired, not in a
    /// required group. The text is for the log and holds no secret.
    Refused(String),
}
