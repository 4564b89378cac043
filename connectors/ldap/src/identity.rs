//! Pure: an entry of the directory to an [`Identity`].

use oidc_core::{
    connector::ConnectorError,
    identity::{Identity, UpstreamSubject},
};

use crate::{
    dn::Dn,
    groups::FoundGroup,
    search::LdapEntry,
    settings::{GroupSettings, Source, UserSettings},
};

fn bad(text: String) -> ConnectorError {
    ConnectorError::BadAnswer(text)
}

impl Source {
    /// The attribute to ask the server for, if it is one.
    pub(crate) fn attribute(&self) -> Option<&str> {
        match self {
            Self::Dn => None,
            Self::Attribute(name) => Some(name.as_str()),
        }
    }

    /// The values in an entry. Attribute names are compared without regard to case.
    ///
    /// # Errors
    ///
    /// LD-13: an attribute of which the server sent only a range is refused, not cut.
    pub(crate) fn values(&self, entry: &LdapEntry) -> Result<Vec<Vec<u8>>, ConnectorError> {
        let Self::Attribute(name) = self else {
            return Ok(vec![entry.dn.clone().into_bytes()]);
        };
        let name = name.as_str().to_ascii_lowercase();
        let range = format!("{name};range=");
        let mut values = Vec::new();
        for (found, of_it) in &entry.attributes {
            if found.starts_with(&range) {
                return Err(bad(format!("the server sent only a range of {name}")));
            }
            if *found == name {
                values.extend(of_it.iter().filter(|value| !value.is_empty()).cloned());
            }
        }
        Ok(values)
    }

    /// The first value as text.
    fn text(&self, entry: &LdapEntry) -> Result<String, ConnectorError> {
        let first = self.values(entry)?.into_iter().next();
        let first = first.ok_or_else(|| bad(format!("an entry lacks {}", self.name())))?;
        self.printable(first)
    }

    fn printable(&self, value: Vec<u8>) -> Result<String, ConnectorError> {
        String::from_utf8(value)
            .ok()
            .filter(|text| !text.chars().any(char::is_control))
            .ok_or_else(|| bad(format!("{} is not printable text", self.name())))
    }

    fn name(&self) -> &str {
        self.attribute().unwrap_or("DN")
    }
}

/// Which attributes the user search asks for.
pub(crate) fn user_attributes(user: &UserSettings, groups: Option<&GroupSettings>) -> Vec<String> {
    let matchers = groups.map_or(&[][..], |groups| &groups.matchers);
    let mut names: Vec<String> = [
        Some(&user.id),
        user.email.as_ref(),
        user.name.as_ref(),
        user.preferred_username.as_ref(),
    ]
    .into_iter()
    .flatten()
    .chain(matchers.iter().map(|matcher| &matcher.user))
    .filter_map(Source::attribute)
    .map(str::to_owned)
    .collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        // RFC 4511 section 4.5.1.8: no attributes at all.
        names.push("1.1".to_owned());
    }
    names
}

/// Reads a user's entry. Groups come from elsewhere.
pub(crate) fn identity(entry: &LdapEntry, user: &UserSettings) -> Result<Identity, ConnectorError> {
    let mut identity = Identity::new(subject(entry, &user.id)?);
    if let Some(source) = &user.name {
        identity = identity.with_name(source.text(entry)?);
    }
    if let Some(source) = &user.preferred_username {
        identity = identity.with_preferred_username(source.text(entry)?);
    }
    let email = match (&user.email_suffix, &identity.name, &user.email) {
        (Some(suffix), Some(name), _) => Some(format!("{name}@{suffix}")),
        (_, _, Some(source)) => Some(source.text(entry)?),
        _ => None,
    };
    if let Some(email) = email {
        identity = identity.with_email(email, Some(user.email_verified));
    }
    Ok(identity)
}

/// LD-12: exactly one value, whole. Bytes that are no plain text (as `objectGUID`) become `#` and
/// hexadecimal digits; text that begins with `#` does too, so that no two values meet.
fn subject(entry: &LdapEntry, source: &Source) -> Result<UpstreamSubject, ConnectorError> {
    let mut values = source.values(entry)?;
    let value = values.pop();
    let Some(value) = value.filter(|_| values.is_empty()) else {
        let name = source.name();
        return Err(bad(format!(
            "the entry must have exactly one value of {name}"
        )));
    };
    let plain = std::str::from_utf8(&value)
        .ok()
        .filter(|text| !text.starts_with('#') && !text.chars().any(char::is_control));
    let text = plain.map_or_else(
        || {
            let hex = value.iter().map(|byte| format!("{byte:02x}"));
            std::iter::once("#".to_owned()).chain(hex).collect()
        },
        str::to_owned,
    );
    UpstreamSubject::parse(text).map_err(|error| bad(error.to_string()))
}

/// Reads a group's entry, which must lie where the search looked.
pub(crate) fn group(
    entry: &LdapEntry,
    groups: &GroupSettings,
) -> Result<FoundGroup, ConnectorError> {
    let dn = Dn::parse(&entry.dn).ok().filter(|dn| groups.base.holds(dn));
    let dn = dn.ok_or_else(|| bad("a group outside groupSearch.baseDN".to_owned()))?;
    let mut values = groups.name.values(entry)?;
    if values.len() > 1
        && let Some(naming) = dn
            .rdns()
            .first()
            .and_then(|rdn| rdn.value(groups.name.name()))
    {
        // The directory keeps values in no order; the one in the entry's name is the one meant.
        values.retain(|value| value == naming);
    }
    let name = values.pop().filter(|_| values.is_empty());
    let name = name.ok_or_else(|| {
        let attribute = groups.name.name();
        bad(format!(
            "a group must have exactly one value of {attribute}, or name one in its DN"
        ))
    })?;
    Ok(FoundGroup {
        name: groups.name.printable(name)?,
        dn,
        dn_text: entry.dn.clone(),
    })
}
