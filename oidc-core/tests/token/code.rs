//! Authorization codes ([RFC 6749 section 4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3)).

use std::time::Duration;

use oidc_core::{
    clock::{Clock, UnixTime},
    conformance::{OTHER_SECRET, TestBed, TestBedOptions},
    protocol::ErrorCode,
};

use crate::{
    assert_alive, assert_dead, assert_nothing_happened, assert_only_revoked, bed,
    bed_without_retry_window, support::memory,
};

/// OA-01: inside the retry window a proven second use is refused, and that is all.
#[tokio::test]
async fn oa_01_a_retry_inside_the_window_is_refused_and_takes_nothing_back() {
    let bed = bed().await;
    for client in [bed.app(), bed.cli()] {
        let code = client.sign_in().await.code;
        let tokens = client.exchange(&code).await;
        bed.clock.advance(Duration::from_secs(9));
        let before = bed.ledger();
        let again = client.exchange(&code).await;
        assert_nothing_happened(&bed, before, &again, ErrorCode::InvalidGrant);
        assert_alive(&client, &tokens).await;
    }
    assert_eq!(bed.events.revocations(), 0);
}

/// OA-01: after the retry window everything that descends from the code is taken back; later
/// replays are still recognised.
#[tokio::test]
async fn oa_01_a_replay_after_the_window_revokes_all_descendants() {
    let bed = bed().await;
    let app = bed.app();
    let code = app.sign_in().await.code;
    let first = app.exchange(&code).await;
    let second = assert_alive(&app, &first).await;
    bed.clock.advance(Duration::from_secs(10));
    let before = bed.ledger();
    let replayed = app.exchange(&code).await;
    assert_only_revoked(&bed, before, &replayed);
    assert_dead(&bed, &app, &first).await;
    assert_dead(&bed, &app, &second).await;
    for _ in 0..2 {
        let before = bed.ledger();
        let replayed = app.exchange(&code).await;
        assert_nothing_happened(&bed, before, &replayed, ErrorCode::InvalidGrant);
    }
    assert_eq!(bed.events.revocations(), 1);
    let anew = app.sign_in().await;
    assert!(app.exchange(&anew.code).await.is_success());
}

/// OA-01: without a window the first replay takes everything back.
#[tokio::test]
async fn oa_01_without_a_window_the_first_replay_revokes() {
    let bed = bed_without_retry_window().await;
    let app = bed.app();
    let code = app.sign_in().await.code;
    let tokens = app.exchange(&code).await;
    let before = bed.ledger();
    let replayed = app.exchange(&code).await;
    assert_only_revoked(&bed, before, &replayed);
    assert_dead(&bed, &app, &tokens).await;
}

/// OA-01: the window is for who proves to be the same client; without PKCE there is none.
#[tokio::test]
async fn oa_01_without_pkce_there_is_no_retry_window() {
    let bed = bed().await;
    let app = bed.app();
    let plain = [("code_challenge", None), ("code_challenge_method", None)];
    let page = app.answered(&mut bed.browser(), &plain).await;
    let code = page.location_param("code").unwrap();
    let unproven = [("code_verifier", None)];
    let tokens = app.exchange_with(&code, &unproven).await;
    assert!(tokens.is_success(), "{}", tokens.0.body);
    let before = bed.ledger();
    let replayed = app.exchange_with(&code, &unproven).await;
    assert_only_revoked(&bed, before, &replayed);
    assert_dead(&bed, &app, &tokens).await;
}

/// OA-01: the mark of a redeemed code is kept until the code's own end.
#[tokio::test]
async fn oa_01_a_replay_is_recognised_until_the_code_expires() {
    for (age, revoked) in [(59, true), (60, false)] {
        let bed = bed().await;
        let app = bed.app();
        let code = app.sign_in().await.code;
        let tokens = app.exchange(&code).await;
        bed.clock.advance(Duration::from_secs(age));
        let before = bed.ledger();
        let replayed = app.exchange(&code).await;
        if revoked {
            assert_only_revoked(&bed, before, &replayed);
            assert_dead(&bed, &app, &tokens).await;
        } else {
            assert_nothing_happened(&bed, before, &replayed, ErrorCode::InvalidGrant);
            assert_alive(&app, &tokens).await;
        }
    }
}

/// OA-01b: a replay is a weapon only in the hands of who could have redeemed the code.
#[tokio::test]
async fn oa_01b_a_stranger_cannot_revoke_by_replaying() {
    let bed = bed_without_retry_window().await;
    let app = bed.app();
    let code = app.sign_in().await.code;
    let mut tokens = app.exchange(&code).await;
    let stranger = [("client_id", Some("app"))];
    let elsewhere = [("redirect_uri", Some("https://other.example/cb?tenant=1"))];
    let short = [("code_verifier", Some("short"))];
    let mut public = bed.cli();
    public.redirect_uri.clone_from(&app.redirect_uri);
    let mut guesser = bed.app();
    guesser.client_secret = Some("wrong".to_owned());
    let mut other = bed.other();
    other.redirect_uri.clone_from(&app.redirect_uri);
    let mut unproven = bed.app();
    unproven.client_secret = None;
    let attacks = [
        (other.exchange(&code).await, ErrorCode::InvalidGrant),
        (public.exchange(&code).await, ErrorCode::InvalidGrant),
        (guesser.exchange(&code).await, ErrorCode::InvalidClient),
        (
            unproven.exchange_with(&code, &stranger).await,
            ErrorCode::InvalidClient,
        ),
        (
            app.exchange_with(&code, &elsewhere).await,
            ErrorCode::InvalidGrant,
        ),
        (
            app.exchange_with(&code, &short).await,
            ErrorCode::InvalidGrant,
        ),
        (
            app.exchange_with(&code, &[("code_verifier", None)]).await,
            ErrorCode::InvalidGrant,
        ),
    ];
    for (answer, expected) in attacks {
        answer.assert_error(expected);
        tokens = assert_alive(&app, &tokens).await;
    }
    assert_eq!(bed.events.revocations(), 0);
}

