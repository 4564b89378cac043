//! TOKEN ENDPOINT under attack: each refusal with its exact answer, what was issued or changed by
//! it, and how the honest client goes on.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../support/mod.rs"]
mod support;

mod client_authentication;
mod code;
mod faults;
mod kinds;
mod pkce;
mod refresh;
mod standing;
mod transport;

use std::time::Duration;

use oidc_core::{
    conformance::{Ledger, RelyingParty, TestBed, TestBedOptions, TokenAnswer},
    grant::{AuthorizationCode, GrantId},
    protocol::ErrorCode,
};

async fn bed() -> TestBed {
    TestBed::open(support::memory()).await
}

/// An issuer that takes every second use of a code for a theft.
async fn bed_without_retry_window() -> TestBed {
    let mut options = TestBedOptions::default();
    options.config = options.config.with_code_retry_window(Duration::ZERO);
    TestBed::open_with(support::memory(), options).await
}

fn grant_of(code: &str) -> GrantId {
    AuthorizationCode::parse(code).unwrap().grant_id()
}

/// The exact refusal, and nothing issued or changed by it.
fn assert_nothing_happened(
    bed: &TestBed,
    before: Ledger,
    answer: &TokenAnswer,
    expected: ErrorCode,
) {
    answer.assert_error(expected);
    assert_eq!(bed.ledger(), before, "{}", answer.0.body);
}

/// The exact refusal, one record changed by it, nothing signed.
fn assert_only_revoked(bed: &TestBed, before: Ledger, answer: &TokenAnswer) {
    answer.assert_error(ErrorCode::InvalidGrant);
    let after = Ledger {
        writes: before.writes + 1,
        ..before
    };
    assert_eq!(bed.ledger(), after);
    assert_eq!(bed.events.revocations(), 1);
}

/// Everything that was issued with `tokens` is dead: refused, and nothing happens any more.
async fn assert_dead(bed: &TestBed, client: &RelyingParty, tokens: &TokenAnswer) {
    let before = bed.ledger();
    let userinfo = client.userinfo(&tokens.access_token()).await;
    assert_eq!(userinfo.status, 401, "{}", userinfo.body);
    assert_eq!(userinfo.json()["error"], "invalid_token");
    let refreshed = client.refresh(&tokens.refresh_token()).await;
    assert_nothing_happened(bed, before, &refreshed, ErrorCode::InvalidGrant);
}

/// Everything that was issued with `tokens` works; gives the next tokens.
async fn assert_alive(client: &RelyingParty, tokens: &TokenAnswer) -> TokenAnswer {
    let userinfo = client.userinfo(&tokens.access_token()).await;
    assert_eq!(userinfo.status, 200, "{}", userinfo.body);
    let refreshed = client.refresh(&tokens.refresh_token()).await;
    assert!(refreshed.is_success(), "{}", refreshed.0.body);
    refreshed
}
