//! What a client presents to authenticate itself ([RFC 6749 section 2.3]).
//!
//! [RFC 6749 section 2.3]: https://www.rfc-editor.org/rfc/rfc6749#section-2.3

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::{
    error_code::ErrorCode,
    identifier::ClientId,
    params::{DuplicateParam, Params, decode_component},
};
use crate::secret::Secret;

/// Bytes of an `Authorization` header that is looked at.
pub const MAX_AUTHORIZATION_BYTES: usize = 8 * 1024;

/// One client identity and at most one way of proving it, not yet checked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PresentedCredentials {
    /// At the most a `client_id` in the body.
    None {
        /// Who the client says it is.
        client_id: Option<ClientId>,
    },
    /// `Authorization: Basic` (`client_secret_basic`).
    Basic {
        /// Who the client says it is.
        client_id: ClientId,
        /// The secret presented; never empty.
        client_secret: Secret,
    },
    /// `client_id` and `client_secret` in the body (`client_secret_post`).
    Post {
        /// Who the client says it is.
        client_id: ClientId,
        /// The secret presented; never empty.
        client_secret: Secret,
    },
}

impl PresentedCredentials {
    /// Reads the values of all `Authorization` headers and the body.
    ///
    /// # Errors
    ///
    /// [`CredentialsRefusal`] if more than one method is used, or the one used is ill-formed.
    pub fn parse(authorization: &[&[u8]], params: &Params) -> Result<Self, CredentialsRefusal> {
        let body_id = params.get("client_id")?;
        let body_secret = params.get("client_secret")?;
        let assertion = params.get("client_assertion")?.is_some()
            || params.get("client_assertion_type")?.is_some();
        let [header] = authorization else {
            if !authorization.is_empty() {
                return Err(CredentialsRefusal::SeveralHeaders);
            }
            return Self::from_body(body_id, body_secret, assertion);
        };
        if body_secret.is_some() || assertion {
            return Err(CredentialsRefusal::SeveralMethods);
        }
        let (client_id, client_secret) = read_basic(header)?;
        if body_id.is_some_and(|id| id != client_id.as_str()) {
            return Err(CredentialsRefusal::SeveralClients);
        }
        Ok(Self::Basic {
            client_id,
            client_secret,
        })
    }

    fn from_body(
        client_id: Option<&str>,
        client_secret: Option<&str>,
        assertion: bool,
    ) -> Result<Self, CredentialsRefusal> {
        if assertion && client_secret.is_some() {
            return Err(CredentialsRefusal::SeveralMethods);
        }
        if assertion {
            return Err(CredentialsRefusal::UnsupportedMethod);
        }
        let client_id = client_id
            .map(ClientId::parse)
            .transpose()
            .map_err(|_| CredentialsRefusal::Malformed)?;
        match (client_id, client_secret) {
            (client_id, None) => Ok(Self::None { client_id }),
            (Some(client_id), Some(secret)) => Ok(Self::Post {
                client_id,
                client_secret: Secret::new(secret),
            }),
            (None, Some(_)) => Err(CredentialsRefusal::Missing),
        }
    }

    /// Who the client says it is.
    #[must_use]
    pub const fn client_id(&self) -> Option<&ClientId> {
        match self {
            Self::None { client_id } => client_id.as_ref(),
            Self::Basic { client_id, .. } | Self::Post { client_id, .. } => Some(client_id),
        }
    }

    /// Whether the `Authorization` header was used: a refusal must then name the scheme
    /// ([RFC 6749 section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
    #[must_use]
    pub const fn used_basic(&self) -> bool {
        matches!(self, Self::Basic { .. })
    }
}

/// Decodes `Basic` exactly as [RFC 6749 section 2.3.1] encodes: both halves in form encoding,
/// joined by a colon, in padded base64.
///
/// [RFC 6749 section 2.3.1]: https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
fn read_basic(header: &[u8]) -> Result<(ClientId, Secret), CredentialsRefusal> {
    if header.len() > MAX_AUTHORIZATION_BYTES {
        return Err(CredentialsRefusal::Malformed);
    }
    let header = std::str::from_utf8(header).map_err(|_| CredentialsRefusal::Malformed)?;
    let (scheme, encoded) = header
        .split_once(' ')
        .ok_or(CredentialsRefusal::Malformed)?;
    // RFC 9110 section 11.1: the scheme is case-insensitive.
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(CredentialsRefusal::UnsupportedMethod);
    }
    let decoded = Base64::decode_vec(encoded.trim_start_matches(' '))
        .map_err(|_| CredentialsRefusal::Malformed)?;
    let decoded = Zeroizing::new(decoded);
    // Form encoding leaves printable ASCII only: anything else was not encoded at all.
    if !decoded.iter().all(|byte| (0x21..=0x7e).contains(byte)) {
        return Err(CredentialsRefusal::Malformed);
    }
    let colon = decoded
        .iter()
        .position(|&byte| byte == b':')
        .ok_or(CredentialsRefusal::Malformed)?;
    let decode = |half: &[u8]| decode_component(half).map_err(|_| CredentialsRefusal::Malformed);
    let client_id =
        ClientId::parse(decode(&decoded[..colon])?).map_err(|_| CredentialsRefusal::Malformed)?;
    let client_secret = Secret::new(decode(&decoded[colon + 1..])?);
    if client_secret.is_empty() {
        return Err(CredentialsRefusal::Malformed);
    }
    Ok((client_id, client_secret))
}

/// Why the presented credentials cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsRefusal {
    /// A parameter occurs more than once.
    #[error(transparent)]
    Duplicate(#[from] DuplicateParam),
    /// More than one method of authentication ([RFC 6749 section 2.3](https://www.rfc-editor.org/rfc/rfc6749#section-2.3)).
    #[error("more than one method of client authentication is used")]
    SeveralMethods,
    /// The header and the body name different clients.
    #[error("header and body name different clients")]
    SeveralClients,
    /// More than one `Authorization` header.
    #[error("more than one Authorization header")]
    SeveralHeaders,
    /// A secret, but no client is named.
    #[error("the request names no client")]
    Missing,
    /// A method that is not offered.
    #[error("the method of client authentication is not supported")]
    UnsupportedMethod,
    /// Not strictly decodable, or empty.
    #[error("the client credentials are malformed")]
    Malformed,
}

impl CredentialsRefusal {
    /// The code on the wire.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.into()
    }

    /// What the client is told.
    #[must_use]
    pub const fn description(&self) -> &'static str {
        match self {
            Self::Duplicate(_) => "a parameter occurs more than once",
            Self::SeveralMethods => "more than one method of client authentication is used",
            Self::SeveralClients => "header and body name different clients",
            Self::SeveralHeaders => "more than one Authorization header",
            Self::Missing => "the request names no client",
            Self::UnsupportedMethod => "the method of client authentication is not supported",
            Self::Malformed => "the client credentials are malformed",
        }
    }
}

impl From<&CredentialsRefusal> for ErrorCode {
    /// [RFC 6749 section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)
    fn from(refusal: &CredentialsRefusal) -> Self {
        match refusal {
            CredentialsRefusal::Duplicate(_)
            | CredentialsRefusal::SeveralMethods
            | CredentialsRefusal::SeveralClients => Self::InvalidRequest,
            CredentialsRefusal::SeveralHeaders
            | CredentialsRefusal::Missing
            | CredentialsRefusal::UnsupportedMethod
            | CredentialsRefusal::Malformed => Self::InvalidClient,
        }
    }
}

#[cfg(test)]
mod tests;
