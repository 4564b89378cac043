//! Many at once, over HTTP, three replicas on one store, memory and SQLite: of everything that may
//! happen once, one happens.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::StatusCode;
use oidc_core::{
    claims::Subject,
    conformance::{
        Browser, Page, RelyingParty, SeededEntropy, TestBed, TestBedOptions, TokenAnswer,
    },
    grant::{AuthorizationCode, GrantId, RefreshPolicy, RefreshToken},
    identity::UpstreamSubject,
    protocol::{ConnectorId, ErrorCode},
    storage::{Key, Kind, Storage},
};
use oidc_token_store::{MemoryStorage, sqlite::SqliteStorage};
use tokio::sync::Barrier;

/// So many requests at once.
const PARALLEL: usize = 64;
/// So often.
const ROUNDS: usize = 50;
/// So many processes of the issuer on one store.
const REPLICAS: usize = 3;

/// Replicas of one issuer, and the store that they share.
struct Cluster {
    beds: Vec<TestBed>,
}

impl Cluster {
    async fn open(storage: &Arc<dyn Storage>, options: &TestBedOptions) -> Self {
        let mut beds = Vec::new();
        for replica in 0..REPLICAS {
            let mut options = options.clone();
            options.entropy_seed = 100 + replica as u64;
            beds.push(TestBed::open_with(Arc::clone(storage), options).await);
        }
        Self { beds }
    }

    fn app(&self, number: usize) -> RelyingParty {
        self.beds[number % REPLICAS].app()
    }

    fn advance(&self, seconds: u64) {
        for bed in &self.beds {
            bed.clock.advance(Duration::from_secs(seconds));
        }
    }

    fn revocations(&self) -> usize {
        self.beds.iter().map(|bed| bed.events.revocations()).sum()
    }

    /// A user agent that is signed in and has agreed: each visit gives a code.
    async fn signed_in(&self) -> Browser {
        let mut browser = self.beds[0].browser();
        self.app(0).answered(&mut browser, &[]).await;
        browser
    }

    /// A fresh code.
    async fn code(&self, browser: &mut Browser) -> String {
        let url = self.app(0).authorization_url(&[("prompt", Some("none"))]);
        let page = browser.get(&url).await;
        page.location_param("code").unwrap()
    }

    /// How often the refresh chain of a grant was rotated, by its record.
    async fn generation(&self, id: GrantId) -> u64 {
        let bed = &self.beds[0];
        let key = Key::new(bed.issuer().url().tag(), Kind::Grant, id.to_string());
        let found = bed.storage.get(&[key]).await.unwrap();
        let body = &found[0].as_ref().unwrap().body;
        let record: serde_json::Value = serde_json::from_slice(body).unwrap();
        record["refresh"]["chain"]["generation"].as_u64().unwrap()
    }
}

