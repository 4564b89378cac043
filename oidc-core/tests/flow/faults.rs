//! The store fails while a user agent is on its way: 503, and the same step works again.

use oidc_core::conformance::{
    Fault::{FailAfter, FailBefore, Pass},
    Manner, Page,
};

use crate::{JANE, at_consent, at_login, bed};

fn assert_unavailable(page: &Page) {
    assert_eq!(page.status, 503, "{}", page.body);
    assert_eq!(page.headers["retry-after"], "1");
    assert_eq!(page.location(), None);
}

/// Each call that a login makes fails once; the step that failed works when it is repeated.
#[tokio::test]
async fn a_login_that_met_a_failing_store_can_be_repeated() {
    let mut failures = 0;
    for failing in 0..12 {
        let bed = bed(Manner::Redirect).await;
        let app = bed.app();
        let mut browser = bed.browser();
        let (form, handle) = at_login(&app, &mut browser).await;
        let action = form.action().unwrap();
        let fields = [
            ("flow", handle.as_str()),
            ("username", JANE.0),
            ("password", JANE.1),
        ];
        let passing = std::iter::repeat_n(Pass, failing);
        bed.faults.script(passing.chain([FailBefore]));
        let mut page = browser.post(&action, &fields).await;
        if page.status == 503 {
            failures += 1;
            assert_unavailable(&page);
            page = browser.post(&action, &fields).await;
        }
        let consent = page.location().unwrap().to_owned();
        let mut page = browser.get(&consent).await;
        if page.status == 503 {
            failures += 1;
            assert_unavailable(&page);
            page = browser.get(&consent).await;
        }
        bed.faults.script([]);
        let page = app.decide(&mut browser, &page, "approve").await;
        let code = page.location_param("code").unwrap();
        assert!(app.exchange(&code).await.is_success());
    }
    assert!(failures >= 6, "{failures}");
}

/// Each call that an approval makes fails once; it can be given again, and gives one code.
#[tokio::test]
async fn an_approval_that_met_a_failing_store_can_be_repeated() {
    let mut failures = 0;
    for failing in 0..8 {
        let bed = bed(Manner::Redirect).await;
        let app = bed.app();
        let mut browser = bed.browser();
        let (consent, _) = at_consent(&app, &mut browser, JANE).await;
        let passing = std::iter::repeat_n(Pass, failing);
        bed.faults.script(passing.chain([FailBefore]));
        let mut page = app.decide(&mut browser, &consent, "approve").await;
        if page.status == 503 {
            failures += 1;
            assert_unavailable(&page);
            page = app.decide(&mut browser, &consent, "approve").await;
        }
        bed.faults.script([]);
        let code = page.location_param("code").unwrap();
        assert!(app.exchange(&code).await.is_success());
    }
    assert!(failures >= 3, "{failures}");
}

/// The grant is stored and the store's answer lost: the own insert is recognised, and the code is
/// the only one.
#[tokio::test]
async fn a_lost_answer_of_the_store_issues_the_one_code() {
    let bed = bed(Manner::Redirect).await;
    let app = bed.app();
    let mut browser = bed.browser();
    let (consent, _) = at_consent(&app, &mut browser, JANE).await;
    let mut before_it = browser.clone();
    bed.faults.script_writes([Pass, FailAfter]);
    let page = app.decide(&mut browser, &consent, "approve").await;
    let code = page.location_param("code").unwrap();
    let before = bed.ledger();
    let page = app.decide(&mut before_it, &consent, "approve").await;
    assert_eq!(page.status, 400);
    assert_eq!(bed.ledger(), before);
    assert!(app.exchange(&code).await.is_success());
}
