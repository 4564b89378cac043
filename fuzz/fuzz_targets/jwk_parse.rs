//! FZ-12: accepted keys satisfy the size rules; writing and reading again is the identity and canonical; no private member is ever written.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use oidc_core::{
    base64url,
    crypto::{AwsLcBackend, CryptoBackend},
    jose::{Jwk, Jwks, MAX_JWKS_KEYS, MAX_KEY_ID, PublicKey, SigningAlgorithm},
};
use serde_json::Value;

const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A genuine point, so that the curve check is passed as well.
const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Raw(&'a [u8]),
    Set(Vec<Key<'a>>),
}

#[derive(Arbitrary, Debug)]
struct Key<'a> {
    kind: Kind<'a>,
    members: Vec<Member<'a>>,
}

#[derive(Arbitrary, Debug)]
enum Kind<'a> {
    Rsa {
        length: u16,
        high: u8,
        low: u8,
        e: &'a [u8],
    },
    P256 {
        change: u8,
    },
    Ed25519([u8; 32]),
    Free,
}

#[derive(Arbitrary, Debug)]
enum Member<'a> {
    Kid(&'a str),
    Alg(u8),
    Use(u8),
    KeyOps(bool),
    Private(u8),
    Other(&'a str, &'a str),
    Raw(&'a str),
}

fn key(key: &Key<'_>) -> String {
    let text = |text: &str| Value::from(text).to_string();
    let mut members = match &key.kind {
        Kind::Rsa {
            length,
            high,
            low,
            e,
        } => {
            let mut n = vec![0xa5; usize::from(*length) % 1030];
            if let Some(first) = n.first_mut() {
                *first = *high;
            }
            if let Some(last) = n.last_mut() {
                *last = *low;
            }
            vec![
                r#""kty":"RSA""#.to_owned(),
                format!(r#""n":"{}""#, base64url::encode(&n)),
                format!(r#""e":"{}""#, base64url::encode(e)),
            ]
        }
        Kind::P256 { change } => {
            let mut y: [u8; 32] = base64url::decode_array(Y).unwrap();
            y[31] ^= change;
            let y = base64url::encode(&y);
            vec![format!(r#""kty":"EC","crv":"P-256","x":"{X}","y":"{y}""#)]
        }
        Kind::Ed25519(x) => {
            vec![format!(
                r#""kty":"OKP","crv":"Ed25519","x":"{}""#,
                base64url::encode(x)
            )]
        }
        Kind::Free => Vec::new(),
    };
    for member in &key.members {
        members.push(match member {
            Member::Kid(kid) => format!(r#""kid":{}"#, text(kid)),
            Member::Alg(at) => {
                let names = ["RS256", "ES256", "EdDSA", "PS256", "none"];
                format!(r#""alg":"{}""#, names[usize::from(*at) % names.len()])
            }
            Member::Use(at) => format!(r#""use":"{}""#, ["sig", "enc"][usize::from(*at) % 2]),
            Member::KeyOps(verify) => {
                format!(
                    r#""key_ops":["{}"]"#,
                    if *verify { "verify" } else { "sign" }
                )
            }
            Member::Private(at) => format!(r#""{}":"AQ""#, PRIVATE[usize::from(*at) % 8]),
            Member::Other(name, value) => format!("{}:{}", text(name), text(value)),
            Member::Raw(raw) => (*raw).to_owned(),
        });
    }
    format!("{{{}}}", members.join(","))
}

fn check(jwk: &Jwk) {
    let json = jwk.to_json();
    let again = Jwk::parse(json.as_bytes()).expect("what was written is not read");
    assert_eq!(again, *jwk, "reading changed the key");
    assert_eq!(again.to_json(), json, "two spellings of one key");
    assert_eq!(again.thumbprint(), jwk.thumbprint());
    assert!(
        jwk.kid()
            .is_none_or(|kid| (1..=MAX_KEY_ID).contains(&kid.as_str().len()))
    );

    let members: Value = serde_json::from_str(&json).unwrap();
    for name in PRIVATE {
        assert!(members.get(name).is_none(), "{name} is written");
    }
    assert_eq!(members["use"], "sig");
    match jwk.key() {
        PublicKey::Rsa { n, e, .. } => {
            let bits = n.len() * 8 - n[0].leading_zeros() as usize;
            assert!(
                (2048..=8192).contains(&bits) && n[n.len() - 1] % 2 == 1,
                "modulus"
            );
            assert!(
                e[0] != 0 && e.len() <= 5 && e[e.len() - 1] % 2 == 1,
                "exponent"
            );
            assert!(*e != [1], "exponent 1");
        }
        PublicKey::P256 { .. } | PublicKey::Ed25519 { .. } => {}
        other => panic!("a key that the rules do not know: {other:?}"),
    }
    let fitting: Vec<_> = SigningAlgorithm::ALL
        .into_iter()
        .filter(|algorithm| jwk.key().fits(*algorithm))
        .collect();
    assert_eq!(fitting.len(), 1);
    assert!(
        jwk.algorithm()
            .is_none_or(|algorithm| algorithm == fitting[0])
    );
    for algorithm in SigningAlgorithm::ALL {
        let parsed = AwsLcBackend.verifying_key(algorithm, jwk);
        assert!(
            parsed.is_err() || algorithm == fitting[0],
            "a key for a foreign algorithm"
        );
        if let Ok(parsed) = parsed {
            assert!(parsed.verify(b"never signed", &[1; 64]).is_err());
        }
    }
}

fn check_json(json: &[u8]) {
    if let Ok(jwk) = Jwk::parse(json) {
        check(&jwk);
    }
    if let Ok(jwks) = Jwks::parse(json) {
        assert!(jwks.keys().len() <= MAX_JWKS_KEYS);
        jwks.keys().iter().for_each(check);
        let written = jwks.to_json();
        assert_eq!(Jwks::parse(written.as_bytes()).unwrap(), jwks);
    }
}

fuzz_target!(|input: Input<'_>| {
    match &input {
        Input::Raw(bytes) => check_json(bytes),
        Input::Set(keys) => {
            let keys: Vec<String> = keys.iter().map(key).collect();
            keys.iter().for_each(|key| check_json(key.as_bytes()));
            check_json(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes());
        }
    }
});
