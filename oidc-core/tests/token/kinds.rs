//! One kind of handle in the place of another.

use oidc_core::{
    conformance::{Browser, RelyingParty, TestBed, TokenAnswer},
    protocol::ErrorCode,
};

use crate::{assert_nothing_happened, bed, grant_of};

/// One of each kind that the issuer gives out, all of one end user and one client.
struct Kinds {
    code: String,
    tokens: TokenAnswer,
    others: Vec<(&'static str, String)>,
    browser: Browser,
}

impl Kinds {
    async fn of(bed: &TestBed, client: &RelyingParty) -> Self {
        let redeemed = client.sign_in().await.code;
        let tokens = client.exchange(&redeemed).await;
        let mut browser = bed.browser();
        let answered = client.answered(&mut browser, &[]).await;
        let code = answered.location_param("code").unwrap();
        let login = [("prompt", Some("login"))];
        browser.visit(&client.authorization_url(&login)).await;
        let cookie = |part: &str| {
            let mut all = browser.cookies().iter();
            all.find(|(name, _)| name.contains(part))
                .map(|(name, value)| (name.clone(), value.clone()))
                .unwrap()
        };
        let (flow_name, flow) = cookie("oidc-flow-");
        let handle = flow_name.split('-').skip(4).collect::<Vec<_>>().join("-");
        let others = vec![
            ("access token", tokens.access_token()),
            ("ID token", tokens.id_token()),
            ("session cookie", cookie("oidc-session-").1),
            ("sealed flow", flow),
            ("flow handle", handle),
            ("grant id", grant_of(&code).to_string()),
            ("client secret", client.client_secret.clone().unwrap()),
            ("nothing", "x".to_owned()),
        ];
        Self {
            code,
            tokens,
            others,
            browser,
        }
    }
}

/// OA-04: every kind as a code, as a refresh token and as an access token; only the right one
/// opens anything, and nothing is used up elsewhere.
#[tokio::test]
async fn oa_04_no_kind_of_handle_passes_for_another() {
    let bed = bed().await;
    let app = bed.app();
    let kinds = Kinds::of(&bed, &app).await;
    let before = bed.ledger();
    let code = ("code", kinds.code.clone());
    let refresh = ("refresh token", kinds.tokens.refresh_token());
    for (kind, text) in kinds.others.iter().chain([&refresh]) {
        let answer = app.exchange(text).await;
        assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidGrant);
        assert!(!answer.0.body.contains(text) || *kind == "nothing");
    }
    for (_, text) in kinds.others.iter().chain([&code]) {
        let answer = app.refresh(text).await;
        assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidGrant);
    }
    for (kind, text) in kinds.others.iter().chain([&code, &refresh]) {
        if *kind == "access token" {
            continue;
        }
        let page = app.userinfo(text).await;
        assert_eq!(page.status, 401, "{kind} at UserInfo: {}", page.body);
        assert_eq!(page.json()["error"], "invalid_token");
        assert_eq!(bed.ledger(), before);
    }
    // A code after another one's prefix is no refresh token either.
    let swapped = refresh.1.replacen("ort_", "oac_", 1);
    let answer = app.exchange(&swapped).await;
    assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidGrant);
    let swapped = code.1.replacen("oac_", "ort_", 1);
    let answer = app.refresh(&swapped).await;
    assert_nothing_happened(&bed, before, &answer, ErrorCode::InvalidGrant);

    assert!(app.exchange(&kinds.code).await.is_success());
    assert!(app.refresh(&refresh.1).await.is_success());
    let page = app.userinfo(&kinds.tokens.access_token()).await;
    assert_eq!(page.status, 200);
}

/// OA-04: no token opens a session or a flow.
#[tokio::test]
async fn oa_04_no_token_passes_for_a_cookie() {
    let bed = bed().await;
    let app = bed.app();
    let kinds = Kinds::of(&bed, &app).await;
    let names: Vec<_> = kinds.browser.cookies().keys().cloned().collect();
    let session = names.iter().find(|name| name.contains("session")).unwrap();
    let flows = names.iter().filter(|name| name.contains("flow"));
    let before = bed.ledger();
    let all = kinds.others.iter().map(|(_, text)| text.clone());
    let known_session = kinds.browser.cookies()[session].clone();
    let forged: Vec<_> = all
        .chain([kinds.code.clone(), kinds.tokens.refresh_token()])
        .filter(|text| *text != known_session)
        .collect();
    let passive = app.authorization_url(&[("prompt", Some("none"))]);
    for text in &forged {
        let mut browser = bed.browser();
        browser.set_cookie(session, Some(text));
        let page = browser.get(&passive).await;
        let error = page.location_param("error");
        assert_eq!(error.as_deref(), Some("login_required"), "{text}");
        assert_eq!(bed.ledger(), before);
    }
    for name in flows {
        let handle = name.split('-').skip(4).collect::<Vec<_>>().join("-");
        for text in forged
            .iter()
            .filter(|text| !kinds.browser.cookies().values().any(|known| known == *text))
        {
            let mut browser = kinds.browser.clone();
            browser.set_cookie(name, Some(text));
            let page = browser.get(&format!("/id/approval?flow={handle}")).await;
            assert_eq!(page.status, 400, "{}", page.body);
            assert_eq!(bed.ledger(), before);
        }
    }
    let mut browser = kinds.browser.clone();
    let page = browser.get(&passive).await;
    assert!(page.location_param("code").is_some());
}
