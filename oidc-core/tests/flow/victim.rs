//! OA-30: a flow that an attacker started is handed to a victim.

use oidc_core::conformance::{Browser, Manner, Page, TestBed};

use crate::{JANE, MALLORY, at_consent, at_login, bed, page::assert_error_page};

/// A victim without any cookie, and one who is signed in and has a flow of their own.
async fn victims(bed: &TestBed) -> Vec<Browser> {
    let mut signed_in = bed.browser();
    at_consent(&bed.other(), &mut signed_in, JANE).await;
    at_login(&bed.app(), &mut bed.browser()).await;
    vec![bed.browser(), signed_in]
}

/// The victim opens what the attacker sent: a page, nothing else.
async fn assert_useless(bed: &TestBed, targets: &[String], forms: &[(&str, &[(&str, &str)])]) {
    for victim in victims(bed).await {
        let before = (bed.ledger(), bed.form.resumed(), bed.upstream.resumed());
        for target in targets {
            let mut browser = victim.clone();
            let page = browser.get(target).await;
            assert_useless_page(&page);
            assert_eq!(browser.cookies(), victim.cookies(), "{target}");
        }
        for (target, form) in forms {
            let mut browser = victim.clone();
            let page = browser.post(target, form).await;
            assert_useless_page(&page);
            assert_eq!(browser.cookies(), victim.cookies(), "{target}");
        }
        let after = (bed.ledger(), bed.form.resumed(), bed.upstream.resumed());
        assert_eq!(before, after);
    }
}

fn assert_useless_page(page: &Page) {
    assert_error_page(page);
    assert!(page.headers.get("set-cookie").is_none());
}

/// Before and after the choice of a connector.
#[tokio::test]
async fn oa_30_a_flow_at_the_chooser_or_the_login_form_is_of_no_use_elsewhere() {
    let bed = bed(Manner::Redirect).await;
    let app = bed.app();
    let mut attacker = bed.browser();
    let (page, handle) = at_login(&app, &mut attacker).await;
    let targets = [
        format!("/id/auth/-?flow={handle}"),
        format!("/id/auth/form?flow={handle}"),
        format!("/id/auth/upstream?flow={handle}"),
        format!("/id/auth/form/login?flow={handle}"),
        format!("/id/approval?flow={handle}"),
        format!("/id/callback?state={handle}"),
        format!("/id/callback/form?state={handle}"),
    ];
    let credentials = [
        ("flow", &*handle),
        ("username", MALLORY.0),
        ("password", MALLORY.1),
    ];
    let own = [
        ("flow", &*handle),
        ("username", JANE.0),
        ("password", JANE.1),
    ];
    let approve = [("flow", &*handle), ("decision", "approve")];
    let forms: [(&str, &[(&str, &str)]); 3] = [
        ("/id/auth/form/login", &credentials),
        ("/id/auth/form/login", &own),
        ("/id/approval", &approve),
    ];
    assert_useless(&bed, &targets, &forms).await;
    let page = app.log_in(&mut attacker, &page, MALLORY).await;
    let page = app.decide(&mut attacker, &page, "approve").await;
    assert!(page.location_param("code").is_some());
}

/// After the password, before the approval.
#[tokio::test]
async fn oa_30_a_flow_that_waits_for_approval_is_of_no_use_elsewhere() {
    let bed = bed(Manner::Redirect).await;
    let app = bed.app();
    let mut attacker = bed.browser();
    let (page, handle) = at_consent(&app, &mut attacker, MALLORY).await;
    let targets = [format!("/id/approval?flow={handle}")];
    let approve = [("flow", &*handle), ("decision", "approve")];
    let deny = [("flow", &*handle), ("decision", "deny")];
    let forms: [(&str, &[(&str, &str)]); 2] = [("/id/approval", &approve), ("/id/approval", &deny)];
    assert_useless(&bed, &targets, &forms).await;
    let page = app.decide(&mut attacker, &page, "approve").await;
    assert!(page.location_param("code").is_some());
}

/// On the way back from the upstream, by redirect and by posted form.
#[tokio::test]
async fn oa_30_a_flow_on_its_way_back_from_the_upstream_is_of_no_use_elsewhere() {
    for manner in [Manner::Redirect, Manner::PostForm] {
        let bed = bed(manner).await;
        let app = bed.app();
        let mut attacker = bed.browser();
        let url = app.authorization_url(&[("connector_id", Some("upstream"))]);
        let page = attacker.visit(&url).await;
        let handle = match manner {
            Manner::PostForm => page.hidden("RelayState"),
            _ => page.location_param("state"),
        };
        let handle = handle.unwrap();
        let answers = ["user=mallory", "user=jane", "error=access_denied"];
        let targets =
            answers.map(|answer| format!("/id/callback/upstream?state={handle}&{answer}"));
        let relayed = [("RelayState", &*handle), ("user", "mallory")];
        let stated = [("state", &*handle), ("user", "mallory")];
        let forms: [(&str, &[(&str, &str)]); 3] = [
            ("/id/callback/upstream", &relayed),
            ("/id/callback/upstream", &stated),
            ("/id/callback", &relayed),
        ];
        assert_useless(&bed, &targets, &forms).await;
        let page = match manner {
            Manner::PostForm => attacker.submit("/id/callback/upstream", &relayed).await,
            _ => attacker.visit(&targets[0]).await,
        };
        let page = app.decide(&mut attacker, &page, "approve").await;
        assert!(page.location_param("code").is_some(), "{}", page.body);
    }
}

/// The victim's own flow does not take the answer that belongs to another one's.
#[tokio::test]
async fn oa_30_a_cookie_does_not_open_under_another_handle() {
    let bed = bed(Manner::Redirect).await;
    let app = bed.app();
    let mut attacker = bed.browser();
    let (_, handle) = at_consent(&app, &mut attacker, MALLORY).await;
    let mut victim = bed.browser();
    let (page, own) = at_login(&app, &mut victim).await;
    let name = |browser: &Browser, handle: &str| {
        let mut names = browser.cookies().keys();
        names.find(|name| name.ends_with(handle)).unwrap().clone()
    };
    let planted = attacker.cookies()[&name(&attacker, &handle)].clone();
    let mut confused = victim.clone();
    confused.set_cookie(&name(&victim, &own), Some(&planted));
    let before = bed.ledger();
    assert_error_page(&confused.get(&format!("/id/approval?flow={own}")).await);
    assert_error_page(&app.log_in(&mut confused, &page, JANE).await);
    assert_eq!(bed.ledger(), before);
    let page = app.log_in(&mut victim, &page, JANE).await;
    assert!(page.body.contains("value=\"approve\""));
}
