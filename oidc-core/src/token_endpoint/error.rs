//! Why a token request was refused, and the one place where that becomes a code on the wire.

use crate::{
    client::{ClientAuthRefusal, CredentialsRefusal, PresentedCredentials},
    entropy::EntropyError,
    grant::{CodeRefusal, RefreshRefusal, StandingRefusal},
    protocol::{ErrorCode, TokenRequestRefusal},
    signer::SignerError,
    storage::StorageError,
};

/// Why a token request was refused.
#[derive(Debug)]
pub(crate) struct TokenError {
    cause: Cause,
    /// The client used the `Authorization` header: the answer must name a scheme.
    basic: bool,
}

#[derive(Debug)]
enum Cause {
    Request(TokenRequestRefusal),
    Credentials(&'static str),
    Client(&'static str),
    GrantTypeNotAllowed,
    Code(CodeRefusal),
    CodeMalformed,
    CodeReplayed,
    Refresh(RefreshRefusal),
    RefreshMalformed,
    RefreshReused,
    ScopeWidened,
    TokenTooLarge,
    Standing(StandingRefusal),
    Unavailable(String),
}

impl TokenError {
    /// The code on the wire ([RFC 6749 section 5.2]).
    ///
    /// [RFC 6749 section 5.2]: https://www.rfc-editor.org/rfc/rfc6749#section-5.2
    pub(crate) fn code(&self) -> ErrorCode {
        match &self.cause {
            Cause::Request(refusal) => ErrorCode::from(refusal),
            Cause::Credentials(_) => ErrorCode::InvalidRequest,
            Cause::Client(_) => ErrorCode::InvalidClient,
            Cause::GrantTypeNotAllowed => ErrorCode::UnauthorizedClient,
            Cause::Code(_)
            | Cause::CodeMalformed
            | Cause::CodeReplayed
            | Cause::Refresh(_)
            | Cause::RefreshMalformed
            | Cause::RefreshReused
            | Cause::Standing(_) => ErrorCode::InvalidGrant,
            Cause::ScopeWidened | Cause::TokenTooLarge => ErrorCode::InvalidScope,
            Cause::Unavailable(_) => ErrorCode::TemporarilyUnavailable,
        }
    }

    /// What the client is told: enough to mend its own mistake, nothing about anybody else.
    pub(crate) fn description(&self) -> &str {
        match &self.cause {
            Cause::Request(refusal) => refusal.description(),
            Cause::Credentials(what) => what,
            Cause::Client(_) => "client authentication failed",
            Cause::GrantTypeNotAllowed => "this client may not use this grant type",
            Cause::Code(_) | Cause::CodeMalformed | Cause::CodeReplayed => {
                "the code is not valid for this request: unknown, expired, used, issued to \
                 another client, or redirect_uri or code_verifier do not match"
            }
            Cause::Refresh(_) | Cause::RefreshMalformed | Cause::RefreshReused => {
                "the refresh token is not valid: unknown, expired, replaced or revoked"
            }
            Cause::Standing(_) => "the grant is no longer valid; sign in again",
            Cause::ScopeWidened => "the scope goes beyond what was granted",
            Cause::TokenTooLarge => {
                "the tokens would become too large; ask for less, such as no groups"
            }
            Cause::Unavailable(_) => "try again in a moment",
        }
    }

    /// What goes to the log.
    pub(crate) fn reason(&self) -> String {
        match &self.cause {
            Cause::Client(why) => (*why).to_owned(),
            Cause::Unavailable(why) => why.clone(),
            Cause::Code(refusal) => format!("code: {refusal:?}"),
            Cause::Refresh(refusal) => format!("refresh token: {refusal:?}"),
            Cause::Standing(refusal) => format!("gate: {refusal:?}"),
            cause => format!("{cause:?}"),
        }
    }

    /// Whether the answer must carry `WWW-Authenticate: Basic`.
    pub(crate) const fn challenges_basic(&self) -> bool {
        self.basic
    }

    const fn of(cause: Cause) -> Self {
        Self {
            cause,
            basic: false,
        }
    }

    fn client(why: &'static str, credentials: &PresentedCredentials) -> Self {
        Self {
            cause: Cause::Client(why),
            basic: credentials.used_basic(),
        }
    }

    /// The client's credentials could not even be read.
    pub(crate) fn credentials(refusal: &CredentialsRefusal, basic: bool) -> Self {
        match refusal.code() {
            ErrorCode::InvalidClient => Self {
                cause: Cause::Client(refusal.description()),
                basic,
            },
            _ => Self::of(Cause::Credentials(refusal.description())),
        }
    }

    pub(super) const fn no_client() -> Self {
        Self::of(Cause::Client("no client_id"))
    }

    pub(super) fn unknown_client(credentials: &PresentedCredentials) -> Self {
        Self::client("unknown client", credentials)
    }

    pub(super) fn disabled_client(credentials: &PresentedCredentials) -> Self {
        Self::client("the client is disabled", credentials)
    }

    pub(super) fn client_refused(
        refusal: ClientAuthRefusal,
        credentials: &PresentedCredentials,
    ) -> Self {
        Self::client(refusal.reason(), credentials)
    }

    pub(super) const fn grant_type_not_allowed() -> Self {
        Self::of(Cause::GrantTypeNotAllowed)
    }

    pub(super) const fn code_refused(refusal: CodeRefusal) -> Self {
        Self::of(Cause::Code(refusal))
    }

    pub(super) const fn malformed_code() -> Self {
        Self::of(Cause::CodeMalformed)
    }

    pub(super) const fn replayed_code() -> Self {
        Self::of(Cause::CodeReplayed)
    }

    pub(super) const fn refresh_refused(refusal: RefreshRefusal) -> Self {
        Self::of(Cause::Refresh(refusal))
    }

    pub(super) const fn malformed_refresh() -> Self {
        Self::of(Cause::RefreshMalformed)
    }

    pub(super) const fn reused_refresh() -> Self {
        Self::of(Cause::RefreshReused)
    }

    pub(super) const fn scope_widened() -> Self {
        Self::of(Cause::ScopeWidened)
    }

    pub(super) const fn too_large() -> Self {
        Self::of(Cause::TokenTooLarge)
    }

    pub(super) const fn standing(refusal: StandingRefusal) -> Self {
        Self::of(Cause::Standing(refusal))
    }

    pub(super) fn lost_races() -> Self {
        Self::of(Cause::Unavailable("lost too many races".to_owned()))
    }
}

impl From<TokenRequestRefusal> for TokenError {
    fn from(refusal: TokenRequestRefusal) -> Self {
        Self::of(Cause::Request(refusal))
    }
}

impl From<StorageError> for TokenError {
    fn from(error: StorageError) -> Self {
        Self::of(Cause::Unavailable(error.to_string()))
    }
}

impl From<SignerError> for TokenError {
    fn from(error: SignerError) -> Self {
        Self::of(Cause::Unavailable(error.to_string()))
    }
}

impl From<EntropyError> for TokenError {
    fn from(error: EntropyError) -> Self {
        Self::of(Cause::Unavailable(error.to_string()))
    }
}
