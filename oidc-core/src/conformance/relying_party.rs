//! A client as a test wants it: honest by default, every parameter open to be bent.

use std::sync::atomic::{AtomicU64, Ordering};

use base64ct::{Base64, Encoding};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::Full;

use super::browser::{Browser, Page, call, encode};
use crate::{
    http::IssuerService,
    protocol::{CodeChallenge, CodeVerifier, ErrorCode},
};

/// The verifier of every honest request of a [`RelyingParty`].
pub const VERIFIER: &str = "a-code-verifier-that-is-long-enough-0123456789";

/// A client of the issuer.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    service: IssuerService,
    /// Its `client_id`.
    pub client_id: String,
    /// Its secret, sent by Basic; `None` for a public client.
    pub client_secret: Option<String>,
    /// Its `redirect_uri`.
    pub redirect_uri: String,
    /// What it asks for.
    pub scope: String,
}

static STATES: AtomicU64 = AtomicU64::new(0);

/// What came back to the redirect URI of an honest request.
#[derive(Clone, Debug)]
pub struct Redirected {
    /// The code.
    pub code: String,
    /// The `state` as sent.
    pub state: String,
}

impl RelyingParty {
    /// A client by its registration.
    #[must_use]
    pub fn new(
        service: &IssuerService,
        client_id: &str,
        client_secret: Option<&str>,
        redirect_uri: &str,
    ) -> Self {
        Self {
            service: service.clone(),
            client_id: client_id.to_owned(),
            client_secret: client_secret.map(ToOwned::to_owned),
            redirect_uri: redirect_uri.to_owned(),
            scope: "openid profile email groups offline_access".to_owned(),
        }
    }

    /// The same, asking for another scope.
    #[must_use]
    pub fn with_scope(mut self, scope: &str) -> Self {
        scope.clone_into(&mut self.scope);
        self
    }

    /// The parameters of an honest authorization request, each with its own `state` and `nonce`.
    ///
    /// # Panics
    ///
    /// Never: the verifier is a constant.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a constant is parsed")]
    pub fn authorization_params(&self) -> Vec<(String, String)> {
        let verifier = CodeVerifier::parse(VERIFIER).expect("a valid verifier");
        let count = STATES.fetch_add(1, Ordering::Relaxed);
        [
            ("client_id", self.client_id.clone()),
            ("redirect_uri", self.redirect_uri.clone()),
            ("response_type", "code".to_owned()),
            ("scope", self.scope.clone()),
            ("state", format!("state-{count}")),
            ("nonce", format!("nonce-{count}")),
            ("code_challenge", CodeChallenge::of(&verifier).to_string()),
            ("code_challenge_method", "S256".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// The address of an authorization request: an honest one in which `changes` replace, add
    /// or, with `None`, remove parameters.
    #[must_use]
    pub fn authorization_url(&self, changes: &[(&str, Option<&str>)]) -> String {
        let mut params = self.authorization_params();
        for (name, value) in changes {
            params.retain(|(known, _)| known != name);
            if let Some(value) = value {
                params.push(((*name).to_owned(), (*value).to_owned()));
            }
        }
        let pairs: Vec<_> = params
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let issuer = self.service.issuer().url();
        issuer.join(&format!("/auth?{}", encode(&pairs)))
    }

    /// Signs in at the login form that `page` shows.
    pub async fn log_in(&self, browser: &mut Browser, page: &Page, user: (&str, &str)) -> Page {
        let action = page.action().unwrap_or_default();
        let flow = page.hidden("flow").unwrap_or_default();
        let form = [
            ("flow", flow.as_str()),
            ("username", user.0),
            ("password", user.1),
        ];
        browser.submit(&action, &form).await
    }

    /// Answers the consent page that `page` shows.
    pub async fn decide(&self, browser: &mut Browser, page: &Page, decision: &str) -> Page {
        let action = page.action().unwrap_or_default();
        let flow = page.hidden("flow").unwrap_or_default();
        let form = [("flow", flow.as_str()), ("decision", decision)];
        browser.submit(&action, &form).await
    }

    /// From an authorization request to the answer at the redirect URI: signs in as `jane` and
    /// agrees, where asked.
    pub async fn answered(&self, browser: &mut Browser, changes: &[(&str, Option<&str>)]) -> Page {
        let mut page = browser.visit(&self.authorization_url(changes)).await;
        if page.body.contains("name=\"password\"") {
            page = self.log_in(browser, &page, ("jane", "wonderland")).await;
        }
        if page.body.contains("value=\"approve\"") {
            page = self.decide(browser, &page, "approve").await;
        }
        page
    }

    /// An honest login in a fresh user agent.
    ///
    /// # Panics
    ///
    /// If there is no code at the end of it.
    pub async fn sign_in(&self) -> Redirected {
        let mut browser = Browser::new(&self.service);
        let page = self.answered(&mut browser, &[]).await;
        Redirected {
            code: page
                .location_param("code")
                .unwrap_or_else(|| panic!("no code: {} {}", page.status, page.body)),
            state: page.location_param("state").unwrap_or_default(),
        }
    }

    /// Swaps a code for tokens, honestly.
    pub async fn exchange(&self, code: &str) -> TokenAnswer {
        self.exchange_with(code, &[]).await
    }

    /// Swaps a code for tokens, with changes to the honest parameters.
    pub async fn exchange_with(&self, code: &str, changes: &[(&str, Option<&str>)]) -> TokenAnswer {
        let honest = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        self.token_request(&honest, changes).await
    }

    /// Swaps a refresh token for fresh tokens.
    pub async fn refresh(&self, refresh_token: &str) -> TokenAnswer {
        self.refresh_with(refresh_token, &[]).await
    }

    /// Swaps a refresh token for fresh tokens, with changes to the honest parameters.
    pub async fn refresh_with(
        &self,
        refresh_token: &str,
        changes: &[(&str, Option<&str>)],
    ) -> TokenAnswer {
        let honest = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
        ];
        self.token_request(&honest, changes).await
    }

    async fn token_request(
        &self,
        honest: &[(&str, &str)],
        changes: &[(&str, Option<&str>)],
    ) -> TokenAnswer {
        let mut form: Vec<(&str, &str)> = honest
            .iter()
            .filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name))
            .copied()
            .collect();
        form.extend(
            changes
                .iter()
                .filter_map(|(name, value)| value.map(|value| (*name, value))),
        );
        let basic = self.client_secret.as_ref().map(|secret| {
            let one = |text: &str| encode(&[(text, "")]).trim_end_matches('=').to_owned();
            let pair = format!("{}:{}", one(&self.client_id), one(secret));
            format!("Basic {}", Base64::encode_string(pair.as_bytes()))
        });
        if basic.is_none() && !changes.iter().any(|(name, _)| *name == "client_id") {
            form.push(("client_id", &self.client_id));
        }
        self.post_token(basic.as_deref(), &encode(&form)).await
    }

