//! Applies the rules: to what a connector vouches for, and to what a client is told.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    mapping::{ClaimMapping, ClaimSource, GroupRules},
    requested::standard_claims,
    standard::{ClaimSet, StandardClaim},
};
use crate::{
    client::{Client, IdTokenContent},
    identity::{Email, Identity},
    protocol::Scope,
};

/// Groups of one end user that are kept, after the allow list.
pub const MAX_GROUPS: usize = 2_000;
/// Bytes of one group name that is kept, its prefix included.
pub const MAX_GROUP_BYTES: usize = 256;

/// Why an end user whom a connector vouches for may not log in.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NormalizeRefusal {
    /// Not in any of the required groups.
    #[error("the end user is in none of the required groups")]
    RequiredGroup,
    /// A mapped claim is not of the type that its use needs.
    #[error("the upstream claim {0} is not of the type that is needed")]
    WrongType(String),
    /// More groups than may be kept, or too long a name: tokens with some of them would lie.
    #[error("the end user has too many groups, or a group name is too long")]
    TooManyGroups,
}

/// Normalises what a connector vouches for.
///
/// # Errors
///
/// [`NormalizeRefusal`]: the end user may not log in.
pub fn normalize(
    mapping: &ClaimMapping,
    mut identity: Identity,
) -> Result<Identity, NormalizeRefusal> {
    if let Some(source) = &mapping.name {
        identity.name = text(&identity, source)?;
    }
    if let Some(source) = &mapping.preferred_username {
        identity.preferred_username = text(&identity, source)?;
    }
    if let Some(source) = &mapping.email {
        identity.email = text(&identity, source)?.map(|address| Email {
            address,
            verified: None,
        });
    }
    if let Some(source) = &mapping.groups {
        identity.groups = texts(&identity, source)?;
    }
    check_required_groups(mapping, &identity)?;
    identity.groups = filter_groups(&mapping.group_rules, &identity.groups);
    check_group_limits(&identity.groups)?;
    Ok(identity)
}

fn text(identity: &Identity, source: &str) -> Result<Option<String>, NormalizeRefusal> {
    match identity.claims.get(source) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(NormalizeRefusal::WrongType(source.to_owned())),
    }
}

fn texts(identity: &Identity, source: &str) -> Result<Vec<String>, NormalizeRefusal> {
    let wrong = || NormalizeRefusal::WrongType(source.to_owned());
    match identity.claims.get(source) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(one)) => Ok(vec![one.clone()]),
        Some(Value::Array(several)) => several
            .iter()
            .map(|value| value.as_str().map(str::to_owned).ok_or_else(wrong))
            .collect(),
        Some(_) => Err(wrong()),
    }
}

fn check_required_groups(
    mapping: &ClaimMapping,
    identity: &Identity,
) -> Result<(), NormalizeRefusal> {
    let required: BTreeSet<&str> = mapping.required_groups.iter().map(String::as_str).collect();
    let member = identity
        .groups
        .iter()
        .any(|group| required.contains(group.as_str()));
    (required.is_empty() || member)
        .then_some(())
        .ok_or(NormalizeRefusal::RequiredGroup)
}

fn check_group_limits(groups: &[String]) -> Result<(), NormalizeRefusal> {
    let fits = |group: &String| group.len() <= MAX_GROUP_BYTES;
    (groups.len() <= MAX_GROUPS && groups.iter().all(fits))
        .then_some(())
        .ok_or(NormalizeRefusal::TooManyGroups)
}

/// Keeps the first occurrence of each name.
fn filter_groups(rules: &GroupRules, groups: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    groups
        .iter()
        .filter(|group| rules.keeps(group) && seen.insert(group.as_str()))
        .map(|group| format!("{}{group}", rules.prefix))
        .collect()
}

/// Where claims are told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ClaimsFor {
    /// In an ID token.
    IdToken,
    /// In a UserInfo answer.
    UserInfo,
}

/// What a client is told of an end user.
///
/// `email_verified` is there whenever `email` is: false unless the upstream vouches for the
/// address, as Dex has it. `groups` is left out if there are none.
#[must_use]
pub fn released_claims(
    client: &Client,
    scope: &Scope,
    identity: &Identity,
    told: ClaimsFor,
) -> ClaimSet {
    let mut claims = ClaimSet::default();
    if told == ClaimsFor::IdToken && client.id_token_claims == IdTokenContent::Minimal {
        return claims;
    }
    let release = &client.claim_mapping;
    for claim in standard_claims(scope) {
        if let Some(value) = standard_value(claim, identity, &release.group_rules) {
            claims.insert(claim, value);
        }
    }
    for (name, released) in &release.claims {
        let asked = released
            .scope
            .as_ref()
            .is_none_or(|token| scope.contains(token.as_str()));
        let value = match &released.from {
            ClaimSource::Constant(value) => Some(value),
            ClaimSource::Upstream(source) => identity.claims.get(source),
        };
        if let Some(value) = value.filter(|_| asked) {
            claims.insert(name.clone(), value.clone());
        }
    }
    claims
}

fn standard_value(claim: StandardClaim, identity: &Identity, rules: &GroupRules) -> Option<Value> {
    let email = identity.email.as_ref();
    match claim {
        StandardClaim::Name => identity.name.clone().map(Value::from),
        StandardClaim::PreferredUsername => identity.preferred_username.clone().map(Value::from),
        StandardClaim::Email => email.map(|email| Value::from(email.address.clone())),
        StandardClaim::EmailVerified => {
            email.map(|email| Value::from(email.verified == Some(true)))
        }
        StandardClaim::Groups => {
            let groups = filter_groups(rules, &identity.groups);
            (!groups.is_empty()).then(|| Value::from(groups))
        }
    }
}

#[cfg(test)]
mod tests;
