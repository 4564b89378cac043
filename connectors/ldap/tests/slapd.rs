//! Against a real OpenLDAP server: `scripts/peers/slapd/start`, then `seed`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::HashMap, fs, time::Duration};

use oidc_connector_ldap::{GroupSearch, LdapConfig, LdapConnector, OneOrMany, UserMatcher};
use oidc_core::{
    clock::UnixTime,
    connector::{
        Answer, Authenticated, Connector, ConnectorError, ConnectorState, Denial, Login, Progress,
        Refreshed,
    },
    secret::{Secret, Secret32},
};

fn env() -> HashMap<String, String> {
    let dir = std::env::var("PEERS_DIR")
        .unwrap_or_else(|_| format!("{}/../../target/peers", env!("CARGO_MANIFEST_DIR")));
    let path = format!("{dir}/slapd/env");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!(
            "{path}: {error}. Install slapd with `apt-get install -y --no-install-recommends slapd \
             ldap-utils`, then run scripts/peers/slapd/start and scripts/peers/slapd/seed with the \
             same PEERS_DIR"
        )
    });
    text.lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// StartTLS, service account, uid below ou=people, groups with nesting.
fn config() -> LdapConfig {
    let env = env();
    let mut config = LdapConfig::new(&env["LDAP_HOST"], "ou=people,dc=example,dc=org", "uid");
    config.start_tls = true;
    config.root_ca = Some(env["LDAP_CA"].clone());
    config.bind_dn = env["LDAP_BIND_DN"].clone();
    config.bind_pw = Secret::new(env["LDAP_BIND_PASSWORD"].clone());
    config.user_search.name_attr = Some("cn".to_owned());
    config.user_search.preferred_username_attr = Some("uid".to_owned());
    let mut groups = GroupSearch::default();
    groups.base_dn = "ou=groups,dc=example,dc=org".to_owned();
    groups.filter = Some("(objectClass=groupOfNames)".to_owned());
    groups.name_attr = Some("cn".to_owned());
    let mut matcher = UserMatcher::default();
    matcher.user_attr = "DN".to_owned();
    matcher.group_attr = "member".to_owned();
    matcher.recursion_group_attr = Some("member".to_owned());
    groups.user_matchers = vec![matcher];
    config.group_search = Some(groups);
    config
}

async fn sign_in(
    connector: &LdapConnector,
    username: &str,
    password: &str,
) -> Result<Progress, ConnectorError> {
    let callback = "https://issuer.test/callback".parse().unwrap();
    let seed = Secret32::from_bytes([7; 32]);
    let mut login = Login::new(
        &callback,
        "handle",
        UnixTime::from_secs(1_800_000_000),
        &seed,
    );
    login.offline_access = true;
    let answer = Answer::Credentials {
        username: username.to_owned(),
        password: Secret::new(password),
    };
    connector
        .resume(&login, ConnectorState::default(), answer)
        .await
}

async fn authenticated(connector: &LdapConnector, username: &str) -> Authenticated {
    let password = format!("password-{username}");
    match sign_in(connector, username, &password).await {
        Ok(Progress::Authenticated(authenticated)) => *authenticated,
        other => panic!("{username}: {other:?}"),
    }
}

fn assert_denied(answer: &Result<Progress, ConnectorError>) {
    assert!(
        matches!(answer, Ok(Progress::Denied(Denial::InvalidCredentials))),
        "{answer:?}"
    );
}

#[tokio::test]
#[ignore = "peer: slapd"]
async fn a_person_with_a_non_ascii_name_gets_all_nested_groups() {
    let connector = LdapConnector::new(config()).unwrap();
    let zoe = authenticated(&connector, "zoe").await;
    assert_eq!(zoe.identity.subject.as_str(), "zoe");
    assert_eq!(zoe.identity.name.as_deref(), Some("Zoë Müller-Łukasiewicz"));
    assert_eq!(zoe.identity.preferred_username.as_deref(), Some("zoe"));
    let email = zoe.identity.email.unwrap();
    assert_eq!(
        (email.address.as_str(), email.verified),
        ("zoe@example.org", Some(true))
    );
    assert_eq!(
        zoe.identity.groups,
        [
            "Größe",
            "developers",
            "engineering",
            "everyone",
            "ouroboros-a",
            "ouroboros-b"
        ]
    );
    assert_eq!(zoe.authentication.amr, ["pwd"]);
}

/// LD-01
#[tokio::test]
#[ignore = "peer: slapd"]
async fn special_characters_in_user_name_and_dn_are_found() {
    let connector = LdapConnector::new(config()).unwrap();
    let odd = authenticated(&connector, "paren(th)").await;
    assert_eq!(
        odd.identity.name.as_deref(),
        Some("Odd + \"Person\" (One), Ltd")
    );
    assert_eq!(
        odd.identity.groups,
        ["developers", "engineering", "everyone"]
    );
    let turtle = authenticated(&connector, "żółw").await;
    assert_eq!(turtle.identity.subject.as_str(), "żółw");
}

/// LD-01: none of these matches anybody, with the password of somebody who exists.
#[tokio::test]
#[ignore = "peer: slapd"]
async fn injected_filters_match_nobody() {
    let connector = LdapConnector::new(config()).unwrap();
    for username in [
        "*",
        "zo*",
        "*)(uid=*",
        "zoe)(|(x=*",
        "\\7aoe",
        "zoe\0",
        "(",
        ")",
        "\\",
        "zoe)(cn=*",
    ] {
        assert_denied(&sign_in(&connector, username, "password-zoe").await);
    }
    authenticated(&connector, "zoe").await;
}

