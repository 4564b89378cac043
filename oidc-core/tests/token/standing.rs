//! OA-16: authority that went stale after the grant was given.

use std::{future::Future, pin::Pin};

use oidc_core::{
    claims::Subject,
    client::Client,
    conformance::{Manner, RelyingParty, TestBed, TestBedOptions, TokenAnswer},
    grant::SessionId,
    issuer::Administration,
    protocol::{ClientId, ConnectorId, ErrorCode},
};

use crate::{assert_alive, assert_nothing_happened, bed, grant_of, support::memory};

/// Someone signed in twice: once with tokens, once with a code that is not redeemed yet.
struct SignedIn {
    tokens: TokenAnswer,
    redeemed: String,
    code: String,
    subject: Subject,
    session: SessionId,
}

fn claim(jwt: &str, name: &str) -> String {
    let payload = jwt.split('.').nth(1).unwrap();
    let bytes = oidc_core::base64url::decode(payload).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    claims[name].as_str().unwrap().to_owned()
}

impl SignedIn {
    async fn at(bed: &TestBed, client: &RelyingParty) -> Self {
        let mut browser = bed.browser();
        let page = client.answered(&mut browser, &[]).await;
        let redeemed = page.location_param("code").unwrap();
        let page = client.answered(&mut browser, &[]).await;
        let code = page.location_param("code").unwrap();
        let tokens = client.exchange(&redeemed).await;
        let id_token = tokens.id_token();
        Self {
            subject: Subject::parse(claim(&id_token, "sub")).unwrap(),
            session: SessionId::parse(&claim(&id_token, "sid")).unwrap(),
            redeemed,
            code,
            tokens,
        }
    }

    /// Refresh, code exchange and UserInfo are refused; nothing happens.
    async fn assert_shut(&self, bed: &TestBed, client: &RelyingParty, expected: ErrorCode) {
        let before = bed.ledger();
        if let Some(token) = self.tokens.text("refresh_token") {
            let answer = client.refresh(&token).await;
            assert_nothing_happened(bed, before, &answer, expected);
        }
        let answer = client.exchange(&self.code).await;
        assert_nothing_happened(bed, before, &answer, expected);
        let page = client.userinfo(&self.tokens.access_token()).await;
        assert_eq!(page.status, 401, "{}", page.body);
        assert_eq!(page.json()["error"], "invalid_token");
        assert_eq!(bed.ledger(), before);
    }

    /// All of it works.
    async fn assert_open(&self, client: &RelyingParty) {
        assert_alive(client, &self.tokens).await;
        let exchanged = client.exchange(&self.code).await;
        assert!(exchanged.is_success(), "{}", exchanged.0.body);
    }
}

type Act =
    for<'a> fn(Administration<'a>, &'a SignedIn, bool) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

fn app() -> ClientId {
    ClientId::parse("app").unwrap()
}

fn form() -> ConnectorId {
    ConnectorId::parse("form").unwrap()
}

/// OA-16: what is switched off is refused, and works again when it is switched on.
#[tokio::test]
async fn oa_16_switched_off_refuses_and_loses_nothing() {
    let acts: [(Act, ErrorCode); 3] = [
        (
            |admin, known, off| {
                Box::pin(async move {
                    let blocked = admin.set_user_blocked(&known.subject, off).await;
                    assert!(blocked.unwrap());
                })
            },
            ErrorCode::InvalidGrant,
        ),
        (
            |admin, _, off| {
                Box::pin(async move { admin.set_client_disabled(&app(), off).await.unwrap() })
            },
            ErrorCode::InvalidClient,
        ),
        (
            |admin, _, off| {
                Box::pin(async move { admin.set_connector_disabled(&form(), off).await.unwrap() })
            },
            ErrorCode::InvalidGrant,
        ),
    ];
    for (act, expected) in acts {
        let bed = bed().await;
        let client = bed.app();
        let known = SignedIn::at(&bed, &client).await;
        act(bed.issuer().administration(), &known, true).await;
        known.assert_shut(&bed, &client, expected).await;
        // Nor is there a way in: no code at the end of a fresh login.
        let signatures = bed.ledger().signatures;
        let page = client.answered(&mut bed.browser(), &[]).await;
        assert_eq!(page.location_param("code"), None);
        assert_eq!(bed.ledger().signatures, signatures);
        act(bed.issuer().administration(), &known, false).await;
        known.assert_open(&client).await;
    }
}

/// OA-16: what is taken back stays so, and a new login is good.
#[tokio::test]
async fn oa_16_taken_back_refuses_until_a_new_login() {
    let acts: [Act; 5] = [
        |admin, known, _| {
            Box::pin(async move {
                assert!(admin.sign_out_everywhere(&known.subject).await.unwrap());
            })
        },
        |admin, known, _| {
            Box::pin(async move {
                let withdrawn = admin.withdraw_consent(&known.subject, &app()).await;
                assert!(withdrawn.unwrap());
            })
        },
        |admin, _, _| Box::pin(async move { admin.revoke_client_grants(&app()).await.unwrap() }),
        |admin, _, _| {
            Box::pin(async move { admin.revoke_connector_grants(&form()).await.unwrap() })
        },
        |admin, known, _| {
            Box::pin(async move {
                for code in [&known.redeemed, &known.code] {
                    admin.revoke_grant(grant_of(code)).await.unwrap();
                }
            })
        },
    ];
    for act in acts {
        let bed = bed().await;
        let client = bed.app();
        let known = SignedIn::at(&bed, &client).await;
        act(bed.issuer().administration(), &known, true).await;
        known
            .assert_shut(&bed, &client, ErrorCode::InvalidGrant)
            .await;
        known
            .assert_shut(&bed, &client, ErrorCode::InvalidGrant)
            .await;
        SignedIn::at(&bed, &client).await.assert_open(&client).await;
    }
}

