//! Claim mapping as data, in configuration and records alike.
//!
//! Names are compared exactly or by prefix; there are no regular expressions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::standard::ClaimName;
use crate::protocol::ScopeToken;

/// Per connector: how what it vouches for is normalised. By default it is taken as it is.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ClaimMapping {
    /// The upstream claim that holds the full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The upstream claim that holds the short name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// The upstream claim that holds the e-mail address; it then counts as not asserted, whatever
    /// the upstream says of the address it names itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The upstream claim that holds group names: a text or a list of texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<String>,
    /// Who is not in at least one of these groups may not log in; empty: everyone may. Compared
    /// with the upstream's names, before they are filtered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub required_groups: Vec<String>,
    /// Which groups are kept, and what they are called.
    pub group_rules: GroupRules,
}

/// Which groups are kept, and what they are called.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct GroupRules {
    /// Names to keep. If this and `allow_prefixes` are empty, all are kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// Beginnings of names to keep.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_prefixes: Vec<String>,
    /// Names to drop, even if they are allowed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<String>,
    /// Beginnings of names to drop, even if they are allowed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny_prefixes: Vec<String>,
    /// Put before each name that is kept.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub prefix: String,
}

impl GroupRules {
    /// Whether a group of this name is kept.
    #[must_use]
    pub fn keeps(&self, group: &str) -> bool {
        let listed = |names: &[String], prefixes: &[String]| {
            names.iter().any(|name| name == group)
                || prefixes.iter().any(|prefix| group.starts_with(prefix))
        };
        let all = self.allow.is_empty() && self.allow_prefixes.is_empty();
        (all || listed(&self.allow, &self.allow_prefixes))
            && !listed(&self.deny, &self.deny_prefixes)
    }
}

/// Per client: what it is told of the end user. By default what the scope asks for.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ClaimRelease {
    /// Claims besides those of the standard scopes, or in place of them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<ClaimName, ReleasedClaim>,
    /// Which groups it is told of.
    pub group_rules: GroupRules,
}

/// Where the value of a claim comes from, and when it is told.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ReleasedClaim {
    /// Where the value comes from.
    pub from: ClaimSource,
    /// Told only if this is in the scope; `None`: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeToken>,
}

impl ReleasedClaim {
    /// A claim that is always told.
    #[must_use]
    pub const fn new(from: ClaimSource) -> Self {
        Self { from, scope: None }
    }

    /// The same, told only if `scope` was granted.
    #[must_use]
    pub fn with_scope(mut self, scope: ScopeToken) -> Self {
        self.scope = Some(scope);
        self
    }
}

/// Where the value of a claim comes from.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClaimSource {
    /// The same for everyone; any JSON, lists included.
    Constant(Value),
    /// The upstream claim of this name, as it is; absent if the upstream does not have it.
    Upstream(String),
}

impl ClaimMapping {
    /// The same with rules for groups.
    #[must_use]
    pub fn with_group_rules(mut self, rules: GroupRules) -> Self {
        self.group_rules = rules;
        self
    }

    /// The same, for members of at least one of these groups only.
    #[must_use]
    pub fn with_required_groups(mut self, groups: Vec<String>) -> Self {
        self.required_groups = groups;
        self
    }
}

impl GroupRules {
    /// The same with names to keep.
    #[must_use]
    pub fn with_allow(mut self, names: Vec<String>) -> Self {
        self.allow = names;
        self
    }

    /// The same with names to drop.
    #[must_use]
    pub fn with_deny(mut self, names: Vec<String>) -> Self {
        self.deny = names;
        self
    }

    /// The same with text before each name that is kept.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }
}

impl ClaimRelease {
    /// The same with one more claim.
    #[must_use]
    pub fn with_claim(mut self, name: ClaimName, claim: ReleasedClaim) -> Self {
        self.claims.insert(name, claim);
        self
    }

    /// The same with rules for groups.
    #[must_use]
    pub fn with_group_rules(mut self, rules: GroupRules) -> Self {
        self.group_rules = rules;
        self
    }
}
