//! FZ-10: an accepted token was signed by the selected key with that key's algorithm, and no single-byte change of it is accepted.

#![no_main]

use std::sync::{Arc, LazyLock};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use oidc_core::{
    base64url,
    crypto::{AwsLcBackend, CryptoBackend, SigningKey},
    jose::{
        ExpectedType, Jwks, KeyId, SigningAlgorithm, VerificationKeys, VerifiedJws, assemble,
        verify,
    },
    secret::Secret,
};
use serde_json::Value;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    token: Token<'a>,
    set: u8,
    typ: u8,
    /// Where and how the token is changed, if it is accepted.
    at: u16,
    by: u8,
}

#[derive(Arbitrary, Debug)]
enum Token<'a> {
    /// Any text.
    Raw(&'a str),
    /// Any header and payload under a genuine signature.
    Signed {
        header: Header<'a>,
        payload: &'a [u8],
        signer: u8,
    },
    /// Any parts under a genuine signature over some other parts.
    Swapped {
        header: Header<'a>,
        payload: &'a [u8],
        signed: &'a [u8],
        signer: u8,
    },
}

#[derive(Arbitrary, Debug)]
enum Header<'a> {
    Raw(&'a [u8]),
    Members(Vec<Member<'a>>),
}

#[derive(Arbitrary, Debug)]
enum Member<'a> {
    Alg(u8),
    Kid(u8),
    Typ(u8),
    Crit(bool),
    B64(bool),
    Other(&'a str, &'a str),
}

/// EdDSA first: it is the one that signs and verifies cheaply.
const ALGORITHMS: [SigningAlgorithm; 3] = [
    SigningAlgorithm::EdDsa,
    SigningAlgorithm::Es256,
    SigningAlgorithm::Rs256,
];
const ALG: [&str; 8] = [
    "EdDSA", "ES256", "RS256", "none", "HS256", "", "eddsa", "ES512",
];
const TYP: [&str; 6] = [
    "JWT",
    "jwt",
    "at+jwt",
    "application/at+jwt",
    "",
    "logout+jwt",
];

struct Keys {
    signing: Vec<Arc<dyn SigningKey>>,
    /// All keys; EdDSA alone; none of the signers' keys.
    sets: [VerificationKeys; 3],
}

fn signing_key(algorithm: SigningAlgorithm, seed: u8) -> Arc<dyn SigningKey> {
    let pkcs8 = match algorithm {
        // A fixed key, so that committed tokens stay genuine.
        SigningAlgorithm::EdDsa => {
            let mut der = vec![
                0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
            ];
            der.extend_from_slice(&[seed; 32]);
            Secret::new(der)
        }
        other => AwsLcBackend.generate(other).unwrap(),
    };
    AwsLcBackend.signing_key(algorithm, &pkcs8).unwrap()
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let signing: Vec<_> = ALGORITHMS
        .iter()
        .map(|algorithm| signing_key(*algorithm, 7))
        .collect();
    let jwk = |key: &Arc<dyn SigningKey>| {
        key.public_jwk()
            .with_kid(KeyId(key.algorithm().as_str().to_owned()))
    };
    let set = |keys: Vec<_>| {
        VerificationKeys::from_jwks(&Jwks::new(keys), &ALGORITHMS, &AwsLcBackend).unwrap()
    };
    let stranger = signing_key(SigningAlgorithm::EdDsa, 8);
    let sets = [
        set(signing.iter().map(jwk).collect()),
        set(vec![jwk(&signing[0])]),
        set(vec![jwk(&stranger)]),
    ];
    Keys { signing, sets }
});

