//! RFC 7515: what is refused, and with which answer.

use super::*;

const PAYLOAD: &[u8] = br#"{"sub":"1"}"#;

fn refusal(token: &str) -> JwsRefusal {
    verify(token, ExpectedType::JwtOrAbsent, &all_keys()).unwrap_err()
}

#[test]
fn tokens_of_every_algorithm_are_accepted() {
    for key in KEYS.iter() {
        let jws = verify(&key.token(PAYLOAD), ExpectedType::JwtOrAbsent, &all_keys()).unwrap();
        assert_eq!(jws.payload(), PAYLOAD);
        assert_eq!(jws.kid(), Some(&key.kid));
        assert_eq!(jws.algorithm(), key.algorithm);
    }
}

/// OA-17: every single-character change, every cut and every appended byte is refused.
#[test]
fn exactly_one_text_of_a_token_is_valid() {
    for key in KEYS.iter() {
        let keys = key.verification_key();
        let token = key.token(PAYLOAD);
        let refused = |changed: &str| {
            verify(changed, ExpectedType::JwtOrAbsent, &keys).is_err()
                && verify(changed, ExpectedType::Exactly("JWT"), &keys).is_err()
        };
        for at in 0..token.len() {
            for with in "ABQgwxyz019-_.=+/ \n\0".chars() {
                let mut changed: Vec<char> = token.chars().collect();
                if changed[at] == with {
                    continue;
                }
                changed[at] = with;
                let changed: String = changed.into_iter().collect();
                assert!(refused(&changed), "{} at {at} {with:?}", key.algorithm);
            }
            assert!(refused(&token[..at]), "cut at {at}");
        }
        for appended in ["A", ".", "=", " ", "\n", ".e30"] {
            assert!(refused(&format!("{token}{appended}")), "{appended:?}");
            assert!(refused(&format!("{appended}{token}")), "{appended:?}");
        }
    }
}

/// OA-17: each bit of the signature counts.
#[test]
fn every_bit_of_a_signature_counts() {
    for key in KEYS.iter() {
        let token = key.token(PAYLOAD);
        let (input, signature) = token.rsplit_once('.').unwrap();
        let signature = base64url::decode(signature).unwrap();
        for bit in 0..signature.len() * 8 {
            let mut flipped = signature.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                refusal(&assemble(input.to_owned(), &flipped)),
                JwsRefusal::Signature
            );
        }
    }
}

