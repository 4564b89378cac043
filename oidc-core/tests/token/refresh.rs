//! Refresh tokens ([RFC 6749 section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6),
//! [RFC 9700 section 4.14](https://www.rfc-editor.org/rfc/rfc9700#section-4.14)).

use std::{fmt::Write, time::Duration};

use oidc_core::{
    conformance::{RelyingParty, SeededEntropy, TestBed, TestBedOptions, TokenAnswer},
    grant::{RefreshPolicy, RefreshToken},
    protocol::ErrorCode,
};

use crate::{
    assert_alive, assert_dead, assert_nothing_happened, assert_only_revoked, bed, support::memory,
};

/// What an honest login of `client` brings.
async fn tokens(client: &RelyingParty) -> TokenAnswer {
    client.exchange(&client.sign_in().await.code).await
}

async fn bed_with_grace(seconds: u64) -> TestBed {
    let mut options = TestBedOptions::default();
    let mut policy = RefreshPolicy::default();
    policy.grace = Duration::from_secs(seconds);
    options.config = options.config.with_refresh(policy);
    TestBed::open_with(memory(), options).await
}

/// OA-10: the predecessor after the grace window is a theft.
#[tokio::test]
async fn oa_10_the_predecessor_after_the_grace_window_revokes_the_family() {
    let bed = bed().await;
    for (count, client) in [bed.app(), bed.cli()].into_iter().enumerate() {
        assert_eq!(bed.events.revocations(), count);
        let first = tokens(&client).await;
        let second = client.refresh(&first.refresh_token()).await;
        bed.clock.advance(Duration::from_secs(30));
        let before = bed.ledger();
        let reused = client.refresh(&first.refresh_token()).await;
        reused.assert_error(ErrorCode::InvalidGrant);
        assert_eq!(bed.ledger().writes, before.writes + 1);
        assert_eq!(bed.ledger().signatures, before.signatures);
        assert_eq!(bed.events.revocations(), count + 1);
        assert_dead(&bed, &client, &second).await;
        assert_dead(&bed, &client, &first).await;
        assert_alive(&client, &tokens(&client).await).await;
    }
}

/// OA-10: two generations back is a theft at any time, and so it is many rotations later.
#[tokio::test]
async fn oa_10_an_older_generation_revokes_the_family() {
    for rotations in [2, 3, 12] {
        let bed = bed().await;
        let app = bed.app();
        let first = tokens(&app).await;
        let mut last = first.clone();
        for _ in 0..rotations {
            last = app.refresh(&last.refresh_token()).await;
        }
        let before = bed.ledger();
        let reused = app.refresh(&first.refresh_token()).await;
        assert_only_revoked(&bed, before, &reused);
        assert_dead(&bed, &app, &last).await;
    }
}

/// OA-10: whoever merely knows the grant's id can do nothing to it.
#[tokio::test]
async fn oa_10_a_forged_token_of_another_family_changes_nothing() {
    let bed = bed().await;
    let app = bed.app();
    let known = tokens(&app).await;
    let real = RefreshToken::parse(&known.refresh_token()).unwrap();
    let before = bed.ledger();
    for seed in 0..8 {
        let forged = RefreshToken::draw(real.grant_id(), &SeededEntropy::new(1000 + seed)).unwrap();
        let answer = app.refresh(&forged.expose()).await;
        assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidGrant);
    }
    assert_eq!(bed.events.revocations(), 0);
    assert_alive(&app, &known).await;
}

/// OA-10: one family dies, the end user's other logins at the same client live.
#[tokio::test]
async fn oa_10_a_revoked_family_leaves_other_logins_alone() {
    let bed = bed().await;
    let app = bed.app();
    let (stolen, kept) = (tokens(&app).await, tokens(&app).await);
    let second = app.refresh(&stolen.refresh_token()).await;
    let third = app.refresh(&second.refresh_token()).await;
    app.refresh(&stolen.refresh_token())
        .await
        .assert_error(ErrorCode::InvalidGrant);
    assert_dead(&bed, &app, &third).await;
    assert_alive(&app, &kept).await;
}

