use proptest::prelude::*;

use super::*;

/// The verifier and challenge printed in RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// RFC 7636 appendix B
#[test]
fn printed_pair_matches() {
    let challenge = CodeChallenge::parse(CHALLENGE).unwrap();
    let verifier = CodeVerifier::parse(VERIFIER).unwrap();
    assert_eq!(verify_challenge(&challenge, &verifier), Ok(()));
    assert_eq!(CodeChallenge::of(&verifier).to_string(), CHALLENGE);
}

/// RFC 7636 section 4.6
#[test]
fn other_verifier_does_not_match() {
    let challenge = CodeChallenge::parse(CHALLENGE).unwrap();
    let verifier = CodeVerifier::parse(&VERIFIER.replace('d', "e")).unwrap();
    assert_eq!(
        verify_challenge(&challenge, &verifier),
        Err(VerifierMismatch)
    );
}

/// The `plain` method does not exist: a verifier is never its own challenge.
#[test]
fn challenge_sent_as_verifier_does_not_match() {
    let challenge = CodeChallenge::parse(CHALLENGE).unwrap();
    let verifier = CodeVerifier::parse(CHALLENGE).unwrap();
    assert_eq!(
        verify_challenge(&challenge, &verifier),
        Err(VerifierMismatch)
    );
}

/// OA-06
#[test]
fn ill_formed_verifier_is_refused_before_hashing() {
    for length in [0, 1, 42, 129, 4096] {
        assert!(
            CodeVerifier::parse(&"a".repeat(length)).is_err(),
            "{length}"
        );
    }
    for length in [43, 128] {
        assert!(CodeVerifier::parse(&"a".repeat(length)).is_ok(), "{length}");
    }
    for byte in 0..=127u8 {
        let text = format!("{}{}", "a".repeat(43), char::from(byte));
        let unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        assert_eq!(CodeVerifier::parse(&text).is_ok(), unreserved, "{byte:#x}");
    }
    assert!(CodeVerifier::parse(&"é".repeat(43)).is_err());
}

/// OA-05 (iii), OA-17: exactly one text stands for a challenge.
#[test]
fn ill_formed_challenge_is_refused() {
    let spare_bits = CHALLENGE.replace("-cM", "-cN");
    let padded = format!("{CHALLENGE}=");
    let standard = CHALLENGE.replace('-', "+");
    for text in [
        "",
        "a",
        &CHALLENGE[1..],
        &spare_bits,
        &padded,
        &standard,
        &format!("{CHALLENGE}A"),
    ] {
        assert_eq!(
            CodeChallenge::parse(text),
            Err(InvalidCodeChallenge),
            "{text}"
        );
    }
}

#[test]
fn debug_hides_the_verifier() {
    let verifier = CodeVerifier::parse(VERIFIER).unwrap();
    assert_eq!(format!("{verifier:?}"), "CodeVerifier(…)");
}

proptest! {
    #[test]
    fn a_verifier_matches_its_own_challenge_only(
        one in "[A-Za-z0-9._~-]{43,128}",
        other in "[A-Za-z0-9._~-]{43,128}",
    ) {
        let challenge = CodeChallenge::of(&CodeVerifier::parse(&one).unwrap());
        let other_verifier = CodeVerifier::parse(&other).unwrap();
        prop_assert_eq!(verify_challenge(&challenge, &other_verifier).is_ok(), one == other);
    }
}
