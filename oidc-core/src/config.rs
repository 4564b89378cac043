//! Lifetimes and policies of an issuer, each default with its reason.

use std::time::Duration;

use crate::{
    grant::RefreshPolicy,
    jose::SigningAlgorithm,
    protocol::{Scope, ScopeToken},
};

/// Lifetimes and policies of an issuer.
///
/// Fields are public to be read; change them with the `with_` methods.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IssuerConfig {
    /// How long a login may take from the authorization request to the answer. Default 30 min:
    /// long enough for an upstream with a second factor, short enough that a forgotten tab dies.
    pub flow_lifetime: Duration,
    /// How long a code may be redeemed. Default 60 s: clients redeem at once; RFC 6749 section
    /// 4.1.2 allows ten minutes at the most.
    pub code_lifetime: Duration,
    /// How long after the first redemption a second one by the same PKCE-proven client is taken
    /// for a retry. Default 10 s; zero takes the grant back at once.
    pub code_retry_window: Duration,
    /// Lifetime of access tokens. Default 10 min.
    pub access_token_lifetime: Duration,
    /// Lifetime of ID tokens. Default 1 h: Kubernetes uses them as bearer tokens.
    pub id_token_lifetime: Duration,
    /// How refresh tokens live.
    pub refresh: RefreshPolicy,
    /// A session ends this long after the login. Default 24 h.
    pub session_lifetime: Duration,
    /// A session ends when unused for this long. Default 1 h.
    pub session_idle: Duration,
    /// The algorithm of ID tokens and access tokens. Default RS256, the one algorithm that every
    /// client must know (OIDC Core section 15.1).
    pub signing_algorithm: SigningAlgorithm,
    /// Scope values besides the standard ones that clients may be granted.
    pub custom_scopes: Vec<ScopeToken>,
    /// Demand PKCE of confidential clients too. Default false; public clients always need it.
    pub require_pkce: bool,
    /// Show the chooser even if there is one connector only. Default false.
    pub always_show_chooser: bool,
}

impl Default for IssuerConfig {
    fn default() -> Self {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        Self {
            flow_lifetime: Duration::from_secs(30 * MINUTE),
            code_lifetime: Duration::from_secs(MINUTE),
            code_retry_window: Duration::from_secs(10),
            access_token_lifetime: Duration::from_secs(10 * MINUTE),
            id_token_lifetime: Duration::from_secs(HOUR),
            refresh: RefreshPolicy::default(),
            session_lifetime: Duration::from_secs(24 * HOUR),
            session_idle: Duration::from_secs(HOUR),
            signing_algorithm: SigningAlgorithm::Rs256,
            custom_scopes: Vec::new(),
            require_pkce: false,
            always_show_chooser: false,
        }
    }
}

/// Generates the `with_` method of each field.
macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident($field:ident: $type:ty);)*) => {
        impl IssuerConfig {
            $($(#[$doc])*
            #[must_use]
            pub fn $name(mut self, $field: $type) -> Self {
                self.$field = $field;
                self
            })*
        }
    };
}

setters! {
    /// Sets how long a login may take; at most 30 min is accepted.
    with_flow_lifetime(flow_lifetime: Duration);
    /// Sets how long a code may be redeemed; at most 10 min is accepted.
    with_code_lifetime(code_lifetime: Duration);
    /// Sets the window in which a second redemption is taken for a retry.
    with_code_retry_window(code_retry_window: Duration);
    /// Sets the lifetime of access tokens.
    with_access_token_lifetime(access_token_lifetime: Duration);
    /// Sets the lifetime of ID tokens.
    with_id_token_lifetime(id_token_lifetime: Duration);
    /// Sets how refresh tokens live.
    with_refresh(refresh: RefreshPolicy);
    /// Sets the absolute lifetime of sessions.
    with_session_lifetime(session_lifetime: Duration);
    /// Sets the idle lifetime of sessions.
    with_session_idle(session_idle: Duration);
    /// Sets the algorithm of ID tokens and access tokens.
    with_signing_algorithm(signing_algorithm: SigningAlgorithm);
    /// Sets the scope values that clients may be granted besides the standard ones.
    with_custom_scopes(custom_scopes: Vec<ScopeToken>);
    /// Demands PKCE of confidential clients too.
    with_require_pkce(require_pkce: bool);
    /// Shows the chooser even if there is one connector only.
    with_always_show_chooser(always_show_chooser: bool);
}

/// Longest flow that is accepted: the sealed cookie must not become a long-lived credential.
pub const MAX_FLOW_LIFETIME: Duration = Duration::from_secs(30 * 60);
/// Longest code that is accepted ([RFC 6749 section 4.1.2]).
///
/// [RFC 6749 section 4.1.2]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2
pub const MAX_CODE_LIFETIME: Duration = Duration::from_secs(600);
/// Longest access or ID token that is accepted; retired signing keys are published this long.
pub const MAX_TOKEN_LIFETIME: Duration = Duration::from_secs(24 * 3600);

impl IssuerConfig {
    /// What is wrong with the settings: key, problem and fix of each.
    pub(crate) fn problems(&self) -> Vec<crate::issuer::Problem> {
        let limits = [
            ("flow_lifetime", self.flow_lifetime, MAX_FLOW_LIFETIME),
            ("code_lifetime", self.code_lifetime, MAX_CODE_LIFETIME),
            (
                "access_token_lifetime",
                self.access_token_lifetime,
                MAX_TOKEN_LIFETIME,
            ),
            (
                "id_token_lifetime",
                self.id_token_lifetime,
                MAX_TOKEN_LIFETIME,
            ),
        ];
        let mut problems: Vec<_> = limits
            .iter()
            .filter(|(_, value, max)| value > max || value.is_zero())
            .map(|(key, value, max)| {
                crate::issuer::Problem::new(
                    *key,
                    format!("is {} s", value.as_secs()),
                    format!("choose 1 to {} seconds", max.as_secs()),
                )
            })
            .collect();
        if self.session_idle > self.session_lifetime {
            problems.push(crate::issuer::Problem::new(
                "session_idle",
                "is longer than session_lifetime",
                "make it at most session_lifetime",
            ));
        }
        problems
    }

    /// The standard scope values and the custom ones.
    #[must_use]
    pub fn scopes_supported(&self) -> Scope {
        Scope::standard().with_tokens(self.custom_scopes.iter().cloned())
    }
}