/// OA-11 with grace 0, one after the other: what comes while another request may be under way is
/// refused, and revokes only later.
#[tokio::test]
async fn oa_11_without_grace_a_token_in_flight_is_refused_and_the_family_lives() {
    let bed = bed_with_grace(0).await;
    let app = bed.app();
    let first = tokens(&app).await;
    let second = app.refresh(&first.refresh_token()).await;
    for wait in [0, 9] {
        bed.clock.advance(Duration::from_secs(wait));
        let before = bed.ledger();
        let late = app.refresh(&first.refresh_token()).await;
        assert_nothing_happened(&bed, before, &late, ErrorCode::InvalidGrant);
    }
    let userinfo = app.userinfo(&second.access_token()).await;
    assert_eq!(userinfo.status, 200);
    bed.clock.advance(Duration::from_secs(1));
    let before = bed.ledger();
    let reused = app.refresh(&first.refresh_token()).await;
    assert_only_revoked(&bed, before, &reused);
    assert_dead(&bed, &app, &second).await;
}

/// OA-12: a client that lost the answer gets the same refresh token again, without a fork.
#[tokio::test]
async fn oa_12_a_lost_answer_is_given_again_inside_the_grace_window() {
    let bed = bed().await;
    for client in [bed.app(), bed.cli()] {
        let first = tokens(&client).await;
        let lost = client.refresh(&first.refresh_token()).await;
        for wait in [0, 29] {
            bed.clock.advance(Duration::from_secs(wait));
            let writes = bed.ledger().writes;
            let again = client.refresh(&first.refresh_token()).await;
            assert!(again.is_success(), "{}", again.0.body);
            assert_eq!(again.refresh_token(), lost.refresh_token());
            assert_ne!(again.access_token(), lost.access_token());
            assert!(again.text("id_token").is_some());
            assert_eq!(bed.ledger().writes, writes);
            let userinfo = client.userinfo(&again.access_token()).await;
            assert_eq!(userinfo.status, 200);
        }
        assert_alive(&client, &lost).await;
    }
    assert_eq!(bed.events.revocations(), 0);
}

/// OA-13: the window closes when the successor is used.
#[tokio::test]
async fn oa_13_grace_ends_when_the_successor_is_used() {
    let bed = bed().await;
    let app = bed.app();
    let first = tokens(&app).await;
    let second = app.refresh(&first.refresh_token()).await;
    let third = app.refresh(&second.refresh_token()).await;
    bed.clock.advance(Duration::from_secs(1));
    let before = bed.ledger();
    let reused = app.refresh(&first.refresh_token()).await;
    assert_only_revoked(&bed, before, &reused);
    assert_dead(&bed, &app, &second).await;
    assert_dead(&bed, &app, &third).await;
}

/// OA-14: another client's token, however old, is unknown to who presents it.
#[tokio::test]
async fn oa_14_another_client_cannot_use_or_revoke() {
    let bed = bed().await;
    let app = bed.app();
    let first = tokens(&app).await;
    let second = app.refresh(&first.refresh_token()).await;
    let third = app.refresh(&second.refresh_token()).await;
    for thief in [bed.other(), bed.cli()] {
        for stolen in [&first, &second, &third] {
            let before = bed.ledger();
            let answer = thief.refresh(&stolen.refresh_token()).await;
            assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidGrant);
        }
    }
    let mut unproven = bed.app();
    unproven.client_secret = None;
    let named = [("client_id", Some("app"))];
    let before = bed.ledger();
    let answer = unproven.refresh_with(&first.refresh_token(), &named).await;
    assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidClient);
    assert_alive(&app, &third).await;
}

/// OA-15: never more than was granted.
#[tokio::test]
async fn oa_15_a_wider_or_unknown_scope_is_refused() {
    let bed = bed().await;
    let app = bed.app().with_scope("openid profile offline_access");
    let known = tokens(&app).await;
    let before = bed.ledger();
    let refused = [
        "openid profile offline_access email",
        "email",
        "openid unknown",
        "openid\tprofile",
        "openid \"profile\"",
        "OPENID",
        "openid\u{e9}",
    ];
    for scope in refused {
        let changes = [("scope", Some(scope))];
        let answer = app.refresh_with(&known.refresh_token(), &changes).await;
        assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidScope);
    }
    assert_alive(&app, &known).await;
}