fn header_bytes(header: &Header<'_>) -> Vec<u8> {
    let text = |text: &str| Value::from(text).to_string();
    let members = match header {
        Header::Raw(bytes) => return bytes.to_vec(),
        Header::Members(members) => members,
    };
    let members: Vec<String> = members
        .iter()
        .map(|member| match member {
            Member::Alg(at) => format!(r#""alg":{}"#, text(ALG[usize::from(*at) % ALG.len()])),
            Member::Kid(at) => format!(r#""kid":{}"#, text(ALG[usize::from(*at) % ALG.len()])),
            Member::Typ(at) => format!(r#""typ":{}"#, text(TYP[usize::from(*at) % TYP.len()])),
            Member::Crit(empty) => format!(r#""crit":[{}]"#, if *empty { "" } else { "\"x\"" }),
            Member::B64(value) => format!(r#""b64":{value}"#),
            Member::Other(name, value) => format!("{}:{}", text(name), text(value)),
        })
        .collect();
    format!("{{{}}}", members.join(",")).into_bytes()
}

fn signer(choice: u8) -> &'static dyn SigningKey {
    // Most executions take the cheap key.
    let at = match choice % 32 {
        30 => 1,
        31 => 2,
        _ => 0,
    };
    KEYS.signing[at].as_ref()
}

fn token(token: &Token<'_>) -> String {
    let input = |header: &Header<'_>, payload: &[u8]| {
        format!(
            "{}.{}",
            base64url::encode(&header_bytes(header)),
            base64url::encode(payload)
        )
    };
    match token {
        Token::Raw(text) => (*text).to_owned(),
        Token::Signed {
            header,
            payload,
            signer: choice,
        } => {
            let input = input(header, payload);
            let signature = signer(*choice).sign(input.as_bytes()).unwrap();
            assemble(input, &signature.0)
        }
        Token::Swapped {
            header,
            payload,
            signed,
            signer: choice,
        } => {
            let signature = signer(*choice).sign(signed).unwrap();
            assemble(input(header, payload), &signature.0)
        }
    }
}

fn expected_type(choice: u8) -> ExpectedType<'static> {
    match choice % 3 {
        0 => ExpectedType::JwtOrAbsent,
        1 => ExpectedType::Exactly("at+jwt"),
        _ => ExpectedType::MediaType("at+jwt"),
    }
}

fn check_accepted(token: &str, genuine: bool, jws: &VerifiedJws) {
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "not three parts");
    for part in &parts {
        let bytes = base64url::decode(part).expect("a part is not base64url");
        assert_eq!(base64url::encode(&bytes), *part, "a part has two spellings");
    }
    let header: Value = serde_json::from_slice(&base64url::decode(parts[0]).unwrap()).unwrap();
    assert_eq!(header["alg"], jws.algorithm().as_str(), "another algorithm");
    assert!(
        header.get("crit").is_none() && header.get("b64").is_none(),
        "an extension"
    );
    assert_eq!(
        header.get("kid").and_then(Value::as_str),
        jws.kid().map(KeyId::as_str)
    );
    assert_eq!(
        base64url::decode(parts[1]).unwrap(),
        jws.payload(),
        "another payload"
    );

    let key = KEYS
        .signing
        .iter()
        .find(|key| key.algorithm() == jws.algorithm())
        .unwrap();
    let input = &token[..token.rfind('.').unwrap()];
    if jws.algorithm() == SigningAlgorithm::Es256 {
        // No two ECDSA signatures are equal, so only what was signed just now can be accepted.
        assert!(genuine, "a forged ES256 signature");
    } else {
        let again = key.sign(input.as_bytes()).unwrap();
        assert_eq!(base64url::encode(&again.0), parts[2], "a forged signature");
    }
}

fuzz_target!(|input: Input<'_>| {
    let text = token(&input.token);
    let keys = &KEYS.sets[usize::from(input.set) % KEYS.sets.len()];
    let typ = expected_type(input.typ);
    let Ok(jws) = verify(&text, typ, keys) else {
        return;
    };
    assert!(
        usize::from(input.set) % KEYS.sets.len() != 2,
        "no token is the stranger's"
    );
    let genuine = match &input.token {
        Token::Raw(_) => false,
        Token::Signed { .. } => true,
        Token::Swapped {
            header,
            payload,
            signed,
            ..
        } => {
            let own = format!(
                "{}.{}",
                base64url::encode(&header_bytes(header)),
                base64url::encode(payload)
            );
            own.as_bytes() == *signed
        }
    };
    check_accepted(&text, genuine, &jws);

    let at = usize::from(input.at) % text.len();
    let mut changed = text.clone().into_bytes();
    changed[at] = (changed[at] ^ input.by) & 0x7f;
    if let Ok(changed) = String::from_utf8(changed)
        && changed != text
    {
        assert!(
            verify(&changed, typ, keys).is_err(),
            "a changed token is accepted: {changed}"
        );
    }
    assert!(
        verify(&text[..at], typ, keys).is_err(),
        "a cut token is accepted"
    );
});
