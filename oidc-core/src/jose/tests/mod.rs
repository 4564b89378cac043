//! Tests of JOSE, by document.

mod jwk;
mod jws;
mod jwt;
mod oracle;
mod rfc;

use std::sync::{Arc, LazyLock};

use super::*;
use crate::{
    base64url,
    crypto::{AwsLcBackend, CryptoBackend, SigningKey},
    secret::Secret,
};

/// One key of each algorithm, made once for all tests.
struct TestKey {
    algorithm: SigningAlgorithm,
    kid: KeyId,
    pkcs8: Secret,
    signing: Arc<dyn SigningKey>,
}

static KEYS: LazyLock<Vec<TestKey>> = LazyLock::new(|| {
    SigningAlgorithm::ALL
        .into_iter()
        .map(|algorithm| {
            let pkcs8 = AwsLcBackend.generate(algorithm).unwrap();
            let signing = AwsLcBackend.signing_key(algorithm, &pkcs8).unwrap();
            TestKey {
                algorithm,
                kid: KeyId(format!("key-{algorithm}")),
                pkcs8,
                signing,
            }
        })
        .collect()
});

fn test_key(algorithm: SigningAlgorithm) -> &'static TestKey {
    KEYS.iter().find(|key| key.algorithm == algorithm).unwrap()
}

impl TestKey {
    fn jwk(&self) -> Jwk {
        self.signing.public_jwk().with_kid(self.kid.clone())
    }

    /// A token of this header and payload, signed whatever the header says.
    fn sign(&self, header: &str, payload: &[u8]) -> String {
        let input = format!(
            "{}.{}",
            base64url::encode(header.as_bytes()),
            base64url::encode(payload)
        );
        let signature = self.signing.sign(input.as_bytes()).unwrap();
        assemble(input, &signature.0)
    }

    fn header(&self) -> String {
        format!(
            r#"{{"alg":"{}","typ":"JWT","kid":"{}"}}"#,
            self.algorithm, self.kid
        )
    }

    fn token(&self, payload: &[u8]) -> String {
        self.sign(&self.header(), payload)
    }

    fn verification_key(&self) -> VerificationKeys {
        VerificationKeys::new().with(
            Some(self.kid.clone()),
            AwsLcBackend
                .verifying_key(self.algorithm, &self.jwk())
                .unwrap(),
        )
    }
}

/// All test keys together.
fn all_keys() -> VerificationKeys {
    let jwks = Jwks::new(KEYS.iter().map(TestKey::jwk).collect());
    VerificationKeys::from_jwks(&jwks, &SigningAlgorithm::ALL, &AwsLcBackend).unwrap()
}

#[test]
fn algorithm_names_are_the_registered_ones() {
    for algorithm in SigningAlgorithm::ALL {
        assert_eq!(SigningAlgorithm::parse(algorithm.as_str()), Some(algorithm));
        assert_eq!(
            serde_json::to_value(algorithm).unwrap(),
            serde_json::Value::from(algorithm.as_str())
        );
    }
    for unknown in [
        "none", "None", "nOnE", "", "HS256", "rs256", "RS256 ", "ES256K",
    ] {
        assert_eq!(SigningAlgorithm::parse(unknown), None, "{unknown:?}");
    }
}
