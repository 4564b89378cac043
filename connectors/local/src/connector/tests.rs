use std::time::{Duration, Instant};

use oidc_core::{
    entropy::SystemEntropy,
    identity::{Email, UpstreamSubject},
    secret::Secret32,
};
use url::Url;

use super::*;
use crate::{password::hash_password, static_users::StaticUsers};

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

fn jane() -> LocalUser {
    let password = hash_password(&Secret::new("correct horse"), &SystemEntropy).expect("a hash");
    LocalUser::new(UpstreamSubject::parse("u-1").expect("a subject"), password)
        .with_username("jane")
        .with_email("Jane@Example.com")
        .with_name("Jane Doe")
        .with_groups(vec!["staff".to_owned()])
}

fn connector(users: Vec<LocalUser>) -> LocalConnector {
    let users = StaticUsers::new(users).expect("users");
    LocalConnector::open(Arc::new(users), &LocalConfig::default()).expect("threads")
}

async fn sign_in(connector: &LocalConnector, username: &str, password: &str) -> Progress {
    answer(
        connector,
        Answer::Credentials {
            username: username.to_owned(),
            password: Secret::new(password),
        },
    )
    .await
    .expect("an outcome")
}

async fn answer(connector: &LocalConnector, answer: Answer) -> Result<Progress, ConnectorError> {
    let callback = Url::parse("https://issuer.test/callback").expect("a URL");
    let seed = Secret32::from_bytes([7; 32]);
    let login = Login::new(&callback, "handle", NOW, &seed);
    let Progress::Ask(Ask::Credentials { .. }, state) = connector.start(&login).await? else {
        panic!("the connector asks for credentials");
    };
    connector.resume(&login, state, answer).await
}

fn authenticated(progress: Progress) -> Authenticated {
    let Progress::Authenticated(authenticated) = progress else {
        panic!("{progress:?}");
    };
    *authenticated
}

fn denied(progress: Progress) -> Denial {
    let Progress::Denied(denial) = progress else {
        panic!("{progress:?}");
    };
    denial
}

#[tokio::test]
async fn the_right_password_signs_in_by_either_name_in_any_case() {
    let connector = connector(vec![jane()]);
    for name in ["jane", "JANE", "jane@example.com", "Jane@EXAMPLE.com"] {
        let found = authenticated(sign_in(&connector, name, "correct horse").await);
        assert_eq!(found.identity.subject.as_str(), "u-1");
        assert_eq!(found.identity.name.as_deref(), Some("Jane Doe"));
        assert_eq!(found.identity.preferred_username, None);
        let email = Email {
            address: "Jane@Example.com".to_owned(),
            verified: Some(true),
        };
        assert_eq!(found.identity.email, Some(email));
        assert_eq!(found.identity.groups, ["staff"]);
        assert_eq!(found.authentication.amr, ["pwd"]);
        assert_eq!(found.authentication.auth_time, NOW);
    }
}

#[tokio::test]
async fn the_user_name_stands_in_for_a_full_name() {
    let mut user = jane();
    user.name = None;
    let found = authenticated(sign_in(&connector(vec![user]), "jane", "correct horse").await);
    assert_eq!(found.identity.name.as_deref(), Some("jane"));
}

/// OA-121: the same outcome for all that is wrong.
#[tokio::test]
async fn wrong_password_and_unknown_user_are_denied_alike() {
    let connector = connector(vec![jane()]);
    let long = "x".repeat(5000);
    for (name, password) in [
        ("jane", "wrong"),
        ("jane", ""),
        ("jane", long.as_str()),
        ("nobody", "correct horse"),
        (" jane", "correct horse"),
        ("", "correct horse"),
        (long.as_str(), "correct horse"),
        ("jane\0", "correct horse"),
    ] {
        let denial = denied(sign_in(&connector, name, password).await);
        assert_eq!(denial, Denial::InvalidCredentials, "{name:.20}");
    }
    // Nothing is lost: the honest end user still signs in.
    authenticated(sign_in(&connector, "jane", "correct horse").await);
}

/// OA-121: the same time, whatever is wrong.
#[tokio::test]
async fn unknown_users_take_as_long_as_wrong_passwords() {
    let bcrypt_user = |number: usize| {
        let text = bcrypt::hash("password", 10)
            .expect("a hash")
            .replacen("$2b$", "$2a$", 1);
        let hash = crate::PasswordHash::parse(&text).expect("well-formed");
        let id = UpstreamSubject::parse(number.to_string()).expect("a subject");
        LocalUser::new(id, hash).with_username(format!("user{number}"))
    };
    let mut mostly_bcrypt = vec![bcrypt_user(1), bcrypt_user(2)];
    mostly_bcrypt.push(jane());
    for (users, known) in [(vec![jane()], "jane"), (mostly_bcrypt, "user1")] {
        let connector = connector(users);
        let (known, unknown) = least(&connector, known, "nobody").await;
        assert!(
            unknown < known * 2 && known < unknown * 2,
            "{known:?}, {unknown:?}"
        );
    }
}

