use std::time::{Duration, Instant};

use oidc_core::entropy::SystemEntropy;

use super::*;

fn secret(text: &str) -> Secret {
    Secret::new(text)
}

/// A bcrypt hash as another program would have made it.
fn bcrypt_hash(password: &str, version: bcrypt::Version) -> String {
    bcrypt::hash_with_salt(password, 10, *b"sixteen bytes ok")
        .expect("a hash")
        .format_for_version(version)
}

fn argon2id_hash(parameters: &str) -> String {
    format!(
        "$argon2id$v=19${parameters}$c29tZXNhbHRzb21lc2FsdA${}",
        "A".repeat(43)
    )
}

#[test]
fn new_hashes_are_argon2id_with_19_mib_two_passes_one_lane() {
    let hash = hash_password(&secret("correct horse"), &SystemEntropy).expect("a hash");
    assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_eq!(hash.cost(), "argon2id m=19456,t=2,p=1");
    assert!(!hash.is_weak());
}

#[test]
fn a_new_hash_is_read_back_and_verifies() {
    let hash = hash_password(&secret("correct horse"), &SystemEntropy).expect("a hash");
    let read = PasswordHash::parse(hash.as_str()).expect("well-formed");
    assert!(read.verify(&secret("correct horse")));
    assert!(!read.verify(&secret("correct horsE")));
    assert!(!read.verify(&secret("")));
}

#[test]
fn two_hashes_of_one_password_differ() {
    let hash = || hash_password(&secret("same"), &SystemEntropy).expect("a hash");
    assert_ne!(hash().as_str(), hash().as_str());
}

#[test]
fn bcrypt_hashes_of_all_sound_versions_verify() {
    for version in [
        bcrypt::Version::TwoA,
        bcrypt::Version::TwoB,
        bcrypt::Version::TwoY,
    ] {
        let hash = PasswordHash::parse(&bcrypt_hash("pässword", version)).expect("well-formed");
        assert!(hash.verify(&secret("pässword")));
        assert!(!hash.verify(&secret("passwort")));
    }
}

#[test]
fn bcrypt_version_2x_is_refused() {
    let text = bcrypt_hash("password", bcrypt::Version::TwoX);
    let error = PasswordHash::parse(&text).expect_err("a broken version");
    assert_eq!(
        error.to_string(),
        "the hash is a bcrypt hash of a broken version"
    );
}

#[test]
fn bcrypt_costs_from_10_to_16_are_accepted() {
    let text = bcrypt_hash("password", bcrypt::Version::TwoA);
    for (cost, accepted) in [("09", false), ("10", true), ("16", true), ("17", false)] {
        let text = text.replacen("$10$", &format!("${cost}$"), 1);
        assert_eq!(PasswordHash::parse(&text).is_ok(), accepted, "cost {cost}");
    }
}

/// OA-124: bcrypt reads 72 bytes; a longer password is refused, not cut.
#[test]
fn bcrypt_takes_72_bytes_and_refuses_73() {
    let password = "x".repeat(72);
    let hash =
        PasswordHash::parse(&bcrypt_hash(&password, bcrypt::Version::TwoA)).expect("well-formed");
    assert!(hash.verify(&secret(&password)));
    assert!(!hash.verify(&secret(&"x".repeat(73))));
    assert!(!hash.verify(&secret(&"x".repeat(MAX_PASSWORD))));
}

/// OA-124: the stated limit, and one past it.
#[test]
fn passwords_have_at_most_1024_bytes() {
    let longest = "ä".repeat(MAX_PASSWORD / 2);
    let hash = hash_password(&secret(&longest), &SystemEntropy).expect("a hash");
    assert!(hash.verify(&secret(&longest)));
    let longer = format!("{longest}x");
    assert!(!hash.verify(&secret(&longer)));
    assert!(matches!(
        hash_password(&secret(&longer), &SystemEntropy),
        Err(HashPasswordError::TooLong)
    ));
}

/// OA-124: a NUL does not end a password.
#[test]
fn a_nul_inside_is_part_of_the_password() {
    let hash = hash_password(&secret("before\0after"), &SystemEntropy).expect("a hash");
    assert!(hash.verify(&secret("before\0after")));
    assert!(!hash.verify(&secret("before")));
    let text = bcrypt_hash("before\0after", bcrypt::Version::TwoB);
    let hash = PasswordHash::parse(&text).expect("well-formed");
    assert!(!hash.verify(&secret("before")));
}

