//! Responses: every one says how long it may be kept, and none says more than it must.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

use super::{ResponseBody, pages::HtmlPage};
use crate::protocol::ErrorCode;

pub(super) type Answer = Response<ResponseBody>;

fn response(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

/// JSON that must not be kept.
pub(super) fn json(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    response(status, "application/json", body)
}

/// Public JSON that may be kept for `max_age` seconds.
pub(super) fn public_json(body: impl Into<Bytes>, max_age: u32) -> Answer {
    let mut response = json(StatusCode::OK, body);
    let value = format!("public, max-age={max_age}, must-revalidate");
    if let Ok(value) = HeaderValue::from_str(&value) {
        response.headers_mut().insert(header::CACHE_CONTROL, value);
    }
    response
}

/// An OAuth error as JSON ([RFC 6749 section 5.2]).
///
/// [RFC 6749 section 5.2]: https://www.rfc-editor.org/rfc/rfc6749#section-5.2
pub(super) fn oauth_error(status: StatusCode, code: ErrorCode, description: &str) -> Answer {
    let body = serde_json::json!({
        "error": code.as_str(),
        "error_description": description,
    });
    json(status, body.to_string())
}

/// Plain text, for what cannot be said on a page.
pub(super) fn text(status: StatusCode, body: &'static str) -> Answer {
    response(status, "text/plain; charset=utf-8", body)
}

/// A page.
pub(super) fn page(status: StatusCode, page: HtmlPage) -> Answer {
    let mut response = response(status, "text/html; charset=utf-8", "");
    for (name, value) in page.headers() {
        if let Ok(value) = HeaderValue::from_str(value) {
            let name = HeaderName::from_static(name);
            response.headers_mut().insert(name, value);
        }
    }
    *response.body_mut() = Full::new(page.into_html().into());
    response
}

/// A redirect that becomes a GET ([RFC 9700 section 4.12]: never 307 for what followed a form).
///
/// [RFC 9700 section 4.12]: https://www.rfc-editor.org/rfc/rfc9700#section-4.12
pub(super) fn see_other(location: &str) -> Option<Answer> {
    let mut response = response(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", "");
    let location = HeaderValue::from_str(location).ok()?;
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location);
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    Some(response)
}
