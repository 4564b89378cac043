//! Hashes that bind tokens to each other.

use sha2::{Digest, Sha256, Sha512};

use crate::{base64url, jose::SigningAlgorithm};

/// The `at_hash` of an access token: the left half of its hash by the hash function of the ID
/// token's algorithm ([OIDC Core section 3.1.3.6]); SHA-512 for `EdDSA`, which uses it inside.
///
/// [OIDC Core section 3.1.3.6]: https://openid.net/specs/openid-connect-core-1_0.html#CodeIDToken
#[must_use]
pub fn access_token_hash(access_token: &str, algorithm: SigningAlgorithm) -> String {
    match algorithm {
        SigningAlgorithm::Rs256 | SigningAlgorithm::Es256 => {
            base64url::encode(&Sha256::digest(access_token)[..16])
        }
        SigningAlgorithm::EdDsa => base64url::encode(&Sha512::digest(access_token)[..32]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OIDC Core appendix A.3: the `at_hash` of the example access token.
    #[test]
    fn the_specification_s_example_hashes_as_printed() {
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(
            access_token_hash(token, SigningAlgorithm::Rs256),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
    }

    #[test]
    fn ed25519_uses_sha_512() {
        assert_eq!(access_token_hash("a", SigningAlgorithm::EdDsa).len(), 43);
    }
}