/// OA-124: 1 MiB costs what a short wrong password costs.
#[test]
fn a_huge_password_costs_no_more_than_a_short_one() {
    let hash = hash_password(&secret("short"), &SystemEntropy).expect("a hash");
    let huge = secret(&"x".repeat(1 << 20));
    let (short, long) = least(|| hash.verify(&secret("wrong")), || hash.verify(&huge));
    assert!(long < short * 2, "{long:?} against {short:?}");
}

#[test]
fn an_empty_password_is_not_hashed() {
    assert!(matches!(
        hash_password(&secret(""), &SystemEntropy),
        Err(HashPasswordError::Empty)
    ));
}

#[test]
fn malformed_hashes_are_refused() {
    for text in [
        "",
        "password",
        "$",
        "$argon2id$",
        "$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAA",
        "$argon2id$v=16$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA",
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAA",
        "$2b$10$short",
        "$2b$10$ää",
        "$2",
    ] {
        assert!(PasswordHash::parse(text).is_err(), "{text}");
    }
}

#[test]
fn the_cost_that_a_given_hash_asks_for_is_bounded() {
    for (parameters, accepted) in [
        ("m=1048576,t=64,p=16", true),
        ("m=1048577,t=2,p=1", false),
        ("m=19456,t=65,p=1", false),
        ("m=19456,t=2,p=17", false),
        ("m=4294967295,t=4294967295,p=1", false),
    ] {
        let text = argon2id_hash(parameters);
        assert_eq!(PasswordHash::parse(&text).is_ok(), accepted, "{parameters}");
    }
}

#[test]
fn a_cheap_argon2id_hash_is_weak() {
    let parse = |text: &str| PasswordHash::parse(text).expect("well-formed");
    assert!(parse(&argon2id_hash("m=4096,t=3,p=1")).is_weak());
    assert!(parse(&argon2id_hash("m=19456,t=1,p=1")).is_weak());
    assert!(!parse(&argon2id_hash("m=19456,t=2,p=1")).is_weak());
}

#[test]
fn debug_shows_the_cost_and_not_the_hash() {
    let hash = PasswordHash::parse(&bcrypt_hash("password", bcrypt::Version::TwoA));
    assert_eq!(
        format!("{:?}", hash.expect("well-formed")),
        "PasswordHash(bcrypt cost 10)"
    );
}

/// OA-121: what an unknown login name is compared with.
#[test]
fn no_password_matches_a_decoy() {
    let bcrypt = PasswordHash::parse(&bcrypt_hash("password", bcrypt::Version::TwoA));
    let decoys = [
        PasswordHash::decoy(),
        bcrypt.expect("well-formed").to_decoy(),
    ];
    for decoy in decoys {
        for password in ["", "password", "x"] {
            assert!(!decoy.verify(&secret(password)));
        }
    }
}

/// OA-121: a decoy does the work of the hash it stands for.
#[test]
fn a_decoy_takes_as_long_as_a_hash() {
    let argon2id = hash_password(&secret("password"), &SystemEntropy).expect("a hash");
    let short_output = argon2id_hash("m=19456,t=2,p=1").replace(&"A".repeat(43), &"A".repeat(22));
    let short_output = PasswordHash::parse(&short_output).expect("well-formed");
    let bcrypt = bcrypt_hash("password", bcrypt::Version::TwoA);
    let bcrypt = PasswordHash::parse(&bcrypt).expect("well-formed");
    for hash in [argon2id, short_output, bcrypt] {
        let decoy = hash.to_decoy();
        assert_eq!(hash.cost(), decoy.cost());
        let (real, faked) = least(
            || hash.verify(&secret("wrong")),
            || decoy.verify(&secret("wrong")),
        );
        assert!(
            faked < real * 2 && real < faked * 2,
            "{real:?} against {faked:?}"
        );
    }
}

/// The least time of each, taken in turns: other processes only ever add to it.
fn least(mut one: impl FnMut() -> bool, mut other: impl FnMut() -> bool) -> (Duration, Duration) {
    let mut least = (Duration::MAX, Duration::MAX);
    for _ in 0..9 {
        let start = Instant::now();
        assert!(!one());
        least.0 = least.0.min(start.elapsed());
        let start = Instant::now();
        assert!(!other());
        least.1 = least.1.min(start.elapsed());
    }
    least
}
