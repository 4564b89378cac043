//! An issuer with everything a test looks at: clock, ledger of signatures and records, scripted
//! connectors, three clients.

use std::sync::Arc;

use super::{
    Browser, CountingStorage, FaultyStorage, Manner, ManualClock, RecordingEvents, RecordingSigner,
    RelyingParty, ScriptedConnector, SeededEntropy,
};
use crate::{
    client::Client,
    clock::UnixTime,
    config::IssuerConfig,
    crypto::AwsLcBackend,
    event::EventSink,
    http::IssuerService,
    issuer::{Issuer, IssuerBuilder, RegisteredConnector},
    jose::SigningAlgorithm,
    protocol::{ClientId, ConnectorId, IssuerUrl, RedirectUri},
    seal::{Sealer, SealingKeys},
    secret::{Secret, Secret32},
    signer::{LocalSigner, LocalSignerParts},
    storage::Storage,
};

/// The redirect URI of the confidential client.
pub const APP: &str = "https://app.example/cb";
/// The redirect URI of the public client.
pub const CLI: &str = "http://127.0.0.1/cb";
/// The redirect URI of the other confidential client.
pub const OTHER: &str = "https://other.example/cb?tenant=1";
/// The secret of the confidential client.
pub const APP_SECRET: &str = "app-secret-0123456789-0123456789-0123456789";
/// The secret of the other confidential client.
pub const OTHER_SECRET: &str = "other-secret-0123456789-0123456789-01234";

/// Keeps the signer's randomness apart from the issuer's.
const SIGNER_SEED: u64 = 1 << 63;

/// An issuer under test.
///
/// Clients: `app` (confidential, PKCE not demanded), `cli` (public), `other` (confidential).
/// Connectors: `form` (credentials) and, if asked for, `upstream` (redirect); both know `jane`.
#[derive(Debug)]
#[non_exhaustive]
pub struct TestBed {
    /// The service over the issuer.
    pub service: IssuerService,
    /// Counts reads and writes; the issuer uses this.
    pub storage: Arc<CountingStorage>,
    /// Breaks the storage on demand.
    pub faults: Arc<FaultyStorage>,
    /// The issuer's clock.
    pub clock: ManualClock,
    /// Counts signatures.
    pub signer: Arc<RecordingSigner>,
    /// Keeps the issuer's events.
    pub events: Arc<RecordingEvents>,
    /// The connector `form`.
    pub form: Arc<ScriptedConnector>,
    /// The connector `upstream`.
    pub upstream: Arc<ScriptedConnector>,
}

/// What was issued so far: signatures, and records written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ledger {
    /// Signatures made.
    pub signatures: u64,
    /// Records inserted, replaced and removed.
    pub writes: u64,
}

/// How a [`TestBed`] differs from the plain one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TestBedOptions {
    /// Lifetimes and policies.
    pub config: IssuerConfig,
    /// The issuer URL.
    pub url: String,
    /// Whether the second connector is there.
    pub two_connectors: bool,
    /// How the second connector talks.
    pub manner: Manner,
    /// Whether clients skip consent.
    pub skip_consent: bool,
    /// What becomes of each client's registration.
    pub registration: fn(Client) -> Client,
    /// What the issuer's randomness derives from. Two replicas on one store need two seeds.
    pub entropy_seed: u64,
}

impl Default for TestBedOptions {
    fn default() -> Self {
        Self {
            // One signature of it costs little, so that races are races of storage.
            config: IssuerConfig::default().with_signing_algorithm(SigningAlgorithm::Es256),
            url: "https://issuer.example/id".to_owned(),
            two_connectors: false,
            manner: Manner::Redirect,
            skip_consent: false,
            registration: std::convert::identity,
            entropy_seed: 7,
        }
    }
}

impl TestBed {
    /// Opens an issuer on `storage`.
    ///
    /// # Panics
    ///
    /// If the issuer does not open.
    pub async fn open(storage: Arc<dyn Storage>) -> Self {
        Self::open_with(storage, TestBedOptions::default()).await
    }

    /// Opens an issuer with options.
    ///
    /// # Panics
    ///
    /// If the issuer does not open.
    #[expect(clippy::expect_used, reason = "a test without an issuer cannot go on")]
    pub async fn open_with(storage: Arc<dyn Storage>, options: TestBedOptions) -> Self {
        Self::try_open(storage, options)
            .await
            .expect("the issuer opens")
    }

