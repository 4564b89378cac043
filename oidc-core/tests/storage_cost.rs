//! What requests cost the store, counted: nothing for strangers, three round trips for tokens,
//! however much is stored.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/page.rs"]
mod page;
mod support;

use std::{collections::BTreeMap, ops::Range, sync::Arc, time::Duration};

use oidc_core::{
    conformance::{Browser, Counts, Page, TestBed, TestBedOptions},
    storage::{Inserted, Key, Kind, Record, Scan, Storage},
};
use oidc_token_store::sqlite::SqliteStorage;

use page::assert_error_page;
use support::{assert_redirected, memory};

/// Every store under test, by name.
fn stores(folder: &tempfile::TempDir) -> Vec<(&'static str, Arc<dyn Storage>)> {
    let sqlite = SqliteStorage::open(folder.path().join("store.db")).unwrap();
    vec![("memory", memory()), ("sqlite", Arc::new(sqlite))]
}

/// How many records of each kind there are.
async fn census(bed: &TestBed, storage: &dyn Storage) -> BTreeMap<&'static str, usize> {
    let tag = bed.issuer().url().tag();
    let mut census = BTreeMap::new();
    for kind in Kind::ALL {
        let mut scan = Scan::new(tag, kind);
        loop {
            let page = storage.scan(&scan).await.unwrap();
            *census.entry(kind.as_str()).or_default() += page.records.len();
            match page.next {
                Some(next) => scan = Scan::new(tag, kind).after(next),
                None => break,
            }
        }
    }
    census
}

/// What the store was asked since the last call.
fn counted(bed: &TestBed) -> Counts {
    let counts = bed.storage.counts();
    bed.storage.reset();
    counts
}

/// So many batched reads and writes, and no other call of any kind.
fn assert_cost(counts: Counts, gets: u64, writes: u64, what: &str) {
    assert_eq!(counts.gets, gets, "reads of {what}: {counts:?}");
    assert_eq!(counts.writes(), writes, "writes of {what}: {counts:?}");
    assert_eq!(counts.round_trips(), gets + writes, "{what}: {counts:?}");
}

fn assert_login_form(page: &Page) {
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("name=\"password\""));
}

/// 10,000 requests of user agents that nobody knows: no write, no record, no signature.
#[tokio::test]
async fn strangers_write_nothing() {
    const REQUESTS: usize = 10_000;
    let storage = memory();
    let mut options = TestBedOptions::default();
    options.two_connectors = true;
    let bed = TestBed::open_with(Arc::clone(&storage), options).await;
    let (app, cli) = (bed.app(), bed.cli());
    let records = census(&bed, &*storage).await;
    let before = bed.ledger();
    let mut requests = 0;
    while requests < REQUESTS {
        let mut browser = bed.browser();
        let chooser = browser.get(&app.authorization_url(&[])).await;
        assert!(chooser.body.contains("Upstream"), "{}", chooser.body);
        let handle = handle_of(&browser);
        let form = browser.get(&format!("/id/auth/form?flow={handle}")).await;
        assert_login_form(&form);
        let wrong = app.log_in(&mut browser, &form, ("jane", "wrong")).await;
        assert_eq!(wrong.status, 401);
        let reload = format!("/id/auth/form/login?flow={handle}");
        assert_login_form(&browser.get(&reload).await);
        let through = [("connector_id", Some("form"))];
        assert_login_form(&browser.get(&cli.authorization_url(&through)).await);
        let away = [("connector_id", Some("upstream"))];
        let page = browser.get(&app.authorization_url(&away)).await;
        assert!(
            page.location()
                .unwrap()
                .starts_with("https://upstream.test/")
        );
        let passive = [("prompt", Some("none")), ("state", Some("kept"))];
        let page = browser.get(&app.authorization_url(&passive)).await;
        assert_redirected(&page, &app.redirect_uri, "login_required", "kept");
        let bad = [("scope", Some("openid unknown")), ("state", Some("kept"))];
        let page = browser.get(&app.authorization_url(&bad)).await;
        assert_redirected(&page, &app.redirect_uri, "invalid_scope", "kept");
        let unknown = [("client_id", Some("nobody"))];
        assert_error_page(&browser.get(&app.authorization_url(&unknown)).await);
        assert_error_page(
            &browser
                .get("/id/approval?flow=AAAAAAAAAAAAAAAAAAAAAA")
                .await,
        );
        requests += 10;
    }
    assert_eq!(bed.ledger(), before);
    assert_eq!(census(&bed, &*storage).await, records);
    let through = [("connector_id", Some("form"))];
    let page = app.answered(&mut bed.browser(), &through).await;
    let code = page.location_param("code").unwrap();
    assert!(app.exchange(&code).await.is_success());
}

