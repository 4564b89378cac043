//! `staticPasswords`, and `users` of a local connector.

use std::collections::HashSet;

use base64ct::{Base64, Encoding};
use oidc_connector_local::{LocalUser, PasswordHash};
use oidc_core::{
    identity::{Email, UpstreamSubject},
    secret::Secret,
};

use super::section::Section;

/// Reads users; notes those who share a name or an id with an earlier one.
pub(super) fn users(sections: Vec<Section<'_>>) -> Vec<LocalUser> {
    let (mut names, mut ids) = (HashSet::new(), HashSet::new());
    let mut users = Vec::new();
    let mut costs = HashSet::new();
    for section in sections {
        let Some((section, user)) = user(section) else {
            continue;
        };
        if !ids.insert(user.user_id.clone()) {
            section.problem(
                "userID",
                "is the id of an earlier user",
                "give each their own",
            );
        }
        let login_names = user.login_names();
        if login_names.is_empty() {
            section.problem("email", "is missing", "set an e-mail address or a username");
        }
        for name in login_names {
            if !names.insert(name) {
                let key = if section.has("email") {
                    "email"
                } else {
                    "username"
                };
                section.problem(
                    key,
                    "is, with username, a login name of an earlier user",
                    "choose another; upper and lower case are the same",
                );
            }
        }
        if user.password.is_weak() {
            section.warn(
                "hash",
                "costs less than it should",
                "make one with: issuer hash-password",
            );
        }
        costs.insert(user.password.cost());
        if costs.len() > 1 {
            section.warn(
                "hash",
                "differs in kind or cost from others, which lets login times tell who exists",
                "hash all passwords alike, with: issuer hash-password",
            );
        }
        section.finish();
        users.push(user);
    }
    users
}

fn user(mut section: Section<'_>) -> Option<(Section<'_>, LocalUser)> {
    let user_id = user_id(&mut section);
    let password = password(&mut section);
    let email = section.text("email");
    let verified = section.boolean("emailVerified").unwrap_or(true);
    let username = section.text("username");
    let name = section.text("name");
    let preferred_username = section.text("preferredUsername");
    let groups = section.texts("groups");
    let (Some(user_id), Some(password)) = (user_id, password) else {
        section.finish();
        return None;
    };
    let mut user = LocalUser::new(user_id, password);
    user.email = email.map(|address| Email {
        address,
        verified: Some(verified),
    });
    user.username = username;
    user.name = name;
    user.preferred_username = preferred_username;
    user.groups = groups;
    Some((section, user))
}

fn user_id(section: &mut Section<'_>) -> Option<UpstreamSubject> {
    let text = section.required("userID", "set a value that never changes, such as a UUID")?;
    UpstreamSubject::parse(text)
        .map_err(|_| {
            section.problem(
                "userID",
                "is longer than 1,024 bytes or holds control characters",
                "set a value that never changes, such as a UUID",
            );
        })
        .ok()
}

fn password(section: &mut Section<'_>) -> Option<PasswordHash> {
    const FIX: &str = "make one with: issuer hash-password";
    let key = if section.has("hashFromEnv") {
        "hashFromEnv"
    } else {
        "hash"
    };
    let given = section.secret(&["hash", "hashFromEnv"]);
    if !section.has("hash") && !section.has("hashFromEnv") {
        section.problem("hash", "is missing", FIX);
    }
    let text = hash_text(&given?);
    PasswordHash::parse(&text)
        .map_err(|error| {
            let message = error.to_string().replace("the hash ", "");
            section.problem(key, &message, FIX);
        })
        .ok()
}

/// The hash itself, or, as Dex allows, the base64 of one.
fn hash_text(given: &Secret) -> String {
    let text = given.expose_str().unwrap_or_default();
    if text.starts_with('$') {
        return text.to_owned();
    }
    Base64::decode_vec(text)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default()
}