/// OA-02: a code is of no use to another client, and is not lost by the try.
#[tokio::test]
async fn oa_02_another_client_cannot_redeem_a_stolen_code() {
    let bed = bed().await;
    let app = bed.app();
    let code = app.sign_in().await.code;
    let before = bed.ledger();
    let mut other = bed.other();
    let answer = other.exchange(&code).await;
    assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidGrant);
    other.redirect_uri.clone_from(&app.redirect_uri);
    let answer = other.exchange(&code).await;
    assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidGrant);
    // Its own credentials in the header, the owner's name in the body.
    let named = [("client_id", Some("app"))];
    let answer = other.exchange_with(&code, &named).await;
    assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidRequest);
    // Its own secret under the owner's name.
    other.client_secret = None;
    let posted = [
        ("client_id", Some("app")),
        ("client_secret", Some(OTHER_SECRET)),
    ];
    let answer = other.exchange_with(&code, &posted).await;
    assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidClient);
    let mut public = bed.cli();
    public.redirect_uri.clone_from(&app.redirect_uri);
    let answer = public.exchange(&code).await;
    assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidGrant);
    assert!(app.exchange(&code).await.is_success());
}

/// OA-03: the redirect URI of the authorization request, byte for byte.
#[tokio::test]
async fn oa_03_the_redirect_uri_must_be_the_one_of_the_request() {
    let bed = bed().await;
    let app = bed.app();
    let code = app.sign_in().await.code;
    let before = bed.ledger();
    let other_bytes = [
        None,
        Some(""),
        Some("https://app.example/cb/"),
        Some("https://app.example/cb?"),
        Some("https://app.example/cb#"),
        Some("https://app.example:443/cb"),
        Some("https://APP.example/cb"),
        Some("HTTPS://app.example/cb"),
        Some("https://app.example/%63b"),
        Some("https%3A%2F%2Fapp.example%2Fcb"),
        Some("https://app.example/x/../cb"),
        Some(" https://app.example/cb"),
        Some("https://app.example/cb\n"),
        Some("https://other.example/cb?tenant=1"),
    ];
    for redirect_uri in other_bytes {
        let answer = app
            .exchange_with(&code, &[("redirect_uri", redirect_uri)])
            .await;
        assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidGrant);
    }
    assert!(app.exchange(&code).await.is_success());
}

/// OA-03: of two ports that the loopback rule allows, the one that was used.
#[tokio::test]
async fn oa_03_a_loopback_port_is_bound_to_the_code() {
    let bed = bed().await;
    let mut cli = bed.cli();
    cli.redirect_uri = "http://127.0.0.1:43210/cb".to_owned();
    let code = cli.sign_in().await.code;
    let before = bed.ledger();
    for elsewhere in ["http://127.0.0.1:43211/cb", "http://127.0.0.1/cb"] {
        let changes = [("redirect_uri", Some(elsewhere))];
        let answer = cli.exchange_with(&code, &changes).await;
        assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidGrant);
    }
    assert!(cli.exchange(&code).await.is_success());
}

/// OA-09: a second before its end, at its end, and after it.
#[tokio::test]
async fn oa_09_a_code_ends_at_its_expiry() {
    for (age, accepted) in [(59, true), (60, false), (61, false), (3600, false)] {
        let bed = bed().await;
        let app = bed.app();
        let code = app.sign_in().await.code;
        bed.clock.advance(Duration::from_secs(age));
        let before = bed.ledger();
        let answer = app.exchange(&code).await;
        if accepted {
            assert!(answer.is_success(), "{}", answer.0.body);
        } else {
            assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidGrant);
            let anew = app.sign_in().await;
            assert!(app.exchange(&anew.code).await.is_success());
        }
    }
}

/// OA-09: a replica whose clock is 60 s off judges by its own clock: never later than expiry and
/// skew.
#[tokio::test]
async fn oa_09_a_skewed_replica_accepts_no_longer_than_expiry_and_skew() {
    const SKEW: Duration = Duration::from_secs(60);
    const LATE: fn(UnixTime) -> UnixTime = |now| now - SKEW;
    const EARLY: fn(UnixTime) -> UnixTime = |now| now + SKEW;
    const RIGHT: fn(UnixTime) -> UnixTime = |now| now;
    for (skewed, age, accepted) in [
        (LATE, 119, true),
        (LATE, 120, false),
        // The code has already ended when it is made.
        (EARLY, 0, false),
        (EARLY, 59, false),
        (RIGHT, 59, true),
    ] {
        let storage = memory();
        let bed = TestBed::open(storage.clone()).await;
        let mut options = TestBedOptions::default();
        options.entropy_seed = 77;
        let replica = TestBed::open_with(storage, options).await;
        let code = bed.app().sign_in().await.code;
        let issued_at = bed.clock.now();
        replica
            .clock
            .set(skewed(issued_at + Duration::from_secs(age)));
        let before = replica.ledger();
        let answer = replica.app().exchange(&code).await;
        if accepted {
            assert!(answer.is_success(), "{age}: {}", answer.0.body);
        } else {
            assert_nothing_happened(&replica, before, &answer, ErrorCode::InvalidGrant);
        }
    }
}
