//! Reading an access token from a request ([RFC 6750 section 2](https://www.rfc-editor.org/rfc/rfc6750#section-2)).

use super::params::{DuplicateParam, Params};
use crate::secret::Secret;

/// Bytes of an access token that is looked at: the largest one issued, and some.
pub const MAX_BEARER_BYTES: usize = 24 * 1024;

/// Reads the access token from the values of all `Authorization` headers, or from the form.
///
/// `Ok(None)` means that no token was presented: the answer is then 401 without an error code
/// ([RFC 6750 section 3.1]). `form` is `None` where the body is not a form. A token in the
/// query is never read.
///
/// # Errors
///
/// [`BearerRefusal`] (`invalid_request`) if more than one token is presented, or an ill-formed
/// one.
///
/// [RFC 6750 section 3.1]: https://www.rfc-editor.org/rfc/rfc6750#section-3.1
pub fn read_bearer(
    authorization: &[&[u8]],
    form: Option<&Params>,
) -> Result<Option<Secret>, BearerRefusal> {
    let in_form = match form {
        Some(form) => form.get("access_token")?,
        None => None,
    };
    let token = match (authorization, in_form) {
        ([], None) => return Ok(None),
        ([], Some(token)) => token.as_bytes(),
        ([header], None) => match read_header(header)? {
            Some(token) => token,
            None => return Ok(None),
        },
        _ => return Err(BearerRefusal::SeveralTokens),
    };
    if token.len() > MAX_BEARER_BYTES || !is_b64token(token) {
        return Err(BearerRefusal::Malformed);
    }
    Ok(Some(Secret::new(token)))
}

fn read_header(header: &[u8]) -> Result<Option<&[u8]>, BearerRefusal> {
    let space = header.iter().position(|&byte| byte == b' ');
    let scheme = &header[..space.unwrap_or(header.len())];
    // RFC 9110 section 11.1: the scheme is case-insensitive.
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Ok(None);
    }
    let token = space.map(|at| &header[at + 1..]);
    token.map(Some).ok_or(BearerRefusal::Malformed)
}

/// The `b64token` of [RFC 6750 section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1).
fn is_b64token(token: &[u8]) -> bool {
    let body = token.len() - token.iter().rev().take_while(|&&b| b == b'=').count();
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte);
    body > 0 && token[..body].iter().all(allowed)
}

/// Why the access token of a request cannot be read: `invalid_request`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BearerRefusal {
    /// The form field occurs more than once.
    #[error(transparent)]
    Duplicate(#[from] DuplicateParam),
    /// More than one token is presented.
    #[error("more than one access token is presented")]
    SeveralTokens,
    /// Not the syntax of a bearer token.
    #[error("the access token is malformed")]
    Malformed,
}

#[cfg(test)]
mod tests;