/// OA-72: the algorithm is the key's; `none`, MACs, other keys' names and other types refuse.
#[test]
fn algorithm_confusion_is_refused() {
    for key in KEYS.iter() {
        for alg in [
            "none", "None", "nOnE", "", "HS256", "HS512", "PS256", "ES384", "rs256", "RS256",
            "ES256", "EdDSA",
        ] {
            if alg == key.algorithm.as_str() {
                continue;
            }
            let header = format!(r#"{{"alg":"{alg}","kid":"{}"}}"#, key.kid);
            assert_eq!(refusal(&key.sign(&header, PAYLOAD)), JwsRefusal::Algorithm);
        }
        for alg in [r#"["RS256"]"#, "null", "1", "{}", "true"] {
            let header = format!(r#"{{"alg":{alg},"kid":"{}"}}"#, key.kid);
            assert_eq!(
                refusal(&key.sign(&header, PAYLOAD)),
                JwsRefusal::Member("alg")
            );
        }
        let header = format!(r#"{{"kid":"{}"}}"#, key.kid);
        assert_eq!(
            refusal(&key.sign(&header, PAYLOAD)),
            JwsRefusal::Member("alg")
        );
    }
}

/// OA-72: a MAC keyed with what everyone knows of our public key is refused.
#[test]
fn a_mac_under_the_public_key_is_refused() {
    use hmac::{Hmac, KeyInit, Mac};

    let key = test_key(SigningAlgorithm::Rs256);
    let PublicKey::Rsa { n, .. } = key.jwk().key().clone() else {
        panic!("an RSA key");
    };
    for mac_key in [key.jwk().to_json().into_bytes(), n, Vec::new()] {
        for alg in ["HS256", "RS256"] {
            let header = format!(r#"{{"alg":"{alg}","kid":"{}"}}"#, key.kid);
            let input = format!(
                "{}.{}",
                base64url::encode(header.as_bytes()),
                base64url::encode(PAYLOAD)
            );
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&mac_key).unwrap();
            mac.update(input.as_bytes());
            let token = assemble(input, &mac.finalize().into_bytes());
            let expected = match alg {
                "HS256" => JwsRefusal::Algorithm,
                _ => JwsRefusal::Signature,
            };
            assert_eq!(refusal(&token), expected);
        }
    }
}

/// OA-72: a signature of one key under the name of another is refused.
#[test]
fn a_signature_of_another_key_is_refused() {
    for signer in KEYS.iter() {
        for named in KEYS.iter().filter(|key| key.kid != signer.kid) {
            assert_eq!(
                refusal(&signer.sign(&named.header(), PAYLOAD)),
                JwsRefusal::Signature
            );
        }
    }
}

/// OA-73: keys that a header brings along are ignored.
#[test]
fn header_key_sources_are_ignored() {
    let key = test_key(SigningAlgorithm::Es256);
    let pkcs8 = AwsLcBackend.generate(SigningAlgorithm::Es256).unwrap();
    let attacker = TestKey {
        algorithm: SigningAlgorithm::Es256,
        kid: KeyId("attacker".to_owned()),
        signing: AwsLcBackend
            .signing_key(SigningAlgorithm::Es256, &pkcs8)
            .unwrap(),
        pkcs8,
    };
    let jwk = attacker.jwk().to_json();
    for source in [
        format!(r#""jwk":{jwk}"#),
        r#""jku":"https://attacker.example/jwks""#.to_owned(),
        r#""x5u":"https://attacker.example/x5u""#.to_owned(),
        r#""x5c":["MIIB"]"#.to_owned(),
        r#""x5t":"AAAA""#.to_owned(),
    ] {
        let header = format!(r#"{{"alg":"ES256","kid":"{}",{source}}}"#, key.kid);
        assert_eq!(
            refusal(&attacker.sign(&header, PAYLOAD)),
            JwsRefusal::Signature
        );
        // The honest token that carries them is still the honest token.
        let honest = key.sign(&header, PAYLOAD);
        assert!(verify(&honest, ExpectedType::JwtOrAbsent, &all_keys()).is_ok());
        let header = format!(r#"{{"alg":"ES256","kid":"attacker",{source}}}"#);
        assert_eq!(
            refusal(&attacker.sign(&header, PAYLOAD)),
            JwsRefusal::UnknownKey
        );
    }
}

/// OA-74: the key is found by `kid`, or not at all.
#[test]
fn kid_selects_exactly_one_key() {
    let key = test_key(SigningAlgorithm::Es256);
    for kid in ["unknown", "../../etc/passwd", "' or 1=1 --", "\\u0000", ""] {
        let token = key.sign(&format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#), PAYLOAD);
        assert_eq!(refusal(&token), JwsRefusal::UnknownKey, "{kid:?}");
    }
    for kid in ["1", "null", "[]", r#"["key-ES256"]"#] {
        let token = key.sign(&format!(r#"{{"alg":"ES256","kid":{kid}}}"#), PAYLOAD);
        assert_eq!(refusal(&token), JwsRefusal::Member("kid"), "{kid}");
    }
    let absent = key.sign(r#"{"alg":"ES256"}"#, PAYLOAD);
    assert_eq!(refusal(&absent), JwsRefusal::AmbiguousKey);
    let typ = ExpectedType::JwtOrAbsent;
    assert!(verify(&absent, typ, &key.verification_key()).is_ok());
    assert_eq!(
        verify(&absent, typ, &VerificationKeys::new()).unwrap_err(),
        JwsRefusal::UnknownKey
    );
}

/// OA-74: the same `kid` twice, of whatever types, selects no key.
#[test]
fn a_repeated_kid_is_ambiguous() {
    let es256 = test_key(SigningAlgorithm::Es256);
    let rs256 = test_key(SigningAlgorithm::Rs256);
    let jwks = Jwks::new(vec![es256.jwk(), rs256.jwk().with_kid(es256.kid.clone())]);
    let keys = VerificationKeys::from_jwks(&jwks, &SigningAlgorithm::ALL, &AwsLcBackend).unwrap();
    assert_eq!(
        verify(&es256.token(PAYLOAD), ExpectedType::JwtOrAbsent, &keys).unwrap_err(),
        JwsRefusal::AmbiguousKey
    );
}

/// OA-74: `kid` at the bound and one past it.
#[test]
fn long_kids_are_refused() {
    let key = test_key(SigningAlgorithm::EdDsa);
    let token = |length: usize| {
        let kid = "k".repeat(length);
        key.sign(&format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#), PAYLOAD)
    };
    assert_eq!(refusal(&token(MAX_KEY_ID)), JwsRefusal::UnknownKey);
    assert_eq!(refusal(&token(MAX_KEY_ID + 1)), JwsRefusal::Member("kid"));
    assert_eq!(refusal(&token(10 * 1024)), JwsRefusal::Member("kid"));
}

/// OA-75: no extension is understood, so every demand for one refuses.
#[test]
fn crit_and_b64_are_refused() {
    let key = test_key(SigningAlgorithm::EdDsa);
    for (member, name) in [
        (r#""crit":["x"],"x":1"#, "crit"),
        (r#""crit":[]"#, "crit"),
        (r#""crit":["alg"]"#, "crit"),
        (r#""crit":"exp""#, "crit"),
        (r#""crit":null"#, "crit"),
        (r#""crit":["b64"],"b64":false"#, "crit"),
        (r#""b64":false"#, "b64"),
        (r#""b64":true"#, "b64"),
    ] {
        let header = format!(r#"{{"alg":"EdDSA","kid":"{}",{member}}}"#, key.kid);
        assert_eq!(
            refusal(&key.sign(&header, PAYLOAD)),
            JwsRefusal::Critical(name)
        );
    }
}

/// OA-75, OA-76: header members stand once.
#[test]
fn repeated_header_members_are_refused() {
    let key = test_key(SigningAlgorithm::EdDsa);
    for member in [r#""alg":"EdDSA""#, r#""kid":"x""#, r#""\u0061lg":"none""#] {
        let header = format!(r#"{{"alg":"EdDSA","kid":"{}",{member}}}"#, key.kid);
        assert!(matches!(
            refusal(&key.sign(&header, PAYLOAD)),
            JwsRefusal::Header(_)
        ));
    }
    for header in ["[]", "\"x\"", "", "{", "null"] {
        let answer = refusal(&key.sign(header, PAYLOAD));
        assert!(
            matches!(answer, JwsRefusal::Header(_) | JwsRefusal::NotCompact),
            "{header}"
        );
    }
}

/// OA-70: tokens of one class are refused where another is asked for.
#[test]
fn typ_is_what_the_caller_demands() {
    let key = test_key(SigningAlgorithm::EdDsa);
    let keys = key.verification_key();
    let with = |typ: &str| key.sign(&format!(r#"{{"alg":"EdDSA"{typ}}}"#), PAYLOAD);
    let verdict = |token: &str, typ| verify(token, typ, &keys).map(|_| ());
    let exact = ExpectedType::Exactly("at+jwt");
    let media = ExpectedType::MediaType("at+jwt");
    let plain = ExpectedType::JwtOrAbsent;
    for (typ, in_exact, in_media, in_plain) in [
        ("", false, false, true),
        (r#","typ":"at+jwt""#, true, true, false),
        (r#","typ":"AT+JWT""#, false, true, false),
        (r#","typ":"application/at+jwt""#, false, true, false),
        (r#","typ":"Application/At+Jwt""#, false, true, false),
        (r#","typ":"JWT""#, false, false, true),
        (r#","typ":"jwt""#, false, false, true),
        (r#","typ":"application/jwt""#, false, false, true),
        (r#","typ":"logout+jwt""#, false, false, false),
        (r#","typ":"at+jwt ""#, false, false, false),
        (r#","typ":"""#, false, false, false),
        (r#","typ":"é""#, false, false, false),
    ] {
        let token = with(typ);
        for (expected, accepted) in [(exact, in_exact), (media, in_media), (plain, in_plain)] {
            let answer = if accepted {
                Ok(())
            } else {
                Err(JwsRefusal::Type)
            };
            assert_eq!(verdict(&token, expected), answer, "{typ} {expected:?}");
        }
    }
    for typ in ["1", "null", r#"["JWT"]"#] {
        let token = with(&format!(r#","typ":{typ}"#));
        assert_eq!(verdict(&token, plain), Err(JwsRefusal::Member("typ")));
    }
}

/// OA-77, OA-78: only three parts, without white space or padding; no JSON serialization, no JWE.
#[test]
fn only_the_compact_serialization_is_read() {
    let key = test_key(SigningAlgorithm::EdDsa);
    let token = key.token(PAYLOAD);
    let parts: Vec<&str> = token.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    let json =
        format!(r#"{{"protected":"{header}","payload":"{payload}","signature":"{signature}"}}"#);
    for text in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        ".".repeat(1000),
        ".".repeat(MAX_JWS),
        json,
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!("{header}..{signature}."),
        format!(".{payload}.{signature}"),
        format!("{header}.{payload}.{signature}.{signature}"),
        format!("{header}.{header}.{payload}.{signature}.{signature}"),
        format!("{header}.{payload}.{signature}="),
        format!("{header}.{payload}\n.{signature}"),
        format!(" {token}"),
        format!("{token}\r\n"),
    ] {
        let answer = refusal(&text);
        assert!(
            matches!(answer, JwsRefusal::NotCompact),
            "{answer:?} for {text:.60}"
        );
    }
}

/// OA-17: base64url with spare bits set, or in the other alphabet, is refused.
#[test]
fn spare_bits_are_refused() {
    let key = test_key(SigningAlgorithm::EdDsa);
    // 64 bytes leave four spare bits in the last character.
    let token = key.token(PAYLOAD);
    let last = token.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let value = alphabet.find(last).unwrap();
    assert_eq!(value % 16, 0);
    for spare in 1..16 {
        let with = alphabet.chars().nth(value + spare).unwrap();
        let changed = format!("{}{with}", &token[..token.len() - 1]);
        assert_eq!(refusal(&changed), JwsRefusal::NotCompact);
    }
}

/// DS-12: the length is judged before anything is parsed.
#[test]
fn long_tokens_are_refused_one_past_the_bound() {
    let key = test_key(SigningAlgorithm::EdDsa);
    let frame = key.token(b"").len();
    // Three payload bytes are four characters.
    let room = (MAX_JWS - frame) / 4 * 3;
    let longest = key.token(&vec![b'x'; room]);
    assert!(longest.len() <= MAX_JWS && longest.len() > MAX_JWS - 4);
    assert!(verify(&longest, ExpectedType::JwtOrAbsent, &all_keys()).is_ok());
    let padded = format!("{longest}{}", "A".repeat(MAX_JWS + 1 - longest.len()));
    assert_eq!(padded.len(), MAX_JWS + 1);
    assert_eq!(refusal(&padded), JwsRefusal::TooLong);
}

/// OA-79: signatures in another form, or of forbidden numbers, are refused.
#[test]
fn malformed_signatures_are_refused() {
    for key in KEYS.iter() {
        let token = key.token(PAYLOAD);
        let (input, signature) = token.rsplit_once('.').unwrap();
        let good = base64url::decode(signature).unwrap();
        let mut long = good.clone();
        long.push(0);
        let mut shifted = vec![0];
        shifted.extend_from_slice(&good);
        for bad in [
            vec![0; good.len()],
            vec![0xff; good.len()],
            vec![0],
            good[1..].to_vec(),
            good[..good.len() - 1].to_vec(),
            long,
            shifted,
        ] {
            assert_eq!(
                refusal(&assemble(input.to_owned(), &bad)),
                JwsRefusal::Signature
            );
        }
    }
}

/// OA-79: ES256 takes `r || s`, not DER; r and s lie strictly between 0 and the order.
#[test]
fn es256_numbers_out_of_range_are_refused() {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let key = test_key(SigningAlgorithm::Es256);
    let token = key.token(PAYLOAD);
    let (input, signature) = token.rsplit_once('.').unwrap();
    let good = base64url::decode(signature).unwrap();
    let (r, s) = good.split_at(32);
    let integer = |number: &[u8]| {
        let mut content = number.to_vec();
        if content[0] >= 0x80 {
            content.insert(0, 0);
        }
        [vec![2, u8::try_from(content.len()).unwrap()], content].concat()
    };
    let body = [integer(r), integer(s)].concat();
    let der = [vec![0x30, u8::try_from(body.len()).unwrap()], body].concat();
    for bad in [
        der,
        [&[0; 32], s].concat(),
        [r, &[0; 32]].concat(),
        [&ORDER, s].concat(),
        [r, &ORDER].concat(),
        [r, &[0xff; 32]].concat(),
    ] {
        assert_eq!(
            refusal(&assemble(input.to_owned(), &bad)),
            JwsRefusal::Signature
        );
    }
}

/// OA-79: the scalar of an Ed25519 signature plus the order is the same scalar, and refused.
#[test]
fn ed25519_scalar_beyond_the_order_is_refused() {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let key = test_key(SigningAlgorithm::EdDsa);
    let token = key.token(PAYLOAD);
    let (input, signature) = token.rsplit_once('.').unwrap();
    let mut signature = base64url::decode(signature).unwrap();
    let mut carry = 0_u16;
    for (byte, add) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    assert_eq!(
        refusal(&assemble(input.to_owned(), &signature)),
        JwsRefusal::Signature
    );
}
