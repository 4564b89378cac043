//! What stands before the issuer's service: the peer's address, `/healthz`, a time limit, a log.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use tokio::time::timeout;
use tower_service::Service;

/// Where health is asked: at the root, whatever the issuer's path.
pub const HEALTH_PATH: &str = "/healthz";

/// Longest time for one request: past the ten seconds that an upstream may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest time for the answer to a question for health.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// Whether the issuer can do its work, such as: does its store answer.
pub type Health = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// A service with what a server adds to it.
#[derive(Clone)]
pub struct Front<S> {
    service: S,
    health: Health,
}

impl<S> Front<S> {
    /// Stands before `service`; `health` answers `/healthz`.
    #[must_use]
    pub fn new(service: S, health: Health) -> Self {
        Self { service, health }
    }

    pub(super) fn for_peer(&self, peer: SocketAddr) -> FrontFor<S>
    where
        S: Clone,
    {
        FrontFor {
            front: self.clone(),
            peer,
        }
    }
}

impl<S> fmt::Debug for Front<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Front")
    }
}

/// The service for one connection.
pub(super) struct FrontFor<S> {
    front: Front<S>,
    peer: SocketAddr,
}

impl<S, B> hyper::service::Service<Request<Incoming>> for FrontFor<S>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
    B: Send + 'static,
{
    type Response = Response<Either<B, Full<Bytes>>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        if request.uri().path() == HEALTH_PATH {
            let asked = (self.front.health)();
            return Box::pin(async move {
                let healthy = timeout(HEALTH_TIMEOUT, asked).await.unwrap_or(false);
                Ok(if healthy {
                    plain(StatusCode::OK, "ok\n")
                } else {
                    plain(StatusCode::SERVICE_UNAVAILABLE, "unhealthy\n")
                })
            });
        }
        let peer = self.peer;
        request.extensions_mut().insert(peer);
        // The path alone: a query may hold codes.
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let mut service = self.front.service.clone();
        Box::pin(async move {
            let start = Instant::now();
            let answered = timeout(REQUEST_TIMEOUT, service.call(request)).await;
            let response = match answered {
                Ok(Ok(response)) => response.map(Either::Left),
                Ok(Err(never)) => match never {},
                Err(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "this took too long\n"),
            };
            tracing::debug!(
                %peer,
                %method,
                path = path.get(..256).unwrap_or(&path),
                status = response.status().as_u16(),
                milliseconds = start.elapsed().as_millis(),
                "request"
            );
            Ok(response)
        })
    }
}

fn plain<B>(status: StatusCode, text: &'static str) -> Response<Either<B, Full<Bytes>>> {
    let mut response = Response::new(Either::Right(Full::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, text);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
