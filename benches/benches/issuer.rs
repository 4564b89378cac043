//! Requests to the service in this process, on memory and on SQLite.

use std::{hint::black_box, sync::Arc};

use criterion::{BatchSize, BenchmarkGroup, Criterion, measurement::WallTime};
use oidc_benches::{BenchRequest, Error, Scene};
use oidc_core::{jose::SigningAlgorithm, storage::Storage};
use oidc_token_store::{MemoryStorage, sqlite::SqliteStorage};
use tokio::runtime::Runtime;

/// What the client asks for: as a portal does.
const SCOPE: &str = "openid profile email groups offline_access";

type Group<'a> = BenchmarkGroup<'a, WallTime>;

#[expect(
    clippy::expect_used,
    reason = "a figure of anything but the request itself would be wrong"
)]
fn bench(
    group: &mut Group<'_>,
    (runtime, scene): (&Runtime, &Scene),
    name: &str,
    request: impl Fn() -> Result<BenchRequest, Error>,
) {
    group.bench_function(name, |bencher| {
        bencher.iter_batched(
            || request().expect("a request to measure"),
            |request| black_box(runtime.block_on(scene.send(request))),
            BatchSize::SmallInput,
        );
    });
}

fn requests(
    criterion: &mut Criterion,
    runtime: &Runtime,
    (name, storage): (&str, Arc<dyn Storage>),
) -> Result<(), Error> {
    let scene = runtime.block_on(Scene::open(storage, SigningAlgorithm::Es256, SCOPE))?;
    let mut group = criterion.benchmark_group(name);
    let on = (runtime, &scene);
    let exchange = || runtime.block_on(scene.exchange());
    let exchanged = || -> Result<_, Error> { Ok(runtime.block_on(scene.send(exchange()?))) };
    bench(&mut group, on, "discovery", || scene.discovery());
    bench(&mut group, on, "jwks", || scene.jwks());
    bench(&mut group, on, "authorize", || scene.authorize());
    bench(&mut group, on, "exchange", exchange);
    bench(&mut group, on, "refresh", || scene.refresh(&exchanged()?));
    let answer = exchanged()?;
    bench(&mut group, on, "userinfo", || scene.userinfo(&answer));
    group.finish();
    Ok(())
}

fn main() -> Result<(), Error> {
    let mut criterion = Criterion::default().configure_from_args();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()?;
    let folder = tempfile::tempdir()?;
    let sqlite = SqliteStorage::open(folder.path().join("bench.db"))?;
    let memory = Arc::new(MemoryStorage::new());
    requests(&mut criterion, &runtime, ("memory", memory))?;
    requests(&mut criterion, &runtime, ("sqlite", Arc::new(sqlite)))?;
    criterion.final_summary();
    Ok(())
}
