//! The refresh chain at its boundaries.

use super::*;

struct Chain {
    grant: Grant,
    policy: RefreshPolicy,
    entropy: SeededEntropy,
}

impl Chain {
    fn start(policy: RefreshPolicy) -> (Self, RefreshToken) {
        let entropy = entropy();
        let grant_id = GrantId::draw(&entropy).unwrap();
        let token = RefreshToken::draw(grant_id, &entropy).unwrap();
        let mut grant = grant();
        grant.refresh = start_chain(&token, &policy, NOW);
        (
            Self {
                grant,
                policy,
                entropy,
            },
            token,
        )
    }

    fn present(&self, token: &RefreshToken, client: &str, now: UnixTime) -> RefreshUse {
        let client_id = client_id(client);
        let presented = PresentedRefresh {
            token,
            client_id: &client_id,
            policy: &self.policy,
            nonce: RotationNonce::draw(&self.entropy).unwrap(),
            write: WriteId::draw(&self.entropy).unwrap(),
        };
        check_refresh(&self.grant, &presented, now)
    }

    fn rotate(&mut self, token: &RefreshToken, now: UnixTime) -> RefreshToken {
        match self.present(token, "app", now) {
            RefreshUse::Current(rotated) => {
                self.grant = *rotated.grant;
                rotated.token
            }
            other => panic!("{other:?}"),
        }
    }

    fn word(&self, token: &RefreshToken, now: UnixTime) -> &'static str {
        match self.present(token, "app", now) {
            RefreshUse::Current(_) => "current",
            RefreshUse::Again(_) => "again",
            RefreshUse::Revoke => "revoke",
            RefreshUse::Refused(RefreshRefusal::Expired) => "expired",
            RefreshUse::Refused(RefreshRefusal::InFlight) => "in flight",
            RefreshUse::Refused(RefreshRefusal::Revoked) => "revoked",
            RefreshUse::Refused(RefreshRefusal::Unknown) => "unknown",
        }
    }
}

fn no_grace() -> RefreshPolicy {
    RefreshPolicy {
        grace: Duration::ZERO,
        ..RefreshPolicy::default()
    }
}

/// OA-12: the client that lost the answer gets the same token again, until the window closes.
#[test]
fn the_predecessor_gets_the_same_successor_inside_the_grace_window() {
    let (mut chain, first) = Chain::start(RefreshPolicy::default());
    let second = chain.rotate(&first, after(10));
    let RefreshUse::Again(replayed) = chain.present(&first, "app", after(39)) else {
        panic!("not given again");
    };
    assert_eq!(*replayed.token.expose(), *second.expose());
    assert_eq!(chain.word(&first, after(39)), "again");
    assert_eq!(chain.word(&first, after(40)), "revoke");
}

/// OA-13: the window closes when the successor is used.
#[test]
fn the_grace_window_closes_with_the_first_use_of_the_successor() {
    let (mut chain, first) = Chain::start(RefreshPolicy::default());
    let second = chain.rotate(&first, after(1));
    let third = chain.rotate(&second, after(2));
    assert_eq!(chain.word(&first, after(3)), "revoke");
    assert_eq!(chain.word(&second, after(3)), "again");
    assert_eq!(chain.word(&third, after(3)), "current");
}

/// OA-11: without grace, what was under way at the same time is refused and nothing else.
#[test]
fn without_grace_a_parallel_request_is_refused_and_a_later_one_revokes() {
    let (mut chain, first) = Chain::start(no_grace());
    chain.rotate(&first, after(0));
    assert_eq!(chain.word(&first, after(0)), "in flight");
    assert_eq!(chain.word(&first, after(9)), "in flight");
    assert_eq!(chain.word(&first, after(10)), "revoke");
}

/// OA-10: two generations back is seen, however much time passed.
#[test]
fn a_genuine_old_token_revokes() {
    let (mut chain, first) = Chain::start(no_grace());
    let second = chain.rotate(&first, after(1));
    chain.rotate(&second, after(2));
    assert_eq!(chain.word(&first, after(2)), "revoke");
}

/// OA-10: whoever merely knows the grant's id cannot do anything.
#[test]
fn a_forged_token_with_the_right_grant_changes_nothing() {
    let (chain, first) = Chain::start(RefreshPolicy::default());
    let forged = RefreshToken::draw(first.grant_id(), &chain.entropy).unwrap();
    assert_eq!(chain.word(&forged, after(1)), "unknown");
}

/// OA-14
#[test]
fn another_client_s_token_is_unknown_whatever_it_is() {
    let (mut chain, first) = Chain::start(RefreshPolicy::default());
    let second = chain.rotate(&first, after(1));
    for token in [&first, &second] {
        let answer = chain.present(token, "other", after(100));
        assert!(matches!(
            answer,
            RefreshUse::Refused(RefreshRefusal::Unknown)
        ));
    }
}

#[test]
fn idle_and_absolute_lifetime_end_at_their_second() {
    let policy = RefreshPolicy {
        idle: Duration::from_secs(100),
        absolute: Duration::from_secs(150),
        ..RefreshPolicy::default()
    };
    let (mut chain, first) = Chain::start(policy);
    assert_eq!(chain.word(&first, after(99)), "current");
    assert_eq!(chain.word(&first, after(100)), "expired");
    let second = chain.rotate(&first, after(99));
    assert_eq!(chain.word(&second, after(149)), "current");
    assert_eq!(chain.word(&second, after(150)), "expired");
    assert_eq!(chain.grant.expires_at(), after(1800));
}

#[test]
fn without_rotation_one_token_serves_and_renews_its_idle_time() {
    let policy = RefreshPolicy {
        rotate: false,
        idle: Duration::from_secs(100),
        ..RefreshPolicy::default()
    };
    let (mut chain, first) = Chain::start(policy);
    let same = chain.rotate(&first, after(60));
    assert_eq!(*same.expose(), *first.expose());
    assert_eq!(chain.word(&first, after(159)), "current");
    assert_eq!(chain.word(&first, after(160)), "expired");
}

#[test]
fn a_revoked_grant_refreshes_nothing() {
    let (mut chain, first) = Chain::start(RefreshPolicy::default());
    chain.grant = chain.grant.revoked(WriteId::draw(&chain.entropy).unwrap());
    assert_eq!(chain.word(&first, after(1)), "revoked");
}

#[test]
fn a_grant_without_chain_knows_no_refresh_token() {
    let (mut chain, first) = Chain::start(RefreshPolicy::default());
    chain.grant.refresh = RefreshPart::None;
    assert_eq!(chain.word(&first, after(1)), "unknown");
}
