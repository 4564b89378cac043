//! The connector's settings, with Dex's key names.

use std::{fmt, time::Duration};

use oidc_core::secret::Secret;
use serde::{Deserialize, Deserializer, de::Error as _};

/// Budget of one whole login unless `timeout` says otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// Most groups of one person unless `maxGroups` says otherwise.
pub const DEFAULT_MAX_GROUPS: usize = 10_000;
/// Deepest nesting of groups unless `nestingDepth` says otherwise.
pub const DEFAULT_NESTING_DEPTH: usize = 16;

/// Settings of an LDAP connector. Key names and meanings are those of Dex where it has the thing;
/// unknown keys are refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct LdapConfig {
    /// `host` or `host:port`. Default port: 389 with `startTLS` or `insecureNoSSL`, otherwise 636.
    pub host: String,
    /// Speaks in clear. Passwords of end users travel readable.
    #[serde(default, rename = "insecureNoSSL")]
    pub insecure_no_ssl: bool,
    /// Connects in clear and begins TLS before anything else is said.
    #[serde(default, rename = "startTLS")]
    pub start_tls: bool,
    /// Accepts any certificate of the server.
    #[serde(default)]
    pub insecure_skip_verify: bool,
    /// Path of a PEM file with roots that replace those of the system.
    #[serde(default, rename = "rootCA")]
    pub root_ca: Option<String>,
    /// The same roots in place: a PEM file in base64.
    #[serde(default, rename = "rootCAData")]
    pub root_ca_data: Option<String>,
    /// Path of a PEM file with our certificate chain.
    #[serde(default)]
    pub client_cert: Option<String>,
    /// Path of a PEM file with the private key of `clientCert`.
    #[serde(default)]
    pub client_key: Option<String>,
    /// Distinguished name of the service account that searches. Empty: searches are anonymous.
    #[serde(default, rename = "bindDN")]
    pub bind_dn: String,
    /// Password of the service account.
    #[serde(default = "no_secret", rename = "bindPW", deserialize_with = "secret")]
    pub bind_pw: Secret,
    /// What the user name is called in the login form. Default: `Username`.
    #[serde(default)]
    pub username_prompt: Option<String>,
    /// How the entry of an end user is found and read.
    pub user_search: UserSearch,
    /// How groups are found. Absent: nobody has groups.
    #[serde(default)]
    pub group_search: Option<GroupSearch>,
    /// Budget of one whole login, such as `10s` or `500ms`. Default: 10 seconds.
    #[serde(default = "default_timeout", deserialize_with = "duration")]
    pub timeout: Duration,
}

/// How the entry of an end user is found and read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct UserSearch {
    /// Where the search begins. Required.
    #[serde(rename = "baseDN")]
    pub base_dn: String,
    /// A filter that entries must match too, such as `(objectClass=person)`.
    pub filter: Option<String>,
    /// The attributes that may hold what the end user types. Required.
    pub username: OneOrMany,
    /// `sub` (default) or `one`.
    pub scope: Option<String>,
    /// The attribute that identifies for ever; `DN` is the entry's name. Default: `uid`.
    pub id_attr: Option<String>,
    /// The attribute with the e-mail address. Default: `mail`. Not read if `emailSuffix` is set.
    pub email_attr: Option<String>,
    /// The attribute with the full name. If set, entries must have it.
    pub name_attr: Option<String>,
    /// The attribute with the short name. If set, entries must have it.
    pub preferred_username_attr: Option<String>,
    /// The e-mail address is the value of `nameAttr`, `@` and this, as in Dex (whose comments say
    /// that it is the id).
    pub email_suffix: Option<String>,
    /// Whether addresses of this directory count as verified. Default: true, as Dex always says:
    /// the directory is the operator's own. Set false where people edit their own `mail`.
    pub email_verified: Option<bool>,
}

/// How the groups of an end user are found.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct GroupSearch {
    /// Where the search begins. Empty: nobody has groups.
    #[serde(rename = "baseDN")]
    pub base_dn: String,
    /// A filter that groups must match too.
    pub filter: Option<String>,
    /// `sub` (default) or `one`.
    pub scope: Option<String>,
    /// Pairs of attributes that say who is in a group.
    pub user_matchers: Vec<UserMatcher>,
    /// The single pair of older configurations; used if `userMatchers` is empty.
    pub user_attr: Option<String>,
    /// See `userAttr`.
    pub group_attr: Option<String>,
    /// See `userAttr`.
    pub recursion_group_attr: Option<String>,
    /// The attribute with the group's name; `DN` is the entry's name. Required.
    pub name_attr: Option<String>,
    /// Most groups of one person; more is an error. Default: 10,000.
    pub max_groups: Option<usize>,
    /// Deepest nesting; deeper is an error. Default: 16.
    pub nesting_depth: Option<usize>,
}

/// Somebody is in a group if the group's `groupAttr` holds the user's `userAttr`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct UserMatcher {
    /// An attribute of the user's entry; `DN` is its name.
    pub user_attr: String,
    /// An attribute of groups.
    pub group_attr: String,
    /// The attribute of groups that holds the names of groups inside. Absent: no nesting.
    pub recursion_group_attr: Option<String>,
}

/// One text or a list of texts.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// A list.
    Many(Vec<String>),
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl OneOrMany {
    pub(crate) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

impl LdapConfig {
    /// Settings for a server, searching anonymously below `base_dn` for entries whose attribute
    /// `username` is what the end user types. The rest are the defaults.
    #[must_use]
    pub fn new(host: &str, base_dn: &str, username: &str) -> Self {
        Self {
            host: host.to_owned(),
            insecure_no_ssl: false,
            start_tls: false,
            insecure_skip_verify: false,
            root_ca: None,
            root_ca_data: None,
            client_cert: None,
            client_key: None,
            bind_dn: String::new(),
            bind_pw: no_secret(),
            username_prompt: None,
            user_search: UserSearch {
                base_dn: base_dn.to_owned(),
                username: OneOrMany::One(username.to_owned()),
                ..UserSearch::default()
            },
            group_search: None,
            timeout: DEFAULT_TIMEOUT,
        }
    }
}

/// Everything that is wrong with the settings, each with its key and what to do.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct LdapConfigError {
    /// Key and problem, at least one.
    pub problems: Vec<(String, String)>,
}

impl fmt::Display for LdapConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (key, problem)) in self.problems.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{key}: {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for LdapConfigError {}

/// Collects problems, so that all are told at once.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<(String, String)>);

impl Problems {
    pub(crate) fn add(&mut self, key: &str, problem: String) {
        self.0.push((key.to_owned(), problem));
    }

    pub(crate) fn into_error(self) -> LdapConfigError {
        LdapConfigError { problems: self.0 }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn no_secret() -> Secret {
    Secret::new(Vec::new())
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(|text| Secret::new(text.into_bytes()))
}

const fn default_timeout() -> Duration {
    DEFAULT_TIMEOUT
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    let digits = text.trim_end_matches(|unit: char| unit.is_ascii_alphabetic());
    let number: Option<u32> = digits.parse().ok();
    let milliseconds = match &text[digits.len()..] {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        _ => None,
    };
    number
        .zip(milliseconds)
        .map(|(number, unit)| Duration::from_millis(u64::from(number) * unit))
        .ok_or_else(|| D::Error::custom("write a duration such as 10s, 500ms or 1m"))
}
