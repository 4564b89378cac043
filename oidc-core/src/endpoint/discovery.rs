//! Discovery: what is really enabled, under both specifications' paths
//! ([OIDC Discovery section 3], [RFC 8414 section 2]).
//!
//! [OIDC Discovery section 3]: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata
//! [RFC 8414 section 2]: https://www.rfc-editor.org/rfc/rfc8414#section-2

use crate::{
    config::IssuerConfig,
    protocol::{IssuerUrl, ProviderMetadata},
};

/// The metadata of an issuer.
pub(crate) fn metadata(url: &IssuerUrl, config: &IssuerConfig) -> ProviderMetadata {
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    let mut metadata = ProviderMetadata::new(url, "/auth", "/token", "/keys");
    metadata.userinfo_endpoint = Some(url.join("/userinfo"));
    metadata.scopes_supported = config.scopes_supported();
    metadata.id_token_signing_alg_values_supported = vec![config.signing_algorithm];
    metadata.token_endpoint_auth_methods_supported =
        texts(&["client_secret_basic", "client_secret_post", "none"]);
    metadata.prompt_values_supported = texts(&["none", "login", "consent", "select_account"]);
    metadata.claims_supported = texts(&[
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "nonce",
        "acr",
        "amr",
        "at_hash",
        "sid",
        "name",
        "preferred_username",
        "email",
        "email_verified",
        "groups",
    ]);
    metadata
}