/// The least time of each, taken in turns: other processes only ever add to it.
async fn least(connector: &LocalConnector, one: &str, other: &str) -> (Duration, Duration) {
    let mut least = [Duration::MAX; 2];
    for _ in 0..9 {
        for (name, least) in [one, other].into_iter().zip(&mut least) {
            let start = Instant::now();
            denied(sign_in(connector, name, "wrong").await);
            *least = start.elapsed().min(*least);
        }
    }
    (least[0], least[1])
}

#[tokio::test]
async fn an_answer_of_another_shape_is_a_bad_answer() {
    let connector = connector(vec![jane()]);
    let outcome = answer(&connector, Answer::Query(Vec::new())).await;
    assert!(matches!(outcome, Err(ConnectorError::BadAnswer(_))));
}

/// A flood of logins is told to try later; it does not queue up without end.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_unavailable() {
    let users = StaticUsers::new(vec![jane()]).expect("users");
    let config = LocalConfig::default().with_hashing(1, 1);
    let connector = Arc::new(LocalConnector::open(Arc::new(users), &config).expect("threads"));
    let logins: Vec<_> = (0..32)
        .map(|_| {
            let connector = Arc::clone(&connector);
            tokio::spawn(async move {
                let credentials = Answer::Credentials {
                    username: "jane".to_owned(),
                    password: Secret::new("correct horse"),
                };
                answer(&connector, credentials).await
            })
        })
        .collect();
    let (mut served, mut told_to_wait) = (0, 0);
    for login in logins {
        match login.await.expect("no panic") {
            Ok(progress) => {
                authenticated(progress);
                served += 1;
            }
            Err(ConnectorError::Unavailable(_)) => told_to_wait += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(
        served >= 1 && told_to_wait >= 1,
        "{served} served, {told_to_wait} waiting"
    );
    authenticated(sign_in(&connector, "jane", "correct horse").await);
}

#[tokio::test]
async fn refresh_reads_the_user_again() {
    let before = connector(vec![jane()]);
    let signed_in = authenticated(sign_in(&before, "jane", "correct horse").await);
    let data = signed_in.refresh_data.expect("refresh data");

    let mut promoted = jane();
    promoted.groups.push("admins".to_owned());
    let after = connector(vec![promoted]);
    let refreshed = Connector::refresh(&after)
        .expect("the ability")
        .refresh(NOW, &signed_in.identity, data.expose())
        .await;
    let Ok(Refreshed::Current(current)) = refreshed else {
        panic!("{refreshed:?}");
    };
    assert_eq!(current.identity.groups, ["staff", "admins"]);
}

#[tokio::test]
async fn refresh_of_a_removed_or_replaced_user_is_gone() {
    let signed_in = authenticated(sign_in(&connector(vec![jane()]), "jane", "correct horse").await);
    let data = signed_in.refresh_data.expect("refresh data");
    let mut namesake = jane();
    namesake.user_id = UpstreamSubject::parse("u-2").expect("a subject");
    for users in [vec![], vec![namesake]] {
        let connector = connector(users);
        let refreshed =
            RefreshIdentity::refresh(&connector, NOW, &signed_in.identity, data.expose()).await;
        assert!(matches!(refreshed, Ok(Refreshed::Gone(_))), "{refreshed:?}");
    }
}

#[test]
fn users_who_share_a_name_or_an_id_are_refused() {
    use crate::InvalidStaticUsers::{LoginNameTaken, NoLoginName, UserIdTaken};
    let other = |name: &str| {
        let mut user = jane()
            .with_username(name)
            .with_email(format!("{name}@example.com"));
        user.user_id = UpstreamSubject::parse(name).expect("a subject");
        user
    };
    let mut nameless = other("x");
    nameless.username = None;
    nameless.email = None;
    let mut same_id = other("y");
    same_id.user_id = jane().user_id;
    // One's user name is another's address.
    let crossing = other("z").with_username("JANE@example.com");
    for (user, problem) in [
        (other("JANE"), LoginNameTaken { index: 1 }),
        (crossing, LoginNameTaken { index: 1 }),
        (same_id, UserIdTaken { index: 1 }),
        (nameless, NoLoginName { index: 1 }),
    ] {
        let outcome = StaticUsers::new(vec![jane(), user]);
        assert_eq!(outcome.err(), Some(problem));
    }
}
