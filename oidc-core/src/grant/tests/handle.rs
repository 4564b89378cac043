//! Handles: one text for each value, no kind taken for another.

use super::*;

fn texts() -> [(&'static str, String); 3] {
    let entropy = entropy();
    let grant_id = GrantId::draw(&entropy).unwrap();
    [
        (
            "code",
            AuthorizationCode::draw(grant_id, &entropy)
                .unwrap()
                .expose()
                .to_string(),
        ),
        (
            "refresh",
            RefreshToken::draw(grant_id, &entropy)
                .unwrap()
                .expose()
                .to_string(),
        ),
        (
            "session",
            SessionHandle::draw(&entropy).unwrap().expose().to_string(),
        ),
    ]
}

fn parses_as(text: &str) -> Vec<&'static str> {
    let mut kinds = Vec::new();
    if AuthorizationCode::parse(text).is_some() {
        kinds.push("code");
    }
    if RefreshToken::parse(text).is_some() {
        kinds.push("refresh");
    }
    if SessionHandle::parse(text).is_some() {
        kinds.push("session");
    }
    kinds
}

#[test]
fn what_is_shown_parses_back_to_the_same() {
    for (kind, text) in texts() {
        assert_eq!(parses_as(&text), [kind]);
    }
    let (_, text) = &texts()[1];
    assert_eq!(*RefreshToken::parse(text).unwrap().expose(), *text);
}

/// OA-04: no kind passes for another, even with its prefix.
#[test]
fn a_handle_of_one_kind_is_none_of_another() {
    let prefixes = ["oac_", "ort_", "oss_"];
    for (kind, text) in texts() {
        for prefix in prefixes.iter().filter(|prefix| !text.starts_with(**prefix)) {
            let disguised = format!("{prefix}{}", &text[4..]);
            assert_eq!(parses_as(&disguised), [""; 0], "{kind} as {prefix}");
        }
    }
}

/// OA-17: exactly one byte string is valid.
#[test]
fn every_flipped_bit_is_refused() {
    for (kind, text) in texts() {
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                if let Ok(changed) = String::from_utf8(bytes) {
                    assert_eq!(parses_as(&changed), [""; 0], "{kind} at {at}");
                }
            }
        }
    }
}

/// OA-17: nothing may be cut, added, padded or spelled otherwise.
#[test]
fn every_other_spelling_is_refused() {
    for (kind, text) in texts() {
        let mut spellings: Vec<String> =
            (0..text.len()).map(|end| text[..end].to_owned()).collect();
        spellings.extend(["=", " ", "\n", "A", "\0"].map(|tail| format!("{text}{tail}")));
        spellings.extend([" ", "A"].map(|head| format!("{head}{text}")));
        spellings.push(text.to_uppercase());
        spellings.push("A".repeat(100_000));
        for spelling in spellings {
            assert_eq!(parses_as(&spelling), [""; 0], "{kind}: {spelling}");
        }
    }
}

#[test]
fn debug_prints_no_secret() {
    let entropy = entropy();
    let grant_id = GrantId::draw(&entropy).unwrap();
    let token = RefreshToken::draw(grant_id, &entropy).unwrap();
    assert_eq!(format!("{token:?}"), format!("RefreshToken({grant_id}, …)"));
}

#[test]
fn a_successor_follows_from_predecessor_and_nonce_alone() {
    let entropy = entropy();
    let grant_id = GrantId::draw(&entropy).unwrap();
    let token = RefreshToken::draw(grant_id, &entropy).unwrap();
    let other = RefreshToken::draw(grant_id, &entropy).unwrap();
    let nonce = RotationNonce::draw(&entropy).unwrap();
    let again = RotationNonce::draw(&entropy).unwrap();
    let text = |token: &RefreshToken| token.expose().to_string();
    assert_eq!(
        text(&token.successor(&nonce)),
        text(&token.successor(&nonce))
    );
    assert_ne!(
        text(&token.successor(&nonce)),
        text(&token.successor(&again))
    );
    assert_ne!(
        text(&token.successor(&nonce)),
        text(&other.successor(&nonce))
    );
    assert_ne!(text(&token.successor(&nonce)), text(&token));
}
