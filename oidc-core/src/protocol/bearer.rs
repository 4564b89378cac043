//! Reading an access token from a request ([RFC 6750 section 2](https://www.rfc-editor.org/rfc/rfc6750#section-2)).

use super::params::Params;
use crate::secret::Secret;

/// Bytes of an access token that is looked at: the largest one issued, and some.
pub const MAX_BEARER_BYTES: usize = 24 * 1024;

/// Why no access token can be read from a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BearerError {
    /// None was presented: 401 without an error code ([RFC 6750 section 3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1)).
    #[error("no access token")]
    Missing,
    /// More than one, or an ill-formed one: `invalid_request`. The text is fixed.
    #[error("{0}")]
    Malformed(&'static str),
}

/// Reads the access token from the values of all `Authorization` headers, or from the form.
///
/// `form` is `None` where the body is not a form. A token in the query is refused: queries end
/// up in logs ([RFC 6750 section 2.3]).
///
/// # Errors
///
/// [`BearerError`].
///
/// [RFC 6750 section 2.3]: https://www.rfc-editor.org/rfc/rfc6750#section-2.3
pub fn access_token(
    authorization: &[&[u8]],
    form: Option<&[u8]>,
    query: &str,
) -> Result<Secret, BearerError> {
    const UNREADABLE: BearerError = BearerError::Malformed("the request cannot be read");
    const SEVERAL: BearerError = BearerError::Malformed("more than one access token");
    let query = Params::from_query(query).map_err(|_| UNREADABLE)?;
    if query.has("access_token") {
        return Err(BearerError::Malformed(
            "the access token must not be in the query",
        ));
    }
    let form = match form {
        Some(body) => Params::from_form(body).map_err(|_| UNREADABLE)?,
        None => Params::default(),
    };
    let in_form = form.get("access_token").map_err(|_| SEVERAL)?;
    let token = match (authorization, in_form) {
        ([], None) => return Err(BearerError::Missing),
        ([], Some(token)) => token.as_bytes(),
        ([header], None) => read_header(header)?,
        _ => return Err(SEVERAL),
    };
    if token.len() > MAX_BEARER_BYTES || !is_b64token(token) {
        return Err(BearerError::Malformed("the access token is malformed"));
    }
    Ok(Secret::new(token))
}

fn read_header(header: &[u8]) -> Result<&[u8], BearerError> {
    let space = header.iter().position(|&byte| byte == b' ');
    let scheme = &header[..space.unwrap_or(header.len())];
    // RFC 9110 section 11.1: the scheme is case-insensitive. Another scheme brings no token.
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Err(BearerError::Missing);
    }
    Ok(space.map_or(&[], |at| &header[at + 1..]))
}

/// The `b64token` of [RFC 6750 section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1).
fn is_b64token(token: &[u8]) -> bool {
    let body = token.len() - token.iter().rev().take_while(|&&b| b == b'=').count();
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte);
    body > 0 && token[..body].iter().all(allowed)
}

#[cfg(test)]
mod tests;
