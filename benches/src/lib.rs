//! What the benches share: an issuer in this process, and requests that are ready to be sent.

#![forbid(unsafe_code)]

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::Full;
use oidc_core::{
    Issuer,
    client::Client,
    config::IssuerConfig,
    conformance::{Browser, Manner, Page, RelyingParty, ScriptedConnector, VERIFIER, call, encode},
    http::IssuerService,
    issuer::RegisteredConnector,
    jose::SigningAlgorithm,
    protocol::{ClientId, ConnectorId, IssuerUrl, RedirectUri},
    seal::SealingKeys,
    secret::{Secret, Secret32},
    storage::Storage,
};

const ISSUER: &str = "https://issuer.example/id";
const REDIRECT_URI: &str = "https://app.example/cb";
const SECRET: &str = "bench-secret-0123456789-0123456789-0123456789";

/// What goes wrong before anything is measured.
pub type Error = Box<dyn std::error::Error>;

/// A request of a bench.
pub type BenchRequest = Request<Full<Bytes>>;

/// An issuer as an operator would run it: the system's clock and randomness, keys in the storage.
///
/// One confidential client whose end users are not asked for consent, and one connector that
/// asks nobody outside the process.
#[derive(Debug)]
pub struct Scene {
    service: IssuerService,
    client: RelyingParty,
    browser: Browser,
}

impl Scene {
    /// Opens an issuer that signs by `algorithm`, with an end user signed in; the client asks for
    /// `scope`.
    ///
    /// # Errors
    ///
    /// If the issuer does not open, or nobody can sign in.
    pub async fn open(
        storage: Arc<dyn Storage>,
        algorithm: SigningAlgorithm,
        scope: &str,
    ) -> Result<Self, Error> {
        let client = Client::confidential(
            ClientId::parse("app")?,
            &Secret::new(SECRET),
            vec![RedirectUri::parse(REDIRECT_URI)?],
        )?;
        let connector = ScriptedConnector::new(Manner::Credentials).with_jane();
        let root = Secret32::from_bytes(*b"0123456789abcdefghijklmnopqrstuv");
        let issuer = Issuer::builder(IssuerUrl::parse(ISSUER)?)
            .with_storage(storage)
            .with_sealing_keys(SealingKeys::new(vec![root])?)
            .with_config(IssuerConfig::default().with_signing_algorithm(algorithm))
            .with_client(client.with_skip_consent(true))
            .with_connector(RegisteredConnector::new(
                ConnectorId::parse("form")?,
                "Directory",
                Arc::new(connector),
            ))
            .open()
            .await?;
        let service = IssuerService::new(issuer)?;
        let client =
            RelyingParty::new(&service, "app", Some(SECRET), REDIRECT_URI).with_scope(scope);
        let mut browser = Browser::new(&service);
        let page = client.answered(&mut browser, &[]).await;
        page.location_param("code")
            .ok_or_else(|| format!("nobody could sign in: {} {}", page.status, page.body))?;
        Ok(Self {
            service,
            client,
            browser,
        })
    }

    /// Sends a request; the whole answer is read.
    pub async fn send(&self, request: BenchRequest) -> Page {
        call(&self.service, request).await
    }

    /// An authorization request of a user agent that nobody signed in with: the login page.
    ///
    /// # Errors
    ///
    /// Never with these constants.
    pub fn authorize(&self) -> Result<BenchRequest, Error> {
        get(&path_of(&self.client.authorization_url(&[])))
    }

    /// A code of the end user who is signed in, on the way to the token endpoint.
    ///
    /// # Errors
    ///
    /// If there is no code.
    pub async fn exchange(&self) -> Result<BenchRequest, Error> {
        let mut browser = self.browser.clone();
        let page = browser.get(&self.client.authorization_url(&[])).await;
        let code = page
            .location_param("code")
            .ok_or_else(|| format!("no code: {} {}", page.status, page.body))?;
        token_request(&[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ])
    }

    /// The refresh token of an answer of the token endpoint, on the way back to it.
    ///
    /// # Errors
    ///
    /// If there is none in the answer.
    pub fn refresh(&self, answer: &Page) -> Result<BenchRequest, Error> {
        let token = member(answer, "refresh_token")?;
        token_request(&[("grant_type", "refresh_token"), ("refresh_token", &token)])
    }

    /// The access token of an answer of the token endpoint, on the way to UserInfo.
    ///
    /// # Errors
    ///
    /// If there is none in the answer.
    pub fn userinfo(&self, answer: &Page) -> Result<BenchRequest, Error> {
        let token = member(answer, "access_token")?;
        let mut request = get("/id/userinfo")?;
        let value = format!("Bearer {token}").parse()?;
        request.headers_mut().insert(header::AUTHORIZATION, value);
        Ok(request)
    }

    /// The discovery document.
    ///
    /// # Errors
    ///
    /// Never with these constants.
    pub fn discovery(&self) -> Result<BenchRequest, Error> {
        get("/id/.well-known/openid-configuration")
    }

    /// The JWK Set.
    ///
    /// # Errors
    ///
    /// Never with these constants.
    pub fn jwks(&self) -> Result<BenchRequest, Error> {
        get("/id/keys")
    }
}

fn member(answer: &Page, name: &str) -> Result<String, Error> {
    let json = answer.json();
    let value = json.get(name).and_then(serde_json::Value::as_str);
    let value = value.ok_or_else(|| format!("no {name}: {} {}", answer.status, answer.body))?;
    Ok(value.to_owned())
}

fn path_of(url: &str) -> String {
    url.trim_start_matches("https://issuer.example").to_owned()
}

fn get(path: &str) -> Result<BenchRequest, Error> {
    Ok(Request::builder().uri(path).body(Full::default())?)
}

fn token_request(form: &[(&str, &str)]) -> Result<BenchRequest, Error> {
    let mut form = form.to_vec();
    form.extend([("client_id", "app"), ("client_secret", SECRET)]);
    Ok(Request::builder()
        .method(Method::POST)
        .uri("/id/token")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::new(encode(&form).into()))?)
}
