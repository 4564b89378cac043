//! Users from configuration.

use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;
use oidc_core::connector::ConnectorError;

use crate::{
    login_name::LoginName,
    password::PasswordHash,
    user::{LocalUser, LocalUsers},
};

/// Users that are fixed when the issuer starts.
#[derive(Debug)]
pub struct StaticUsers {
    users: Vec<LocalUser>,
    by_login_name: HashMap<LoginName, usize>,
    decoy: PasswordHash,
}

impl StaticUsers {
    /// Takes users none of whom shares a login name or a user id with another.
    ///
    /// # Errors
    ///
    /// [`InvalidStaticUsers`] names the first user that cannot be taken, counted from zero.
    pub fn new(users: Vec<LocalUser>) -> Result<Self, InvalidStaticUsers> {
        let mut by_login_name = HashMap::new();
        let mut user_ids = HashSet::new();
        for (index, user) in users.iter().enumerate() {
            let names = user.login_names();
            if names.is_empty() {
                return Err(InvalidStaticUsers::NoLoginName { index });
            }
            if !user_ids.insert(&user.user_id) {
                return Err(InvalidStaticUsers::UserIdTaken { index });
            }
            for name in names {
                if by_login_name.insert(name, index).is_some() {
                    return Err(InvalidStaticUsers::LoginNameTaken { index });
                }
            }
        }
        let decoy = most_common_cost(&users);
        Ok(Self {
            users,
            by_login_name,
            decoy,
        })
    }

    /// The costs that users' hashes have, most common first, with the number of users.
    ///
    /// With more than one, the time of a failed login tells names of the rarer kind from unknown
    /// ones until those passwords are hashed anew.
    #[must_use]
    pub fn costs(&self) -> Vec<(String, usize)> {
        let mut counts = BTreeMap::new();
        for user in &self.users {
            *counts.entry(user.password.cost()).or_insert(0) += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by(|(_, left), (_, right)| right.cmp(left));
        counts
    }
}

fn most_common_cost(users: &[LocalUser]) -> PasswordHash {
    let mut counts: BTreeMap<String, (usize, &PasswordHash)> = BTreeMap::new();
    for user in users {
        let entry = counts
            .entry(user.password.cost())
            .or_insert((0, &user.password));
        entry.0 += 1;
    }
    counts
        .values()
        .max_by_key(|(count, _)| count)
        .map_or_else(PasswordHash::decoy, |(_, hash)| hash.to_decoy())
}

#[async_trait]
impl LocalUsers for StaticUsers {
    async fn find(&self, login_name: &LoginName) -> Result<Option<LocalUser>, ConnectorError> {
        let index = self.by_login_name.get(login_name);
        Ok(index.and_then(|index| self.users.get(*index)).cloned())
    }

    fn decoy(&self) -> PasswordHash {
        self.decoy.clone()
    }
}

/// A set of users in which one cannot be told from another, or cannot sign in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidStaticUsers {
    /// A user has neither a usable e-mail address nor a usable user name.
    #[error("user {index} has no login name: set an e-mail address or a user name")]
    NoLoginName {
        /// Which user.
        index: usize,
    },
    /// A user's e-mail address or user name is an earlier user's.
    #[error("user {index} has the login name of an earlier user")]
    LoginNameTaken {
        /// Which user.
        index: usize,
    },
    /// A user's id is an earlier user's.
    #[error("user {index} has the user id of an earlier user")]
    UserIdTaken {
        /// Which user.
        index: usize,
    },
}
