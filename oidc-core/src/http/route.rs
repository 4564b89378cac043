//! Paths under the issuer URL. A path matches byte for byte or not at all: nothing is decoded,
//! folded or cleaned, so no route has a second spelling.

use http::Method;

use crate::protocol::{ConnectorId, IssuerUrl};

/// What a path names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Route {
    /// `/.well-known/openid-configuration`, and RFC 8414's document outside the issuer's path.
    Metadata,
    /// `/keys`
    Jwks,
    /// `/auth`
    Authorize,
    /// `/auth/{connector}`
    Choose(ConnectorId),
    /// `/auth/{connector}/login`
    LogIn(ConnectorId),
    /// `/callback` and `/callback/{connector}`
    Callback(Option<ConnectorId>),
    /// `/approval`
    Approval,
    /// `/token`
    Token,
    /// `/userinfo`
    UserInfo,
    /// `/`
    Home,
}

pub(crate) const DISCOVERY: &str = "/.well-known/openid-configuration";
const OAUTH_METADATA: &str = "/.well-known/oauth-authorization-server";

impl Route {
    /// The route of a raw request path.
    pub(crate) fn find(issuer: &IssuerUrl, path: &str) -> Option<Self> {
        // RFC 8414 section 3.1 puts the well-known part before the issuer's own path.
        if path.strip_prefix(OAUTH_METADATA) == Some(issuer.path()) {
            return Some(Self::Metadata);
        }
        match path.strip_prefix(issuer.path())? {
            DISCOVERY => Some(Self::Metadata),
            "/keys" => Some(Self::Jwks),
            "/auth" => Some(Self::Authorize),
            "/callback" => Some(Self::Callback(None)),
            "/approval" => Some(Self::Approval),
            "/token" => Some(Self::Token),
            "/userinfo" => Some(Self::UserInfo),
            "/" => Some(Self::Home),
            other => Self::of_connector(other),
        }
    }

    fn of_connector(path: &str) -> Option<Self> {
        let id = |text: &str| ConnectorId::parse(text).ok();
        if let Some(rest) = path.strip_prefix("/callback/") {
            return Some(Self::Callback(Some(id(rest)?)));
        }
        let rest = path.strip_prefix("/auth/")?;
        match rest.strip_suffix("/login") {
            Some(connector) => Some(Self::LogIn(id(connector)?)),
            None => Some(Self::Choose(id(rest)?)),
        }
    }

    /// The methods that the route answers.
    pub(crate) fn methods(&self) -> &'static [Method] {
        match self {
            Self::Metadata | Self::Jwks | Self::Home => &[Method::GET, Method::HEAD],
            Self::Choose(_) => &[Method::GET],
            Self::Authorize
            | Self::LogIn(_)
            | Self::Callback(_)
            | Self::Approval
            | Self::UserInfo => &[Method::GET, Method::POST],
            Self::Token => &[Method::POST],
        }
    }

    /// Whether errors are JSON for programs; otherwise pages for people.
    pub(crate) const fn is_for_programs(&self) -> bool {
        matches!(
            self,
            Self::Metadata | Self::Jwks | Self::Token | Self::UserInfo
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(issuer: &str, path: &str) -> Option<Route> {
        Route::find(&IssuerUrl::parse(issuer).unwrap(), path)
    }

    #[test]
    fn both_metadata_documents_stand_where_their_specifications_say() {
        for (issuer, path) in [
            ("https://a.test", "/.well-known/openid-configuration"),
            ("https://a.test", "/.well-known/oauth-authorization-server"),
            ("https://a.test/x", "/x/.well-known/openid-configuration"),
            (
                "https://a.test/x",
                "/.well-known/oauth-authorization-server/x",
            ),
        ] {
            assert_eq!(find(issuer, path), Some(Route::Metadata), "{issuer} {path}");
        }
    }

    /// OA-131: no alias of a route exists.
    #[test]
    fn no_other_spelling_is_a_route() {
        for path in [
            "//token",
            "/./token",
            "/a/../token",
            "/%74oken",
            "/token/",
            "/Token",
            "/token;x",
            "/token%2f",
            "\\token",
            "/auth/",
            "/auth//login",
            "/auth/../login",
            "/callback/",
            "",
            "/auth/a/b/login",
            "/x/token",
            "/.well-known/oauth-authorization-server/",
        ] {
            assert_eq!(find("https://a.test", path), None, "{path}");
        }
        for path in ["/token", "/xtoken", "/x//token", "/xx/token"] {
            assert_eq!(find("https://a.test/x", path), None, "{path}");
        }
    }

    #[test]
    fn connectors_stand_in_paths() {
        let id = ConnectorId::parse("ldap").unwrap();
        assert_eq!(
            find("https://a.test", "/auth/ldap"),
            Some(Route::Choose(id.clone()))
        );
        assert_eq!(
            find("https://a.test", "/auth/ldap/login"),
            Some(Route::LogIn(id.clone()))
        );
        assert_eq!(
            find("https://a.test", "/callback/ldap"),
            Some(Route::Callback(Some(id)))
        );
    }
}
