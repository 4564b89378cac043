//! Store and signer fail while a client asks for tokens: 503, nothing lost, nothing twice.

use oidc_core::{
    conformance::{
        Fault::{FailAfter, FailBefore, Pass},
        RelyingParty, TestBed, TokenAnswer,
    },
    protocol::ErrorCode,
};

use crate::{assert_alive, assert_nothing_happened, bed};

fn assert_unavailable(answer: &TokenAnswer) {
    answer.assert_error(ErrorCode::TemporarilyUnavailable);
    assert_eq!(answer.0.headers["retry-after"], "1");
}

/// A confidential and a public client, each with a fresh code and fresh tokens.
async fn clients(bed: &TestBed) -> Vec<(RelyingParty, String, TokenAnswer)> {
    let mut all = Vec::new();
    for client in [bed.app(), bed.cli()] {
        let code = client.sign_in().await.code;
        let tokens = client.exchange(&client.sign_in().await.code).await;
        all.push((client, code, tokens));
    }
    all
}

/// Each of the three calls of an exchange fails before it is done; the code stays good.
#[tokio::test]
async fn a_store_that_fails_before_it_acts_costs_no_code() {
    let bed = bed().await;
    for failing in 0..3 {
        for (client, code, _) in clients(&bed).await {
            let writes = bed.ledger().writes;
            let passing = std::iter::repeat_n(Pass, failing);
            bed.faults.script(passing.chain([FailBefore]));
            assert_unavailable(&client.exchange(&code).await);
            assert_eq!(bed.ledger().writes, writes);
            let tokens = client.exchange(&code).await;
            assert!(tokens.is_success(), "{failing}: {}", tokens.0.body);
            assert_eq!(bed.ledger().writes, writes + 1);
            assert_alive(&client, &tokens).await;
        }
    }
    assert_eq!(bed.events.revocations(), 0);
}

/// Each of the three calls of a refresh fails before it is done; the token stays good.
#[tokio::test]
async fn a_store_that_fails_before_it_acts_costs_no_refresh_token() {
    let bed = bed().await;
    for failing in 0..3 {
        for (client, _, tokens) in clients(&bed).await {
            let writes = bed.ledger().writes;
            let passing = std::iter::repeat_n(Pass, failing);
            bed.faults.script(passing.chain([FailBefore]));
            assert_unavailable(&client.refresh(&tokens.refresh_token()).await);
            assert_eq!(bed.ledger().writes, writes);
            let refreshed = client.refresh(&tokens.refresh_token()).await;
            assert!(refreshed.is_success(), "{failing}: {}", refreshed.0.body);
            assert_alive(&client, &refreshed).await;
        }
    }
    assert_eq!(bed.events.revocations(), 0);
}

/// The write of an exchange is done and its answer lost: the own write is recognised.
#[tokio::test]
async fn a_lost_answer_of_the_store_redeems_a_code_once() {
    let bed = bed().await;
    for (client, code, _) in clients(&bed).await {
        bed.faults.script_writes([FailAfter]);
        let tokens = client.exchange(&code).await;
        assert!(tokens.is_success(), "{}", tokens.0.body);
        let before = bed.ledger();
        let again = client.exchange(&code).await;
        assert_nothing_happened(&bed, before, &again, ErrorCode::InvalidGrant);
        assert_alive(&client, &tokens).await;
    }
    assert_eq!(bed.events.revocations(), 0);
}

/// The write of a refresh is done and its answer lost: the own write is recognised.
#[tokio::test]
async fn a_lost_answer_of_the_store_rotates_once() {
    let bed = bed().await;
    for (client, _, tokens) in clients(&bed).await {
        bed.faults.script_writes([FailAfter]);
        let refreshed = client.refresh(&tokens.refresh_token()).await;
        assert!(refreshed.is_success(), "{}", refreshed.0.body);
        let again = client.refresh(&tokens.refresh_token()).await;
        assert_eq!(again.refresh_token(), refreshed.refresh_token());
        assert_alive(&client, &refreshed).await;
    }
    assert_eq!(bed.events.revocations(), 0);
}

/// The answer is lost and the store cannot even be asked what became of the write: the client is
/// told to try again, and gets the one successor.
#[tokio::test]
async fn an_outcome_that_stays_unknown_is_settled_by_the_retry() {
    let bed = bed().await;
    for (client, _, tokens) in clients(&bed).await {
        bed.faults.script([Pass, Pass, FailAfter, FailBefore]);
        assert_unavailable(&client.refresh(&tokens.refresh_token()).await);
        let writes = bed.ledger().writes;
        let refreshed = client.refresh(&tokens.refresh_token()).await;
        assert!(refreshed.is_success(), "{}", refreshed.0.body);
        assert_eq!(bed.ledger().writes, writes);
        assert_alive(&client, &refreshed).await;
    }
    assert_eq!(bed.events.revocations(), 0);
}

/// For a code the outcome cannot be settled so: its tokens were never told to anybody, and inside
/// the retry window the retry is refused and takes nothing back.
#[tokio::test]
async fn an_unknown_outcome_of_a_redemption_issues_nothing_twice() {
    let bed = bed().await;
    for (client, code, _) in clients(&bed).await {
        bed.faults.script([Pass, Pass, FailAfter, FailBefore]);
        assert_unavailable(&client.exchange(&code).await);
        let before = bed.ledger();
        let again = client.exchange(&code).await;
        assert_nothing_happened(&bed, before, &again, ErrorCode::InvalidGrant);
        let anew = client.sign_in().await;
        assert!(client.exchange(&anew.code).await.is_success());
    }
    assert_eq!(bed.events.revocations(), 0);
}

/// No signature, no tokens, and nothing used up.
#[tokio::test]
async fn a_broken_signer_costs_neither_code_nor_refresh_token() {
    let bed = bed().await;
    for (client, code, tokens) in clients(&bed).await {
        bed.signer.set_broken(true);
        let before = bed.ledger();
        for _ in 0..3 {
            assert_unavailable(&client.exchange(&code).await);
            assert_unavailable(&client.refresh(&tokens.refresh_token()).await);
        }
        assert_eq!(bed.ledger(), before);
        bed.signer.set_broken(false);
        assert!(client.exchange(&code).await.is_success());
        assert_alive(&client, &tokens).await;
    }
}

/// A replay whose revocation fails is not answered as if it were done.
#[tokio::test]
async fn a_revocation_that_fails_is_not_told_as_done() {
    let bed = crate::bed_without_retry_window().await;
    let app = bed.app();
    let code = app.sign_in().await.code;
    let tokens = app.exchange(&code).await;
    bed.faults.script_writes([FailBefore]);
    assert_unavailable(&app.exchange(&code).await);
    let before = bed.ledger();
    let replayed = app.exchange(&code).await;
    crate::assert_only_revoked(&bed, before, &replayed);
    crate::assert_dead(&bed, &app, &tokens).await;
}

/// UserInfo with a store that fails: 503, never "the token is invalid".
#[tokio::test]
async fn userinfo_of_a_failing_store_is_503() {
    let bed = bed().await;
    for (client, _, tokens) in clients(&bed).await {
        for failing in 0..2 {
            let passing = std::iter::repeat_n(Pass, failing);
            bed.faults.script(passing.chain([FailBefore]));
            let page = client.userinfo(&tokens.access_token()).await;
            assert_eq!(page.status, 503, "{}", page.body);
            assert_eq!(page.headers["retry-after"], "1");
            assert_eq!(page.json()["error"], "temporarily_unavailable");
            assert_alive(&client, &tokens).await;
        }
    }
}
