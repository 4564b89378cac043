//! Provider metadata ([OIDC Discovery section 3], [RFC 8414 section 2]).
//!
//! [OIDC Discovery section 3]: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata
//! [RFC 8414 section 2]: https://www.rfc-editor.org/rfc/rfc8414#section-2

use serde::{Deserialize, Serialize};

use super::{
    grant_type::GrantType, identifier::IssuerUrl, pkce::CODE_CHALLENGE_METHOD, prompt::Prompt,
    response_mode::ResponseMode, response_type::ResponseType, scope::Scope,
};

/// What both discovery documents say; a field that is empty or absent is left out.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProviderMetadata {
    /// The issuer identifier.
    pub issuer: String,
    /// Where the authorization request goes.
    pub authorization_endpoint: String,
    /// Where codes and refresh tokens are exchanged.
    pub token_endpoint: String,
    /// Where the JWK Set is.
    pub jwks_uri: String,
    /// Where claims about the end user are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo_endpoint: Option<String>,
    /// Where tokens are introspected ([RFC 7662](https://www.rfc-editor.org/rfc/rfc7662)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspection_endpoint: Option<String>,
    /// Where tokens are revoked ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
    /// Where the end user is logged out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_session_endpoint: Option<String>,
    /// Scope tokens that any client may ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// Response types.
    pub response_types_supported: Vec<ResponseType>,
    /// Response modes.
    pub response_modes_supported: Vec<ResponseMode>,
    /// Grant types.
    pub grant_types_supported: Vec<GrantType>,
    /// Subject types: `public`.
    pub subject_types_supported: Vec<String>,
    /// Algorithms of ID tokens.
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// Methods of client authentication at the token endpoint.
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// The same at the introspection endpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub introspection_endpoint_auth_methods_supported: Vec<String>,
    /// The same at the revocation endpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revocation_endpoint_auth_methods_supported: Vec<String>,
    /// PKCE methods: `S256`.
    pub code_challenge_methods_supported: Vec<String>,
    /// Claims that may be had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims_supported: Vec<String>,
    /// Values of `prompt`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompt_values_supported: Vec<String>,
    /// Whether `claims` is understood: it is not.
    pub claims_parameter_supported: bool,
    /// Whether `request` is understood: it is not.
    pub request_parameter_supported: bool,
    /// Whether `request_uri` is understood: it is not. Absent would mean that it is.
    pub request_uri_parameter_supported: bool,
    /// Whether `iss` is in every authorization response ([RFC 9207](https://www.rfc-editor.org/rfc/rfc9207)).
    pub authorization_response_iss_parameter_supported: bool,
}

impl ProviderMetadata {
    /// The metadata of an issuer that offers what this crate offers: authorization codes with
    /// PKCE, refresh tokens and UserInfo, under Dex's paths.
    #[must_use]
    pub fn new(issuer: &IssuerUrl, scopes_supported: &Scope, signing_algorithm: &str) -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            issuer: issuer.as_str().to_owned(),
            authorization_endpoint: issuer.join("/auth"),
            token_endpoint: issuer.join("/token"),
            jwks_uri: issuer.join("/keys"),
            userinfo_endpoint: Some(issuer.join("/userinfo")),
            introspection_endpoint: None,
            revocation_endpoint: None,
            end_session_endpoint: None,
            scopes_supported: scopes_supported.tokens().map(str::to_owned).collect(),
            response_types_supported: vec![ResponseType::Code],
            response_modes_supported: ResponseMode::ALL.to_vec(),
            grant_types_supported: GrantType::ALL.to_vec(),
            subject_types_supported: words(&["public"]),
            id_token_signing_alg_values_supported: words(&[signing_algorithm]),
            token_endpoint_auth_methods_supported: words(&[
                "client_secret_basic",
                "client_secret_post",
                "none",
            ]),
            introspection_endpoint_auth_methods_supported: Vec::new(),
            revocation_endpoint_auth_methods_supported: Vec::new(),
            code_challenge_methods_supported: words(&[CODE_CHALLENGE_METHOD]),
            claims_supported: words(&[
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
            ]),
            prompt_values_supported: Prompt::ALL
                .iter()
                .map(|prompt| prompt.as_str().to_owned())
                .collect(),
            claims_parameter_supported: false,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            authorization_response_iss_parameter_supported: true,
        }
    }
}
