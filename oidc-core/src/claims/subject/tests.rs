use proptest::prelude::*;

use super::*;

fn subject(user: &str, connector: &str) -> Subject {
    let connector = ConnectorId::parse(connector).unwrap();
    Subject::public(&connector, &UpstreamSubject::parse(user).unwrap())
}

/// The example in Dex's documentation of its `sub`.
#[test]
fn subject_has_the_bytes_of_dex() {
    assert_eq!(
        subject("2342749", "github").as_str(),
        "CgcyMzQyNzQ5EgZnaXRodWI"
    );
}

/// OIDC Core section 2: 255 characters at the most.
#[test]
fn long_subjects_are_hashed_at_the_bound() {
    // Tags and lengths take 5 bytes once the upstream subject has 128 bytes.
    let plain = subject(&"u".repeat(191 - 5 - 4), "ldap");
    assert_eq!(plain.as_str().len(), 255);
    assert!(plain.decode().is_some());
    let hashed = subject(&"u".repeat(191 - 5 - 3), "ldap");
    assert_eq!(hashed.as_str().len(), 46);
    assert_eq!(hashed.decode(), None);
    let longest = subject(&"u".repeat(1024), &"c".repeat(64));
    assert_eq!(longest.as_str().len(), 46);
    assert_ne!(hashed, subject(&"v".repeat(191 - 5 - 3), "ldap"));
}

/// FZ-24: the hashed form is nobody's plain form.
#[test]
fn hashed_and_plain_forms_cannot_collide() {
    let plain = subject("u", "ldap");
    let hashed = subject(&"u".repeat(1024), "ldap");
    assert_eq!(base64url::decode(plain.as_str()).unwrap()[0], USER_ID);
    assert_eq!(base64url::decode(hashed.as_str()).unwrap()[0], DIGEST);
}

#[test]
fn only_the_canonical_encoding_is_read() {
    let encode = |bytes: &[u8]| Subject::parse(base64url::encode(bytes)).unwrap();
    assert!(encode(b"\x0a\x01u\x12\x01c").decode().is_some());
    for bytes in [
        b"".as_slice(),
        b"\x0a\x01u",
        b"\x0a\x00\x12\x01c",
        b"\x0a\x01u\x12\x00",
        b"\x0a\x81\x00u\x12\x01c",
        b"\x0a\x02u\x12\x01c",
        b"\x12\x01c\x0a\x01u",
        b"\x0a\x01u\x12\x01c\x0a\x01v",
        b"\x0a\x01u\x12\x01cx",
        b"\x0a\x01\xff\x12\x01c",
        b"\x0a\x01u\x12\x01/",
        b"\x0a\x81\x80\x00u\x12\x01c",
        b"\x0a\xff",
    ] {
        if !bytes.is_empty() {
            assert_eq!(encode(bytes).decode(), None, "{bytes:?}");
        }
    }
    assert_eq!(
        Subject::parse("CgcyMzQyNzQ5EgZnaXRodWI=").unwrap().decode(),
        None
    );
}

#[test]
fn foreign_text_is_bounded() {
    assert!(Subject::parse("s".repeat(255)).is_ok());
    for text in ["", " ", "ü", "a b", &"s".repeat(256)] {
        assert_eq!(Subject::parse(text), Err(InvalidSubject));
    }
}

proptest! {
    /// FZ-24
    #[test]
    fn decoding_gives_back_what_was_encoded(user in "[^\\p{C}]{1,40}", connector in "[a-z0-9_-]{1,64}") {
        let encoded = subject(&user, &connector);
        if encoded.as_str().len() > 46 || encoded.decode().is_some() {
            let (found_connector, found_user) = encoded.decode().unwrap();
            prop_assert_eq!(found_connector.as_str(), connector);
            prop_assert_eq!(found_user.as_str(), user);
        }
    }

    /// FZ-24
    #[test]
    fn different_people_have_different_subjects(
        one in ("[a-c]{1,4}", "[a-c]{1,4}"),
        other in ("[a-c]{1,4}", "[a-c]{1,4}"),
    ) {
        let same = subject(&one.0, &one.1) == subject(&other.0, &other.1);
        prop_assert_eq!(same, one == other);
    }
}
