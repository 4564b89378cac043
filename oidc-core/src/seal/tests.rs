//! Tests of sealing.

use std::time::Duration;

use super::*;
use crate::{crypto::AwsLcBackend, entropy::SystemEntropy};

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);
const TAG: IssuerTag = IssuerTag::from_bytes([1; 8]);

fn root(seed: u8) -> Secret32 {
    Secret32::from_bytes(std::array::from_fn(|at| {
        seed.wrapping_add(u8::try_from(at).unwrap())
    }))
}

fn sealer_of(roots: &[u8], issuer: IssuerTag) -> Sealer {
    let keys = SealingKeys::new(roots.iter().map(|seed| root(*seed)).collect()).unwrap();
    Sealer::new(
        &keys,
        issuer,
        Arc::new(AwsLcBackend),
        Arc::new(SystemEntropy),
    )
}

fn sealer() -> Sealer {
    sealer_of(&[1], TAG)
}

#[test]
fn what_was_sealed_is_opened() {
    let sealer = sealer();
    for plaintext in [b"".as_slice(), b"x", &[0xff; 5000]] {
        let text = sealer
            .seal(Purpose::Flow, b"context", Some(NOW), plaintext)
            .unwrap();
        let before = NOW - Duration::from_secs(1);
        let opened = sealer
            .open(Purpose::Flow, b"context", &text, before)
            .unwrap();
        assert_eq!(opened.plaintext.expose(), plaintext);
        assert_eq!(opened.expires_at, Some(NOW));
        assert!(!opened.old_key);
    }
}

#[test]
fn two_messages_never_share_a_text() {
    let sealer = sealer();
    let seal = || sealer.seal(Purpose::Flow, b"", None, b"same").unwrap();
    assert_ne!(seal(), seal());
}

#[test]
fn a_message_expires_at_its_expiry() {
    let sealer = sealer();
    let open = |text: &str, now| sealer.open(Purpose::Flow, b"", text, now).map(|_| ());
    let text = sealer.seal(Purpose::Flow, b"", Some(NOW), b"x").unwrap();
    assert_eq!(open(&text, NOW - Duration::from_secs(1)), Ok(()));
    assert_eq!(open(&text, NOW), Err(SealRefusal::Expired));
    let forever = sealer.seal(Purpose::Flow, b"", None, b"x").unwrap();
    assert_eq!(open(&forever, UnixTime::from_secs(u64::MAX)), Ok(()));
}

#[test]
fn purpose_issuer_context_and_root_key_separate_messages() {
    let sealer = sealer();
    let text = sealer.seal(Purpose::Flow, b"a", None, b"x").unwrap();
    for purpose in Purpose::ALL {
        let opened = sealer.open(purpose, b"a", &text, NOW).map(|_| ());
        let expected = match purpose {
            Purpose::Flow => Ok(()),
            _ => Err(SealRefusal::Forged),
        };
        assert_eq!(opened, expected, "{purpose:?}");
    }
    for context in [b"".as_slice(), b"b", b"aa"] {
        assert_eq!(
            sealer.open(Purpose::Flow, context, &text, NOW).unwrap_err(),
            SealRefusal::Forged
        );
    }
    let other_issuer = sealer_of(&[1], IssuerTag::from_bytes([2; 8]));
    assert_eq!(
        other_issuer
            .open(Purpose::Flow, b"a", &text, NOW)
            .unwrap_err(),
        SealRefusal::Forged
    );
    let other_root = sealer_of(&[9], TAG);
    assert_eq!(
        other_root
            .open(Purpose::Flow, b"a", &text, NOW)
            .unwrap_err(),
        SealRefusal::UnknownKey
    );
}

/// FZ-20: every single-byte change of a message is refused, in its text and in its bytes.
#[test]
fn every_single_byte_change_is_refused() {
    let sealer = sealer();
    let text = sealer
        .seal(Purpose::Flow, b"", Some(NOW), b"some plaintext")
        .unwrap();
    let now = NOW - Duration::from_secs(1);
    let refused = |text: &str| sealer.open(Purpose::Flow, b"", text, now).is_err();
    for at in 0..text.len() {
        for with in "ABQgwxyz019-_.=+/ \n".chars() {
            let mut changed: Vec<char> = text.chars().collect();
            if changed[at] == with {
                continue;
            }
            changed[at] = with;
            assert!(refused(&changed.into_iter().collect::<String>()));
        }
        assert!(refused(&text[..at]));
    }
    let bytes = base64url::decode(&text).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(refused(&base64url::encode(&changed)), "bit {bit}");
    }
    assert!(refused(&format!("{text}=")));
    assert!(refused(&format!("{text}A")));
}

#[test]
fn old_root_keys_open_and_say_so() {
    let old = sealer_of(&[1], TAG);
    let rotated = sealer_of(&[2, 1], TAG);
    let text = old.seal(Purpose::Flow, b"", None, b"x").unwrap();
    let opened = rotated.open(Purpose::Flow, b"", &text, NOW).unwrap();
    assert_eq!(opened.plaintext.expose(), b"x");
    assert!(opened.old_key);
    let fresh = rotated.seal(Purpose::Flow, b"", None, b"x").unwrap();
    assert!(
        !rotated
            .open(Purpose::Flow, b"", &fresh, NOW)
            .unwrap()
            .old_key
    );
    assert_eq!(
        old.open(Purpose::Flow, b"", &fresh, NOW).unwrap_err(),
        SealRefusal::UnknownKey
    );
}