/// The handle of the newest flow of the user agent that has one flow.
fn handle_of(browser: &Browser) -> String {
    let mut names = browser.cookies().keys();
    let name = names.find(|name| name.contains("oidc-flow-")).unwrap();
    name[name.len() - 22..].to_owned()
}

/// What each step after a login costs.
async fn costs(bed: &TestBed) -> BTreeMap<&'static str, Counts> {
    let mut costs = BTreeMap::new();
    let app = bed.app();
    let mut browser = bed.browser();
    app.answered(&mut browser, &[]).await;
    counted(bed);
    let passive = app.authorization_url(&[("prompt", Some("none"))]);
    let code = browser.get(&passive).await.location_param("code").unwrap();
    costs.insert("authorize with a session", counted(bed));
    let tokens = app.exchange(&code).await;
    costs.insert("exchange", counted(bed));
    assert!(tokens.is_success(), "{}", tokens.0.body);
    let refreshed = app.refresh(&tokens.refresh_token()).await;
    costs.insert("refresh", counted(bed));
    assert!(refreshed.is_success(), "{}", refreshed.0.body);
    let again = app.refresh(&tokens.refresh_token()).await;
    costs.insert("refresh given again", counted(bed));
    assert_eq!(again.refresh_token(), refreshed.refresh_token());
    let page = app.userinfo(&refreshed.access_token()).await;
    costs.insert("userinfo", counted(bed));
    assert_eq!(page.status, 200);
    bed.clock.advance(Duration::from_secs(5));
    let retried = app.exchange(&code).await;
    costs.insert("exchange retried", counted(bed));
    assert_eq!(retried.0.status, 400);
    costs
}

/// Copies of a stored grant, with these numbers; written side by side, since a store on a disk
/// syncs once for all that wait.
async fn fill(bed: &TestBed, storage: &Arc<dyn Storage>, numbers: Range<usize>) {
    const SIDE_BY_SIDE: usize = 500;
    let tag = bed.issuer().url().tag();
    bed.app().sign_in().await;
    let page = storage.scan(&Scan::new(tag, Kind::Grant)).await.unwrap();
    let record = Record::new(page.records[0].1.body.clone());
    for start in numbers.clone().step_by(SIDE_BY_SIDE) {
        let end = numbers.end.min(start + SIDE_BY_SIDE);
        let writes: Vec<_> = (start..end)
            .map(|number| {
                let key = Key::new(tag, Kind::Grant, format!("copy-{number:017}"));
                let (storage, record) = (Arc::clone(storage), record.clone());
                tokio::spawn(async move { storage.insert(&key, &record).await })
            })
            .collect();
        for write in writes {
            assert!(matches!(write.await.unwrap().unwrap(), Inserted::Yes(_)));
        }
    }
}

/// Exchange and refresh: exactly two batched reads and one write; UserInfo: two reads.
#[tokio::test]
async fn tokens_cost_two_reads_and_one_write() {
    let folder = tempfile::tempdir().unwrap();
    for (name, storage) in stores(&folder) {
        let bed = TestBed::open(storage).await;
        let costs = costs(&bed).await;
        for (what, gets, writes) in [
            ("exchange", 2, 1),
            ("refresh", 2, 1),
            ("refresh given again", 2, 0),
            ("userinfo", 2, 0),
            ("exchange retried", 1, 0),
        ] {
            assert_cost(costs[what], gets, writes, &format!("{what} on {name}"));
        }
        let exchange = costs["exchange"];
        assert_eq!(exchange.replaces, 1);
        assert_eq!((exchange.inserts, exchange.removes), (0, 0));
        // Client and grant; then user, session, consent and connector.
        assert_eq!(exchange.keys_read, 6);
        assert_eq!(costs["refresh"].keys_read, 6);
        // The grant is new, so it is inserted: the answer to a flow is one write.
        let authorize = costs["authorize with a session"];
        assert_eq!((authorize.inserts, authorize.writes()), (1, 1));
        assert_eq!(authorize.scans + authorize.lost + authorize.failed, 0);
    }
}

/// The same calls with 10 and with 10,000 grants of the same end user and client.
#[tokio::test]
async fn cost_does_not_grow_with_what_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    for (name, storage) in stores(&folder) {
        let bed = TestBed::open(Arc::clone(&storage)).await;
        fill(&bed, &storage, 0..10).await;
        let few = costs(&bed).await;
        fill(&bed, &storage, 10..10_000).await;
        assert!(census(&bed, &*storage).await["grant"] >= 10_000);
        assert_eq!(costs(&bed).await, few, "{name}");
    }
}
