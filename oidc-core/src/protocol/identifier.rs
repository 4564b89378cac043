//! Identifiers that travel: [`IssuerUrl`], [`ClientId`], [`ConnectorId`].

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::{Host, Url};

use crate::storage::IssuerTag;

/// An identifier is not of the form its kind demands.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{what} {problem}")]
#[non_exhaustive]
pub struct InvalidIdentifier {
    /// What was read.
    what: &'static str,
    /// What is wrong with it.
    problem: &'static str,
}

const fn invalid(what: &'static str, problem: &'static str) -> InvalidIdentifier {
    InvalidIdentifier { what, problem }
}

/// The issuer identifier, `iss`: compared as an exact string, never normalised.
///
/// An `https` URL without query and fragment ([OIDC Discovery section 3]); `http` only for
/// loopback hosts. A trailing slash is refused, so that paths are appended in one way only.
///
/// [OIDC Discovery section 3]: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata
#[derive(Clone, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(transparent)]
pub struct IssuerUrl {
    text: String,
    #[serde(skip)]
    path_start: usize,
}

impl IssuerUrl {
    /// Parses an issuer identifier.
    ///
    /// # Errors
    ///
    /// [`InvalidIdentifier`] names what is wrong.
    pub fn parse(text: &str) -> Result<Self, InvalidIdentifier> {
        const WHAT: &str = "the issuer URL";
        let url = Url::parse(text).map_err(|_| invalid(WHAT, "is not an absolute URL"))?;
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err(invalid(WHAT, "has no host")),
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => {
                return Err(invalid(
                    WHAT,
                    "must be https; http is for loopback hosts only",
                ));
            }
            _ => return Err(invalid(WHAT, "must be https")),
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(invalid(WHAT, "must have neither query nor fragment"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid(WHAT, "must not hold a user name or password"));
        }
        if text.ends_with('/') {
            return Err(invalid(WHAT, "must not end with a slash"));
        }
        // What the parser would respell, other parties would compare differently.
        if url.as_str().trim_end_matches('/') != text {
            return Err(invalid(WHAT, "is not in its normal spelling"));
        }
        let authority = text.find("://").map_or(0, |at| at + 3);
        let path_start = text[authority..]
            .find('/')
            .map_or(text.len(), |at| authority + at);
        Ok(Self {
            text: text.to_owned(),
            path_start,
        })
    }

    /// The exact text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path below which all endpoints lie: empty, or starting with a slash.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.text[self.path_start..]
    }

    /// Scheme, host and port: the web origin of the issuer.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.text[..self.path_start]
    }

    /// Whether the issuer is served over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.text.starts_with("https://")
    }

    /// The issuer's URL with `path` appended; `path` starts with a slash.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }

    /// The tag under which this issuer's records stand in a store.
    #[must_use]
    pub fn tag(&self) -> IssuerTag {
        let digest: [u8; 32] = Sha256::digest(self.text.as_bytes()).into();
        let mut tag = [0; 8];
        tag.copy_from_slice(&digest[..8]);
        IssuerTag::from_bytes(tag)
    }
}

impl fmt::Display for IssuerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A client's identifier: 1 to 255 visible ASCII characters ([RFC 6749 appendix A.1]).
///
/// [RFC 6749 appendix A.1]: https://www.rfc-editor.org/rfc/rfc6749#appendix-A.1
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(String);

impl ClientId {
    /// Parses a client identifier.
    ///
    /// # Errors
    ///
    /// [`InvalidIdentifier`] names what is wrong.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidIdentifier> {
        const WHAT: &str = "the client id";
        let text = text.into();
        if text.is_empty() || text.len() > 255 {
            return Err(invalid(WHAT, "must have 1 to 255 characters"));
        }
        if !text.bytes().all(|byte| (0x20..=0x7e).contains(&byte)) {
            return Err(invalid(WHAT, "must be printable ASCII"));
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A connector's identifier: 1 to 64 of `A-Z a-z 0-9 . _ -`; stands in paths and in `sub`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConnectorId(String);

impl ConnectorId {
    /// Parses a connector identifier.
    ///
    /// # Errors
    ///
    /// [`InvalidIdentifier`] names what is wrong.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidIdentifier> {
        const WHAT: &str = "the connector id";
        let text = text.into();
        if text.is_empty() || text.len() > 64 {
            return Err(invalid(WHAT, "must have 1 to 64 characters"));
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if !text.bytes().all(allowed) || text == "." || text == ".." {
            return Err(invalid(
                WHAT,
                "may hold only A-Z, a-z, 0-9, '.', '_' and '-'",
            ));
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! text_identifier {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = InvalidIdentifier;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_identifier!(ClientId);
text_identifier!(ConnectorId);
