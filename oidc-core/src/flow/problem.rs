//! Why a step of the front channel did not go on.

use crate::{
    client::{AuthorizeRefusal, MatchedRedirectUri, PageRefusal},
    entropy::EntropyError,
    protocol::{AuthorizationResponse, ValidAuthorizationRequest},
    seal::SealError,
    storage::StorageError,
};

/// A step ended otherwise than planned.
#[derive(Debug)]
pub(crate) enum FlowError {
    /// The end user sees a page; the client hears nothing.
    Problem(Box<Problem>),
    /// The client is told, at its registered redirect URI.
    Redirect(Box<AuthorizationResponse>),
    /// The request does not fit a cookie.
    TooLarge(Box<ValidAuthorizationRequest>),
    /// The question could not be answered now: 503.
    Unavailable(String),
}

/// A page that says what happened and how to start again.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) kind: ProblemKind,
    pub(crate) restart: Option<Restart>,
}

/// What happened.
#[derive(Debug)]
pub(crate) enum ProblemKind {
    /// The authorization request names no valid client and redirect URI.
    Refused(PageRefusal),
    /// The client is shut out.
    ClientDisabled,
    /// Parameters or form cannot be read.
    Malformed,
    /// The user agent has no such flow: another browser, cookies off, or too many tabs.
    UnknownFlow,
    /// The flow's time is over.
    Expired,
    /// The flow was answered before.
    Answered,
    /// The step does not fit the flow: an old page was sent again.
    OutOfStep,
    /// There is nothing to sign in with.
    NoConnector,
    /// The connector said no, for a reason that stays in the log.
    Denied,
    /// The connector could not answer; the text is what the end user may quote.
    ConnectorFailed(String),
}

/// How to start again.
#[derive(Debug)]
pub(crate) enum Restart {
    /// The same authorization request once more.
    Again(Box<ValidAuthorizationRequest>),
    /// The client's own site.
    Client(MatchedRedirectUri),
}

impl FlowError {
    pub(crate) fn problem(kind: ProblemKind) -> Self {
        Self::Problem(Box::new(Problem {
            kind,
            restart: None,
        }))
    }

    pub(crate) fn with_restart(self, restart: Restart) -> Self {
        match self {
            Self::Problem(problem) => Self::Problem(Box::new(Problem {
                restart: Some(restart),
                ..*problem
            })),
            other => other,
        }
    }

    /// What can only happen if this program is wrong, or the machine is failing.
    pub(crate) fn internal(error: &dyn std::error::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<StorageError> for FlowError {
    fn from(error: StorageError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<EntropyError> for FlowError {
    fn from(error: EntropyError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<SealError> for FlowError {
    fn from(error: SealError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<PageRefusal> for FlowError {
    fn from(refusal: PageRefusal) -> Self {
        Self::problem(ProblemKind::Refused(refusal))
    }
}

/// A refusal becomes a page or a redirect; which of the two is the refusal's own type.
pub(crate) fn refused(refusal: AuthorizeRefusal, issuer: &crate::protocol::IssuerUrl) -> FlowError {
    match refusal {
        AuthorizeRefusal::Page(refusal) => refusal.into(),
        AuthorizeRefusal::Redirect(refusal) => {
            FlowError::Redirect(Box::new(refusal.into_response(issuer)))
        }
    }
}
