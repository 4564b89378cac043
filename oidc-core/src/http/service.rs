//! [`IssuerService`]: from route to step or endpoint, and back to a response.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::Full;
use tower_service::Service;

use super::{
    cookie::Cookies,
    front,
    pages::Pages,
    request::{self, Call, TooMuch},
    response::{self, Answer},
    route::Route,
    tokens,
};
use crate::{endpoint::jwks, issuer::Issuer, protocol::ErrorCode};

/// The body of every response: known whole.
pub type ResponseBody = Full<Bytes>;

/// An issuer as a [`tower_service::Service`] over any HTTP server.
///
/// It answers full paths (RFC 8414's document of an issuer with a path lies outside that path):
/// mount it at the root of the issuer's host. It never fails; what is wrong becomes a response.
/// The issuer URL is configuration: `Host` and forwarding headers are not looked at.
#[derive(Clone, Debug)]
pub struct IssuerService {
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) issuer: Issuer,
    pub(super) pages: Arc<dyn Pages>,
    pub(super) cookies: Cookies,
    metadata: Bytes,
}

impl IssuerService {
    /// A service with the default pages.
    ///
    /// # Errors
    ///
    /// [`PagesError`](super::pages::PagesError) never for the templates of this crate.
    #[cfg(feature = "pages")]
    pub fn new(issuer: Issuer) -> Result<Self, super::pages::PagesError> {
        let pages = super::pages::MinijinjaPages::new()?;
        Ok(Self::with_pages(issuer, Arc::new(pages)))
    }

    /// A service with these pages.
    #[must_use]
    pub fn with_pages(issuer: Issuer, pages: Arc<dyn Pages>) -> Self {
        let metadata = serde_json::to_vec(&issuer.parts().metadata).unwrap_or_default();
        Self {
            inner: Arc::new(Inner {
                cookies: Cookies::new(issuer.url()),
                issuer,
                pages,
                metadata: metadata.into(),
            }),
        }
    }

    /// The issuer behind the service.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.inner.issuer
    }
}

impl<B> Service<Request<B>> for IssuerService
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move { Ok(inner.answer(request).await) })
    }
}

impl Inner {
    async fn answer<B>(&self, request: Request<B>) -> Answer
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let Some(route) = Route::find(self.issuer.url(), request.uri().path()) else {
            return response::text(StatusCode::NOT_FOUND, "There is nothing here.\n");
        };
        if !route.methods().contains(request.method()) {
            return method_not_allowed(&route);
        }
        match request::read(request).await {
            Ok(call) => self.dispatch(&route, &call).await,
            Err(broken) => too_much(&route, broken),
        }
    }

    async fn dispatch(&self, route: &Route, call: &Call) -> Answer {
        match route {
            Route::Metadata => response::public_json(self.metadata.clone(), jwks::MAX_AGE),
            Route::Jwks => match jwks::jwks(&self.issuer).await {
                Ok(set) => response::public_json(set, jwks::MAX_AGE),
                Err(error) => tokens::unavailable(&error),
            },
            Route::Token => tokens::token(&self.issuer, call).await,
            Route::UserInfo => tokens::userinfo(&self.issuer, call).await,
            _ => front::answer(self, route, call).await,
        }
    }
}

fn method_not_allowed(route: &Route) -> Answer {
    let allow: Vec<_> = route.methods().iter().map(Method::as_str).collect();
    let status = StatusCode::METHOD_NOT_ALLOWED;
    let mut answer = if route.is_for_programs() {
        response::oauth_error(status, ErrorCode::InvalidRequest, "use another HTTP method")
    } else {
        response::text(status, "This address answers other HTTP methods.\n")
    };
    if let Ok(value) = HeaderValue::from_str(&allow.join(", ")) {
        answer.headers_mut().insert(header::ALLOW, value);
    }
    answer
}

fn too_much(route: &Route, broken: TooMuch) -> Answer {
    let (status, what) = match broken {
        TooMuch::Uri => (StatusCode::URI_TOO_LONG, "the address is too long\n"),
        TooMuch::Headers => (
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "the headers are too large\n",
        ),
        TooMuch::Body => (StatusCode::PAYLOAD_TOO_LARGE, "the body is too large\n"),
        TooMuch::Broken => (StatusCode::BAD_REQUEST, "the body did not arrive whole\n"),
    };
    if route.is_for_programs() {
        response::oauth_error(status, ErrorCode::InvalidRequest, what.trim_end())
    } else {
        response::text(status, what)
    }
}
