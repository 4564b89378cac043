use std::{collections::HashMap, sync::Mutex};

use oidc_core::{
    clock::UnixTime,
    entropy::SystemEntropy,
    protocol::IssuerUrl,
    secret::Secret,
    storage::{Page, Scan, Swept},
};

use super::*;
use crate::password::hash_password;

/// One map behind a lock; enough of a store for one record at a time.
#[derive(Debug, Default)]
struct MapStorage(Mutex<(u64, HashMap<Key, Stored>)>);

impl MapStorage {
    fn write(&self, key: &Key, record: &Record) -> Version {
        let mut inner = self.0.lock().expect("no panic");
        inner.0 += 1;
        let version = Version::from_bytes(inner.0.to_be_bytes());
        let stored = Stored {
            body: record.body.clone(),
            version: version.clone(),
        };
        inner.1.insert(key.clone(), stored);
        version
    }

    fn read(&self, key: &Key) -> Option<Stored> {
        self.0.lock().expect("no panic").1.get(key).cloned()
    }

    fn len(&self) -> usize {
        self.0.lock().expect("no panic").1.len()
    }
}

#[async_trait]
impl Storage for MapStorage {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, StorageError> {
        Ok(keys.iter().map(|key| self.read(key)).collect())
    }

    async fn insert(&self, key: &Key, record: &Record) -> Result<Inserted, StorageError> {
        if self.read(key).is_some() {
            return Ok(Inserted::Taken);
        }
        Ok(Inserted::Yes(self.write(key, record)))
    }

    async fn replace(
        &self,
        key: &Key,
        expected: &Version,
        record: &Record,
    ) -> Result<Replaced, StorageError> {
        Ok(match self.read(key) {
            None => Replaced::Missing,
            Some(stored) if stored.version != *expected => Replaced::Stale,
            Some(_) => Replaced::Yes(self.write(key, record)),
        })
    }

    async fn remove(&self, key: &Key, expected: &Version) -> Result<Removed, StorageError> {
        Ok(match self.read(key) {
            None => Removed::Missing,
            Some(stored) if stored.version != *expected => Removed::Stale,
            Some(_) => {
                self.0.lock().expect("no panic").1.remove(key);
                Removed::Yes
            }
        })
    }

    async fn scan(&self, _scan: &Scan) -> Result<Page, StorageError> {
        Err(StorageError::unavailable("never scanned"))
    }

    async fn sweep(&self, _now: UnixTime, _limit: u32) -> Result<Swept, StorageError> {
        Ok(Swept::new(0))
    }
}

fn users(storage: &Arc<MapStorage>, connector_id: &str) -> StoredUsers {
    let issuer = IssuerUrl::parse("https://issuer.test").expect("an issuer");
    let storage: Arc<dyn Storage> = storage.clone();
    let connector_id = ConnectorId::parse(connector_id).expect("an id");
    StoredUsers::new(storage, issuer.tag(), connector_id)
}

fn password(text: &str) -> PasswordHash {
    hash_password(&Secret::new(text), &SystemEntropy).expect("a hash")
}

fn user(id: &str, username: &str, email: &str) -> LocalUser {
    let id = UpstreamSubject::parse(id).expect("a subject");
    LocalUser::new(id, password("first"))
        .with_username(username)
        .with_email(email)
        .with_groups(vec!["admins".to_owned()])
}

fn name(text: &str) -> LoginName {
    LoginName::parse(text).expect("a login name")
}

#[tokio::test]
async fn a_stored_user_is_found_by_both_names() {
    let users = users(&Arc::default(), "local");
    let jane = user("u-1", "jane", "Jane@example.com");
    assert_eq!(
        users.insert(&jane).await.expect("stored"),
        InsertedUser::Yes
    );
    for login in ["JANE", "jane@EXAMPLE.com"] {
        let found = users
            .find(&name(login))
            .await
            .expect("answered")
            .expect("found");
        assert_eq!(found.to_identity(), jane.to_identity());
        assert!(found.password.verify(&Secret::new("first")));
    }
    assert!(users.find(&name("bob")).await.expect("answered").is_none());
}

#[tokio::test]
async fn the_first_to_add_a_login_name_wins() {
    let storage = Arc::default();
    let users = users(&storage, "local");
    let jane = user("u-1", "jane", "jane@example.com");
    assert_eq!(
        users.insert(&jane).await.expect("stored"),
        InsertedUser::Yes
    );
    for second in [
        user("u-2", "jane", "other@example.com"),
        user("u-2", "other", "jane@example.com"),
        user("u-2", "JANE@example.com", "other@example.com"),
    ] {
        assert_eq!(
            users.insert(&second).await.expect("answered"),
            InsertedUser::Taken
        );
    }
    let found = users
        .find(&name("jane"))
        .await
        .expect("answered")
        .expect("found");
    assert_eq!(found.user_id, jane.user_id);
    // A name that was reserved on the way can still be had.
    let other = user("u-3", "other", "third@example.com");
    assert_eq!(
        users.insert(&other).await.expect("stored"),
        InsertedUser::Yes
    );
    let found = users
        .find(&name("other"))
        .await
        .expect("answered")
        .expect("found");
    assert_eq!(found.user_id, other.user_id);
}

