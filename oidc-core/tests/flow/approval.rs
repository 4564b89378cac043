//! OA-32: the approval, forged or given twice.

use std::time::Duration;

use oidc_core::conformance::{Manner, Page};

use crate::{
    JANE, at_consent, at_login, bed, cross_site, page::assert_error_page,
    support::assert_redirected,
};

/// A friendly page that leads back to the client's site, and nothing else.
fn assert_answered_page(page: &Page) {
    assert_error_page(page);
    assert!(page.body.contains("already finished"), "{}", page.body);
    assert!(page.body.contains("app.example"), "{}", page.body);
}

/// Another site approves in the victim's name.
#[tokio::test]
async fn oa_32_a_cross_site_approval_is_refused() {
    let bed = bed(Manner::Redirect).await;
    let app = bed.app();
    let mut browser = bed.browser();
    let (page, handle) = at_consent(&app, &mut browser, JANE).await;
    let before = bed.ledger();
    for decision in ["approve", "deny"] {
        let form = [("flow", handle.as_str()), ("decision", decision)];
        for origin in ["https://evil.example", "null", "https://app.example", ""] {
            for cookies in [None, Some(&browser)] {
                let target = ("/id/approval", &form[..]);
                assert_error_page(&cross_site(&bed, cookies, target, origin).await);
            }
        }
        let own = "https://issuer.example";
        // As a Lax cookie is left out of a cross-site post.
        let target = ("/id/approval", &form[..]);
        assert_error_page(&cross_site(&bed, None, target, own).await);
        // A decision in a link is no decision: the page is shown again.
        let target = format!("/id/approval?flow={handle}&decision={decision}");
        let shown = browser.get(&target).await;
        assert_eq!(shown.status, 200);
        assert!(shown.body.contains("value=\"approve\""));
        assert_eq!(bed.ledger(), before);
    }
    let page = app.decide(&mut browser, &page, "approve").await;
    assert!(page.location_param("code").is_some());
}

/// A double click, the back button, and an old cookie restored.
#[tokio::test]
async fn oa_32_one_approval_gives_one_code() {
    let bed = bed(Manner::Redirect).await;
    let app = bed.app();
    let mut browser = bed.browser();
    let (page, handle) = at_consent(&app, &mut browser, JANE).await;
    let mut before_it = browser.clone();
    let answered = app.decide(&mut browser, &page, "approve").await;
    let code = answered.location_param("code").unwrap();
    let before = bed.ledger();
    for decision in ["approve", "deny", "approve"] {
        assert_answered_page(&app.decide(&mut browser, &page, decision).await);
        assert_answered_page(&app.decide(&mut before_it.clone(), &page, decision).await);
    }
    assert_answered_page(&browser.get(&format!("/id/approval?flow={handle}")).await);
    assert_answered_page(&before_it.get(&format!("/id/approval?flow={handle}")).await);
    assert_eq!(bed.ledger(), before);
    assert!(app.exchange(&code).await.is_success());
}

/// The login form sent once more after the flow was answered.
#[tokio::test]
async fn oa_32_an_old_login_step_gives_no_second_code() {
    let bed = bed(Manner::Redirect).await;
    let app = bed.app();
    let mut browser = bed.browser();
    let (form, handle) = at_login(&app, &mut browser).await;
    let at_form = browser.clone();
    let page = app.log_in(&mut browser, &form, JANE).await;
    let answered = app.decide(&mut browser, &page, "approve").await;
    let code = answered.location_param("code").unwrap();
    // Consent is remembered by now, so nothing but the flow's one grant stands in the way.
    let signatures = bed.ledger().signatures;
    let page = app.log_in(&mut at_form.clone(), &form, JANE).await;
    assert_answered_page(&page);
    assert_eq!(bed.ledger().signatures, signatures);
    let page = app.log_in(&mut browser, &form, JANE).await;
    assert_answered_page(&page);
    let page = browser.get(&format!("/id/auth/form?flow={handle}")).await;
    assert_answered_page(&page);
    assert!(app.exchange(&code).await.is_success());
}

