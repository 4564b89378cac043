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
    ProviderMetadata::new(
        url,
        &config.scopes_supported(),
        config.signing_algorithm.as_str(),
    )
}
