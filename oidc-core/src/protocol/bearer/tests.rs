use super::*;

/// The values of all `Authorization` headers, and the form.
type Presented<'a> = (&'a [&'a [u8]], Option<&'a [u8]>);

/// RFC 6750 section 2.1
#[test]
fn token_is_read_from_header_or_form() {
    for header in ["Bearer abc.DEF-1_2~+/==", "bearer abc.DEF-1_2~+/=="] {
        let token = access_token(&[header.as_bytes()], None, "").unwrap();
        assert_eq!(token.expose(), b"abc.DEF-1_2~+/==");
    }
    let token = access_token(&[], Some(b"access_token=abc"), "").unwrap();
    assert_eq!(token.expose(), b"abc");
}

/// RFC 6750 section 3.1
#[test]
fn nothing_presented_is_missing() {
    let none: [Presented<'_>; 4] = [
        (&[], None),
        (&[], Some(b"")),
        (&[], Some(b"access_token=")),
        (&[b"Basic YXBwOnNlY3JldA=="], None),
    ];
    for (headers, form) in none {
        assert_eq!(
            access_token(headers, form, "").unwrap_err(),
            BearerError::Missing
        );
    }
}

/// RFC 6750 section 2: clients must not use more than one method.
#[test]
fn more_than_one_token_is_malformed() {
    let several: [(Presented<'_>, &str); 5] = [
        ((&[b"Bearer a", b"Bearer a"], None), ""),
        ((&[b"Bearer a"], Some(b"access_token=a")), ""),
        ((&[], Some(b"access_token=a&access_token=a")), ""),
        ((&[], None), "access_token=a"),
        ((&[b"Bearer a"], None), "access_token="),
    ];
    for ((headers, form), query) in several {
        let error = access_token(headers, form, query).unwrap_err();
        assert!(matches!(error, BearerError::Malformed(_)));
    }
}

/// RFC 6750 section 2.1
#[test]
fn other_characters_are_malformed() {
    for header in [
        b"Bearer".as_slice(),
        b"Bearer ",
        b"Bearer  a",
        b"Bearer a b",
        b"Bearer a,b",
        b"Bearer =",
        b"Bearer a=b",
        b"Bearer \xff",
        b"Bearer a\0",
        b"Bearer \"a\"",
    ] {
        let error = access_token(&[header], None, "").unwrap_err();
        assert_eq!(
            error,
            BearerError::Malformed("the access token is malformed")
        );
    }
}

#[test]
fn length_holds_at_the_bound_and_one_past_it() {
    let header = |length: usize| format!("Bearer {}", "a".repeat(length));
    assert!(access_token(&[header(MAX_BEARER_BYTES).as_bytes()], None, "").is_ok());
    assert!(access_token(&[header(MAX_BEARER_BYTES + 1).as_bytes()], None, "").is_err());
}
