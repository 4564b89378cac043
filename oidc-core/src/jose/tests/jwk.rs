//! RFC 7517: which keys are read, and in which form they are written.

use serde_json::{Value, json};

use super::*;

fn parse(value: &Value) -> Result<Jwk, InvalidJwk> {
    Jwk::parse(value.to_string().as_bytes())
}

fn members(algorithm: SigningAlgorithm) -> Value {
    serde_json::from_str(&test_key(algorithm).jwk().to_json()).unwrap()
}

fn with(algorithm: SigningAlgorithm, name: &str, value: Value) -> Value {
    let mut members = members(algorithm);
    members[name] = value;
    members
}

#[test]
fn writing_and_reading_is_the_identity() {
    for key in KEYS.iter() {
        let jwk = key.jwk();
        let json = jwk.to_json();
        let read = Jwk::parse(json.as_bytes()).unwrap();
        assert_eq!(read, jwk);
        assert_eq!(read.to_json(), json);
        let bare = Jwk::new(jwk.key().clone());
        assert_eq!(Jwk::parse(bare.to_json().as_bytes()).unwrap(), bare);
    }
}

/// OA-80: what is published has `kid`, `use` and `alg`, and no private member.
#[test]
fn published_keys_are_named_and_public() {
    for key in KEYS.iter() {
        let members = members(key.algorithm);
        assert_eq!(members["kid"], key.kid.as_str());
        assert_eq!(members["use"], "sig");
        assert_eq!(members["alg"], key.algorithm.as_str());
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            assert!(members.get(private).is_none());
        }
    }
}

#[test]
fn kid_with_quotes_is_escaped() {
    let jwk = test_key(SigningAlgorithm::EdDsa)
        .jwk()
        .with_kid(KeyId("a\"b\\c\n".to_owned()));
    assert_eq!(Jwk::parse(jwk.to_json().as_bytes()).unwrap(), jwk);
}

#[test]
fn private_members_are_refused() {
    for key in KEYS.iter() {
        for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            for value in [json!("AQAB"), json!(null), json!([])] {
                assert_eq!(
                    parse(&with(key.algorithm, name, value)),
                    Err(InvalidJwk::Private(name))
                );
            }
        }
    }
}

#[test]
fn members_that_are_missing_or_not_in_their_one_spelling_are_refused() {
    let required = [
        (SigningAlgorithm::Rs256, ["n", "e"].as_slice()),
        (SigningAlgorithm::Es256, &["x", "y", "crv"]),
        (SigningAlgorithm::EdDsa, &["x", "crv"]),
    ];
    for (algorithm, names) in required {
        for name in names.iter().copied().chain(["kty"]) {
            let mut without = members(algorithm);
            without.as_object_mut().unwrap().remove(name);
            assert_eq!(parse(&without), Err(InvalidJwk::Member(name)));
            assert_eq!(
                parse(&with(algorithm, name, json!(1))),
                Err(InvalidJwk::Member(name))
            );
            if name == "kty" || name == "crv" {
                continue;
            }
            let text = members(algorithm)[name].as_str().unwrap().to_owned();
            for bad in [
                format!("{text}="),
                format!(" {text}"),
                format!("AA{text}"),
                String::new(),
                text.replace(|c: char| c.is_ascii_alphanumeric(), "+"),
            ] {
                assert!(
                    matches!(
                        parse(&with(algorithm, name, json!(bad))),
                        Err(InvalidJwk::Member(_) | InvalidJwk::Weak(_))
                    ),
                    "{algorithm} {name} {bad}"
                );
            }
        }
    }
}

