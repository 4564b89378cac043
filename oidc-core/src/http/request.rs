//! A request as the endpoints see it: bounded before anything looks at it.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, header, request};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// Largest request body in bytes: a form with a long `state` is far below.
pub const MAX_BODY: usize = 64 * 1024;
/// All header names and values together, in bytes: four flow cookies and what proxies add.
pub const MAX_HEADERS: usize = 32 * 1024;
/// Longest path and query in bytes.
pub const MAX_URI: usize = 8 * 1024;

/// A whole request, within its bounds.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) head: request::Parts,
    pub(super) body: Bytes,
}

/// A bound that a request broke.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum TooMuch {
    Uri,
    Headers,
    Body,
    /// The body did not arrive whole.
    Broken,
}

/// Reads a request within its bounds.
pub(super) async fn read<B>(request: Request<B>) -> Result<Call, TooMuch>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (head, body) = request.into_parts();
    let uri = head
        .uri
        .path_and_query()
        .map_or(0, |text| text.as_str().len());
    if uri > MAX_URI {
        return Err(TooMuch::Uri);
    }
    let headers: usize = head
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if headers > MAX_HEADERS {
        return Err(TooMuch::Headers);
    }
    let collected = Limited::new(body, MAX_BODY).collect().await;
    let body = collected.map_err(|error| {
        if error.is::<LengthLimitError>() {
            TooMuch::Body
        } else {
            TooMuch::Broken
        }
    })?;
    Ok(Call {
        head,
        body: body.to_bytes(),
    })
}

impl Call {
    pub(super) fn is_post(&self) -> bool {
        self.head.method == Method::POST
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The raw query; empty if there is none.
    pub(super) fn query(&self) -> &str {
        self.head.uri.query().unwrap_or_default()
    }

    /// Whether the body says it is a form, in UTF-8 or without a charset.
    pub(super) fn is_form(&self) -> bool {
        let mut values = self.headers().get_all(header::CONTENT_TYPE).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return false;
        };
        let Ok(text) = value.to_str() else {
            return false;
        };
        let mut parts = text.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default();
        essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
            && parts.all(|part| part.eq_ignore_ascii_case("charset=utf-8"))
    }

    /// Whether a browser says that another site made it send this.
    pub(super) fn is_cross_origin(&self, own: &str) -> bool {
        self.headers()
            .get_all(header::ORIGIN)
            .iter()
            .any(|origin| origin.as_bytes() != own.as_bytes())
    }
}
