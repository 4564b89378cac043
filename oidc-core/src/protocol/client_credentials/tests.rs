use super::*;

fn basic(userpass: &[u8]) -> Vec<u8> {
    format!("Basic {}", Base64::encode_string(userpass)).into_bytes()
}

fn parse(headers: &[&[u8]], body: &str) -> Result<PresentedCredentials, CredentialsRefusal> {
    PresentedCredentials::parse(headers, &Params::from_form(body.as_bytes()).unwrap())
}

fn accepted(header: &[u8]) -> (String, String) {
    match parse(&[header], "").unwrap() {
        PresentedCredentials::Basic {
            client_id,
            client_secret,
        } => (
            client_id.as_str().to_owned(),
            client_secret.expose_str().unwrap().to_owned(),
        ),
        other => panic!("{other:?}"),
    }
}

fn refused(header: &[u8]) {
    let refusal = parse(&[header], "").unwrap_err();
    assert_eq!(refusal.code(), ErrorCode::InvalidClient, "{header:?}");
}

/// OA-60: one method, one client.
#[test]
fn several_methods_or_clients_are_invalid_request() {
    let header = basic(b"app:secret");
    for body in [
        "client_secret=secret",
        "client_id=app&client_secret=secret",
        "client_assertion=x",
        "client_assertion_type=x",
        "client_id=other",
    ] {
        let refusal = parse(&[&header], body).unwrap_err();
        assert_eq!(refusal.code(), ErrorCode::InvalidRequest, "{body}");
    }
    let refusal = parse(&[], "client_id=app&client_secret=s&client_assertion=x").unwrap_err();
    assert_eq!(refusal.code(), ErrorCode::InvalidRequest);
    assert!(parse(&[&header], "client_id=app").is_ok());
}

/// OA-50
#[test]
fn repeated_parameters_are_invalid_request() {
    for name in [
        "client_id",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
    ] {
        for headers in [vec![], vec![basic(b"app:secret")]] {
            let headers: Vec<&[u8]> = headers.iter().map(Vec::as_slice).collect();
            let refusal = parse(&headers, &format!("{name}=app&{name}=app")).unwrap_err();
            assert_eq!(refusal, CredentialsRefusal::Duplicate(DuplicateParam(name)));
            assert_eq!(refusal.code(), ErrorCode::InvalidRequest);
        }
    }
}

/// OA-61: assertions are not offered.
#[test]
fn assertion_alone_is_invalid_client() {
    let refusal = parse(&[], "client_id=app&client_assertion=x").unwrap_err();
    assert_eq!(refusal.code(), ErrorCode::InvalidClient);
}

/// OA-62: an empty secret proves nothing.
#[test]
fn empty_secret_is_not_taken_for_one() {
    refused(&basic(b"app:"));
    refused(&basic(b":"));
    refused(&basic(b":secret"));
    assert!(matches!(
        parse(&[], "client_id=app&client_secret=").unwrap(),
        PresentedCredentials::None { client_id: Some(_) }
    ));
    let refusal = parse(&[], "client_secret=secret").unwrap_err();
    assert_eq!(refusal.code(), ErrorCode::InvalidClient);
    assert!(parse(&[], "").unwrap().client_id().is_none());
}

/// OA-63: exactly the form decoding of RFC 6749 section 2.3.1.
#[test]
fn basic_is_form_decoded() {
    for (sent, id, secret) in [
        (b"app:secret".as_slice(), "app", "secret"),
        (b"a%3Ab:c%3Ad", "a:b", "c:d"),
        (b"app:a:b", "app", "a:b"),
        (b"my+app:a+b", "my app", "a b"),
        (b"my%20app:a%2Bb%25", "my app", "a+b%"),
        (b"app:%C3%BC", "app", "ü"),
    ] {
        assert_eq!(accepted(&basic(sent)), (id.to_owned(), secret.to_owned()));
    }
}

/// RFC 9110 section 11.1
#[test]
fn scheme_is_case_insensitive() {
    let encoded = Base64::encode_string(b"app:secret");
    for header in [format!("basic {encoded}"), format!("BASIC  {encoded}")] {
        assert_eq!(
            accepted(header.as_bytes()),
            ("app".to_owned(), "secret".to_owned())
        );
    }
}

/// OA-63: whatever is not strictly decodable is refused.
#[test]
fn what_is_not_strictly_decodable_is_invalid_client() {
    for userpass in [
        b"app".as_slice(),
        b"app:a%",
        b"app:a%zz",
        b"app:%00",
        b"app:a\0b",
        b"app:\xc3\xbc",
        b"app:%ff",
        b"app:a b",
        b"app:a\nb",
        b"a\x7fpp:secret",
        b"a%0app:secret",
        b"",
    ] {
        refused(&basic(userpass));
    }
    for header in [
        b"Basic".as_slice(),
        b"Basic ",
        b"Basic YXBwOnNlY3JldA",
        b"Basic YXBwOnNlY3JldA=",
        b"Basic YXBwOnNlY3JldA===",
        b"Basic YXBwOnNlY3JldB==",
        b"Basic YXBwOnNlY3JldA== ",
        b"Basic YXBw OnNlY3JldA==",
        b"Basic\tYXBwOnNlY3JldA==",
        b"Basic YXBwOnNlY3JldA==,Basic YXBwOnNlY3JldA==",
        b"Bearer YXBwOnNlY3JldA==",
        b"BasicYXBwOnNlY3JldA==",
        b"\xff",
        b"",
    ] {
        refused(header);
    }
}

/// OA-63: two headers
#[test]
fn two_authorization_headers_are_invalid_client() {
    let header = basic(b"app:secret");
    let refusal = parse(&[&header, &header], "").unwrap_err();
    assert_eq!(refusal, CredentialsRefusal::SeveralHeaders);
    assert_eq!(refusal.code(), ErrorCode::InvalidClient);
}

#[test]
fn header_length_holds_at_the_bound_and_one_past_it() {
    let header = |length: usize| {
        // Four characters of base64 for three bytes.
        let body = "app:".to_owned() + &"a".repeat(length);
        basic(body.as_bytes())
    };
    let fits = header((MAX_AUTHORIZATION_BYTES - 8) / 4 * 3 - 4);
    assert!(fits.len() <= MAX_AUTHORIZATION_BYTES && fits.len() > MAX_AUTHORIZATION_BYTES - 4);
    assert!(parse(&[&fits], "").is_ok());
    let mut padded = fits.clone();
    // More spaces after the scheme mean nothing, but they count.
    padded.splice(
        5..6,
        std::iter::repeat_n(b' ', MAX_AUTHORIZATION_BYTES + 1 - fits.len() + 1),
    );
    assert_eq!(padded.len(), MAX_AUTHORIZATION_BYTES + 1);
    refused(&padded);
}

#[test]
fn debug_hides_secrets() {
    let presented = parse(&[&basic(b"app:hush")], "").unwrap();
    assert!(!format!("{presented:?}").contains("hush"));
    assert!(presented.used_basic());
}
