//! Redirect URIs: what may be registered, and which bytes are emitted.

use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::params::{decode_component, hex_value};

/// Bytes of a redirect URI.
pub const MAX_REDIRECT_URI_BYTES: usize = 2048;

/// Parameters of authorization responses: a registered query may not bring them along.
const RESPONSE_PARAMETERS: [&str; 13] = [
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "error_uri",
    "response",
    "access_token",
    "token_type",
    "expires_in",
    "id_token",
    "scope",
    "session_state",
];

/// A redirect URI fit for registration, in the spelling given.
///
/// It is an absolute URI without fragment and user information, of one of three kinds
/// ([RFC 6749 section 3.1.2], [RFC 8252 section 7]): `https`; `http` to a loopback host; a
/// private-use scheme whose name holds a dot. What a URL parser would respell is refused, so
/// that every user agent sees the origin that was registered. It is compared as bytes.
///
/// [RFC 6749 section 3.1.2]: https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2
/// [RFC 8252 section 7]: https://www.rfc-editor.org/rfc/rfc8252#section-7
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri(String);

/// Why a redirect URI may not be registered.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRedirectUri {
    /// Empty, or longer than [`MAX_REDIRECT_URI_BYTES`].
    #[error("the redirect URI must have 1 to 2,048 bytes")]
    Length,
    /// White space, control characters, or other characters that must be escaped in URIs.
    #[error("the redirect URI holds a character that must be escaped")]
    Character,
    /// A percent sign without two hexadecimal digits, or an escaped control character.
    #[error("the redirect URI holds an invalid percent escape")]
    Escape,
    /// Wildcards or characters of regular expressions: redirect URIs are compared exactly.
    #[error("the redirect URI looks like a pattern; redirect URIs are compared exactly")]
    Pattern,
    /// Not an absolute URI.
    #[error("the redirect URI is not absolute")]
    NotAbsolute,
    /// A fragment, even an empty one.
    #[error("the redirect URI has a fragment")]
    Fragment,
    /// A user name or password before the host.
    #[error("the redirect URI holds user information")]
    UserInfo,
    /// `http` to another host than a loopback one.
    #[error("the redirect URI must be https; http is for loopback hosts only")]
    InsecureScheme,
    /// A scheme that is neither `https` nor `http` and holds no dot.
    #[error("a private-use scheme must be a reversed domain name with a dot")]
    Scheme,
    /// A port of 0.
    #[error("the redirect URI has port 0")]
    Port,
    /// User agents would write it differently.
    #[error("the redirect URI is not in its normal spelling")]
    NotNormal,
    /// The query holds a parameter of authorization responses.
    #[error("the query of the redirect URI holds a parameter of the authorization response")]
    ResponseParameter,
}

impl RedirectUri {
    /// Parses a redirect URI for registration.
    ///
    /// # Errors
    ///
    /// [`InvalidRedirectUri`] names what is wrong.
    pub fn parse(text: &str) -> Result<Self, InvalidRedirectUri> {
        check_characters(text)?;
        check_escapes(text)?;
        let (scheme, rest) = check_scheme(text)?;
        check_user_info(rest)?;
        let url = Url::parse(text).map_err(|_| InvalidRedirectUri::NotAbsolute)?;
        check_kind(scheme, &url)?;
        check_spelling(text, &url)?;
        check_query(text)?;
        Ok(Self(text.to_owned()))
    }

