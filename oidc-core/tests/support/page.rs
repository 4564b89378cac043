//! What an error page of the issuer must be.

use oidc_core::conformance::Page;

/// Asserts `PAGE400`: a page of ours, no way on to anywhere, nothing kept by caches.
pub(crate) fn assert_error_page(page: &Page) {
    assert_eq!(page.status, 400, "{}", page.body);
    assert_eq!(page.location(), None);
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers["cache-control"], "no-store");
}
