//! Cases for connectors that ask for a user name and a password.

use super::{
    Answer, Arc, ConnectorError, CredentialsUnderTest, Refreshed, assert_invalid_credentials,
    refreshed,
};

/// Long, broken and strange texts that belong to nobody.
fn odd_texts() -> Vec<String> {
    vec![
        "x".repeat(1_024),
        "x".repeat(1_025),
        "(".repeat(1_024 * 1_024),
        "\0".to_owned(),
        "nobody\0".to_owned(),
        "*".to_owned(),
        "\\2a".to_owned(),
        "*)(|(uid=*".to_owned(),
        "'; --".to_owned(),
        "../../etc?x#y".to_owned(),
        "Zoë \u{202e}\u{200d}\u{1f468}".to_owned(),
        "\r\n\t\u{7f}".to_owned(),
        " ".to_owned(),
    ]
}

/// The upstream vouches for the person, with a subject that is not empty.
pub async fn right_password_signs_in(under_test: Arc<CredentialsUnderTest>) {
    let authenticated = under_test.sign_in().await;
    assert!(!authenticated.identity.subject.as_str().is_empty());
}

/// A wrong password is an outcome, not an error.
pub async fn wrong_password_is_invalid_credentials(under_test: Arc<CredentialsUnderTest>) {
    let answer = under_test
        .try_sign_in(&under_test.username, b"not the password")
        .await;
    assert_invalid_credentials(&answer, "wrong password");
}

/// OA-121: nobody learns which user names exist.
pub async fn unknown_user_is_told_the_same_as_a_wrong_password(
    under_test: Arc<CredentialsUnderTest>,
) {
    let answer = under_test
        .try_sign_in(&under_test.unknown, under_test.password.as_bytes())
        .await;
    assert_invalid_credentials(&answer, "unknown user");
}

/// LD-03, UP-27: an upstream may take an empty password for "no proof wanted".
pub async fn empty_password_never_reaches_the_upstream(under_test: Arc<CredentialsUnderTest>) {
    let answer = under_test.try_sign_in(&under_test.username, b"").await;
    assert_invalid_credentials(&answer, "empty password");
    assert_eq!((under_test.passwords_checked)(), 0);
}

/// An empty user name is nobody's.
pub async fn empty_user_name_never_reaches_the_upstream(under_test: Arc<CredentialsUnderTest>) {
    let answer = under_test
        .try_sign_in("", under_test.password.as_bytes())
        .await;
    assert_invalid_credentials(&answer, "empty user name");
    assert_eq!((under_test.passwords_checked)(), 0);
}

/// What was not asked for is not understood as something else.
pub async fn answer_of_another_shape_is_a_bad_answer(under_test: Arc<CredentialsUnderTest>) {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let fields = vec![
        pair("username", &under_test.username),
        pair("password", &under_test.password),
    ];
    let headers = vec![(
        "X-User".to_owned(),
        under_test.username.clone().into_bytes(),
    )];
    for answer in [
        Answer::Query(fields.clone()),
        Answer::Form(fields),
        Answer::Negotiate(vec![1, 2, 3]),
        Answer::Headers(headers),
    ] {
        let answer = under_test.resume(answer).await;
        assert!(
            matches!(answer, Err(ConnectorError::BadAnswer(_))),
            "{answer:?}"
        );
    }
    assert_eq!((under_test.passwords_checked)(), 0);
}

/// The subject is the only thing that identifies.
pub async fn subject_is_the_same_at_each_login(under_test: Arc<CredentialsUnderTest>) {
    let first = under_test.sign_in().await;
    let second = under_test.sign_in().await;
    assert_eq!(first.identity.subject, second.identity.subject);
}

/// A browser can send an older step again; the size of the state is checked at each.
pub async fn state_may_be_replayed(under_test: Arc<CredentialsUnderTest>) {
    for _ in 0..3 {
        let answer = under_test
            .try_sign_in(&under_test.username, b"not the password")
            .await;
        assert_invalid_credentials(&answer, "wrong password again");
    }
    under_test.sign_in().await;
}

/// Whatever is typed as a name, nothing breaks and nobody signs in.
pub async fn odd_user_names_are_denied(under_test: Arc<CredentialsUnderTest>) {
    for name in odd_texts() {
        let answer = under_test
            .try_sign_in(&name, under_test.password.as_bytes())
            .await;
        let shown: String = name.chars().take(40).collect();
        assert_invalid_credentials(&answer, &shown);
    }
}

/// Whatever is typed as a password, nothing breaks and nobody signs in.
pub async fn odd_passwords_are_denied(under_test: Arc<CredentialsUnderTest>) {
    let mut passwords: Vec<Vec<u8>> = odd_texts().into_iter().map(String::into_bytes).collect();
    passwords.push(vec![0xff, 0xfe]);
    let mut longer = under_test.password.clone().into_bytes();
    longer.push(0);
    passwords.push(longer);
    for password in passwords {
        let answer = under_test
            .try_sign_in(&under_test.username, &password)
            .await;
        assert_invalid_credentials(&answer, &format!("{} bytes", password.len()));
    }
}

/// Refusals cost the honest person nothing.
pub async fn person_can_still_sign_in_after_refusals(under_test: Arc<CredentialsUnderTest>) {
    let before = under_test.sign_in().await;
    for (name, password) in [
        (&under_test.username, "wrong"),
        (&under_test.unknown, "wrong"),
        (&under_test.username, ""),
    ] {
        let answer = under_test.try_sign_in(name, password.as_bytes()).await;
        assert_invalid_credentials(&answer, "refusal");
    }
    let after = under_test.sign_in().await;
    assert_eq!(before.identity, after.identity);
}

/// A connector that refreshes vouches for the same subject, and refuses data that is not its own.
pub async fn refresh_keeps_the_subject(under_test: Arc<CredentialsUnderTest>) {
    let before = under_test.sign_in().await;
    match refreshed(&under_test, &before).await {
        None => {}
        Some(Ok(Refreshed::Current(current))) => {
            assert_eq!(current.identity.subject, before.identity.subject);
        }
        Some(other) => panic!("the person is still there: {other:?}"),
    }
}