/// Who said no does not get a code by saying yes to the same request.
#[tokio::test]
async fn oa_32_approve_after_deny_is_refused() {
    let bed = bed(Manner::Redirect).await;
    let app = bed.app();
    let mut browser = bed.browser();
    let changes = [("connector_id", Some("form")), ("state", Some("kept"))];
    let page = browser.visit(&app.authorization_url(&changes)).await;
    let page = app.log_in(&mut browser, &page, JANE).await;
    let mut before_it = browser.clone();
    let denied = app.decide(&mut browser, &page, "deny").await;
    assert_redirected(&denied, &app.redirect_uri, "access_denied", "kept");
    let before = bed.ledger();
    assert_answered_page(&app.decide(&mut browser, &page, "approve").await);
    assert_answered_page(&app.decide(&mut before_it, &page, "approve").await);
    assert_eq!(bed.ledger(), before);
    // Nothing was agreed to: the next request asks again.
    let asked = browser.visit(&app.authorization_url(&[])).await;
    assert!(asked.body.contains("value=\"approve\""), "{}", asked.body);
    let page = app.decide(&mut browser, &asked, "approve").await;
    assert!(page.location_param("code").is_some());
}

/// Approval of a flow that waits for something else, of none, and of several.
#[tokio::test]
async fn oa_32_approval_of_another_flow_is_refused() {
    let bed = bed(Manner::Redirect).await;
    let app = bed.app();
    let mut browser = bed.browser();
    let (page, handle) = at_consent(&app, &mut browser, JANE).await;
    let url = bed
        .other()
        .authorization_url(&[("prompt", Some("login")), ("connector_id", Some("form"))]);
    let at_form = browser.visit(&url).await.hidden("flow").unwrap();
    let (_, strangers) = at_consent(&bed.other(), &mut bed.browser(), JANE).await;
    let before = bed.ledger();
    let bogus = "A".repeat(22);
    for flow in [&at_form, &strangers, &bogus, "", "x", &handle[1..]] {
        let form = [("flow", flow), ("decision", "approve")];
        assert_error_page(&browser.post("/id/approval", &form).await);
    }
    let decisions: [&[(&str, &str)]; 6] = [
        &[],
        &[("decision", "")],
        &[("decision", "Approve")],
        &[("decision", "yes")],
        &[("decision", "approve"), ("decision", "deny")],
        &[("decision", "approve"), ("decision", "approve")],
    ];
    for decision in decisions {
        let form = [&[("flow", handle.as_str())], decision].concat();
        assert_error_page(&browser.post("/id/approval", &form).await);
    }
    let twice = [
        ("flow", &*handle),
        ("flow", &*at_form),
        ("decision", "approve"),
    ];
    assert_error_page(&browser.post("/id/approval", &twice).await);
    let both = format!("/id/approval?flow={handle}");
    assert_error_page(&browser.post(&both, &twice[1..]).await);
    assert_eq!(bed.ledger(), before);
    let page = app.decide(&mut browser, &page, "approve").await;
    assert!(page.location_param("code").is_some());
}

/// What was true when the page was shown is read again when it is sent.
#[tokio::test]
async fn oa_32_an_approval_after_the_authority_is_gone_is_refused() {
    use oidc_core::{
        claims::Subject,
        identity::UpstreamSubject,
        protocol::{ClientId, ConnectorId},
    };
    let form = ConnectorId::parse("form").unwrap();
    let jane = Subject::public(&form, &UpstreamSubject::parse("0-jane").unwrap());
    let app_id = ClientId::parse("app").unwrap();
    for gate in 0..5 {
        let bed = bed(Manner::Redirect).await;
        let app = bed.app();
        let mut browser = bed.browser();
        let (page, _) = at_consent(&app, &mut browser, JANE).await;
        let admin = bed.issuer().administration();
        match gate {
            0 => assert!(admin.set_user_blocked(&jane, true).await.unwrap()),
            1 => assert!(admin.sign_out_everywhere(&jane).await.unwrap()),
            2 => admin.set_client_disabled(&app_id, true).await.unwrap(),
            3 => admin.set_connector_disabled(&form, true).await.unwrap(),
            _ => bed.clock.advance(Duration::from_secs(1800)),
        }
        let before = bed.ledger();
        for decision in ["approve", "deny"] {
            let page = app.decide(&mut browser, &page, decision).await;
            assert!(page.status.is_client_error(), "{gate}: {}", page.status);
            assert_eq!(page.location(), None);
            assert_eq!(bed.ledger(), before, "{gate}");
        }
    }
}
