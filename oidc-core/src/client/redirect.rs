//! Compares a requested redirect URI with the registered ones.

use super::{
    MatchedRedirectUri, PageRefusal,
    metadata::{Client, ClientType},
};

/// Finds the registered redirect URI that `requested` is.
///
/// Bytes are compared ([RFC 9700 section 2.1]); only the port of an `http` loopback IP address is
/// free ([RFC 8252 section 7.3]), that of `localhost` if the client is so marked. A public client
/// without registered URIs may be allowed any loopback URI.
///
/// # Errors
///
/// [`PageRefusal::UnregisteredRedirectUri`]: nobody may be redirected.
///
/// [RFC 9700 section 2.1]: https://www.rfc-editor.org/rfc/rfc9700#section-2.1
/// [RFC 8252 section 7.3]: https://www.rfc-editor.org/rfc/rfc8252#section-7.3
pub fn match_redirect_uri(
    requested: &str,
    client: &Client,
) -> Result<MatchedRedirectUri, PageRefusal> {
    let registered = || client.redirect_uris.iter();
    let exact = || registered().find_map(|uri| uri.matches_exactly(requested));
    let loopback = || registered().find_map(|uri| uri.matches_but_for_port(requested));
    let localhost = || {
        registered()
            .filter(|_| client.localhost_any_port)
            .find_map(|uri| uri.matches_localhost_but_for_port(requested))
    };
    let any_loopback = || {
        let unregistered = client.redirect_uris.is_empty();
        let public = client.client_type() == ClientType::Public;
        (client.any_loopback_redirect && unregistered && public)
            .then(|| MatchedRedirectUri::any_loopback(requested))
            .flatten()
    };
    exact()
        .or_else(loopback)
        .or_else(localhost)
        .or_else(any_loopback)
        .ok_or(PageRefusal::UnregisteredRedirectUri)
}

#[cfg(test)]
mod tests;
