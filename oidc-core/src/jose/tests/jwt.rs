//! RFC 7519: claims by type, and what they are compared with.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::clock::UnixTime;

const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "client";
const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

fn good() -> Value {
    json!({
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "alice",
        "iat": NOW.as_secs() - 10,
        "exp": NOW.as_secs() + 10,
    })
}

fn expected() -> ClaimsExpected<'static> {
    ClaimsExpected::new(ISSUER, AUDIENCE, NOW)
}

fn check(claims: &Value) -> Result<(), ClaimsRefusal> {
    Claims::parse_unverified(claims.to_string().as_bytes())?.check(&expected())
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = good();
    claims[name] = value;
    claims
}

#[test]
fn verify_jwt_takes_the_good_token() {
    let key = test_key(SigningAlgorithm::Es256);
    let token = key.token(good().to_string().as_bytes());
    let typ = ExpectedType::JwtOrAbsent;
    let claims = verify_jwt(&token, typ, &all_keys(), &expected()).unwrap();
    assert_eq!(claims.required_text("sub"), Ok("alice"));
    assert_eq!(claims.audience(), Ok(vec![AUDIENCE]));

    let other = key.token(
        with("iss", json!("https://other.example"))
            .to_string()
            .as_bytes(),
    );
    assert_eq!(
        verify_jwt(&other, typ, &all_keys(), &expected()).unwrap_err(),
        JwtRefusal::Claims(ClaimsRefusal::Issuer)
    );
    assert_eq!(
        verify_jwt("x", typ, &all_keys(), &expected()).unwrap_err(),
        JwtRefusal::Jws(JwsRefusal::NotCompact)
    );
}

#[test]
fn missing_required_claims_are_refused() {
    for name in ["iss", "aud", "exp", "iat"] {
        let mut claims = good();
        claims.as_object_mut().unwrap().remove(name);
        assert_eq!(check(&claims), Err(ClaimsRefusal::Missing(name)));
    }
    let mut claims = good();
    claims.as_object_mut().unwrap().remove("iat");
    let claims = Claims::parse_unverified(claims.to_string().as_bytes()).unwrap();
    assert_eq!(claims.check(&expected().with_optional_iat()), Ok(()));
}

/// OA-76: a claim of the wrong type is refused, never taken for absent.
#[test]
fn dates_of_the_wrong_type_are_refused() {
    for name in ["exp", "iat", "nbf"] {
        for value in [
            json!("1800000010"),
            json!(1_800_000_010.5),
            json!(1e300),
            json!(-1),
            json!(true),
            json!(null),
            json!([1_800_000_010]),
            json!({}),
            json!(MAX_NUMERIC_DATE + 1),
            json!(u64::MAX),
        ] {
            assert_eq!(
                check(&with(name, value.clone())),
                Err(ClaimsRefusal::Malformed(name)),
                "{name} {value}"
            );
        }
        let raw = good()
            .to_string()
            .replacen('{', &format!("{{\"{name}\":1e400,"), 1);
        assert!(matches!(
            Claims::parse_unverified(raw.as_bytes()),
            Err(ClaimsRefusal::Json(_))
        ));
    }
    assert_eq!(check(&with("exp", json!(MAX_NUMERIC_DATE))), Ok(()));
    assert_eq!(check(&with("exp", json!(0))), Err(ClaimsRefusal::Expired));
}

