//! Token requests ([RFC 6749 sections 4.1.3 and 6](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3)).

use super::{
    error_code::ErrorCode,
    grant_type::{GrantType, UnsupportedGrantType},
    params::{DuplicateParam, Params, ParamsError},
    scope::{InvalidScope, Scope},
};
use crate::secret::Secret;

/// A token request, by grant type.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TokenRequest {
    /// `grant_type=authorization_code`.
    AuthorizationCode(CodeExchange),
    /// `grant_type=refresh_token`.
    RefreshToken(RefreshRequest),
}

/// An authorization code to be redeemed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CodeExchange {
    /// `code`, as it came.
    pub code: Secret,
    /// `redirect_uri`, as it came; must equal the one of the authorization request.
    pub redirect_uri: Option<String>,
    /// `code_verifier`, as it came; its form is judged with the code, so that nothing an ill-formed
    /// one comes with is changed.
    pub code_verifier: Option<Secret>,
}

/// A refresh token to be used.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RefreshRequest {
    /// `refresh_token`, as it came.
    pub refresh_token: Secret,
    /// `scope`: what the new access token shall be narrowed to.
    pub scope: Option<Scope>,
}

impl TokenRequest {
    /// Reads a token request. Client authentication is read apart, by
    /// [`PresentedCredentials`](super::PresentedCredentials).
    ///
    /// # Errors
    ///
    /// [`TokenRequestRefusal`]; nothing was looked up or changed.
    pub fn parse(params: &Params) -> Result<Self, TokenRequestRefusal> {
        let grant_type = required(params, "grant_type")?;
        match GrantType::parse(grant_type)? {
            GrantType::AuthorizationCode => {
                let code = Secret::new(required(params, "code")?);
                let redirect_uri = params.get("redirect_uri")?.map(str::to_owned);
                let code_verifier = params.get("code_verifier")?.map(Secret::new);
                Ok(Self::AuthorizationCode(CodeExchange {
                    code,
                    redirect_uri,
                    code_verifier,
                }))
            }
            GrantType::RefreshToken => {
                let refresh_token = Secret::new(required(params, "refresh_token")?);
                let scope = params.get("scope")?.map(Scope::parse).transpose()?;
                Ok(Self::RefreshToken(RefreshRequest {
                    refresh_token,
                    scope,
                }))
            }
        }
    }

    /// The grant type asked for.
    #[must_use]
    pub const fn grant_type(&self) -> GrantType {
        match self {
            Self::AuthorizationCode(_) => GrantType::AuthorizationCode,
            Self::RefreshToken(_) => GrantType::RefreshToken,
        }
    }
}

fn required<'a>(params: &'a Params, name: &'static str) -> Result<&'a str, TokenRequestRefusal> {
    params.get(name)?.ok_or(TokenRequestRefusal::Missing(name))
}

/// Why a token request cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenRequestRefusal {
    /// The form cannot be decoded.
    #[error("the request cannot be read: {0}")]
    Unreadable(#[from] ParamsError),
    /// A parameter occurs more than once.
    #[error(transparent)]
    Duplicate(#[from] DuplicateParam),
    /// A required parameter is missing.
    #[error("the parameter {0} is missing")]
    Missing(&'static str),
    /// The grant type is not offered.
    #[error(transparent)]
    GrantType(#[from] UnsupportedGrantType),
    /// The scope is ill-formed.
    #[error(transparent)]
    Scope(#[from] InvalidScope),
}

impl TokenRequestRefusal {
    /// What the client is told.
    #[must_use]
    pub fn description(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "the request cannot be read",
            Self::Duplicate(_) => "a parameter occurs more than once",
            Self::Missing("grant_type") => "grant_type is missing",
            Self::Missing("code") => "code is missing",
            Self::Missing("refresh_token") => "refresh_token is missing",
            Self::Missing(_) => "a parameter is missing",
            Self::GrantType(_) => "the grant type is not supported",
            Self::Scope(_) => "the scope is malformed",
        }
    }
}

impl From<&TokenRequestRefusal> for ErrorCode {
    /// [RFC 6749 section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)
    fn from(refusal: &TokenRequestRefusal) -> Self {
        match refusal {
            TokenRequestRefusal::Unreadable(_)
            | TokenRequestRefusal::Duplicate(_)
            | TokenRequestRefusal::Missing(_) => Self::InvalidRequest,
            TokenRequestRefusal::GrantType(_) => Self::UnsupportedGrantType,
            TokenRequestRefusal::Scope(_) => Self::InvalidScope,
        }
    }
}

#[cfg(test)]
mod tests;
