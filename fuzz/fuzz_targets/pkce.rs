//! FZ-18: a verifier matches a challenge exactly if both have their syntax and another
//! implementation of SHA-256 and base64url says so.
//!
//! Input: challenge and verifier, a line each. An empty challenge stands for the verifier's own,
//! one that starts with `~` for that with its bytes changed: position, byte.

#![no_main]

use aws_lc_rs::digest;
use libfuzzer_sys::fuzz_target;
use oidc_core::protocol::{CodeChallenge, CodeVerifier, verify_challenge};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Some((challenge, verifier)) = text.split_once('\n') else {
        return;
    };
    let own = challenge_of(verifier);
    let challenge = match challenge.strip_prefix('~') {
        _ if challenge.is_empty() => own.clone(),
        Some(changes) => changed(&own, changes.as_bytes()),
        None => challenge.to_owned(),
    };
    let parsed_challenge = CodeChallenge::parse(&challenge);
    let parsed_verifier = CodeVerifier::parse(verifier);
    assert_eq!(parsed_challenge.is_ok(), is_challenge(&challenge));
    assert_eq!(parsed_verifier.is_ok(), is_verifier(verifier));
    if let Ok(parsed) = &parsed_challenge {
        assert_eq!(parsed.to_string(), challenge);
    }
    if let (Ok(parsed_challenge), Ok(parsed_verifier)) = (parsed_challenge, parsed_verifier) {
        let matches = verify_challenge(&parsed_challenge, &parsed_verifier).is_ok();
        assert_eq!(matches, challenge == own);
    }
});

fn is_verifier(text: &str) -> bool {
    let unreserved =
        |c: char| matches!(c, 'A'..='Z' | 'a'..='z' | '0'..='9' | '-' | '.' | '_' | '~');
    (43..=128).contains(&text.chars().count()) && text.chars().all(unreserved)
}

/// 43 digits of base64url, of which the last holds four bits.
fn is_challenge(text: &str) -> bool {
    let digits: Option<Vec<usize>> = text.bytes().map(digit_value).collect();
    digits.is_some_and(|digits| digits.len() == 43 && digits[42] % 4 == 0)
}

fn digit_value(digit: u8) -> Option<usize> {
    DIGITS.iter().position(|known| *known == digit)
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn challenge_of(verifier: &str) -> String {
    let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
    let mut text = String::new();
    for chunk in hash.as_ref().chunks(3) {
        let group = chunk
            .iter()
            .fold(0usize, |sum, byte| sum << 8 | usize::from(*byte));
        let group = group << (8 * (3 - chunk.len()));
        for index in 0..=chunk.len() {
            text.push(char::from(DIGITS[group >> (18 - 6 * index) & 63]));
        }
    }
    text
}

fn changed(text: &str, changes: &[u8]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for change in changes.chunks_exact(2).take(8) {
        let at = usize::from(change[0]) % bytes.len();
        bytes[at] = change[1];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