#[test]
fn names_of_the_wrong_type_or_length_are_refused() {
    let of = |name, value| parse(&with(SigningAlgorithm::EdDsa, name, value));
    for (name, value) in [
        ("kid", json!(1)),
        ("kid", json!("")),
        ("kid", json!("k".repeat(MAX_KEY_ID + 1))),
        ("use", json!(["sig"])),
        ("key_ops", json!("verify")),
        ("alg", json!(1)),
        // An algorithm of another type of key.
        ("alg", json!("RS256")),
    ] {
        assert_eq!(of(name, value), Err(InvalidJwk::Member(name)));
    }
    assert!(of("kid", json!("k".repeat(MAX_KEY_ID))).is_ok());
    assert!(of("key_ops", json!(["sign", "verify"])).is_ok());
    for (name, value) in [
        ("use", json!("enc")),
        ("key_ops", json!(["sign"])),
        ("key_ops", json!([])),
        ("alg", json!("ES512")),
        ("alg", json!("none")),
        ("kty", json!("oct")),
        ("kty", json!("okp")),
        ("crv", json!("Ed448")),
        ("crv", json!("X25519")),
    ] {
        assert_eq!(of(name, value), Err(InvalidJwk::Unsupported(name)));
    }
}

#[test]
fn rsa_moduli_of_2048_to_8192_bits_are_read() {
    let modulus = |bits: usize| {
        let mut bytes = vec![0; bits.div_ceil(8)];
        bytes[0] = 1 << ((bits - 1) % 8);
        *bytes.last_mut().unwrap() |= 1;
        bytes
    };
    for bits in [2048, 2049, 3072, 8192] {
        assert!(PublicKey::rsa(modulus(bits), vec![3]).is_ok(), "{bits}");
    }
    for bits in [8, 512, 1024, 2047, 8193, 65536] {
        assert!(
            matches!(
                PublicKey::rsa(modulus(bits), vec![3]),
                Err(InvalidJwk::Weak(_))
            ),
            "{bits}"
        );
    }
    let mut even = modulus(2048);
    even[255] = 2;
    assert!(PublicKey::rsa(even, vec![3]).is_err());
    let zero = [vec![0], modulus(2048)].concat();
    assert_eq!(PublicKey::rsa(zero, vec![3]), Err(InvalidJwk::Member("n")));
}

/// OA-79: e = 1 and even exponents are refused.
#[test]
fn rsa_exponents_are_odd_and_at_least_3() {
    let PublicKey::Rsa { n, .. } = test_key(SigningAlgorithm::Rs256).jwk().key().clone() else {
        panic!("an RSA key");
    };
    for e in [vec![3], vec![1, 0, 1], vec![1, 0xff, 0xff, 0xff, 0xff]] {
        let jwk = Jwk::new(PublicKey::rsa(n.clone(), e.clone()).unwrap());
        assert!(
            AwsLcBackend
                .verifying_key(SigningAlgorithm::Rs256, &jwk)
                .is_ok(),
            "{e:?}"
        );
    }
    for e in [
        vec![1],
        vec![2],
        vec![1, 0, 0],
        vec![2, 0, 0, 0, 1],
        vec![1; 9],
        vec![1; 300],
    ] {
        assert!(
            matches!(
                PublicKey::rsa(n.clone(), e.clone()),
                Err(InvalidJwk::Weak(_))
            ),
            "{e:?}"
        );
    }
    for e in [vec![], vec![0], vec![0, 3]] {
        assert_eq!(PublicKey::rsa(n.clone(), e), Err(InvalidJwk::Member("e")));
    }
}

#[test]
fn a_point_off_the_curve_is_refused_by_the_back_end() {
    use crate::crypto::KeyRefusal;

    let PublicKey::P256 { x, mut y } = *test_key(SigningAlgorithm::Es256).jwk().key() else {
        panic!("a P-256 key");
    };
    y[31] ^= 1;
    for key in [
        PublicKey::p256(x, y),
        PublicKey::p256([0; 32], [0; 32]),
        PublicKey::p256([0xff; 32], [0xff; 32]),
    ] {
        let refusal = AwsLcBackend
            .verifying_key(SigningAlgorithm::Es256, &Jwk::new(key))
            .unwrap_err();
        assert_eq!(refusal, KeyRefusal::Rejected);
    }
}