/// OA-15: narrowing counts for one answer; the grant stays as wide as it was.
#[tokio::test]
async fn oa_15_a_narrower_scope_does_not_shrink_the_grant() {
    let bed = bed().await;
    let app = bed.app();
    let known = tokens(&app).await;
    let narrow = [("scope", Some("openid"))];
    let answer = app.refresh_with(&known.refresh_token(), &narrow).await;
    assert!(answer.is_success(), "{}", answer.0.body);
    assert_eq!(answer.text("scope").as_deref(), Some("openid"));
    let userinfo = app.userinfo(&answer.access_token()).await.json();
    assert_eq!(userinfo.get("email"), None);
    let empty = [("scope", Some(""))];
    let whole = app.refresh_with(&answer.refresh_token(), &empty).await;
    let userinfo = app.userinfo(&whole.access_token()).await.json();
    assert_eq!(userinfo["email"], "jane@example.test");
}

/// The form of a request in which every byte of the token is escaped.
fn form(name: &str, grant_type: &str, token: &[u8]) -> String {
    let mut form = format!(
        "client_id=cli&grant_type={grant_type}&redirect_uri=http%3A%2F%2F127.0.0.1%2Fcb\
         &code_verifier={}&{name}=",
        oidc_core::conformance::VERIFIER
    );
    for byte in token {
        write!(form, "%{byte:02X}").unwrap();
    }
    form
}

/// Every text that differs from `token` by one bit, one character or one byte at an end.
fn neighbours(token: &str) -> Vec<Vec<u8>> {
    let bytes = token.as_bytes();
    let mut all = Vec::new();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.to_vec();
            flipped[at] ^= 1 << bit;
            all.push(flipped);
        }
        all.push(bytes[..at].to_vec());
        all.push(bytes[at + 1..].to_vec());
    }
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=";
    for letter in letters {
        let mut last = bytes.to_vec();
        *last.last_mut().unwrap() = *letter;
        all.push(last);
    }
    for tail in ["=", "==", "A", " ", "\n", "\t", "\0", ".", "&"] {
        all.push([bytes, tail.as_bytes()].concat());
        all.push([tail.as_bytes(), bytes].concat());
    }
    all.push(token.replace('-', "+").replace('_', "/").into_bytes());
    all.push(token.to_ascii_lowercase().into_bytes());
    all.push(token.to_ascii_uppercase().into_bytes());
    all.push(token.repeat(2).into_bytes());
    all.push(token.repeat(500).into_bytes());
    all.retain(|text| text != bytes);
    all
}

/// OA-17: exactly one byte string is valid, for codes and for refresh tokens.
#[tokio::test]
async fn oa_17_exactly_one_text_is_valid() {
    let bed = bed().await;
    let cli = bed.cli();
    let known = tokens(&cli).await;
    let code = cli.sign_in().await.code;
    let refresh = known.refresh_token();
    let before = bed.ledger();
    let cases = [
        ("refresh_token", "refresh_token", &refresh),
        ("code", "authorization_code", &code),
    ];
    for (name, grant_type, token) in cases {
        for text in neighbours(token) {
            let answer = cli.post_token(None, &form(name, grant_type, &text)).await;
            let error = answer.text("error").unwrap_or_default();
            // Empty is missing, and what is not UTF-8 cannot be read at all.
            let unreadable = text.is_empty() || text.contains(&0) || str::from_utf8(&text).is_err();
            // Where a whole text is too long for a form, the body is.
            if answer.0.status == 413 {
                assert_eq!(bed.ledger(), before);
                continue;
            }
            let expected = if unreadable {
                ErrorCode::InvalidRequest
            } else {
                ErrorCode::InvalidGrant
            };
            assert_eq!(
                error,
                expected.as_str(),
                "{}",
                String::from_utf8_lossy(&text)
            );
            assert_nothing_happened(&bed, before, &answer, expected);
        }
    }
    assert!(cli.exchange(&code).await.is_success());
    assert_alive(&cli, &known).await;
}
