//! A finished page and the headers it must be sent with.

use std::fmt;
use std::sync::Arc;

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

/// What a page may load and run: nothing, but for the styles and scripts named by their hash.
///
/// There is no way to allow more. `form-action` stays out on purpose: browsers apply it to the
/// redirect that follows a form, which would lock people out on the way to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentSecurityPolicy(Arc<str>);

impl ContentSecurityPolicy {
    /// The policy of a page with these inline `<style>` and `<script>` texts, byte for byte.
    #[must_use]
    pub fn new(styles: &[&str], scripts: &[&str]) -> Self {
        let mut policy = String::from("default-src 'none'");
        push_hashes(&mut policy, "style-src", styles);
        push_hashes(&mut policy, "script-src", scripts);
        policy.push_str("; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'");
        Self(policy.into())
    }

    /// The header's value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn push_hashes(policy: &mut String, directive: &str, texts: &[&str]) {
    if texts.is_empty() {
        return;
    }
    policy.push_str("; ");
    policy.push_str(directive);
    for text in texts {
        policy.push_str(" 'sha256-");
        policy.push_str(&Base64::encode_string(&Sha256::digest(text.as_bytes())));
        policy.push('\'');
    }
}

/// How much a page's links and forms tell about where they come from.
///
/// Both settings keep paths and queries from other sites. They are not `no-referrer`, because
/// under that a browser sends `Origin: null` with every form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReferrerPolicy {
    /// Nothing to other sites; our own forms arrive with our own `Origin`.
    SameOrigin,
    /// The bare origin to other sites too: clients that check the `Origin` of a posted answer
    /// refuse `null`.
    StrictOrigin,
}

impl ReferrerPolicy {
    /// The header's value.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SameOrigin => "same-origin",
            Self::StrictOrigin => "strict-origin",
        }
    }
}

/// A finished HTML document. `Debug` hides the text, which may hold an authorization code.
#[derive(Clone)]
pub struct HtmlPage {
    html: String,
    policy: ContentSecurityPolicy,
    referrer: ReferrerPolicy,
}

impl HtmlPage {
    /// A page that says nothing to other sites.
    #[must_use]
    pub fn new(html: String, policy: ContentSecurityPolicy) -> Self {
        Self {
            html,
            policy,
            referrer: ReferrerPolicy::SameOrigin,
        }
    }

    /// The same page under another referrer policy.
    #[must_use]
    pub fn with_referrer_policy(mut self, referrer: ReferrerPolicy) -> Self {
        self.referrer = referrer;
        self
    }

    /// The document.
    #[must_use]
    pub fn html(&self) -> &str {
        &self.html
    }

    /// The document, taken out.
    #[must_use]
    pub fn into_html(self) -> String {
        self.html
    }

    /// The headers that every answer with this page carries; names in lower case.
    #[must_use]
    pub fn headers(&self) -> [(&'static str, &str); 6] {
        [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("content-security-policy", self.policy.as_str()),
            ("referrer-policy", self.referrer.as_str()),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
        ]
    }
}

impl fmt::Debug for HtmlPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HtmlPage({} bytes)", self.html.len())
    }
}
