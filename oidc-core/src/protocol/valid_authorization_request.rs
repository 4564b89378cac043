//! The authorization request after all checks.

use serde::{Deserialize, Serialize};

use super::{
    identifier::{ClientId, ConnectorId},
    params::encode_component,
    pkce::{CODE_CHALLENGE_METHOD, CodeChallenge},
    prompt::PromptSet,
    redirect_uri::MatchedRedirectUri,
    response_mode::ResponseMode,
    response_type::ResponseType,
    scope::Scope,
    state::{Nonce, StateParam},
};

/// An authorization request that passed [`validate`](crate::client::validate()).
///
/// It travels sealed with the user agent.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ValidAuthorizationRequest {
    /// The client that asks.
    pub client_id: ClientId,
    /// Where the answer goes, byte for byte.
    pub redirect_uri: MatchedRedirectUri,
    /// What is asked for.
    pub response_type: ResponseType,
    /// How the answer travels.
    pub response_mode: ResponseMode,
    /// The scope to be granted.
    pub scope: Scope,
    /// Returned with the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<StateParam>,
    /// Echoed in the ID token of the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
    /// Binds the code to who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<CodeChallenge>,
    /// What the end user must be asked.
    #[serde(default, skip_serializing_if = "PromptSet::is_empty")]
    pub prompt: PromptSet,
    /// How many seconds ago the end user may have authenticated at the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
    /// What the end user might log in with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// Languages, most preferred first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ui_locales: Vec<String>,
    /// Authentication context classes, most preferred first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acr_values: Vec<String>,
    /// The connector that the client asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector_id: Option<ConnectorId>,
}

impl ValidAuthorizationRequest {
    /// A request for a code with everything optional left out.
    #[must_use]
    pub fn new(client_id: ClientId, redirect_uri: MatchedRedirectUri, scope: Scope) -> Self {
        Self {
            client_id,
            redirect_uri,
            response_type: ResponseType::Code,
            response_mode: ResponseMode::Query,
            scope,
            state: None,
            nonce: None,
            code_challenge: None,
            prompt: PromptSet::default(),
            max_age: None,
            login_hint: None,
            ui_locales: Vec::new(),
            acr_values: Vec::new(),
            connector_id: None,
        }
    }

    /// The same request once more, as the query of an authorization URL.
    #[must_use]
    pub fn to_query(&self) -> String {
        let mut query = String::new();
        let mut add = |name: &str, value: &str| {
            if value.is_empty() {
                return;
            }
            if !query.is_empty() {
                query.push('&');
            }
            query.push_str(name);
            query.push('=');
            encode_component(value, &mut query);
        };
        add("client_id", self.client_id.as_str());
        add("redirect_uri", self.redirect_uri.as_str());
        add("response_type", self.response_type.as_str());
        add("response_mode", self.response_mode.as_str());
        add("scope", &self.scope.to_string());
        if let Some(state) = &self.state {
            add("state", state.as_str());
        }
        if let Some(nonce) = &self.nonce {
            add("nonce", nonce.as_str());
        }
        if let Some(challenge) = &self.code_challenge {
            add("code_challenge", &challenge.to_string());
            add("code_challenge_method", CODE_CHALLENGE_METHOD);
        }
        add("prompt", &String::from(self.prompt));
        if let Some(max_age) = self.max_age {
            add("max_age", &max_age.to_string());
        }
        add("login_hint", self.login_hint.as_deref().unwrap_or_default());
        add("ui_locales", &self.ui_locales.join(" "));
        add("acr_values", &self.acr_values.join(" "));
        if let Some(connector_id) = &self.connector_id {
            add("connector_id", connector_id.as_str());
        }
        query
    }
}
