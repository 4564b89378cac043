//! A user agent without a screen: keeps cookies, reads forms, follows nothing on its own.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use tower_service::Service;
use url::form_urlencoded;

use crate::http::IssuerService;

/// What the issuer answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Page {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as text.
    pub body: String,
}

impl Page {
    /// Where the answer redirects to, if it does.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.headers.get(header::LOCATION)?.to_str().ok()
    }

    /// A parameter of the query or fragment of the address that the answer redirects to.
    #[must_use]
    pub fn location_param(&self, name: &str) -> Option<String> {
        let location = self.location()?;
        let (_, params) = location.split_once(['?', '#'])?;
        form_urlencoded::parse(params.as_bytes())
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
    }

    /// The value of a hidden field of the page's form.
    #[must_use]
    pub fn hidden(&self, name: &str) -> Option<String> {
        let start = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.body.split_once(&start)?;
        let (value, _) = rest.split_once('"')?;
        Some(unescape(value))
    }

    /// Where the page's form goes.
    #[must_use]
    pub fn action(&self) -> Option<String> {
        let (_, rest) = self.body.split_once("action=\"")?;
        Some(unescape(rest.split_once('"')?.0))
    }

    /// The body as JSON; null if it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

fn unescape(text: &str) -> String {
    text.replace("&#x2f;", "/")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// A user agent with its cookies.
#[derive(Clone, Debug)]
pub struct Browser {
    service: IssuerService,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// A fresh user agent.
    #[must_use]
    pub fn new(service: &IssuerService) -> Self {
        Self {
            service: service.clone(),
            cookies: BTreeMap::new(),
        }
    }

    /// The cookies that it holds.
    #[must_use]
    pub const fn cookies(&self) -> &BTreeMap<String, String> {
        &self.cookies
    }

    /// Sets or, with `None`, forgets a cookie.
    pub fn set_cookie(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.cookies.insert(name.to_owned(), value.to_owned()),
            None => self.cookies.remove(name),
        };
    }

    /// Opens an address: absolute, or a path of the issuer's host.
    pub async fn get(&mut self, url: &str) -> Page {
        self.send(Method::GET, url, None).await
    }

    /// Sends a form.
    pub async fn post(&mut self, url: &str, form: &[(&str, &str)]) -> Page {
        self.send(Method::POST, url, Some(encode(form))).await
    }

    /// Opens an address and follows redirects that stay at the issuer.
    pub async fn visit(&mut self, url: &str) -> Page {
        let mut page = self.get(url).await;
        while let Some(next) = self.own_redirect(&page) {
            page = self.get(&next).await;
        }
        page
    }

    /// Sends a form and follows redirects that stay at the issuer.
    pub async fn submit(&mut self, url: &str, form: &[(&str, &str)]) -> Page {
        let mut page = self.post(url, form).await;
        while let Some(next) = self.own_redirect(&page) {
            page = self.get(&next).await;
        }
        page
    }

    fn own_redirect(&self, page: &Page) -> Option<String> {
        let location = page.location()?;
        let issuer = self.service.issuer().url().as_str();
        location
            .strip_prefix(issuer)
            .filter(|rest| rest.starts_with('/'))
            .map(|_| location.to_owned())
    }

    async fn send(&mut self, method: Method, url: &str, form: Option<String>) -> Page {
        let mut request = Request::builder()
            .method(method)
            .uri(path_of(url))
            .header(header::HOST, "ignored.test");
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        if form.is_some() {
            let origin = self.service.issuer().url().origin();
            request = request
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(header::ORIGIN, origin);
        }
        let body = Full::new(Bytes::from(form.unwrap_or_default()));
        let page = match request.body(body) {
            Ok(request) => call(&self.service, request).await,
            Err(error) => unsendable(&error),
        };
        for cookie in page.headers.get_all(header::SET_COOKIE) {
            self.keep(cookie.to_str().unwrap_or_default());
        }
        page
    }

    fn keep(&mut self, cookie: &str) {
        let mut parts = cookie.split("; ");
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        let gone = parts.any(|attribute| attribute == "Max-Age=0");
        self.set_cookie(name, (!gone).then_some(value));
    }
}

/// Sends any request to the service.
pub async fn call(service: &IssuerService, request: Request<Full<Bytes>>) -> Page {
    let mut service = service.clone();
    let response = match service.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let (head, body) = response.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(never) => match never {},
    };
    Page {
        status: head.status,
        headers: head.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

/// A request that no HTTP client could send either.
fn unsendable(error: &http::Error) -> Page {
    Page {
        status: StatusCode::BAD_REQUEST,
        headers: HeaderMap::new(),
        body: format!("not sent: {error}"),
    }
}

/// The fields as a query or form.
#[must_use]
pub fn encode(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

fn path_of(url: &str) -> &str {
    match url.find("://") {
        Some(at) => {
            let authority = &url[at + 3..];
            authority.find('/').map_or("/", |path| &authority[path..])
        }
        None => url,
    }
}
