//! What is registered of a client ([RFC 7591 section 2](https://www.rfc-editor.org/rfc/rfc7591#section-2)).

use serde::{Deserialize, Serialize};

use crate::{
    claims::ClaimRelease,
    protocol::{ClientId, ConnectorId, GrantType, RedirectUri, Scope},
    secret::{Secret, SecretHash},
};

/// A registered client. Fields have the names of RFC 7591 where it has the thing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Client {
    /// The identifier.
    pub client_id: ClientId,
    /// What end users call it; pages fall back to the identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// Where answers may go.
    #[serde(default)]
    pub redirect_uris: Vec<RedirectUri>,
    /// How it may authenticate itself. A confidential client may be allowed both ways of sending
    /// its secret, as Dex does.
    pub token_endpoint_auth_methods: Vec<ClientAuthMethod>,
    /// Hashes of its secrets: several while one is being replaced, none for a public client.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub client_secret_hashes: Vec<SecretHash>,
    /// The grant types it may use. Default: codes and refresh tokens.
    pub grant_types: Vec<GrantType>,
    /// Which of the issuer's custom scope tokens it may ask for; `None`: all of them. The
    /// standard ones are always allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Demand PKCE. Always true in effect for a public client.
    #[serde(default)]
    pub require_pkce: bool,
    /// Do not ask the end user for consent: the client is the operator's own.
    #[serde(default)]
    pub skip_consent: bool,
    /// The connectors its end users may log in through; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_connectors: Vec<ConnectorId>,
    /// Which claims its ID tokens carry.
    #[serde(default)]
    pub id_token_claims: IdTokenContent,
    /// What it is told of the end user.
    #[serde(default)]
    pub claim_mapping: ClaimRelease,
    /// `max_age` in seconds, of requests that have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u64>,
    /// Refuse everything it asks.
    #[serde(default)]
    pub disabled: bool,
    /// A registered `http://localhost` URI may be used with any port.
    ///
    /// [RFC 8252 section 8.3](https://www.rfc-editor.org/rfc/rfc8252#section-8.3) advises against
    /// `localhost`; loopback IP addresses have this freedom without the mark.
    #[serde(default)]
    pub localhost_any_port: bool,
    /// Any `http` URI on a loopback host will do, if none is registered and the client is public:
    /// what Dex grants public clients.
    #[serde(default)]
    pub any_loopback_redirect: bool,
}

/// Whether a client can keep a secret ([RFC 6749 section 2.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.1)).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ClientType {
    /// It has no secret.
    Public,
    /// It proves itself by a secret.
    Confidential,
}

/// How a client authenticates itself at the token endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientAuthMethod {
    /// The secret in the `Authorization` header.
    ClientSecretBasic,
    /// The secret in the body.
    ClientSecretPost,
    /// Not at all: public clients.
    None,
}

/// Which claims about the end user an ID token carries.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IdTokenContent {
    /// Those that the scope asks for, as Dex does and Kubernetes needs.
    #[default]
    ByScope,
    /// None: the client asks UserInfo.
    Minimal,
}

/// A client secret that is empty or blank: anybody would know it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the client secret is empty")]
#[non_exhaustive]
pub struct EmptySecret;

impl Client {
    /// A public client: no secret, PKCE always.
    #[must_use]
    pub fn public(client_id: ClientId, redirect_uris: Vec<RedirectUri>) -> Self {
        Self {
            client_id,
            client_name: None,
            redirect_uris,
            token_endpoint_auth_methods: vec![ClientAuthMethod::None],
            client_secret_hashes: Vec::new(),
            grant_types: GrantType::ALL.to_vec(),
            scope: None,
            require_pkce: true,
            skip_consent: false,
            allowed_connectors: Vec::new(),
            id_token_claims: IdTokenContent::ByScope,
            claim_mapping: ClaimRelease::default(),
            default_max_age: None,
            disabled: false,
            localhost_any_port: false,
            any_loopback_redirect: false,
        }
    }

    /// A confidential client that sends its secret in header or body.
    ///
    /// # Errors
    ///
    /// [`EmptySecret`].
    pub fn confidential(
        client_id: ClientId,
        client_secret: &Secret,
        redirect_uris: Vec<RedirectUri>,
    ) -> Result<Self, EmptySecret> {
        Self {
            token_endpoint_auth_methods: vec![
                ClientAuthMethod::ClientSecretBasic,
                ClientAuthMethod::ClientSecretPost,
            ],
            require_pkce: false,
            ..Self::public(client_id, redirect_uris)
        }
        .with_client_secret(client_secret)
    }