/// LD-03, LD-09, LD-10
#[tokio::test]
#[ignore = "peer: slapd"]
async fn everyone_else_is_denied_with_one_answer() {
    let connector = LdapConnector::new(config()).unwrap();
    for (username, password) in [
        ("zoe", "wrong"),
        ("zoe", ""),
        ("zoe", " "),
        ("zoe", "\0"),
        ("nobody", "password-zoe"),
        ("twin", "password-twin"),
        ("mallory", "password-mallory"),
        ("", "password-zoe"),
    ] {
        assert_denied(&sign_in(&connector, username, password).await);
    }
    authenticated(&connector, "zoe").await;
}

/// LD-08: both ways to TLS; in clear only when that is asked for.
#[tokio::test]
#[ignore = "peer: slapd"]
async fn ldaps_and_plain_work_when_configured() {
    let mut ldaps = config();
    ldaps.start_tls = false;
    ldaps.host = env()["LDAPS_HOST"].clone();
    authenticated(&LdapConnector::new(ldaps).unwrap(), "zoe").await;
    let mut plain = config();
    plain.start_tls = false;
    plain.insecure_no_ssl = true;
    authenticated(&LdapConnector::new(plain).unwrap(), "zoe").await;
}

/// LD-08
#[tokio::test]
#[ignore = "peer: slapd"]
async fn a_server_of_an_unknown_authority_is_refused() {
    let mut config = config();
    config.root_ca = Some(unrelated_authority());
    let answer = sign_in(&LdapConnector::new(config).unwrap(), "zoe", "password-zoe").await;
    assert!(
        matches!(answer, Err(ConnectorError::BadAnswer(_))),
        "{answer:?}"
    );
}

fn unrelated_authority() -> String {
    let key = rcgen::generate_simple_self_signed(vec!["other.test".to_owned()]).unwrap();
    let path = std::env::temp_dir().join(format!("unrelated-{}.pem", std::process::id()));
    fs::write(&path, key.cert.pem()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The server gives 500 entries at once; all 1,200 groups come.
#[tokio::test]
#[ignore = "peer: slapd"]
async fn groups_beyond_the_size_limit_come_by_pages() {
    let mut config = config();
    config.timeout = Duration::from_secs(30);
    let groups = config.group_search.as_mut().unwrap();
    groups.base_dn = "ou=teams,dc=example,dc=org".to_owned();
    let connector = LdapConnector::new(config).unwrap();
    assert_eq!(
        authenticated(&connector, "alice")
            .await
            .identity
            .groups
            .len(),
        1_200
    );
}

/// LD-14: one past the bound is an error and no subset.
#[tokio::test]
#[ignore = "peer: slapd"]
async fn more_groups_than_allowed_are_an_error() {
    let mut exact = config();
    exact.group_search.as_mut().unwrap().max_groups = Some(6);
    let connector = LdapConnector::new(exact).unwrap();
    assert_eq!(
        authenticated(&connector, "zoe").await.identity.groups.len(),
        6
    );
    let mut fewer = config();
    fewer.group_search.as_mut().unwrap().max_groups = Some(5);
    let answer = sign_in(&LdapConnector::new(fewer).unwrap(), "zoe", "password-zoe").await;
    assert!(
        matches!(answer, Err(ConnectorError::BadAnswer(_))),
        "{answer:?}"
    );
}

#[tokio::test]
#[ignore = "peer: slapd"]
async fn many_attributes_and_dn_can_identify() {
    let mut config = config();
    config.user_search.username = OneOrMany::Many(vec!["mail".to_owned(), "uid".to_owned()]);
    config.user_search.id_attr = Some("DN".to_owned());
    let connector = LdapConnector::new(config).unwrap();
    let answer = sign_in(&connector, "ZOE@example.org", "password-zoe").await;
    let Ok(Progress::Authenticated(zoe)) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(
        zoe.identity.subject.as_str(),
        "uid=zoe,ou=people,dc=example,dc=org"
    );
}

/// A wrong service account is a matter for the operator, not "wrong password".
#[tokio::test]
#[ignore = "peer: slapd"]
async fn a_wrong_service_account_is_misconfigured() {
    let mut config = config();
    config.bind_pw = Secret::new("wrong");
    let answer = sign_in(&LdapConnector::new(config).unwrap(), "zoe", "password-zoe").await;
    assert!(
        matches!(answer, Err(ConnectorError::Misconfigured(_))),
        "{answer:?}"
    );
}

#[tokio::test]
#[ignore = "peer: slapd"]
async fn refresh_reads_the_same_person_again() {
    let connector = LdapConnector::new(config()).unwrap();
    let zoe = authenticated(&connector, "zoe").await;
    let data = zoe.refresh_data.unwrap();
    let now = UnixTime::from_secs(1_800_000_600);
    let refresh = connector.refresh().unwrap();
    match refresh
        .refresh(now, &zoe.identity, data.expose())
        .await
        .unwrap()
    {
        Refreshed::Current(current) => assert_eq!(current.identity, zoe.identity),
        gone @ Refreshed::Gone(_) => panic!("{gone:?}"),
    }
    // LD-20: the filter decides again, here as if the account had been shut out meanwhile.
    let mut narrowed = config();
    narrowed.user_search.filter = Some("(!(uid=zoe))".to_owned());
    let connector = LdapConnector::new(narrowed).unwrap();
    let refresh = connector.refresh().unwrap();
    let answer = refresh
        .refresh(now, &zoe.identity, data.expose())
        .await
        .unwrap();
    assert!(matches!(answer, Refreshed::Gone(_)), "{answer:?}");
}