#[test]
fn long_texts_are_refused_before_they_are_decoded() {
    let sealer = sealer();
    let longest = MAX_SEALED / 4 * 3 - OVERHEAD;
    let text = sealer
        .seal(Purpose::Flow, b"", None, &vec![0; longest])
        .unwrap();
    assert!(text.len() <= MAX_SEALED);
    assert!(sealer.open(Purpose::Flow, b"", &text, NOW).is_ok());
    assert!(matches!(
        sealer.seal(Purpose::Flow, b"", None, &vec![0; longest + 1]),
        Err(SealError::TooLong)
    ));
    assert_eq!(
        sealer
            .open(Purpose::Flow, b"", &"A".repeat(MAX_SEALED + 1), NOW)
            .unwrap_err(),
        SealRefusal::Malformed
    );
}

#[test]
fn macs_differ_by_purpose_issuer_data_and_root_key() {
    let one = sealer();
    let mac = one.mac(Purpose::UserCode, b"WDJB-MJHT");
    assert_eq!(mac, one.mac(Purpose::UserCode, b"WDJB-MJHT"));
    assert_ne!(mac, one.mac(Purpose::Csrf, b"WDJB-MJHT"));
    assert_ne!(mac, one.mac(Purpose::UserCode, b"WDJB-MJHU"));
    let issuer = sealer_of(&[1], IssuerTag::from_bytes([2; 8]));
    assert_ne!(mac, issuer.mac(Purpose::UserCode, b"WDJB-MJHT"));
    assert!(one.verify_mac(Purpose::UserCode, b"WDJB-MJHT", &mac));
    assert!(!one.verify_mac(Purpose::UserCode, b"WDJB-MJHT", &mac[..31]));
    assert!(!one.verify_mac(Purpose::UserCode, b"WDJB-MJHT", &[0; 32]));

    let rotated = sealer_of(&[2, 1], TAG);
    assert_ne!(mac, rotated.mac(Purpose::UserCode, b"WDJB-MJHT"));
    assert!(rotated.verify_mac(Purpose::UserCode, b"WDJB-MJHT", &mac));
    let all: Vec<[u8; 32]> = rotated.macs(Purpose::UserCode, b"WDJB-MJHT").collect();
    assert_eq!(all[1], mac);
}

#[test]
fn purposes_stand_in_the_order_of_their_table() {
    for (index, purpose) in Purpose::ALL.into_iter().enumerate() {
        assert_eq!(purpose as usize, index);
        let labels = Purpose::ALL
            .iter()
            .filter(|one| one.label() == purpose.label());
        assert_eq!(labels.count(), 1);
    }
}

#[test]
fn key_files_are_read_in_every_usual_form() {
    let bytes = *root(0xf0).expose();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let padded = <base64ct::Base64 as base64ct::Encoding>::encode_string(&bytes);
    let reference = sealer_of(&[0xf0], TAG).mac(Purpose::Csrf, b"");
    let url = base64url::encode(&bytes);
    for content in [
        bytes.to_vec(),
        hex.clone().into_bytes(),
        hex.to_uppercase().into_bytes(),
        format!("{padded}\n").into_bytes(),
        padded.trim_end_matches('=').as_bytes().to_vec(),
        format!("\n  {url}\r\n\n").into_bytes(),
    ] {
        let keys = SealingKeys::parse(&content).unwrap();
        let sealer = Sealer::new(&keys, TAG, Arc::new(AwsLcBackend), Arc::new(SystemEntropy));
        assert_eq!(sealer.mac(Purpose::Csrf, b""), reference);
    }
    let two = format!("{}\n{hex}\n", base64url::encode(root(1).expose()));
    assert_eq!(SealingKeys::parse(two.as_bytes()).unwrap().roots().len(), 2);
}

#[test]
fn key_files_that_are_not_keys_are_refused() {
    use InvalidSealingKeys::{Malformed, None, Placeholder, Repeated, TooMany};

    let good = base64url::encode(root(1).expose());
    let many = |count: u8| {
        let lines: Vec<String> = (1..=count)
            .map(|seed| base64url::encode(root(seed).expose()))
            .collect();
        lines.join("\n")
    };
    for (content, error) in [
        (String::new(), None),
        ("\n \n".to_owned(), None),
        ("secret".to_owned(), Malformed { position: 1 }),
        ("g".repeat(64), Malformed { position: 1 }),
        (good[1..].to_owned(), Malformed { position: 1 }),
        (format!("{good}\nx"), Malformed { position: 2 }),
        (format!("{good}\n{good}"), Repeated { position: 2 }),
        ("0".repeat(64), Placeholder { position: 1 }),
        (many(9), TooMany),
    ] {
        assert_eq!(
            SealingKeys::parse(content.as_bytes()).unwrap_err(),
            error,
            "{content:.20}"
        );
    }
    assert!(SealingKeys::parse(many(8).as_bytes()).is_ok());
    assert_eq!(
        SealingKeys::parse(&[0xff; 40]).unwrap_err(),
        Malformed { position: 1 }
    );
    assert_eq!(
        SealingKeys::parse(&[7; 32]).unwrap_err(),
        Placeholder { position: 1 }
    );
}

#[test]
fn debug_shows_no_key() {
    let keys = SealingKeys::new(vec![root(1)]).unwrap();
    let shown = format!("{keys:?} {:?}", sealer());
    assert!(shown.len() < 120, "{shown}");
}