/// Runs `parallel` tasks that start together.
async fn at_once<T, F>(parallel: usize, task: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(parallel));
    let tasks: Vec<_> = (0..parallel)
        .map(|number| {
            let (barrier, task) = (Arc::clone(&barrier), task(number));
            tokio::spawn(async move {
                barrier.wait().await;
                task.await
            })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

async fn exchange_at_once(cluster: &Cluster, code: &str) -> Vec<TokenAnswer> {
    at_once(PARALLEL, |number| {
        let (app, code) = (cluster.app(number), code.to_owned());
        async move { app.exchange(&code).await }
    })
    .await
}

async fn refresh_at_once(cluster: &Cluster, token: &str) -> Vec<TokenAnswer> {
    at_once(PARALLEL, |number| {
        let (app, token) = (cluster.app(number), token.to_owned());
        async move { app.refresh(&token).await }
    })
    .await
}

/// The one success; all others are `invalid_grant`.
fn only_success(answers: Vec<TokenAnswer>) -> TokenAnswer {
    let (mut won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(TokenAnswer::is_success);
    assert_eq!(won.len(), 1);
    for answer in lost {
        answer.assert_error(ErrorCode::InvalidGrant);
    }
    won.remove(0)
}

async fn assert_userinfo(cluster: &Cluster, tokens: &TokenAnswer, status: u16) {
    let page = cluster.app(1).userinfo(&tokens.access_token()).await;
    assert_eq!(page.status, status, "{}", page.body);
}

fn options(retry_window: u64, grace: u64) -> TestBedOptions {
    let mut options = TestBedOptions::default();
    let mut policy = RefreshPolicy::default();
    policy.grace = Duration::from_secs(grace);
    options.config = options
        .config
        .with_code_retry_window(Duration::from_secs(retry_window))
        .with_refresh(policy);
    options
}

/// OA-01: one code, many redeemers, each of whom could be a thief.
async fn one_code_without_retry_window(storage: Arc<dyn Storage>) {
    let cluster = Cluster::open(&storage, &options(0, 30)).await;
    let mut browser = cluster.signed_in().await;
    for round in 1..=ROUNDS {
        let code = cluster.code(&mut browser).await;
        let tokens = only_success(exchange_at_once(&cluster, &code).await);
        assert!(cluster.revocations() >= round);
        let refreshed = cluster.app(2).refresh(&tokens.refresh_token()).await;
        refreshed.assert_error(ErrorCode::InvalidGrant);
        assert_userinfo(&cluster, &tokens, 401).await;
    }
}

/// OA-01: one code, many redeemers with the verifier: retries.
async fn one_code_with_retry_window(storage: Arc<dyn Storage>) {
    let cluster = Cluster::open(&storage, &options(10, 30)).await;
    let mut browser = cluster.signed_in().await;
    for _ in 0..ROUNDS {
        let code = cluster.code(&mut browser).await;
        let tokens = only_success(exchange_at_once(&cluster, &code).await);
        assert_userinfo(&cluster, &tokens, 200).await;
        let refreshed = cluster.app(2).refresh(&tokens.refresh_token()).await;
        assert!(refreshed.is_success(), "{}", refreshed.0.body);
    }
    assert_eq!(cluster.revocations(), 0);
}

/// OA-11 with grace 0: one success and a live family.
async fn one_refresh_token_without_grace(storage: Arc<dyn Storage>) {
    let cluster = Cluster::open(&storage, &options(10, 0)).await;
    let code = cluster.code(&mut cluster.signed_in().await).await;
    let grant_id = AuthorizationCode::parse(&code).unwrap().grant_id();
    let mut tokens = cluster.app(0).exchange(&code).await;
    for round in 1..=ROUNDS {
        let before = cluster.generation(grant_id).await;
        tokens = only_success(refresh_at_once(&cluster, &tokens.refresh_token()).await);
        assert_eq!(cluster.generation(grant_id).await, before + 1, "{round}");
        assert_userinfo(&cluster, &tokens, 200).await;
    }
    assert_eq!(cluster.revocations(), 0);
}

/// OA-11, OA-12 with grace 30 s: all get the same successor, and the chain moves on by one.
///
/// OA-10: a token two generations old then revokes the family.
async fn one_refresh_token_with_grace(storage: Arc<dyn Storage>) {
    let cluster = Cluster::open(&storage, &options(10, 30)).await;
    let code = cluster.code(&mut cluster.signed_in().await).await;
    let grant_id = AuthorizationCode::parse(&code).unwrap().grant_id();
    let first = cluster.app(0).exchange(&code).await;
    let mut older = first.refresh_token();
    let mut current = older.clone();
    let mut last = first;
    for round in 1..=ROUNDS {
        let answers = refresh_at_once(&cluster, &current).await;
        let successor = answers[0].refresh_token();
        for answer in &answers {
            assert!(answer.is_success(), "{}", answer.0.body);
            assert_eq!(answer.refresh_token(), successor);
        }
        assert_eq!(cluster.generation(grant_id).await, round as u64);
        older = std::mem::replace(&mut current, successor);
        last = answers.into_iter().last().unwrap();
        assert_userinfo(&cluster, &last, 200).await;
    }
    assert_eq!(cluster.revocations(), 0);
    let next = cluster.app(0).refresh(&current).await;
    assert!(next.is_success(), "{}", next.0.body);
    let stolen = refresh_at_once(&cluster, &older).await;
    for answer in stolen {
        answer.assert_error(ErrorCode::InvalidGrant);
    }
    assert!(cluster.revocations() >= 1);
    let dead = cluster.app(1).refresh(&next.refresh_token()).await;
    dead.assert_error(ErrorCode::InvalidGrant);
    assert_userinfo(&cluster, &last, 401).await;
}

/// OA-10: forged tokens of the right grant, among honest refreshes, change nothing.
async fn forged_among_honest(storage: Arc<dyn Storage>) {
    let cluster = Cluster::open(&storage, &options(10, 30)).await;
    let code = cluster.code(&mut cluster.signed_in().await).await;
    let grant_id = AuthorizationCode::parse(&code).unwrap().grant_id();
    let mut token = cluster.app(0).exchange(&code).await.refresh_token();
    for round in 1..=10 {
        let answers = at_once(PARALLEL, |number| {
            let app = cluster.app(number);
            let honest = number % 4 == 0;
            let shown = if honest {
                token.clone()
            } else {
                let seed = (round * PARALLEL + number) as u64;
                let forged = RefreshToken::draw(grant_id, &SeededEntropy::new(seed)).unwrap();
                forged.expose().to_string()
            };
            async move { (honest, app.refresh(&shown).await) }
        })
        .await;
        let mut successors = Vec::new();
        for (honest, answer) in answers {
            if honest {
                successors.push(answer.refresh_token());
            } else {
                answer.assert_error(ErrorCode::InvalidGrant);
            }
        }
        successors.dedup();
        assert_eq!(successors.len(), 1);
        token = successors.remove(0);
        assert_eq!(cluster.generation(grant_id).await, round as u64);
    }
    assert_eq!(cluster.revocations(), 0);
}

/// OA-32: one consent page, approved (and denied) many times at once.
async fn one_consent_page(storage: Arc<dyn Storage>) {
    const CLICKS: usize = 16;
    let cluster = Cluster::open(&storage, &options(10, 30)).await;
    for round in 0..20 {
        // In every other round half of the clicks say no.
        let denies = round % 2 == 1;
        let bed = &cluster.beds[round % REPLICAS];
        let app = bed.app();
        let mut browser = bed.browser();
        let asked = [("prompt", Some("login consent"))];
        let page = browser.visit(&app.authorization_url(&asked)).await;
        let page = app
            .log_in(&mut browser, &page, ("jane", "wonderland"))
            .await;
        let answers = at_once(CLICKS, |number| {
            let (app, mut browser, page) = (app.clone(), browser.clone(), page.clone());
            let no = denies && number % 2 == 1;
            let decision = if no { "deny" } else { "approve" };
            async move { app.decide(&mut browser, &page, decision).await }
        })
        .await;
        let (told, refused): (Vec<Page>, Vec<Page>) = answers
            .into_iter()
            .partition(|page| page.status == StatusCode::SEE_OTHER);
        assert_eq!(told.len(), 1, "one answer");
        for page in refused {
            assert_eq!(page.status, 400, "{}", page.body);
            assert_eq!(page.location(), None);
        }
        match told[0].location_param("code") {
            Some(code) => assert!(app.exchange(&code).await.is_success()),
            None => {
                assert!(denies);
                let error = told[0].location_param("error");
                assert_eq!(error.as_deref(), Some("access_denied"));
            }
        }
    }
}

/// How a grant is taken back.
#[derive(Clone, Copy, Debug)]
enum TakeBack {
    Grant,
    User,
    Everywhere,
}

impl TakeBack {
    async fn act(self, bed: &TestBed, grant_id: GrantId) {
        let form = ConnectorId::parse("form").unwrap();
        let jane = Subject::public(&form, &UpstreamSubject::parse("0-jane").unwrap());
        let admin = bed.issuer().administration();
        match self {
            Self::Grant => admin.revoke_grant(grant_id).await.unwrap(),
            Self::User => assert!(admin.set_user_blocked(&jane, true).await.unwrap()),
            Self::Everywhere => assert!(admin.sign_out_everywhere(&jane).await.unwrap()),
        }
    }
}

/// No request that starts after a revocation returned succeeds, whatever is under way. One token
/// serves for life here, so that all clients go on writing to the same grant.
async fn revocation_among_refreshes(storage: Arc<dyn Storage>) {
    const CLIENTS: usize = 12;
    let mut fixed = options(10, 30);
    fixed.config.refresh.rotate = false;
    let cluster = Cluster::open(&storage, &fixed).await;
    let form = ConnectorId::parse("form").unwrap();
    let jane = Subject::public(&form, &UpstreamSubject::parse("0-jane").unwrap());
    for how in [TakeBack::Grant, TakeBack::User, TakeBack::Everywhere].repeat(4) {
        let code = cluster.code(&mut cluster.signed_in().await).await;
        let grant_id = AuthorizationCode::parse(&code).unwrap().grant_id();
        let tokens = cluster.app(0).exchange(&code).await;
        let (revoked, successes) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicUsize::new(0)),
        );
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let app = cluster.app(number);
                let (refresh, access) = (tokens.refresh_token(), tokens.access_token());
                let (revoked, successes) = (Arc::clone(&revoked), Arc::clone(&successes));
                tokio::spawn(async move {
                    let mut late = 0;
                    while late < 2 {
                        // A store in memory never waits; the timer needs a thread, too.
                        tokio::task::yield_now().await;
                        let started_late = revoked.load(Ordering::SeqCst);
                        let succeeded = if number % 2 == 0 {
                            app.userinfo(&access).await.status == StatusCode::OK
                        } else {
                            app.refresh(&refresh).await.is_success()
                        };
                        assert!(!(started_late && succeeded), "a success after revocation");
                        late += u32::from(started_late);
                        successes.fetch_add(usize::from(succeeded), Ordering::SeqCst);
                    }
                })
            })
            .collect();
        while successes.load(Ordering::SeqCst) < CLIENTS {
            // At a new second the next refresh renews the record again.
            cluster.advance(1);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        how.act(&cluster.beds[2], grant_id).await;
        revoked.store(true, Ordering::SeqCst);
        for client in clients {
            client.await.unwrap();
        }
        let admin = cluster.beds[1].issuer().administration();
        admin.set_user_blocked(&jane, false).await.unwrap();
    }
}

macro_rules! on_each_store {
    ($($name:ident)*) => {
        mod memory {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                super::$name(Arc::new(MemoryStorage::new())).await;
            })*
        }

        mod sqlite {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                let folder = tempfile::tempdir().unwrap();
                let store = SqliteStorage::open(folder.path().join("store.db")).unwrap();
                super::$name(Arc::new(store)).await;
            })*
        }
    };
}

on_each_store! {
    one_code_without_retry_window
    one_code_with_retry_window
    one_refresh_token_without_grace
    one_refresh_token_with_grace
    forged_among_honest
    one_consent_page
    revocation_among_refreshes
}
