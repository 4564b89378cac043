//! When keys are published, sign and go, as tables.

use std::time::Duration;

use super::*;
use crate::signer::rotation::{KeyTimes, Step, is_gone, next_step};

const DAY: u64 = 24 * 3600;

fn at(secs: u64) -> UnixTime {
    UnixTime::from_secs(NOW.as_secs() + secs)
}

fn published(
    publish_from: UnixTime,
    sign_from: UnixTime,
    end: Option<(UnixTime, UnixTime)>,
) -> PublishedKey {
    let algorithm = SigningAlgorithm::EdDsa;
    let mut key = PublishedKey::new(new_key(algorithm).public_jwk(), algorithm, publish_from);
    key.sign_from = sign_from;
    key.sign_until = end.map(|end| end.0);
    key.publish_until = end.map(|end| end.1);
    key
}

#[test]
fn the_state_of_a_key_follows_from_its_times() {
    let key = published(at(100), at(200), Some((at(300), at(400))));
    for (secs, state) in [
        (0, None),
        (99, None),
        (100, Some(KeyState::Next)),
        (199, Some(KeyState::Next)),
        (200, Some(KeyState::Current)),
        (299, Some(KeyState::Current)),
        (300, Some(KeyState::Retired)),
        (399, Some(KeyState::Retired)),
        (400, None),
        (u64::from(u32::MAX), None),
    ] {
        assert_eq!(key.state(at(secs)), state, "{secs}");
    }
    let endless = published(at(0), at(0), None);
    assert_eq!(endless.state(at(1 << 40)), Some(KeyState::Current));
}

/// ST-09: the lead covers the key set's `max-age`, the reload of every replica, and the skew.
#[test]
fn a_successor_is_published_long_enough_before_it_signs() {
    let policy = RotationPolicy::default();
    assert_eq!(
        policy.lead(),
        policy.jwks_max_age + policy.reload_interval + MAX_STALE + policy.skew
    );
    assert_eq!(policy.lead(), Duration::from_secs(600 + 60 + 300 + 60));
}

#[test]
fn the_first_key_signs_at_once_also_for_slow_clocks() {
    let Step::Add { new, predecessor } = next_step(&[], &RotationPolicy::default(), NOW) else {
        panic!("a first key is needed");
    };
    assert_eq!(new.publish_from, NOW - Duration::from_secs(60));
    assert_eq!(new.sign_from, new.publish_from);
    assert_eq!((new.sign_until, new.publish_until), (None, None));
    assert_eq!(predecessor, None);
}

#[test]
fn a_successor_is_made_one_lead_before_it_is_due() {
    let policy = RotationPolicy::default();
    let lead = policy.lead().as_secs();
    let first = KeyTimes {
        publish_from: at(0),
        sign_from: at(0),
        sign_until: None,
        publish_until: None,
    };
    let due = 30 * DAY;
    assert_eq!(
        next_step(&[first], &policy, at(due - lead - 1)),
        Step::Nothing
    );
    // In time, and a year late: the lead is kept, the predecessor signs until the last second.
    for (now, sign_from) in [
        (due - lead, due),
        (due, due + lead),
        (365 * DAY, 365 * DAY + lead),
    ] {
        let Step::Add { new, predecessor } = next_step(&[first], &policy, at(now)) else {
            panic!("a successor is due at {now}");
        };
        assert_eq!(new.publish_from, at(now));
        assert_eq!(new.sign_from, at(sign_from));
        assert!(new.sign_from >= new.publish_from + policy.lead());
        assert_eq!(predecessor, Some((at(sign_from), at(sign_from + DAY + 60))));
        // It is made once.
        assert_eq!(next_step(&[first, new], &policy, at(now)), Step::Nothing);
    }
}

/// ST-09: a retired key stays until the last token it signed has expired, for all clocks.
#[test]
fn a_key_is_forgotten_one_skew_after_it_is_gone() {
    let policy = RotationPolicy::default();
    let key = KeyTimes {
        publish_from: at(0),
        sign_from: at(0),
        sign_until: Some(at(100)),
        publish_until: Some(at(200)),
    };
    assert!(!is_gone(&key, &policy, at(259)));
    assert!(is_gone(&key, &policy, at(260)));
    let endless = KeyTimes {
        publish_until: None,
        ..key
    };
    assert!(!is_gone(&endless, &policy, at(1 << 40)));
}