/// OA-76: `aud` is one text or a bounded array of texts that is not empty.
#[test]
fn audiences_of_the_wrong_form_are_refused() {
    for value in [
        json!([]),
        json!([1]),
        json!([AUDIENCE, 1]),
        json!([[AUDIENCE]]),
        json!({"0": AUDIENCE}),
        json!(null),
        json!(1),
        json!(vec![AUDIENCE; MAX_AUDIENCES + 1]),
        json!(vec![AUDIENCE; 10_000]),
    ] {
        assert_eq!(
            check(&with("aud", value)),
            Err(ClaimsRefusal::Malformed("aud"))
        );
    }
    for value in [
        json!([AUDIENCE]),
        json!(["other", AUDIENCE]),
        json!(vec![AUDIENCE; MAX_AUDIENCES]),
    ] {
        assert_eq!(check(&with("aud", value)), Ok(()));
    }
    for value in [
        json!("other"),
        json!(["other"]),
        json!("client2"),
        json!("clien"),
        json!("CLIENT"),
        json!(""),
    ] {
        assert_eq!(check(&with("aud", value)), Err(ClaimsRefusal::Audience));
    }
}

/// OA-76: `iss` is compared as a whole; arrays and parts refuse.
#[test]
fn the_issuer_is_compared_exactly() {
    for value in [
        "https://issuer.exampl",
        "https://issuer.example/",
        "https://issuer.example.evil",
        "HTTPS://issuer.example",
    ] {
        assert_eq!(
            check(&with("iss", json!(value))),
            Err(ClaimsRefusal::Issuer)
        );
    }
    for value in [json!([ISSUER]), json!(1), json!(null), json!("")] {
        assert_eq!(
            check(&with("iss", value)),
            Err(ClaimsRefusal::Malformed("iss"))
        );
    }
}

/// OA-76: `sub` and `jti` are text where they stand.
#[test]
fn sub_and_jti_are_text() {
    for name in ["sub", "jti"] {
        for value in [json!(1), json!(null), json!(["a"])] {
            assert_eq!(
                check(&with(name, value)),
                Err(ClaimsRefusal::Malformed(name))
            );
        }
    }
}

#[test]
fn times_are_judged_to_the_second_with_skew() {
    let skew = 60;
    let now = NOW.as_secs();
    for (name, at, answer) in [
        ("exp", now - skew + 1, Ok(())),
        ("exp", now - skew, Err(ClaimsRefusal::Expired)),
        ("iat", now + skew, Ok(())),
        ("iat", now + skew + 1, Err(ClaimsRefusal::IssuedInFuture)),
        ("nbf", now + skew, Ok(())),
        ("nbf", now + skew + 1, Err(ClaimsRefusal::NotYetValid)),
    ] {
        assert_eq!(check(&with(name, json!(at))), answer, "{name} {at}");
    }
    let strict = expected().with_skew(Duration::ZERO);
    let claims = |exp: u64| {
        Claims::parse_unverified(with("exp", json!(exp)).to_string().as_bytes()).unwrap()
    };
    assert_eq!(claims(now).check(&strict), Err(ClaimsRefusal::Expired));
    assert_eq!(claims(now + 1).check(&strict), Ok(()));
}

/// OA-76: repeated claims and lone surrogates refuse the whole token.
#[test]
fn payloads_that_are_not_strict_json_are_refused() {
    for text in [
        r#"{"iss":"a","iss":"b"}"#,
        r#"{"x":{"y":1,"y":1}}"#,
        r#"{"sub":"\ud800"}"#,
        "[]",
        "\"claims\"",
        "",
    ] {
        assert!(matches!(
            Claims::parse_unverified(text.as_bytes()),
            Err(ClaimsRefusal::Json(_))
        ));
    }
}

#[test]
fn required_text_is_not_empty() {
    let claims = Claims::parse_unverified(br#"{"a":"","b":"x","c":1}"#).unwrap();
    assert_eq!(
        claims.required_text("a"),
        Err(ClaimsRefusal::Malformed("a"))
    );
    assert_eq!(claims.required_text("b"), Ok("x"));
    assert_eq!(claims.text("c"), Err(ClaimsRefusal::Malformed("c")));
    assert_eq!(claims.text("d"), Ok(None));
    assert_eq!(claims.required_text("d"), Err(ClaimsRefusal::Missing("d")));
    assert_eq!(claims.time("d"), Ok(None));
}