/// OA-79: under a point of small order anyone signs.
#[test]
fn ed25519_points_of_small_order_are_refused() {
    let mut one = [0; 32];
    one[0] = 1;
    let mut minus_one = [0xff; 32];
    minus_one[0] = 0xec;
    minus_one[31] = 0x7f;
    for mut point in [[0; 32], one, minus_one] {
        assert!(PublicKey::ed25519(point).is_err());
        point[31] |= 0x80;
        assert!(PublicKey::ed25519(point).is_err());
    }
}

#[test]
fn sets_skip_unknown_keys_and_refuse_broken_ones() {
    let good = members(SigningAlgorithm::Es256);
    let set = |keys: Vec<Value>| Jwks::parse(json!({ "keys": keys }).to_string().as_bytes());
    let unknown = json!({"kty":"AKP","alg":"ML-DSA-44","pub":"AAAA"});
    let symmetric = json!({"kty":"oct","k":"AAAA"});
    let encryption = with(SigningAlgorithm::Rs256, "use", json!("enc"));
    let read = set(vec![unknown, symmetric, good.clone(), encryption]).unwrap();
    assert_eq!(read.keys(), [test_key(SigningAlgorithm::Es256).jwk()]);

    let broken = with(SigningAlgorithm::Es256, "x", json!("AAAA"));
    assert_eq!(
        set(vec![good.clone(), broken]),
        Err(InvalidJwks::Key {
            index: 1,
            problem: InvalidJwk::Member("x")
        })
    );
    let private = with(SigningAlgorithm::Es256, "d", json!("AAAA"));
    assert_eq!(
        set(vec![private]),
        Err(InvalidJwks::Key {
            index: 0,
            problem: InvalidJwk::Private("d")
        })
    );
    assert_eq!(set(vec![json!("key")]), Err(InvalidJwks::NotASet));
}

#[test]
fn sets_are_read_at_the_bounds_and_refused_one_past_them() {
    let unknown = json!({"kty":"x"});
    let set = |count: usize| {
        let keys = vec![unknown.clone(); count];
        Jwks::parse(json!({ "keys": keys }).to_string().as_bytes())
    };
    assert_eq!(set(MAX_JWKS_KEYS), Ok(Jwks::default()));
    assert_eq!(set(MAX_JWKS_KEYS + 1), Err(InvalidJwks::TooManyKeys));

    let text = |length: usize| {
        let empty = r#"{"keys":[]}"#;
        format!("{empty}{}", " ".repeat(length - empty.len()))
    };
    assert!(Jwks::parse(text(MAX_JWKS_BYTES).as_bytes()).is_ok());
    assert_eq!(
        Jwks::parse(text(MAX_JWKS_BYTES + 1).as_bytes()),
        Err(InvalidJwks::TooLong)
    );
}

#[test]
fn sets_without_keys_or_with_repeated_members_are_refused() {
    for text in ["{}", r#"{"keys":{}}"#, r#"{"keys":null}"#] {
        assert_eq!(Jwks::parse(text.as_bytes()), Err(InvalidJwks::NotASet));
    }
    for text in [
        r#"{"keys":[],"keys":[]}"#,
        r#"{"keys":[{"kty":"x","kty":"RSA"}]}"#,
        "[]",
    ] {
        assert!(matches!(
            Jwks::parse(text.as_bytes()),
            Err(InvalidJwks::Json(_))
        ));
    }
}

#[test]
fn a_set_is_written_in_one_form() {
    let jwks = Jwks::new(KEYS.iter().map(TestKey::jwk).collect());
    let json = jwks.to_json();
    assert_eq!(Jwks::parse(json.as_bytes()).unwrap(), jwks);
    assert_eq!(Jwks::parse(json.as_bytes()).unwrap().to_json(), json);
    assert_eq!(Jwks::default().to_json(), r#"{"keys":[]}"#);
}
