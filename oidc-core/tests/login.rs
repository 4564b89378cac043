//! One login from the authorization request to refreshed tokens, over HTTP.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use oidc_core::{
    base64url,
    conformance::{Manner, TestBed, TestBedOptions},
    storage::Storage,
};
use oidc_token_store::MemoryStorage;
use serde_json::Value;

fn memory() -> Arc<dyn Storage> {
    Arc::new(MemoryStorage::new())
}

fn claims(jwt: &str) -> Value {
    let payload = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64url::decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn a_confidential_client_signs_in_refreshes_and_reads_userinfo() {
    let bed = TestBed::open(memory()).await;
    let app = bed.app();
    let redirected = app.sign_in().await;
    let tokens = app.exchange(&redirected.code).await;
    let id_token = claims(&tokens.id_token());
    assert_eq!(id_token["iss"], "https://issuer.example/id");
    assert_eq!(id_token["aud"], "app");
    assert_eq!(id_token["name"], "Jane Doe");
    assert_eq!(id_token["email_verified"], true);
    assert_eq!(
        id_token["groups"],
        serde_json::json!(["developers", "admins"])
    );
    assert_eq!(id_token["amr"], serde_json::json!(["pwd"]));
    assert!(id_token["nonce"].as_str().unwrap().starts_with("nonce-"));
    let access = claims(&tokens.access_token());
    assert_eq!(access["aud"], "https://issuer.example/id");
    assert_eq!(access["client_id"], "app");
    let userinfo = app.userinfo(&tokens.access_token()).await;
    assert_eq!(userinfo.status, 200, "{}", userinfo.body);
    assert_eq!(userinfo.json()["sub"], id_token["sub"]);
    assert_eq!(userinfo.json()["email"], "jane@example.test");
    let again = app.refresh(&tokens.refresh_token()).await;
    let refreshed = claims(&again.id_token());
    assert_eq!(refreshed["sub"], id_token["sub"]);
    assert_eq!(refreshed["auth_time"], id_token["auth_time"]);
    assert_eq!(refreshed.get("nonce"), None);
    assert_ne!(again.refresh_token(), tokens.refresh_token());
}

#[tokio::test]
async fn a_public_client_signs_in_at_another_loopback_port() {
    let bed = TestBed::open(memory()).await;
    let mut cli = bed.cli();
    cli.redirect_uri = "http://127.0.0.1:43210/cb".to_owned();
    let redirected = cli.sign_in().await;
    let tokens = cli.exchange(&redirected.code).await;
    assert!(tokens.is_success(), "{}", tokens.0.body);
}

#[tokio::test]
async fn an_upstream_that_redirects_comes_back_to_the_callback() {
    for manner in [Manner::Redirect, Manner::PostForm] {
        let mut options = TestBedOptions::default();
        options.two_connectors = true;
        options.manner = manner;
        let bed = TestBed::open_with(memory(), options).await;
        let app = bed.app();
        let mut browser = bed.browser();
        let chooser = browser.visit(&app.authorization_url(&[])).await;
        assert!(chooser.body.contains("Upstream"), "{}", chooser.body);
        let url = app.authorization_url(&[("connector_id", Some("upstream"))]);
        let page = browser.visit(&url).await;
        let answered = if manner == Manner::Redirect {
            let handle = page.location_param("state").unwrap();
            let path = format!("/id/callback/upstream?state={handle}&user=jane");
            browser.visit(&path).await
        } else {
            let handle = page.hidden("RelayState").unwrap();
            let form = [("RelayState", handle.as_str()), ("user", "jane")];
            browser.submit("/id/callback/upstream", &form).await
        };
        let done = app.decide(&mut browser, &answered, "approve").await;
        let code = done.location_param("code").unwrap();
        assert!(app.exchange(&code).await.is_success());
    }
}

#[tokio::test]
async fn a_second_login_uses_the_session_and_the_remembered_consent() {
    let bed = TestBed::open(memory()).await;
    let app = bed.app();
    let mut browser = bed.browser();
    app.answered(&mut browser, &[]).await;
    let page = browser
        .get(&app.authorization_url(&[("prompt", Some("none"))]))
        .await;
    assert!(
        page.location_param("code").is_some(),
        "{:?}",
        page.location()
    );
    let page = browser
        .get(&app.authorization_url(&[("prompt", Some("login"))]))
        .await;
    assert!(page.body.contains("name=\"password\""));
    let page = browser
        .get(&app.authorization_url(&[("prompt", Some("consent"))]))
        .await;
    assert!(page.body.contains("value=\"approve\""));
    bed.clock.advance(std::time::Duration::from_secs(100));
    let page = browser
        .get(&app.authorization_url(&[("max_age", Some("99"))]))
        .await;
    assert!(page.body.contains("name=\"password\""));
}
