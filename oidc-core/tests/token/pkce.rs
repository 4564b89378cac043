//! PKCE ([RFC 7636](https://www.rfc-editor.org/rfc/rfc7636)).

use oidc_core::{
    client::Client,
    conformance::{APP, Browser, CLI, TestBed, TestBedOptions, VERIFIER, call},
    protocol::{CodeChallenge, CodeVerifier, ErrorCode},
};

use crate::{
    assert_dead, assert_nothing_happened, assert_only_revoked, bed,
    support::{assert_redirected, memory},
};

const OTHER_VERIFIER: &str = "another-verifier-of-sufficient-length-0123456789";

/// An authorization request that is refused at once: the exact redirect, and nothing happens.
async fn assert_refused(bed: &TestBed, public: bool, changes: &[(&str, Option<&str>)]) {
    let (client, redirect_uri) = if public {
        (bed.cli(), CLI)
    } else {
        (bed.app(), APP)
    };
    let before = bed.ledger();
    let mut changes = changes.to_vec();
    changes.push(("state", Some("kept")));
    let page = Browser::new(&bed.service)
        .get(&client.authorization_url(&changes))
        .await;
    assert_redirected(&page, redirect_uri, "invalid_request", "kept");
    assert!(page.headers.get("set-cookie").is_none());
    assert_eq!(bed.ledger(), before);
    assert!(
        client
            .exchange(&client.sign_in().await.code)
            .await
            .is_success()
    );
}

/// OA-05 (i): a challenge was sent, so a verifier must be.
#[tokio::test]
async fn oa_05_a_code_with_challenge_needs_a_verifier() {
    let bed = bed().await;
    for client in [bed.app(), bed.cli()] {
        let code = client.sign_in().await.code;
        for missing in [None, Some("")] {
            let before = bed.ledger();
            let changes = [("code_verifier", missing)];
            let answer = client.exchange_with(&code, &changes).await;
            assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidGrant);
        }
        assert!(client.exchange(&code).await.is_success());
    }
}

/// OA-05 (ii): no challenge was sent, so a verifier is a sign of a downgrade.
#[tokio::test]
async fn oa_05_a_code_without_challenge_takes_no_verifier() {
    let bed = bed().await;
    let app = bed.app();
    let bare = [("code_challenge", None), ("code_challenge_method", None)];
    let page = app.answered(&mut bed.browser(), &bare).await;
    let code = page.location_param("code").unwrap();
    let before = bed.ledger();
    let answer = app.exchange(&code).await;
    assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidGrant);
    let honest = app.exchange_with(&code, &[("code_verifier", None)]).await;
    assert!(honest.is_success(), "{}", honest.0.body);
}

/// OA-05 (iii): an empty challenge is not the same as none, with or without a method.
#[tokio::test]
async fn oa_05_an_empty_challenge_is_refused() {
    let bed = bed().await;
    assert_refused(&bed, false, &[("code_challenge", Some(""))]).await;
    assert_refused(&bed, true, &[("code_challenge", Some(""))]).await;
    let bare = [
        ("code_challenge", Some("")),
        ("code_challenge_method", None),
    ];
    assert_refused(&bed, false, &bare).await;
    assert_refused(&bed, true, &bare).await;
}

/// OA-05 (v): a challenge stripped from the request of a client that must use PKCE.
#[tokio::test]
async fn oa_05_a_stripped_challenge_is_refused_where_pkce_is_required() {
    let stripped = [("code_challenge", None), ("code_challenge_method", None)];
    assert_refused(&bed().await, true, &stripped).await;
    let mut options = TestBedOptions::default();
    options.registration = |client: Client| client.with_require_pkce(true);
    let bed = TestBed::open_with(memory(), options).await;
    assert_refused(&bed, false, &stripped).await;
    let mut options = TestBedOptions::default();
    options.config = options.config.with_require_pkce(true);
    let bed = TestBed::open_with(memory(), options).await;
    assert_refused(&bed, false, &stripped).await;
}

/// OA-05 (vi): without a method the challenge would be `plain`.
#[tokio::test]
async fn oa_05_a_missing_method_is_refused() {
    let bed = bed().await;
    for public in [false, true] {
        for missing in [None, Some("")] {
            assert_refused(&bed, public, &[("code_challenge_method", missing)]).await;
        }
    }
}