    /// The bytes as registered.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is `http` to a loopback host: `localhost`, `127.0.0.0/8` or `[::1]`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        LoopbackParts::of(&self.0).is_some()
    }

    /// Whether `requested` is these very bytes ([RFC 9700 section 2.1]).
    ///
    /// [RFC 9700 section 2.1]: https://www.rfc-editor.org/rfc/rfc9700#section-2.1
    #[must_use]
    pub fn matches_exactly(&self, requested: &str) -> Option<MatchedRedirectUri> {
        (self.0 == requested).then(|| MatchedRedirectUri(self.clone()))
    }

    /// Whether `requested` differs from this `http` loopback IP literal in the port alone
    /// ([RFC 8252 section 7.3]).
    ///
    /// The port must be written out, as 1 to 65,535 without leading zeros.
    ///
    /// [RFC 8252 section 7.3]: https://www.rfc-editor.org/rfc/rfc8252#section-7.3
    #[must_use]
    pub fn matches_but_for_port(&self, requested: &str) -> Option<MatchedRedirectUri> {
        self.port_free(requested, false)
    }

    /// The same for a registered `http://localhost`, which may resolve elsewhere.
    ///
    /// # Security
    ///
    /// [RFC 8252 section 8.3] advises against `localhost`; only for clients that are so marked.
    ///
    /// [RFC 8252 section 8.3]: https://www.rfc-editor.org/rfc/rfc8252#section-8.3
    #[must_use]
    pub fn matches_localhost_but_for_port(&self, requested: &str) -> Option<MatchedRedirectUri> {
        self.port_free(requested, true)
    }

    fn port_free(&self, requested: &str, localhost: bool) -> Option<MatchedRedirectUri> {
        if requested.len() > MAX_REDIRECT_URI_BYTES {
            return None;
        }
        let registered = LoopbackParts::of(&self.0)?;
        if registered.localhost != localhost {
            return None;
        }
        let port_and_rest = requested
            .strip_prefix(registered.before_port)?
            .strip_prefix(':')?;
        let port = port_and_rest.strip_suffix(registered.after_port)?;
        is_canonical_port(port).then(|| MatchedRedirectUri(Self(requested.to_owned())))
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = InvalidRedirectUri;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.0
    }
}

/// A redirect URI that was matched with the client's registration: the bytes to emit.
///
/// Only the matching functions make one; read back, it is checked like a registered one.
#[derive(Clone, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MatchedRedirectUri(RedirectUri);

impl MatchedRedirectUri {
    /// Accepts any `http` loopback URI: what a client without registered ones may be allowed.
    pub(crate) fn any_loopback(requested: &str) -> Option<Self> {
        RedirectUri::parse(requested)
            .ok()
            .filter(RedirectUri::is_loopback)
            .map(Self)
    }

    /// The bytes to emit.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The front page of the client's web origin; `None` for a private-use scheme.
    #[must_use]
    pub fn site(&self) -> Option<String> {
        let text = self.as_str();
        let authority = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))?;
        let end = authority.find(['/', '?']).unwrap_or(authority.len());
        let origin = &text[..text.len() - authority.len() + end];
        Some(format!("{origin}/"))
    }
}

/// An `http` loopback URI cut around its port, without any URL parsing.
struct LoopbackParts<'a> {
    before_port: &'a str,
    after_port: &'a str,
    localhost: bool,
}

impl<'a> LoopbackParts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let authority = text.strip_prefix("http://")?;
        let end = authority.find(['/', '?']).unwrap_or(authority.len());
        let host = &authority[..end];
        let host_end = match host.strip_prefix('[') {
            Some(literal) => literal.find(']')? + 2,
            None => host.find(':').unwrap_or(host.len()),
        };
        let name = &host[..host_end];
        let localhost = name == "localhost";
        if !localhost && !is_loopback_literal(name) {
            return None;
        }
        let cut = text.len() - authority.len() + host_end;
        Some(Self {
            before_port: &text[..cut],
            after_port: &authority[end..],
            localhost,
        })
    }
}

fn is_loopback_literal(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        Some(literal) => literal.parse() == Ok(Ipv6Addr::LOCALHOST),
        None => matches!(host.parse(), Ok(IpAddr::V4(address)) if address.is_loopback()),
    }
}

fn is_canonical_port(port: &str) -> bool {
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    digits && !port.starts_with('0') && port.parse::<u16>().is_ok()
}

