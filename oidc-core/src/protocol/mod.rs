//! WIRE: bytes and parameters to types and back. Pure.

mod identifier;
mod params;
mod error_code;
mod scope;
mod response_type;
mod response_mode;
mod grant_type;
mod prompt;
mod pkce;
mod redirect_uri;
mod state;
mod authorization_request;
mod authorize_refusal;
mod valid_authorization_request;
mod authorization_response;
mod client_credentials;
mod token_request;
mod token_response;
mod bearer;
mod provider_metadata;

pub use authorization_request::AuthorizationRequest;
pub use authorization_response::AuthorizationResponse;
pub use authorize_refusal::{AuthorizeRefusal, PageRefusal, RedirectRefusal};
pub use bearer::{BearerError, MAX_BEARER_BYTES, access_token};
pub use client_credentials::{CredentialsRefusal, MAX_AUTHORIZATION_BYTES, PresentedCredentials};
pub use error_code::ErrorCode;
pub use grant_type::{GrantType, UnsupportedGrantType};
pub use identifier::{ClientId, ConnectorId, InvalidIdentifier, IssuerUrl};
pub use params::{
    DuplicateParam, MAX_FORM_BYTES, MAX_NAME_BYTES, MAX_PARAMETERS, MAX_QUERY_BYTES, Params,
    ParamsError,
};
pub use pkce::{
    CODE_CHALLENGE_METHOD, CodeChallenge, CodeVerifier, InvalidCodeChallenge, InvalidCodeVerifier,
    VerifierMismatch, verify_challenge,
};
pub use prompt::{InvalidPrompt, Prompt, PromptSet};
pub use provider_metadata::ProviderMetadata;
pub use redirect_uri::{
    InvalidRedirectUri, MAX_REDIRECT_URI_BYTES, MatchedRedirectUri, RedirectUri,
};
pub use response_mode::{ResponseMode, UnknownResponseMode};
pub use response_type::{ResponseType, ResponseTypeRefusal};
pub use scope::{
    EMAIL, GROUPS, InvalidScope, MAX_SCOPE_TOKEN_BYTES, MAX_SCOPE_TOKENS, OFFLINE_ACCESS, OPENID,
    PROFILE, Scope, ScopeToken,
};
pub use state::{InvalidNonce, InvalidState, MAX_STATE_BYTES, Nonce, StateParam};
pub use token_request::{CodeExchange, RefreshRequest, TokenRequest, TokenRequestRefusal};
pub use token_response::{ErrorResponse, TOKEN_TYPE, TokenResponse};
pub use valid_authorization_request::ValidAuthorizationRequest;
