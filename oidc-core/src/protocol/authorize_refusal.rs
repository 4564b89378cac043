//! Why an authorization request is refused, and who is told.

use super::{
    authorization_response::AuthorizationResponse,
    error_code::ErrorCode,
    identifier::IssuerUrl,
    params::{DuplicateParam, ParamsError},
    redirect_uri::MatchedRedirectUri,
    response_mode::ResponseMode,
    state::StateParam,
};

/// Why an authorization request is refused; the type says who may be told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AuthorizeRefusal {
    /// The end user sees a page; nothing leaves the issuer.
    Page(PageRefusal),
    /// The client is told at its registered redirect URI.
    Redirect(Box<RedirectRefusal>),
}

impl From<PageRefusal> for AuthorizeRefusal {
    fn from(refusal: PageRefusal) -> Self {
        Self::Page(refusal)
    }
}

impl From<RedirectRefusal> for AuthorizeRefusal {
    fn from(refusal: RedirectRefusal) -> Self {
        Self::Redirect(Box::new(refusal))
    }
}

/// A refusal that must not leave the issuer: a page, status 400, and no redirect.
///
/// The client or its redirect URI is in doubt, so nobody can be trusted with the answer
/// ([RFC 6749 section 4.1.2.1]).
///
/// [RFC 6749 section 4.1.2.1]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PageRefusal {
    /// The query or form cannot be read.
    #[error("the request cannot be read: {0}")]
    Unreadable(#[from] ParamsError),
    /// `client_id` or `redirect_uri` is missing.
    #[error("the parameter {0} is missing")]
    Missing(&'static str),
    /// `client_id` or `redirect_uri` occurs more than once.
    #[error(transparent)]
    Duplicate(#[from] DuplicateParam),
    /// No client of this id.
    #[error("the client is unknown")]
    UnknownClient,
    /// The client is disabled.
    #[error("the client is disabled")]
    DisabledClient,
    /// The redirect URI is not registered for the client.
    #[error("the redirect URI is not registered for this client")]
    UnregisteredRedirectUri,
}

impl PageRefusal {
    /// What the end user reads: a fixed text, nothing of the request.
    #[must_use]
    pub const fn message(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "The link that brought you here cannot be read.",
            Self::Missing(_) => "The link that brought you here is incomplete.",
            Self::Duplicate(_) => "The link that brought you here contradicts itself.",
            Self::UnknownClient => "The application that sent you here is not known.",
            Self::DisabledClient => "The application that sent you here is switched off.",
            Self::UnregisteredRedirectUri => {
                "The application that sent you here gave a return address that is not registered."
            }
        }
    }
}

/// A refusal that goes to the client, at a redirect URI that was matched with its registration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RedirectRefusal {
    redirect_uri: MatchedRedirectUri,
    response_mode: ResponseMode,
    state: Option<StateParam>,
    error: ErrorCode,
    description: &'static str,
}

impl RedirectRefusal {
    /// A refusal with a fixed description of ours.
    #[must_use]
    pub const fn new(
        redirect_uri: MatchedRedirectUri,
        response_mode: ResponseMode,
        state: Option<StateParam>,
        (error, description): (ErrorCode, &'static str),
    ) -> Self {
        Self {
            redirect_uri,
            response_mode,
            state,
            error,
            description,
        }
    }

    /// The code.
    #[must_use]
    pub const fn error(&self) -> ErrorCode {
        self.error
    }

    /// What is wrong, for developers.
    #[must_use]
    pub const fn description(&self) -> &'static str {
        self.description
    }

    /// The answer to send.
    #[must_use]
    pub fn into_response(self, iss: &IssuerUrl) -> AuthorizationResponse {
        AuthorizationResponse::error(
            &self.redirect_uri,
            self.response_mode,
            (self.error, self.description),
            self.state.as_ref(),
            iss,
        )
    }
}