fn check_characters(text: &str) -> Result<(), InvalidRedirectUri> {
    if text.is_empty() || text.len() > MAX_REDIRECT_URI_BYTES {
        return Err(InvalidRedirectUri::Length);
    }
    if text.contains('#') {
        return Err(InvalidRedirectUri::Fragment);
    }
    let query = text.find('?').unwrap_or(text.len());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'*' | b'^' | b'$' | b'|' | b'(' | b')' | b'{' | b'}' => {
                return Err(InvalidRedirectUri::Pattern);
            }
            // In a query a plus sign is a space; before it, it can only be meant as a pattern.
            b'+' if at < query => return Err(InvalidRedirectUri::Pattern),
            b'\\' | b'"' | b'<' | b'>' | b'`' => return Err(InvalidRedirectUri::Character),
            0x21..=0x7e => {}
            _ => return Err(InvalidRedirectUri::Character),
        }
    }
    Ok(())
}

fn check_escapes(text: &str) -> Result<(), InvalidRedirectUri> {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|&byte| byte == b'%') {
        let [high, low, after @ ..] = &rest[at + 1..] else {
            return Err(InvalidRedirectUri::Escape);
        };
        match (hex_value(*high), hex_value(*low)) {
            (Some(high), Some(low)) if high >= 2 && (high, low) != (7, 15) => {}
            _ => return Err(InvalidRedirectUri::Escape),
        }
        rest = after;
    }
    Ok(())
}

fn check_scheme(text: &str) -> Result<(&str, &str), InvalidRedirectUri> {
    let (scheme, rest) = text
        .split_once(':')
        .ok_or(InvalidRedirectUri::NotAbsolute)?;
    let named = scheme.starts_with(|first: char| first.is_ascii_alphabetic());
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-+".contains(&byte);
    if !named || !scheme.bytes().all(allowed) || rest.is_empty() {
        return Err(InvalidRedirectUri::NotAbsolute);
    }
    Ok((scheme, rest))
}

fn check_user_info(rest: &str) -> Result<(), InvalidRedirectUri> {
    let Some(authority) = rest.strip_prefix("//") else {
        return Ok(());
    };
    let end = authority.find(['/', '?']).unwrap_or(authority.len());
    if authority[..end].contains('@') {
        return Err(InvalidRedirectUri::UserInfo);
    }
    Ok(())
}

fn check_kind(scheme: &str, url: &Url) -> Result<(), InvalidRedirectUri> {
    if url.port() == Some(0) {
        return Err(InvalidRedirectUri::Port);
    }
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address == Ipv6Addr::LOCALHOST,
        None => false,
    };
    match url.scheme() {
        "https" => Ok(()),
        "http" if loopback => Ok(()),
        "http" => Err(InvalidRedirectUri::InsecureScheme),
        _ if scheme.contains('.') => Ok(()),
        _ => Err(InvalidRedirectUri::Scheme),
    }
}

fn check_spelling(text: &str, url: &Url) -> Result<(), InvalidRedirectUri> {
    let normal = url.as_str();
    if text == normal {
        return Ok(());
    }
    // `http://localhost:8000` without a path is what many command-line clients register.
    if normal.strip_suffix('/') == Some(text) {
        return Ok(());
    }
    // A loopback client may be given port 80 like any other port.
    if let Some(parts) = LoopbackParts::of(text) {
        let without = format!("{}{}", parts.before_port, parts.after_port);
        let written = format!("{}:80{}", parts.before_port, parts.after_port);
        let path_is_empty = parts.after_port.is_empty();
        if text == written
            && (normal == without || path_is_empty && normal.strip_suffix('/') == Some(&without))
        {
            return Ok(());
        }
    }
    Err(InvalidRedirectUri::NotNormal)
}

fn check_query(text: &str) -> Result<(), InvalidRedirectUri> {
    let Some((_, query)) = text.split_once('?') else {
        return Ok(());
    };
    for pair in query.split('&') {
        let name = pair.split('=').next().unwrap_or_default();
        let name = decode_component(name.as_bytes()).map_err(|_| InvalidRedirectUri::Escape)?;
        if RESPONSE_PARAMETERS.contains(&name.as_str()) {
            return Err(InvalidRedirectUri::ResponseParameter);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