    /// The same with one more secret, while an old one is being replaced.
    ///
    /// # Errors
    ///
    /// [`EmptySecret`].
    pub fn with_client_secret(mut self, client_secret: &Secret) -> Result<Self, EmptySecret> {
        if client_secret.expose().iter().all(u8::is_ascii_whitespace) {
            return Err(EmptySecret);
        }
        let hash = SecretHash::of(client_secret.expose());
        self.client_secret_hashes.push(hash);
        Ok(self)
    }

    /// The same with a name for end users.
    #[must_use]
    pub fn with_client_name(mut self, name: impl Into<String>) -> Self {
        self.client_name = Some(name.into());
        self
    }

    /// The same with other methods of authentication.
    #[must_use]
    pub fn with_auth_methods(mut self, methods: Vec<ClientAuthMethod>) -> Self {
        self.token_endpoint_auth_methods = methods;
        self
    }

    /// The same with other grant types.
    #[must_use]
    pub fn with_grant_types(mut self, grant_types: Vec<GrantType>) -> Self {
        self.grant_types = grant_types;
        self
    }

    /// The same with only some of the issuer's custom scope tokens.
    #[must_use]
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// The same with PKCE demanded, or not; a public client needs it in any case.
    #[must_use]
    pub const fn with_require_pkce(mut self, require: bool) -> Self {
        self.require_pkce = require;
        self
    }

    /// The same without, or with, asking for consent.
    #[must_use]
    pub const fn with_skip_consent(mut self, skip: bool) -> Self {
        self.skip_consent = skip;
        self
    }

    /// The same for end users of some connectors only.
    #[must_use]
    pub fn with_allowed_connectors(mut self, connectors: Vec<ConnectorId>) -> Self {
        self.allowed_connectors = connectors;
        self
    }

    /// The same with other claims in ID tokens.
    #[must_use]
    pub const fn with_id_token_claims(mut self, content: IdTokenContent) -> Self {
        self.id_token_claims = content;
        self
    }

    /// The same with rules for what it is told of the end user.
    #[must_use]
    pub fn with_claim_mapping(mut self, mapping: ClaimRelease) -> Self {
        self.claim_mapping = mapping;
        self
    }

    /// The same with a `max_age` for requests that have none, in seconds.
    #[must_use]
    pub const fn with_default_max_age(mut self, seconds: u64) -> Self {
        self.default_max_age = Some(seconds);
        self
    }

    /// The same, refused everything, or not.
    #[must_use]
    pub const fn with_disabled(mut self, disabled: bool) -> Self {
        self.disabled = disabled;
        self
    }

    /// The same with any port on a registered `http://localhost` URI.
    #[must_use]
    pub const fn with_localhost_any_port(mut self, any: bool) -> Self {
        self.localhost_any_port = any;
        self
    }

    /// The same with any loopback URI, as long as the client is public and has none registered.
    #[must_use]
    pub const fn with_any_loopback_redirect(mut self, any: bool) -> Self {
        self.any_loopback_redirect = any;
        self
    }

    /// Whether the client has a secret.
    #[must_use]
    pub const fn client_type(&self) -> ClientType {
        if self.client_secret_hashes.is_empty() {
            ClientType::Public
        } else {
            ClientType::Confidential
        }
    }

    /// What end users call it.
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.client_name
            .as_deref()
            .unwrap_or(self.client_id.as_str())
    }

    /// Whether its end users may log in through the connector.
    #[must_use]
    pub fn allows_connector(&self, id: &ConnectorId) -> bool {
        self.allowed_connectors.is_empty() || self.allowed_connectors.contains(id)
    }

    /// Whether it may use the grant type.
    #[must_use]
    pub fn allows_grant_type(&self, grant_type: GrantType) -> bool {
        self.grant_types.contains(&grant_type)
    }

    /// Whether it must use PKCE by its own registration.
    #[must_use]
    pub fn requires_pkce(&self) -> bool {
        self.require_pkce || self.client_type() == ClientType::Public
    }
}