#[tokio::test]
async fn a_password_is_set_under_either_name() {
    let users = users(&Arc::default(), "local");
    let jane = user("u-1", "jane", "jane@example.com");
    assert_eq!(
        users.insert(&jane).await.expect("stored"),
        InsertedUser::Yes
    );
    for (login, new) in [("jane", "second"), ("jane@example.com", "third")] {
        let outcome = users.set_password(&name(login), &password(new)).await;
        assert_eq!(outcome.expect("stored"), SetPassword::Done);
        let found = users
            .find(&name("jane"))
            .await
            .expect("answered")
            .expect("found");
        assert!(found.password.verify(&Secret::new(new)));
        assert!(!found.password.verify(&Secret::new("first")));
    }
    let outcome = users.set_password(&name("bob"), &password("x")).await;
    assert_eq!(outcome.expect("answered"), SetPassword::Unknown);
}

#[tokio::test]
async fn a_removed_user_is_not_found_and_the_names_can_be_given_anew() {
    let storage = Arc::default();
    let users = users(&storage, "local");
    let jane = user("u-1", "jane", "jane@example.com");
    assert_eq!(
        users.insert(&jane).await.expect("stored"),
        InsertedUser::Yes
    );
    assert!(users.remove(&name("jane")).await.expect("answered"));
    assert!(!users.remove(&name("jane")).await.expect("answered"));
    assert!(users.find(&name("jane")).await.expect("answered").is_none());
    assert!(
        users
            .find(&name("jane@example.com"))
            .await
            .expect("answered")
            .is_none()
    );

    let namesake = user("u-2", "jane", "new@example.com");
    assert_eq!(
        users.insert(&namesake).await.expect("stored"),
        InsertedUser::Yes
    );
    let found = users
        .find(&name("jane"))
        .await
        .expect("answered")
        .expect("found");
    assert_eq!(found.user_id, namesake.user_id);
    assert!(
        users
            .find(&name("jane@example.com"))
            .await
            .expect("answered")
            .is_none()
    );
    assert_eq!(storage.len(), 2);
}

#[tokio::test]
async fn connectors_do_not_share_users() {
    let storage = Arc::default();
    let jane = user("u-1", "jane", "jane@example.com");
    assert_eq!(
        users(&storage, "staff")
            .insert(&jane)
            .await
            .expect("stored"),
        InsertedUser::Yes
    );
    let found = users(&storage, "guests").find(&name("jane")).await;
    assert!(found.expect("answered").is_none());
}

#[tokio::test]
async fn unknown_members_of_a_record_survive_a_change() {
    let storage: Arc<MapStorage> = Arc::default();
    let users = users(&storage, "local");
    let jane = user("u-1", "jane", "jane@example.com");
    assert_eq!(
        users.insert(&jane).await.expect("stored"),
        InsertedUser::Yes
    );
    let key = users.key(&name("jane@example.com"));
    let mut body: Value =
        serde_json::from_slice(&storage.read(&key).expect("stored").body).expect("JSON");
    body["later"] = Value::from(1);
    body["user"]["later"] = Value::from(2);
    storage.write(&key, &Record::new(body.to_string()));

    let outcome = users.set_password(&name("jane"), &password("second")).await;
    assert_eq!(outcome.expect("stored"), SetPassword::Done);
    let body: Value =
        serde_json::from_slice(&storage.read(&key).expect("stored").body).expect("JSON");
    assert_eq!(body["later"], 1);
    assert_eq!(body["user"]["later"], 2);
}

#[tokio::test]
async fn a_record_of_a_newer_version_is_refused_and_kept() {
    let storage: Arc<MapStorage> = Arc::default();
    let users = users(&storage, "local");
    let jane = user("u-1", "jane", "jane@example.com");
    assert_eq!(
        users.insert(&jane).await.expect("stored"),
        InsertedUser::Yes
    );
    let key = users.key(&name("jane@example.com"));
    let stored = storage.read(&key).expect("stored");
    let newer = String::from_utf8(stored.body)
        .expect("text")
        .replace("\"version\":1", "\"version\":2");
    storage.write(&key, &Record::new(newer.clone()));

    assert!(users.find(&name("jane")).await.is_err());
    assert!(
        users
            .set_password(&name("jane"), &password("x"))
            .await
            .is_err()
    );
    assert_eq!(storage.read(&key).expect("stored").body, newer.as_bytes());
}

#[tokio::test]
async fn nobody_without_a_login_name_is_added() {
    let storage = Arc::default();
    let id = UpstreamSubject::parse("u-1").expect("a subject");
    let outcome = users(&storage, "local")
        .insert(&LocalUser::new(id, password("x")))
        .await;
    assert!(matches!(outcome, Err(StoredUsersError::NoLoginName)));
    assert_eq!(storage.len(), 0);
}
