//! OA-31: another site signs the victim in as the attacker.

use oidc_core::conformance::{Browser, Manner};

use crate::{
    JANE, MALLORY, at_consent, at_login, bed, cross_site, page::assert_error_page,
    support::assert_redirected,
};

const EVIL: [&str; 6] = [
    "https://evil.example",
    "null",
    "http://issuer.example",
    "https://issuer.example:444",
    "https://issuer.example.evil.example",
    "",
];

/// The victim still has the session they had.
async fn assert_still(victim: &Browser, name: &str) {
    let page = victim.clone().get("/id/").await;
    assert!(page.body.contains(name), "{}", page.body);
}

/// The attacker's password, posted by another site.
#[tokio::test]
async fn oa_31_a_cross_site_login_form_is_refused() {
    let bed = bed(Manner::Redirect).await;
    let app = bed.app();
    let (_, attackers) = at_login(&app, &mut bed.browser()).await;
    let mut victim = bed.browser();
    at_consent(&bed.other(), &mut victim, JANE).await;
    let (page, own) = at_login(&app, &mut victim).await;
    let action = page.action().unwrap();
    let before = (bed.ledger(), bed.form.resumed());
    for origin in EVIL {
        for handle in [&attackers, &own] {
            for cookies in [None, Some(&victim)] {
                let form = [
                    ("flow", handle.as_str()),
                    ("username", MALLORY.0),
                    ("password", MALLORY.1),
                ];
                let page = cross_site(&bed, cookies, (&action, &form), origin).await;
                assert_error_page(&page);
                assert!(page.headers.get("set-cookie").is_none());
            }
        }
    }
    assert_eq!((bed.ledger(), bed.form.resumed()), before);
    assert_still(&victim, "Jane Doe").await;
    let page = app.log_in(&mut victim, &page, JANE).await;
    assert!(page.body.contains("value=\"approve\""), "{}", page.body);
}

/// The attacker's answer of the upstream, put into the victim's browser by another site.
#[tokio::test]
async fn oa_31_an_upstream_answer_of_another_browser_is_refused() {
    for manner in [Manner::Redirect, Manner::PostForm] {
        let bed = bed(manner).await;
        let app = bed.app();
        let url = app.authorization_url(&[("connector_id", Some("upstream"))]);
        let handle_of = |page: &oidc_core::conformance::Page| {
            page.hidden("RelayState")
                .or_else(|| page.location_param("state"))
                .unwrap()
        };
        let attackers = handle_of(&bed.browser().visit(&url).await);
        let mut victim = bed.browser();
        at_consent(&bed.other(), &mut victim, JANE).await;
        let own = handle_of(
            &victim
                .visit(&app.authorization_url(&[
                    ("connector_id", Some("upstream")),
                    ("prompt", Some("login")),
                ]))
                .await,
        );
        let before = (bed.ledger(), bed.upstream.resumed());
        let form = [("RelayState", attackers.as_str()), ("user", "mallory")];
        for cookies in [None, Some(&victim)] {
            let target = ("/id/callback/upstream", &form[..]);
            let page = cross_site(&bed, cookies, target, "https://upstream.test").await;
            assert_error_page(&page);
        }
        let target = format!("/id/callback/upstream?state={attackers}&user=mallory");
        let page = victim.clone().get(&target).await;
        assert_error_page(&page);
        assert_eq!((bed.ledger(), bed.upstream.resumed()), before);
        assert_still(&victim, "Jane Doe").await;
        // The honest answer comes from another site, too, and is taken.
        let page = if manner == Manner::PostForm {
            let form = [("RelayState", own.as_str()), ("user", "jane")];
            let target = ("/id/callback/upstream", &form[..]);
            cross_site(&bed, Some(&victim), target, "https://upstream.test").await
        } else {
            let target = format!("/id/callback/upstream?state={own}&user=jane");
            victim.get(&target).await
        };
        assert_eq!(page.status, 303, "{}", page.body);
        assert!(page.location().unwrap().contains("/approval?flow="));
    }
}

/// An attacker who only makes the victim's browser say that they cancelled needs the handle, too.
#[tokio::test]
async fn oa_31_a_cancelled_upstream_login_is_told_to_the_client_and_stores_nothing() {
    let bed = bed(Manner::Redirect).await;
    let app = bed.app();
    let mut browser = bed.browser();
    let changes = [("connector_id", Some("upstream")), ("state", Some("kept"))];
    let page = browser.visit(&app.authorization_url(&changes)).await;
    let handle = page.location_param("state").unwrap();
    let before = bed.ledger();
    let target = format!("/id/callback/upstream?state={handle}&error=access_denied");
    let page = browser.get(&target).await;
    assert_redirected(&page, &app.redirect_uri, "access_denied", "kept");
    assert_eq!(bed.ledger(), before);
}