/// OA-16: a withdrawn consent is asked for again.
#[tokio::test]
async fn oa_16_a_withdrawn_consent_is_asked_for_again() {
    let bed = bed().await;
    let client = bed.app();
    let mut browser = bed.browser();
    client.answered(&mut browser, &[]).await;
    let known = SignedIn::at(&bed, &client).await;
    let admin = bed.issuer().administration();
    assert!(
        admin
            .withdraw_consent(&known.subject, &app())
            .await
            .unwrap()
    );
    let before = bed.ledger();
    let page = browser.visit(&client.authorization_url(&[])).await;
    assert!(page.body.contains("value=\"approve\""), "{}", page.body);
    assert_eq!(bed.ledger(), before);
}

/// OA-16: an ended session takes back what was granted in it, offline access excepted.
#[tokio::test]
async fn oa_16_an_ended_session_ends_what_is_bound_to_it() {
    let bed = bed().await;
    let online = bed.app().with_scope("openid profile");
    let known = SignedIn::at(&bed, &online).await;
    assert_eq!(known.tokens.text("refresh_token"), None);
    let admin = bed.issuer().administration();
    assert!(admin.end_session(known.session).await.unwrap());
    known
        .assert_shut(&bed, &online, ErrorCode::InvalidGrant)
        .await;

    let offline = bed.app();
    let known = SignedIn::at(&bed, &offline).await;
    assert!(admin.end_session(known.session).await.unwrap());
    known.assert_open(&offline).await;
}

/// A replica of the issuer on the same store, with another configuration.
async fn reconfigured(
    registration: fn(Client) -> Client,
    (before, after): (bool, bool),
    connector: &str,
) -> (TestBed, TestBed, SignedIn) {
    let storage = memory();
    let mut options = TestBedOptions::default();
    options.manner = Manner::Credentials;
    options.two_connectors = before;
    let old = TestBed::open_with(storage.clone(), options.clone()).await;
    options.two_connectors = after;
    options.registration = registration;
    options.entropy_seed = 77;
    let new = TestBed::open_with(storage, options).await;
    let client = old.app();
    let mut browser = old.browser();
    let mut codes = Vec::new();
    for _ in 0..2 {
        let through = [("connector_id", Some(connector))];
        let page = client.answered(&mut browser, &through).await;
        codes.push(page.location_param("code").unwrap());
    }
    let tokens = client.exchange(&codes[0]).await;
    let id_token = tokens.id_token();
    let known = SignedIn {
        subject: Subject::parse(claim(&id_token, "sub")).unwrap(),
        session: SessionId::parse(&claim(&id_token, "sid")).unwrap(),
        redeemed: codes[0].clone(),
        code: codes[1].clone(),
        tokens,
    };
    (old, new, known)
}

/// OA-16: the connector is taken off the client's list.
#[tokio::test]
async fn oa_16_a_connector_no_longer_allowed_for_the_client() {
    let only_form = |client: Client| client.with_allowed_connectors(vec![form()]);
    let (old, new, known) = reconfigured(only_form, (true, true), "upstream").await;
    known
        .assert_shut(&new, &new.app(), ErrorCode::InvalidGrant)
        .await;
    known.assert_open(&old.app()).await;

    let (_, new, known) = reconfigured(only_form, (true, true), "form").await;
    known.assert_open(&new.app()).await;
}

/// OA-16: the connector is gone.
#[tokio::test]
async fn oa_16_a_connector_that_is_no_longer_configured() {
    let (old, new, known) = reconfigured(std::convert::identity, (true, false), "upstream").await;
    known
        .assert_shut(&new, &new.app(), ErrorCode::InvalidGrant)
        .await;
    known.assert_open(&old.app()).await;
}

/// OA-16: the client is gone, or disabled in its registration.
#[tokio::test]
async fn oa_16_a_client_that_is_gone_or_disabled_in_its_registration() {
    let gone = |mut client: Client| {
        client.client_id = ClientId::parse(format!("{}-2", client.client_id)).unwrap();
        client
    };
    let disabled = |client: Client| client.with_disabled(true);
    for registration in [gone as fn(Client) -> Client, disabled] {
        let (old, new, known) = reconfigured(registration, (true, true), "form").await;
        known
            .assert_shut(&new, &new.app(), ErrorCode::InvalidClient)
            .await;
        known.assert_open(&old.app()).await;
    }
}

/// OA-16: the client may no longer use the grant type.
#[tokio::test]
async fn oa_16_a_grant_type_that_is_no_longer_allowed() {
    use oidc_core::protocol::GrantType;
    let codes_only = |client: Client| client.with_grant_types(vec![GrantType::AuthorizationCode]);
    let (old, new, known) = reconfigured(codes_only, (true, true), "form").await;
    let before = new.ledger();
    let answer = new.app().refresh(&known.tokens.refresh_token()).await;
    assert_nothing_happened(&new, before, &answer, ErrorCode::UnauthorizedClient);
    known.assert_open(&old.app()).await;
}