    async fn try_open(
        storage: Arc<dyn Storage>,
        options: TestBedOptions,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let faults = Arc::new(FaultyStorage::new(storage));
        let storage = Arc::new(CountingStorage::new(Arc::clone(&faults) as Arc<dyn Storage>));
        let clock = ManualClock::new(UnixTime::from_secs(1_900_000_000));
        let form = Arc::new(ScriptedConnector::new(Manner::Credentials).with_jane());
        let upstream = Arc::new(ScriptedConnector::new(options.manner).with_jane());
        let signer = Self::signer(&storage, &clock, &options).await?;
        let events = Arc::new(RecordingEvents::default());
        let url = IssuerUrl::parse(&options.url)?;
        let mut builder = Issuer::builder(url)
            .with_storage(Arc::clone(&storage) as Arc<dyn Storage>)
            .with_sealing_keys(sealing_keys()?)
            .with_signer(Arc::clone(&signer) as Arc<dyn crate::signer::Signer>)
            .with_entropy(Arc::new(SeededEntropy::new(options.entropy_seed)))
            .with_clock(Arc::new(clock.clone()))
            .with_events(Arc::clone(&events) as Arc<dyn EventSink>)
            .with_config(options.config.clone())
            .with_connector(registered("form", "Directory", &form)?);
        if options.two_connectors {
            builder = builder.with_connector(registered("upstream", "Upstream", &upstream)?);
        }
        let issuer = Self::clients(builder, &options)?.open().await?;
        storage.reset();
        Ok(Self {
            service: IssuerService::new(issuer)?,
            storage,
            faults,
            clock,
            signer,
            events,
            form,
            upstream,
        })
    }

    async fn signer(
        storage: &Arc<CountingStorage>,
        clock: &ManualClock,
        options: &TestBedOptions,
    ) -> Result<Arc<RecordingSigner>, Box<dyn std::error::Error>> {
        let tag = IssuerUrl::parse(&options.url)?.tag();
        let crypto = Arc::new(AwsLcBackend);
        let entropy = Arc::new(SeededEntropy::new(options.entropy_seed ^ SIGNER_SEED));
        let sealer = Sealer::new(&sealing_keys()?, tag, crypto.clone(), entropy);
        let parts = LocalSignerParts::new(
            Arc::clone(storage) as Arc<dyn Storage>,
            Arc::new(sealer),
            crypto,
            Arc::new(clock.clone()),
            tag,
        )
        .with_algorithms(vec![options.config.signing_algorithm]);
        let local = LocalSigner::open(parts).await?;
        Ok(Arc::new(RecordingSigner::new(Arc::new(local))))
    }

    fn clients(
        builder: IssuerBuilder,
        options: &TestBedOptions,
    ) -> Result<IssuerBuilder, Box<dyn std::error::Error>> {
        let uri = |text: &str| RedirectUri::parse(text);
        let app = Client::confidential(
            ClientId::parse("app")?,
            &Secret::new(APP_SECRET),
            vec![uri(APP)?],
        )?;
        let other = Client::confidential(
            ClientId::parse("other")?,
            &Secret::new(OTHER_SECRET),
            vec![uri(OTHER)?],
        )?;
        let cli = Client::public(ClientId::parse("cli")?, vec![uri(CLI)?]);
        Ok([app, other, cli]
            .into_iter()
            .map(|client| client.with_skip_consent(options.skip_consent))
            .map(options.registration)
            .fold(builder, IssuerBuilder::with_client))
    }

    /// The confidential client.
    #[must_use]
    pub fn app(&self) -> RelyingParty {
        RelyingParty::new(&self.service, "app", Some(APP_SECRET), APP)
    }

    /// The public client.
    #[must_use]
    pub fn cli(&self) -> RelyingParty {
        RelyingParty::new(&self.service, "cli", None, CLI)
    }

    /// The other confidential client.
    #[must_use]
    pub fn other(&self) -> RelyingParty {
        RelyingParty::new(&self.service, "other", Some(OTHER_SECRET), OTHER)
    }

    /// A fresh user agent.
    #[must_use]
    pub fn browser(&self) -> Browser {
        Browser::new(&self.service)
    }

    /// The issuer.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        self.service.issuer()
    }

    /// What was issued so far; equal ledgers before and after mean that nothing was issued.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        Ledger {
            signatures: self.signer.signatures(),
            writes: self.storage.writes(),
        }
    }
}

fn sealing_keys() -> Result<SealingKeys, Box<dyn std::error::Error>> {
    // Not a repeated byte, which is refused as a placeholder.
    let key = *b"0123456789abcdefghijklmnopqrstuv";
    Ok(SealingKeys::new(vec![Secret32::from_bytes(key)])?)
}

fn registered(
    id: &str,
    name: &str,
    connector: &Arc<ScriptedConnector>,
) -> Result<RegisteredConnector, Box<dyn std::error::Error>> {
    let connector = Arc::clone(connector) as Arc<dyn crate::connector::Connector>;
    Ok(RegisteredConnector::new(
        ConnectorId::parse(id)?,
        name,
        connector,
    ))
}
