//! IDENTITY: what a connector vouches for.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The upstream's stable name of an end user: never empty, never an e-mail address that the
/// upstream may hand to somebody else.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UpstreamSubject(String);

impl UpstreamSubject {
    /// Takes a non-empty text without control characters of at most 1,024 bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidUpstreamSubject`] otherwise.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidUpstreamSubject> {
        let text = text.into();
        if text.is_empty() || text.len() > 1024 || text.chars().any(char::is_control) {
            return Err(InvalidUpstreamSubject);
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for UpstreamSubject {
    type Error = InvalidUpstreamSubject;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(text)
    }
}

impl From<UpstreamSubject> for String {
    fn from(subject: UpstreamSubject) -> Self {
        subject.0
    }
}

impl fmt::Display for UpstreamSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The upstream's subject is empty, longer than 1,024 bytes, or holds control characters.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the upstream subject is empty, longer than 1,024 bytes, or holds control characters")]
#[non_exhaustive]
pub struct InvalidUpstreamSubject;

/// Whom a connector vouches for, normalised. Missing is never success.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Identity {
    /// Stable at the upstream; the only thing that identifies.
    pub subject: UpstreamSubject,
    /// The person's full name, shown to people (`name`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The short name the person would like to be known by (`preferred_username`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// E-mail address, and what the upstream says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Groups, complete: a connector that could not read all of them fails instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Raw upstream claims or attributes that claim mapping may pick from.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub claims: Map<String, Value>,
}

impl Identity {
    /// An identity of which only the subject is known.
    #[must_use]
    pub fn new(subject: UpstreamSubject) -> Self {
        Self {
            subject,
            name: None,
            preferred_username: None,
            email: None,
            groups: Vec::new(),
            claims: Map::new(),
        }
    }

    /// The same with a full name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The same with a preferred user name.
    #[must_use]
    pub fn with_preferred_username(mut self, name: impl Into<String>) -> Self {
        self.preferred_username = Some(name.into());
        self
    }

    /// The same with an e-mail address; `verified` is `None` where the upstream does not say.
    #[must_use]
    pub fn with_email(mut self, address: impl Into<String>, verified: Option<bool>) -> Self {
        self.email = Some(Email {
            address: address.into(),
            verified,
        });
        self
    }

    /// The same with groups.
    #[must_use]
    pub fn with_groups(mut self, groups: Vec<String>) -> Self {
        self.groups = groups;
        self
    }
}

/// An e-mail address as the upstream gives it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Email {
    /// The address.
    pub address: String,
    /// Whether the upstream says that the address is the person's; `None`: it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
}