    /// Sends any form to the token endpoint.
    ///
    /// # Panics
    ///
    /// If the header cannot be sent by any client.
    #[expect(clippy::expect_used, reason = "a test that sends nonsense must say so")]
    pub async fn post_token(&self, authorization: Option<&str>, form: &str) -> TokenAnswer {
        let path = format!("{}/token", self.service.issuer().url().path());
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(value) = authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        let request = request
            .body(Full::new(Bytes::from(form.to_owned())))
            .expect("a request that can be sent");
        TokenAnswer(call(&self.service, request).await)
    }

    /// Reads UserInfo.
    ///
    /// # Panics
    ///
    /// If the token cannot stand in a header.
    #[expect(clippy::expect_used, reason = "a test that sends nonsense must say so")]
    pub async fn userinfo(&self, access_token: &str) -> Page {
        let path = format!("{}/userinfo", self.service.issuer().url().path());
        let request = Request::builder()
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {access_token}"))
            .body(Full::default())
            .expect("a request that can be sent");
        call(&self.service, request).await
    }
}

/// What the token endpoint answered.
#[derive(Clone, Debug)]
pub struct TokenAnswer(pub Page);

impl TokenAnswer {
    /// A member of the answer that is text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        Some(self.0.json().get(name)?.as_str()?.to_owned())
    }

    /// Whether tokens were issued.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.0.status == StatusCode::OK && self.text("access_token").is_some()
    }

    /// The access token.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[must_use]
    pub fn access_token(&self) -> String {
        self.demand("access_token")
    }

    /// The refresh token.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[must_use]
    pub fn refresh_token(&self) -> String {
        self.demand("refresh_token")
    }

    /// The ID token.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[must_use]
    pub fn id_token(&self) -> String {
        self.demand("id_token")
    }

    fn demand(&self, name: &str) -> String {
        self.text(name)
            .unwrap_or_else(|| panic!("no {name}: {} {}", self.0.status, self.0.body))
    }

    /// Asserts the exact error: status, code, that it may not be kept, and that no token is in it.
    ///
    /// # Panics
    ///
    /// If the answer is another one.
    pub fn assert_error(&self, code: ErrorCode) {
        let expected = match code {
            ErrorCode::InvalidClient => StatusCode::UNAUTHORIZED,
            ErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        let body = self.0.json();
        assert_eq!(self.0.status, expected, "{}", self.0.body);
        assert_eq!(body["error"], code.as_str(), "{}", self.0.body);
        assert_eq!(self.0.headers[header::CACHE_CONTROL], "no-store");
        for token in ["access_token", "refresh_token", "id_token"] {
            assert!(body.get(token).is_none(), "{token} in an error");
        }
    }
}
