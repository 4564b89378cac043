//! jsonwebtoken as the independent oracle: each side verifies what the other signs.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation};
use serde_json::{Value, json};

use super::*;

fn foreign(algorithm: SigningAlgorithm) -> Algorithm {
    match algorithm {
        SigningAlgorithm::Rs256 => Algorithm::RS256,
        SigningAlgorithm::Es256 => Algorithm::ES256,
        SigningAlgorithm::EdDsa => Algorithm::EdDSA,
    }
}

fn encoding_key(key: &TestKey) -> EncodingKey {
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        <base64ct::Base64 as base64ct::Encoding>::encode_string(key.pkcs8.expose())
    );
    match key.algorithm {
        SigningAlgorithm::Rs256 => EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap(),
        SigningAlgorithm::Es256 => EncodingKey::from_ec_der(key.pkcs8.expose()),
        SigningAlgorithm::EdDsa => EncodingKey::from_ed_der(key.pkcs8.expose()),
    }
}

#[test]
fn jsonwebtoken_verifies_what_we_sign() {
    for key in KEYS.iter() {
        let header = Header::new(key.algorithm, "JWT", &key.kid);
        let payload = json!({"iss":"https://issuer.example","exp":4_000_000_000_u64});
        let input = signing_input(&header, payload.to_string().as_bytes());
        let signature = key.signing.sign(input.as_bytes()).unwrap();
        let token = assemble(input, &signature.0);

        let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_str(&key.jwk().to_json()).unwrap();
        let decoded = jsonwebtoken::decode::<Value>(
            &token,
            &DecodingKey::from_jwk(&jwk).unwrap(),
            &Validation::new(foreign(key.algorithm)),
        )
        .unwrap();
        assert_eq!(decoded.claims, payload);
        assert_eq!(decoded.header.kid.as_deref(), Some(key.kid.as_str()));
        assert_eq!(decoded.header.typ.as_deref(), Some("JWT"));
    }
}

#[test]
fn we_verify_what_jsonwebtoken_signs() {
    for key in KEYS.iter() {
        let mut header = jsonwebtoken::Header::new(foreign(key.algorithm));
        header.kid = Some(key.kid.to_string());
        let payload = json!({"sub":"1234","n":1.5});
        let token = jsonwebtoken::encode(&header, &payload, &encoding_key(key)).unwrap();

        let jws = verify(&token, ExpectedType::JwtOrAbsent, &all_keys()).unwrap();
        let read: Value = serde_json::from_slice(jws.payload()).unwrap();
        assert_eq!(read, payload);
        assert_eq!(jws.algorithm(), key.algorithm);
    }
}
