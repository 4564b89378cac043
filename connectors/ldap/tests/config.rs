//! The settings: Dex's keys, defaults that are applied, all problems at once.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(dead_code, reason = "the scripted server serves several test files")]

mod support;

use oidc_connector_ldap::{LdapConfig, LdapConnector};
use oidc_core::connector::Progress;
use support::{Server, alice_signs_in, honest};

fn problems(json: &str) -> Vec<String> {
    let config: LdapConfig = serde_json::from_str(json).unwrap();
    let error = LdapConnector::new(config).unwrap_err();
    let told = error.problems.iter().map(|(key, _)| key.clone());
    assert_eq!(error.problems.len(), told.clone().count());
    told.collect()
}

#[test]
fn dex_keys_are_read() {
    let json = r#"{
        "host": "ldap.example.org:389", "insecureNoSSL": true,
        "bindDN": "cn=admin,dc=example,dc=org", "bindPW": "secret", "usernamePrompt": "SSO name",
        "userSearch": {
            "baseDN": "ou=People,dc=example,dc=org", "filter": "(objectClass=person)",
            "username": ["mail", "uid"], "scope": "one", "idAttr": "DN", "emailAttr": "mail",
            "nameAttr": "cn", "preferredUsernameAttr": "uid"
        },
        "groupSearch": {
            "baseDN": "ou=Groups,dc=example,dc=org", "filter": "(objectClass=groupOfNames)",
            "scope": "sub", "nameAttr": "cn",
            "userMatchers": [{"userAttr": "DN", "groupAttr": "member", "recursionGroupAttr": "member"}]
        },
        "timeout": "2500ms"
    }"#;
    let config: LdapConfig = serde_json::from_str(json).unwrap();
    assert_eq!(config.timeout.as_millis(), 2_500);
    LdapConnector::new(config).unwrap();
}

#[test]
fn unknown_keys_are_refused() {
    let json = r#"{"host": "h", "userSearch": {}, "bindPw": "x"}"#;
    assert!(serde_json::from_str::<LdapConfig>(json).is_err());
    for text in ["10", "s", "-1s", "1h", "99999999999s"] {
        let json = format!(r#"{{"host": "h", "userSearch": {{}}, "timeout": "{text}"}}"#);
        assert!(serde_json::from_str::<LdapConfig>(&json).is_err(), "{text}");
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let json = r#"{
        "host": "ldaps://h", "insecureNoSSL": true, "startTLS": true, "bindDN": "cn=a",
        "userSearch": {"filter": "uid=x", "scope": "tree", "emailSuffix": "example.org"},
        "groupSearch": {"baseDN": "ou=groups"}
    }"#;
    assert_eq!(
        problems(json),
        [
            "host",
            "startTLS",
            "bindPW",
            "userSearch.baseDN",
            "userSearch.scope",
            "userSearch.filter",
            "userSearch.username",
            "userSearch.emailSuffix",
            "groupSearch.userMatchers",
            "groupSearch.userMatchers",
            "groupSearch.nameAttr",
        ]
    );
}

/// LD-08: a root that cannot be read is no reason to trust others.
#[test]
fn unreadable_roots_are_a_problem() {
    let user = r#""userSearch": {"baseDN": "dc=x", "username": "uid"}"#;
    assert_eq!(
        problems(&format!(r#"{{"host": "h", "rootCA": "/nowhere", {user}}}"#)),
        ["rootCA"]
    );
    assert_eq!(
        problems(&format!(r#"{{"host": "h", "rootCAData": "!", {user}}}"#)),
        ["rootCAData"]
    );
    assert_eq!(
        problems(&format!(r#"{{"host": "h", "rootCAData": "", {user}}}"#)),
        ["rootCAData"]
    );
}

/// Dex documents these defaults and does not apply them.
#[tokio::test]
async fn id_and_email_attributes_have_their_defaults() {
    let server = Server::start(honest).await;
    let Ok(Progress::Authenticated(alice)) = alice_signs_in(&server.connector()).await else {
        panic!("alice signs in")
    };
    assert_eq!(alice.identity.subject.as_str(), "alice");
    assert_eq!(alice.identity.email.unwrap().address, "alice@example.org");
}

/// As Dex does: the address is the value of the name attribute, `@` and the suffix.
#[tokio::test]
async fn email_suffix_follows_the_name_attribute() {
    let server = Server::start(honest).await;
    let mut config = server.config();
    config.user_search.email_suffix = Some("corp.test".to_owned());
    config.user_search.email_verified = Some(false);
    let answer = alice_signs_in(&LdapConnector::new(config).unwrap()).await;
    let Ok(Progress::Authenticated(alice)) = answer else {
        panic!("{answer:?}")
    };
    let email = alice.identity.email.unwrap();
    assert_eq!(
        (email.address.as_str(), email.verified),
        ("Alice@corp.test", Some(false))
    );
}