/// OA-05 (vii): a second request with the same `state` neither replaces nor weakens the first.
#[tokio::test]
async fn oa_05_a_second_request_with_the_same_state_keeps_the_challenges_apart() {
    let bed = bed().await;
    let app = bed.app();
    let other = CodeVerifier::parse(OTHER_VERIFIER).unwrap();
    let other = CodeChallenge::of(&other).to_string();
    let mut browser = bed.browser();
    let same = [("state", Some("same"))];
    let first = app.answered(&mut browser, &same).await;
    let changed = [("state", Some("same")), ("code_challenge", Some(&*other))];
    let second = app.answered(&mut browser, &changed).await;
    let code = |page: &oidc_core::conformance::Page| page.location_param("code").unwrap();
    assert_ne!(code(&first), code(&second));
    let before = bed.ledger();
    let answer = app.exchange(&code(&second)).await;
    assert_only_revoked(&bed, before, &answer);
    let honest = app.exchange(&code(&first)).await;
    assert!(honest.is_success(), "{}", honest.0.body);
}

/// OA-06: an ill-formed verifier is refused before anything is hashed, and burns nothing.
#[tokio::test]
async fn oa_06_an_ill_formed_verifier_changes_nothing() {
    let bed = bed().await;
    let app = bed.app();
    let code = app.sign_in().await.code;
    let before = bed.ledger();
    let lengths = [1, 42, 129, 4096].map(|length| "a".repeat(length));
    let bytes = [" ", "+", "/", "=", "%", "\u{e9}", "\u{200b}", "\n"]
        .map(|odd| format!("{}{odd}", "a".repeat(43)));
    for verifier in lengths.iter().chain(&bytes) {
        let changes = [("code_verifier", Some(verifier.as_str()))];
        let answer = app.exchange_with(&code, &changes).await;
        assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidGrant);
    }
    assert!(app.exchange(&code).await.is_success());
}

/// OA-06: the owner's first wrong verifier burns the code; the right one comes too late.
#[tokio::test]
async fn oa_06_the_first_wrong_verifier_burns_the_code() {
    let bed = bed().await;
    for (count, client) in [bed.app(), bed.cli()].into_iter().enumerate() {
        assert_eq!(bed.events.revocations(), count);
        let code = client.sign_in().await.code;
        let before = bed.ledger();
        let wrong = [("code_verifier", Some(OTHER_VERIFIER))];
        client
            .exchange_with(&code, &wrong)
            .await
            .assert_error(ErrorCode::InvalidGrant);
        assert_eq!(bed.ledger().writes, before.writes + 1);
        assert_eq!(bed.ledger().signatures, before.signatures);
        assert_eq!(bed.events.revocations(), count + 1);
        let before = bed.ledger();
        let again = client.exchange_with(&code, &wrong).await;
        assert_nothing_happened(&bed, before, &again, ErrorCode::InvalidGrant);
        let right = client.exchange(&code).await;
        assert_nothing_happened(&bed, before, &right, ErrorCode::InvalidGrant);
        let anew = client.sign_in().await;
        assert!(client.exchange(&anew.code).await.is_success());
    }
}

/// OA-06: after redemption, too, a wrong verifier of the owner takes the grant back.
#[tokio::test]
async fn oa_06_a_wrong_verifier_after_redemption_revokes() {
    let bed = bed().await;
    let app = bed.app();
    let code = app.sign_in().await.code;
    let tokens = app.exchange(&code).await;
    let before = bed.ledger();
    let wrong = [("code_verifier", Some(OTHER_VERIFIER))];
    let answer = app.exchange_with(&code, &wrong).await;
    assert_only_revoked(&bed, before, &answer);
    assert_dead(&bed, &app, &tokens).await;
}

/// OA-06: a verifier of a stranger burns nothing.
#[tokio::test]
async fn oa_06_a_wrong_verifier_of_a_stranger_changes_nothing() {
    let bed = bed().await;
    let app = bed.app();
    let code = app.sign_in().await.code;
    let mut other = bed.other();
    other.redirect_uri.clone_from(&app.redirect_uri);
    let before = bed.ledger();
    let wrong = [("code_verifier", Some(OTHER_VERIFIER))];
    let answer = other.exchange_with(&code, &wrong).await;
    assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidGrant);
    assert!(app.exchange(&code).await.is_success());
}

/// OA-07: `S256` and nothing else, here and in the metadata.
#[tokio::test]
async fn oa_07_methods_other_than_s256_are_refused() {
    let bed = bed().await;
    for method in ["plain", "S512", "s256", "S256 ", " S256", "S256\n"] {
        for public in [false, true] {
            assert_refused(&bed, public, &[("code_challenge_method", Some(method))]).await;
        }
    }
    let plain = [
        ("code_challenge", Some(VERIFIER)),
        ("code_challenge_method", Some("plain")),
    ];
    assert_refused(&bed, true, &plain).await;
    let request = http::Request::get("/id/.well-known/openid-configuration")
        .body(http_body_util::Full::default())
        .unwrap();
    let metadata = call(&bed.service, request).await.json();
    let offered = &metadata["code_challenge_methods_supported"];
    assert_eq!(*offered, serde_json::json!(["S256"]));
}
